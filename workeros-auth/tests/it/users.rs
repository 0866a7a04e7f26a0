use workeros_auth::{AuthBuilder, EmailAddress, MIGRATIONS, NewUser, RequestInfo, UserPatch};
use workeros_core::{Batch, ErrorKind, Expect, Statement, Step, TenantId, UserId, Value, migrate};

use crate::support::{
    PASSWORD, display_name, email, finding, names, password, sign_in, signed_in, worlds,
    worlds_with,
};

#[tokio::test]
async fn the_tables_are_made_once() {
    for world in worlds().await {
        let (database, clock) = (
            world.runtime.database.as_ref(),
            world.runtime.clock.as_ref(),
        );
        migrate(database, clock, MIGRATIONS).await.unwrap();
    }
}

#[tokio::test]
async fn an_admin_makes_a_user() {
    for world in worlds().await {
        let new = NewUser::new(email("ann"), display_name("  Ann Lee "))
            .with_password(Some(password(PASSWORD)))
            .with_roles(names(&["sales", "authenticated", "editor", "sales"]));
        let made = world.auth.create_user(world.tenant, new).await.unwrap();
        assert_eq!(made.roles, ["editor", "sales"]);
        assert_eq!(made.user.name, "Ann Lee");
        let found = world.auth.user(world.tenant, made.user.id).await.unwrap();
        assert_eq!(found, made);
        let again = world
            .auth
            .sign_in_email(sign_in("ann", PASSWORD), &RequestInfo::new())
            .await;
        assert_eq!(signed_in(again.unwrap()).user, made.user);

        let weak =
            NewUser::new(email("bob"), display_name("")).with_password(Some(password("short")));
        let error = world
            .auth
            .create_user(world.tenant, weak)
            .await
            .unwrap_err();
        assert_eq!(finding(&error), ("/password", "PASSWORD_TOO_SHORT"));
        let again = NewUser::new(email("ann"), display_name(""));
        let error = world
            .auth
            .create_user(world.tenant, again)
            .await
            .unwrap_err();
        assert_eq!(finding(&error), ("/email", "USER_ALREADY_EXISTS"));
    }
}

#[tokio::test]
async fn the_list_comes_in_pages_newest_first() {
    for world in worlds().await {
        for name in ["one", "two", "three"] {
            world.sign_up(name).await;
        }
        let page = async |before| {
            let page = world.auth.users(world.tenant, 2, before).await.unwrap();
            let names: Vec<_> = page
                .accounts
                .iter()
                .map(|it| it.user.name.clone())
                .collect();
            (
                names,
                page.has_more,
                page.accounts.last().map(|it| it.user.id),
            )
        };
        let (first, more, last) = page(None).await;
        assert_eq!((first, more), (names(&["three", "two"]), true));
        let (second, more, _) = page(last).await;
        assert_eq!((second, more), (names(&["one"]), false));
        for limit in [0, 201] {
            let error = world
                .auth
                .users(world.tenant, limit, None)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation);
        }
    }
}

#[tokio::test]
async fn a_user_with_many_roles_is_one_entry() {
    for world in worlds().await {
        let (ann, bob) = (world.sign_up("ann").await, world.sign_up("bob").await);
        let roles = names(&["a", "b", "c"]);
        world
            .auth
            .set_roles(world.tenant, bob.user.id, &roles)
            .await
            .unwrap();
        let page = world.auth.users(world.tenant, 200, None).await.unwrap();
        let found: Vec<_> = page
            .accounts
            .iter()
            .map(|it| (it.user.id, &it.roles[..]))
            .collect();
        assert_eq!(
            found,
            [
                (bob.user.id, &roles[..]),
                (ann.user.id, &names(&["admin"])[..])
            ]
        );
    }
}

#[tokio::test]
async fn a_user_changes() {
    for world in worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        world.wait(std::time::Duration::from_secs(1));
        let (auth, tenant, id) = (&world.auth, world.tenant, ann.user.id);
        let patch = UserPatch::new()
            .with_name(Some(display_name("Anna")))
            .with_email(Some(EmailAddress::parse("Anna@Example.com").unwrap()));
        let changed = auth.update_user(tenant, id, patch).await.unwrap().user;
        assert_eq!(
            (changed.name.as_str(), changed.email.as_str()),
            ("Anna", "anna@example.com")
        );
        assert_eq!(changed.created_at, ann.user.created_at);
        assert!(changed.updated_at > ann.user.updated_at);
        world.sign_in("ann").await.unwrap_err();
        world.sign_in("anna").await.unwrap();

        let taken = UserPatch::new().with_email(Some(email("root")));
        let error = auth.update_user(tenant, id, taken).await.unwrap_err();
        assert_eq!(finding(&error), ("/email", "USER_ALREADY_EXISTS"));
        let same = auth
            .update_user(tenant, id, UserPatch::new())
            .await
            .unwrap()
            .user;
        assert_eq!(same, changed);
    }
}

#[tokio::test]
async fn a_changed_address_is_unverified() {
    const VERIFY: &str = "UPDATE workeros_users SET email_verified = $1";
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        world.run(VERIFY, vec![Value::Boolean(true)]).await;
        for (name, verified) in [("ann", true), ("anna", false)] {
            let patch = UserPatch::new().with_email(Some(email(name)));
            let changed = world
                .auth
                .update_user(world.tenant, ann.user.id, patch)
                .await
                .unwrap();
            assert_eq!(changed.user.email_verified, verified);
        }
    }
}

#[tokio::test]
async fn an_unknown_user_is_not_found() {
    for world in worlds().await {
        world.sign_up("ann").await;
        let nobody = UserId::new(world.runtime.ids.next_id());
        let (auth, tenant) = (&world.auth, world.tenant);
        let patch = UserPatch::new().with_disabled(Some(true));
        let errors = [
            auth.user(tenant, nobody).await.unwrap_err(),
            auth.update_user(tenant, nobody, patch).await.unwrap_err(),
            auth.delete_user(nobody).await.unwrap_err(),
            auth.set_roles(tenant, nobody, &names(&["admin"]))
                .await
                .unwrap_err(),
            auth.set_roles(tenant, nobody, &names(&["editor"]))
                .await
                .unwrap_err(),
        ];
        assert!(
            errors
                .iter()
                .all(|error| error.kind() == ErrorKind::NotFound),
            "{errors:?}"
        );
    }
}

#[test]
fn a_name_is_one_line() {
    assert_eq!(display_name(" Ann ").as_str(), "Ann");
    assert_eq!(display_name("").as_str(), "");
    let long = "x".repeat(201);
    for text in ["a\nb", "a\0b", "a\u{7f}", &long] {
        let error = workeros_auth::DisplayName::parse(text).unwrap_err();
        assert_eq!(finding(&error).0, "/name");
    }
}

/// SES-2, AZ-11: a role counts from the next request on.
#[tokio::test]
async fn az_11_a_role_counts_from_the_next_request_on() {
    for world in worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await;
        for roles in [&["editor"][..], &["editor", "sales"], &[]] {
            world
                .auth
                .set_roles(world.tenant, ann.user.id, &names(roles))
                .await
                .unwrap();
            assert_eq!(world.identity(&ann).await.roles, roles);
        }
    }
}

#[tokio::test]
async fn a_role_is_had_in_one_workspace() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let other = TenantId::new(world.runtime.ids.next_id());
        let (auth, editor) = (&world.auth, names(&["editor"]));
        let stranger = auth.set_roles(other, ann.user.id, &editor).await;
        assert_eq!(stranger.unwrap_err().kind(), ErrorKind::NotFound);
        auth.add_member(other, ann.user.id, &editor).await.unwrap();
        assert_eq!(world.roles(&ann).await, ["admin"]);
        assert_eq!(
            world.auth.roles_of(other, ann.user.id).await.unwrap(),
            ["editor"]
        );
    }
}

#[tokio::test]
async fn names_that_cannot_be_roles_are_refused() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let many: Vec<_> = (0..101).map(|number| format!("role{number}")).collect();
        for roles in [names(&[""]), names(&["a\nb"]), vec!["x".repeat(101)], many] {
            let error = world
                .auth
                .set_roles(world.tenant, ann.user.id, &roles)
                .await
                .unwrap_err();
            assert_eq!(finding(&error).0, "/roles");
        }
        assert_eq!(world.roles(&ann).await, ["admin"]);
    }
}

const EXISTS: &str = "SELECT name FROM role_names WHERE tenant_id = $1 AND name = $2";

fn guarded(builder: AuthBuilder) -> AuthBuilder {
    builder
        .danger_weak_hashing()
        .with_role_guard(|tenant, role| {
            let statement = Statement::new(EXISTS, vec![tenant.into(), role.into()]);
            Step::new(statement).expect(Expect::One, ErrorKind::Validation, "no such role")
        })
}

#[tokio::test]
async fn az_10_a_role_that_is_not_there_cannot_be_given() {
    for world in worlds_with(guarded).await {
        let create = match world.runtime.database.dialect() {
            workeros_core::Dialect::Sqlite => "CREATE TABLE role_names (tenant_id TEXT, name TEXT)",
            workeros_core::Dialect::Postgres => {
                "CREATE TABLE role_names (tenant_id uuid, name text)"
            }
        };
        world.run(create, vec![]).await;
        let insert = "INSERT INTO role_names (tenant_id, name) VALUES ($1, $2)";
        world
            .run(insert, vec![world.tenant.into(), "editor".into()])
            .await;
        let ann = world.sign_up("ann").await;
        let set = async |roles| {
            world
                .auth
                .set_roles(world.tenant, ann.user.id, &names(roles))
                .await
        };
        set(&["admin", "editor", "public"]).await.unwrap();
        let error = set(&["admin", "ghost"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
        let new = NewUser::new(email("bob"), display_name("")).with_roles(names(&["ghost"]));
        let error = world.auth.create_user(world.tenant, new).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
        assert_eq!(world.roles(&ann).await, ["admin", "editor"]);
    }
}

#[tokio::test]
async fn az_10_a_deleted_role_is_taken_from_everybody_but_admin_never() {
    for world in worlds().await {
        let (ann, bob) = (world.sign_up("ann").await, world.sign_up("bob").await);
        for (user, roles) in [(&ann, &["admin", "editor"]), (&bob, &["editor", "sales"])] {
            world
                .auth
                .set_roles(world.tenant, user.user.id, &names(roles))
                .await
                .unwrap();
        }
        for role in ["editor", "admin"] {
            let delete = async |steps| {
                let mut batch = Batch::new();
                batch.extend(steps);
                world.runtime.database.apply(batch).await
            };
            world
                .auth
                .remove_role_everywhere(world.tenant, role, delete)
                .await
                .unwrap();
        }
        assert_eq!(world.roles(&ann).await, ["admin"]);
        assert_eq!(world.roles(&bob).await, ["sales"]);
    }
}
