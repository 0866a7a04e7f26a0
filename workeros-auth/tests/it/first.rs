use futures::future::join_all;
use workeros_auth::{AuthBuilder, NewUser, RequestInfo, SetupToken, SignUpPolicy, UserPatch};
use workeros_core::ErrorKind;

use crate::race::{race, rounds};
use crate::secrets::Log;
use crate::support::{display_name, email, names, sign_up, worlds, worlds_with};

const ADMINS: &str = "SELECT user_id FROM workeros_user_roles WHERE role = 'admin'";
const SETUP_TOKEN: &str = "open sesame, the long one";

/// FIRST-1: fifty parallel sign-ups make one admin.
#[tokio::test(flavor = "multi_thread")]
async fn first_1_fifty_parallel_sign_ups_make_one_admin() {
    for world in worlds().await {
        let sign_ups = (0..50).map(|number| {
            let auth = world.auth.clone();
            tokio::spawn(async move {
                let sign_up = sign_up(&format!("user{number}"));
                auth.sign_up_email(sign_up, &RequestInfo::new())
                    .await
                    .unwrap()
            })
        });
        assert_eq!(join_all(sign_ups).await.len(), 50);
        assert_eq!(world.rows(ADMINS, vec![]).await.rows.len(), 1);
        let users = world
            .auth
            .users(world.tenant, 200, None)
            .await
            .unwrap()
            .accounts;
        assert_eq!(users.len(), 50);
        assert_eq!(
            users
                .iter()
                .filter(|account| account.roles == ["admin"])
                .count(),
            1
        );
    }
}

/// FIRST-1, R19: of 64 who sign up first at once one is admin.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_1_r19_of_64_who_come_first_at_once_one_is_admin() {
    for world in worlds().await {
        for _ in 0..rounds() {
            let users = race(|racer| {
                let (auth, new) = (world.auth.clone(), sign_up(&format!("user{racer}")));
                async move {
                    let signed_up = auth.sign_up_email(new, &RequestInfo::new()).await;
                    signed_up.unwrap().user.id
                }
            })
            .await;
            let admins = world.rows(ADMINS, vec![]).await;
            let [admin] = admins.rows.as_slice() else {
                panic!("{} admins on {}", admins.rows.len(), world.name)
            };
            assert!(
                users
                    .iter()
                    .any(|user| user.uuid() == admin.uuid(0).unwrap())
            );
            for table in [
                "DELETE FROM workeros_bootstrap",
                "DELETE FROM workeros_user_roles",
                "DELETE FROM workeros_sessions",
                "DELETE FROM workeros_users",
            ] {
                world.run(table, vec![]).await;
            }
        }
    }
}

/// FIRST-2: the second user has no role of its own.
#[tokio::test]
async fn first_2_the_second_user_has_no_role_of_its_own() {
    for world in worlds().await {
        let (ann, bob) = (world.sign_up("ann").await, world.sign_up("bob").await);
        assert_eq!(world.roles(&ann).await, ["admin"]);
        assert_eq!(world.roles(&bob).await, [""; 0]);
        assert!(!bob.user.email_verified);
    }
}

/// FIRST-2: a failed first sign-up leaves the place open.
#[tokio::test]
async fn first_2_a_failed_first_sign_up_leaves_the_place_open() {
    for world in worlds().await {
        let weak = workeros_auth::SignUp::new(
            email("eve"),
            crate::support::password("password"),
            display_name("eve"),
        );
        world
            .auth
            .sign_up_email(weak, &RequestInfo::new())
            .await
            .unwrap_err();
        let ann = world.sign_up("ann").await;
        assert_eq!(world.roles(&ann).await, ["admin"]);
    }
}

/// FIRST-2: an admin made by the host is the first.
#[tokio::test]
async fn first_2_an_admin_made_by_the_host_is_the_first() {
    for world in worlds().await {
        let root = NewUser::new(email("root"), display_name("")).with_roles(names(&["admin"]));
        world.auth.create_user(world.tenant, root).await.unwrap();
        let ann = world.sign_up("ann").await;
        assert_eq!(world.roles(&ann).await, [""; 0]);
    }
}

/// FIRST-3: the first sign-up needs the setup token.
#[tokio::test]
async fn first_3_the_first_sign_up_needs_the_setup_token() {
    for world in worlds_with(guarded).await {
        let request = RequestInfo::new();
        let wrong = Some(SetupToken::new("open sesame, the wrong one"));
        for token in [None, wrong] {
            let sign_up = sign_up("eve").with_setup_token(token);
            let error = world
                .auth
                .sign_up_email(sign_up, &request)
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Forbidden);
            assert_eq!(error.code(), Some("SETUP_REQUIRED"));
        }
        let ann = sign_up("ann").with_setup_token(Some(SetupToken::new(SETUP_TOKEN)));
        let ann = world.auth.sign_up_email(ann, &request).await.unwrap();
        assert_eq!(world.roles(&ann).await, ["admin"]);
        let bob = world.sign_up("bob").await;
        assert_eq!(world.roles(&bob).await, [""; 0]);
    }
}

fn guarded(builder: AuthBuilder) -> AuthBuilder {
    builder.danger_weak_hashing().with_setup_token(SETUP_TOKEN)
}

/// FIRST-3: warns while there is no admin.
#[tokio::test]
async fn first_3_warns_while_there_is_no_admin() {
    for world in worlds().await {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        assert!(world.auth.warn_without_admin().await.unwrap());
        assert!(log.text().contains("there is no admin yet"));
        world.sign_up("ann").await;
        assert!(!world.auth.warn_without_admin().await.unwrap());
        drop(guard);
        assert_eq!(log.text().matches("there is no admin yet").count(), 1);
    }
}

/// FIRST-1: nobody becomes admin by signing up where the host says who is one.
#[tokio::test]
async fn first_1_nobody_is_first_where_the_host_says_who_is_admin() {
    for world in worlds_with(of_the_host).await {
        assert!(!world.auth.warn_without_admin().await.unwrap());
        let ann = world.sign_up("ann").await;
        assert_eq!(world.roles(&ann).await, [""; 0]);
    }
    for world in worlds_with(|auth| of_the_host(auth).with_sign_up(SignUpPolicy::Closed)).await {
        let request = RequestInfo::new();
        let refused = world.auth.sign_up_email(sign_up("ann"), &request).await;
        assert_eq!(refused.unwrap_err().code(), Some("SIGN_UP_CLOSED"));
    }
}

fn of_the_host(builder: AuthBuilder) -> AuthBuilder {
    builder.danger_weak_hashing().without_first_admin()
}

/// FIRST-4: the last admin stays.
#[tokio::test]
async fn first_4_the_last_admin_stays() {
    for world in worlds().await {
        let (ann, bob) = (world.sign_up("ann").await, world.sign_up("bob").await);
        let (auth, tenant) = (&world.auth, world.tenant);
        let disable = || UserPatch::new().with_disabled(Some(true));
        let refused = [
            auth.set_roles(tenant, ann.user.id, &names(&["editor"]))
                .await
                .unwrap_err(),
            auth.update_user(tenant, ann.user.id, disable())
                .await
                .unwrap_err(),
            auth.delete_user(ann.user.id).await.unwrap_err(),
        ];
        assert!(
            refused
                .iter()
                .all(|error| error.kind() == ErrorKind::Conflict)
        );
        assert_eq!(world.roles(&ann).await, ["admin"]);

        // One who cannot sign in is no admin to count on.
        auth.set_roles(tenant, bob.user.id, &names(&["admin"]))
            .await
            .unwrap();
        auth.update_user(tenant, bob.user.id, disable())
            .await
            .unwrap();
        let error = auth.delete_user(ann.user.id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);

        let enable = UserPatch::new().with_disabled(Some(false));
        auth.update_user(tenant, bob.user.id, enable).await.unwrap();
        auth.delete_user(ann.user.id).await.unwrap();
        let error = auth.set_roles(tenant, bob.user.id, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
}

/// FIRST-4: an admin keeps the role while getting others.
#[tokio::test]
async fn first_4_an_admin_keeps_the_role_while_getting_others() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let roles = names(&["editor", "admin", "authenticated", "editor"]);
        world
            .auth
            .set_roles(world.tenant, ann.user.id, &roles)
            .await
            .unwrap();
        assert_eq!(world.roles(&ann).await, ["admin", "editor"]);
    }
}

/// FIRST-4: two admins who remove each other leave one.
#[tokio::test(flavor = "multi_thread")]
async fn first_4_two_admins_who_remove_each_other_leave_one() {
    for world in worlds().await {
        world.sign_up("root").await;
        for round in 0..20 {
            let ann = world.sign_up(&format!("ann{round}")).await.user.id;
            let bob = world.sign_up(&format!("bob{round}")).await.user.id;
            let admin = names(&["admin"]);
            for user in [ann, bob] {
                world
                    .auth
                    .set_roles(world.tenant, user, &admin)
                    .await
                    .unwrap();
            }
            // The others step down, so that these two are the last.
            let page = world.auth.users(world.tenant, 200, None).await.unwrap();
            for account in page
                .accounts
                .iter()
                .filter(|it| it.user.id != ann && it.user.id != bob)
            {
                world
                    .auth
                    .set_roles(world.tenant, account.user.id, &[])
                    .await
                    .unwrap();
            }
            let (one, other) = (world.auth.clone(), world.auth.clone());
            let tenant = world.tenant;
            let demoted = tokio::spawn(async move { one.set_roles(tenant, ann, &[]).await });
            let deleted = tokio::spawn(async move { other.delete_user(bob).await });
            let results = [demoted.await.unwrap(), deleted.await.unwrap()];
            assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
            assert_eq!(world.rows(ADMINS, vec![]).await.rows.len(), 1);
        }
    }
}
