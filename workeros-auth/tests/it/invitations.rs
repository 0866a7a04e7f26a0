//! Invitations: whom they let in, where, and when they cease to.

use std::time::Duration;

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    Auth, AuthBuilder, Invitation, LinkToken, NewInvitation, RequestInfo, SignUpPolicy, UserPatch,
};
use workeros_core::{Error, ErrorKind, Expect, Result, Statement, Step, TenantId, UserId};

use crate::mail::{link, token};
use crate::race::{rounds, winner};
use crate::support::{World, email, mail_worlds, names, sign_up, worlds};
use crate::workspaces::{add, workspace};

/// Invites somebody and takes the link out of his mail.
async fn invite(
    auth: &Auth,
    mailer: &MemoryMailer,
    tenant: TenantId,
    new: NewInvitation,
) -> (Invitation, LinkToken) {
    let made = auth.invite(tenant, new, "Acme", link).await.unwrap();
    auth.deliver_mail().await.unwrap();
    let mails = mailer.take();
    let [mail] = mails.as_slice() else {
        panic!("not one mail: {mails:?}")
    };
    assert_eq!(mail.to(), made.email);
    (made, token(mail))
}

fn to(name: &str, roles: &[&str]) -> NewInvitation {
    NewInvitation::new(email(name)).with_roles(names(roles))
}

/// A code, or the kind where there is none.
fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error: Error = result.unwrap_err();
    let kind = format!("{:?}", error.kind());
    error.code().map_or(kind, ToOwned::to_owned)
}

const INVALID: &str = "INVALID_TOKEN";

async fn is_member(world: &World, tenant: TenantId, user: UserId) -> bool {
    world.auth.member(tenant, user).await.is_ok()
}

#[tokio::test]
async fn who_was_invited_gets_in_once_and_his_address_is_verified() {
    for (world, mailer) in mail_worlds().await {
        let (root, ann) = (world.sign_up("root").await, world.sign_up("ann").await);
        let (auth, tenant) = (&world.auth, workspace(&world));
        let new = to("ann", &["editor", "public"]).with_invited_by(Some(root.user.id));
        let (made, link) = invite(auth, &mailer, tenant, new).await;
        assert_eq!(made.roles, ["editor"]);
        let open = auth.invitations(tenant).await.unwrap();
        assert_eq!(open, std::slice::from_ref(&made));
        assert_eq!(auth.check_invitation(&link).await.unwrap(), made);
        assert!(!is_member(&world, tenant, ann.user.id).await);

        let accepted = auth.accept_invitation(ann.user.id, &link).await;
        assert_eq!(accepted.unwrap(), tenant);
        let member = auth.member(tenant, ann.user.id).await.unwrap();
        assert_eq!(member.roles, ["editor"]);
        assert!(member.user.email_verified);
        assert!(auth.invitations(tenant).await.unwrap().is_empty());
        let again = auth.accept_invitation(ann.user.id, &link).await;
        assert_eq!(refusal(again), INVALID);
        assert_eq!(refusal(auth.check_invitation(&link).await), INVALID);
        // In the workspace he was invited to, and in no other.
        assert!(
            auth.roles_of(world.tenant, ann.user.id)
                .await
                .unwrap()
                .is_empty()
        );
        let invited_again = auth.invite(tenant, to("ann", &[]), "Acme", crate::mail::link);
        assert_eq!(refusal(invited_again.await), "Conflict");
    }
}

/// SES-5: what an admin has offered others ends when he is one no more, or is kept
/// from signing in: else whoever had his account comes back by it.
#[tokio::test]
async fn ses_5_what_an_admin_has_offered_ends_with_his_rights() {
    for (world, mailer) in mail_worlds().await {
        let (root, ann) = (world.sign_up("root").await, world.sign_up("ann").await);
        let (auth, tenant) = (&world.auth, workspace(&world));
        auth.add_member(tenant, root.user.id, &names(&["admin"]))
            .await
            .unwrap();
        for (n, lost) in ["roles", "account"].into_iter().enumerate() {
            let mallory = world.sign_up(&format!("mallory{n}")).await.user.id;
            auth.add_member(tenant, mallory, &names(&["admin", "editor"]))
                .await
                .unwrap();
            let new = to("ann", &["admin"]).with_invited_by(Some(mallory));
            let (_, link) = invite(auth, &mailer, tenant, new).await;
            let more = names(&["admin"]);
            auth.set_roles(tenant, mallory, &more).await.unwrap();
            auth.check_invitation(&link).await.unwrap();
            match lost {
                "roles" => {
                    let less = names(&["editor"]);
                    auth.set_roles(tenant, mallory, &less).await.unwrap();
                }
                _ => {
                    let disabled = UserPatch::new().with_disabled(Some(true));
                    auth.update_user(tenant, mallory, disabled).await.unwrap();
                }
            }
            let accepted = auth.accept_invitation(ann.user.id, &link).await;
            assert_eq!(refusal(accepted), INVALID, "{lost}");
            assert_eq!(auth.invitations(tenant).await.unwrap(), [], "{lost}");
        }
    }
}

#[tokio::test]
async fn a_link_lets_nobody_in_but_whom_it_was_mailed_to() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let (ann, eve) = (world.sign_up("ann").await, world.sign_up("eve").await);
        let (auth, tenant) = (&world.auth, workspace(&world));
        let (_, link) = invite(auth, &mailer, tenant, to("ann", &["admin"])).await;
        let stolen = auth.accept_invitation(eve.user.id, &link).await;
        assert_eq!(refusal(stolen), "NOT_THE_RECIPIENT");
        let new = sign_up("mallory").with_invitation(Some(link.clone()));
        let stolen = auth.sign_up_email(new, &RequestInfo::new()).await;
        assert_eq!(refusal(stolen), "NOT_THE_RECIPIENT");
        // Who has the address now, not who had it.
        let moved = |name| UserPatch::new().with_email(Some(email(name)));
        let update = auth.update_user(tenant, ann.user.id, moved("anna"));
        update.await.unwrap();
        let late = auth.accept_invitation(ann.user.id, &link).await;
        assert_eq!(refusal(late), "NOT_THE_RECIPIENT");
        let update = auth.update_user(tenant, ann.user.id, moved("ann"));
        update.await.unwrap();
        auth.accept_invitation(ann.user.id, &link).await.unwrap();
        let members = auth.members(tenant, 10, None).await.unwrap().accounts;
        assert_eq!(members.len(), 1);
    }
}

#[tokio::test]
async fn a_newer_invitation_ends_the_older_of_that_workspace() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await.user.id;
        let (auth, one, other) = (&world.auth, workspace(&world), workspace(&world));
        let (_, elsewhere) = invite(auth, &mailer, other, to("ann", &["sales"])).await;
        let (_, older) = invite(auth, &mailer, one, to("ann", &["admin"])).await;
        let (_, newer) = invite(auth, &mailer, one, to("ann", &["editor"])).await;
        assert_eq!(refusal(auth.accept_invitation(ann, &older).await), INVALID);
        assert_eq!(auth.invitations(one).await.unwrap().len(), 1);
        for (link, tenant, role) in [(newer, one, "editor"), (elsewhere, other, "sales")] {
            assert_eq!(auth.accept_invitation(ann, &link).await.unwrap(), tenant);
            assert_eq!(auth.roles_of(tenant, ann).await.unwrap(), [role]);
        }
    }
}

#[tokio::test]
async fn an_invitation_adds_to_the_roles_of_who_is_in_already() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await.user.id;
        let (auth, tenant) = (&world.auth, workspace(&world));
        let (_, link) = invite(auth, &mailer, tenant, to("ann", &["editor"])).await;
        add(&world, tenant, ann, &["sales"]).await;
        auth.accept_invitation(ann, &link).await.unwrap();
        assert_eq!(
            auth.roles_of(tenant, ann).await.unwrap(),
            ["editor", "sales"]
        );
    }
}

type Ending = (&'static str, fn(Case<'_>) -> Done<'_>);
type Done<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What an invitation may end by.
#[derive(Clone, Copy)]
struct Case<'a> {
    world: &'a World,
    tenant: TenantId,
    inviter: UserId,
    invitation: &'a Invitation,
}

const ENDINGS: &[Ending] = &[
    ("time", |case| {
        Box::pin(async move {
            let week = Duration::from_hours(7 * 24);
            case.world.wait(week - Duration::from_micros(1));
            assert_eq!(
                case.world
                    .auth
                    .invitations(case.tenant)
                    .await
                    .unwrap()
                    .len(),
                1
            );
            case.world.wait(Duration::from_micros(1));
        })
    }),
    ("being taken back", |case| {
        Box::pin(async move {
            let (auth, id) = (&case.world.auth, case.invitation.id);
            let foreign = auth.revoke_invitation(workspace(case.world), id).await;
            assert_eq!(refusal(foreign), "NotFound");
            auth.revoke_invitation(case.tenant, id).await.unwrap();
            let again = auth.revoke_invitation(case.tenant, id).await;
            assert_eq!(refusal(again), "NotFound");
        })
    }),
    ("the removal of who invited", |case| {
        Box::pin(async move {
            let remove = case.world.auth.remove_member(case.tenant, case.inviter);
            remove.await.unwrap();
        })
    }),
    ("the end of who invited", |case| {
        Box::pin(async move { case.world.auth.delete_user(case.inviter).await.unwrap() })
    }),
];

#[tokio::test]
async fn an_invitation_ends() {
    for (name, end) in ENDINGS {
        for (world, mailer) in mail_worlds().await {
            world.sign_up("root").await;
            let ann = world.sign_up("ann").await.user.id;
            let (inviter, tenant) = (world.sign_up("bob").await.user.id, workspace(&world));
            world.auth.add_member(tenant, inviter, &[]).await.unwrap();
            let new = to("ann", &["editor"]).with_invited_by(Some(inviter));
            let (invitation, link) = invite(&world.auth, &mailer, tenant, new).await;
            let invitation = &invitation;
            end(Case {
                world: &world,
                tenant,
                inviter,
                invitation,
            })
            .await;
            let accepted = world.auth.accept_invitation(ann, &link).await;
            assert_eq!(refusal(accepted), INVALID, "{name} on {}", world.name);
            assert!(world.auth.invitations(tenant).await.unwrap().is_empty());
            assert!(!is_member(&world, tenant, ann).await);
        }
    }
}

#[tokio::test]
async fn a_link_of_another_purpose_is_no_invitation() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await.user.id;
        let (auth, tenant) = (&world.auth, workspace(&world));
        crate::mail::ask(auth, "ann").await;
        auth.deliver_mail().await.unwrap();
        let reset = token(&mailer.take()[0]);
        assert_eq!(refusal(auth.accept_invitation(ann, &reset).await), INVALID);
        let (_, link) = invite(auth, &mailer, tenant, to("ann", &[])).await;
        assert_eq!(refusal(auth.verify_email(&link).await), INVALID);
        assert_eq!(refusal(auth.check_password_reset(&link).await), INVALID);
        auth.accept_invitation(ann, &link).await.unwrap();
    }
}

/// The role `editor` is there in one workspace, as long as a table says so.
fn guarded(builder: AuthBuilder) -> AuthBuilder {
    const EXISTS: &str = "SELECT name FROM role_names WHERE tenant_id = $1 AND name = $2";
    builder.with_role_guard(|tenant, role| {
        let statement = Statement::new(EXISTS, vec![tenant.into(), role.into()]);
        Step::new(statement).expect(Expect::One, ErrorKind::Validation, "no such role")
    })
}

#[tokio::test]
async fn az_10_an_invitation_gives_no_role_that_is_not_there() {
    for mut world in worlds().await {
        let mailer = MemoryMailer::default();
        world.auth = world.mailing_with(&mailer, guarded);
        let create = match world.runtime.database.dialect() {
            workeros_core::Dialect::Sqlite => "CREATE TABLE role_names (tenant_id TEXT, name TEXT)",
            workeros_core::Dialect::Postgres => {
                "CREATE TABLE role_names (tenant_id uuid, name text)"
            }
        };
        world.run(create, vec![]).await;
        let tenant = workspace(&world);
        let insert = "INSERT INTO role_names (tenant_id, name) VALUES ($1, $2)";
        world
            .run(insert, vec![tenant.into(), "editor".into()])
            .await;
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await.user.id;
        let auth = &world.auth;
        for (tenant, role) in [(workspace(&world), "editor"), (tenant, "ghost")] {
            let unknown = auth.invite(tenant, to("ann", &[role]), "Acme", link).await;
            assert_eq!(refusal(unknown), "Validation");
        }
        let (_, link) = invite(auth, &mailer, tenant, to("ann", &["editor"])).await;
        world.run("DELETE FROM role_names", vec![]).await;
        assert_eq!(
            refusal(auth.accept_invitation(ann, &link).await),
            "INVITATION_OUTDATED"
        );
        let new = sign_up("nobody").with_invitation(Some(link));
        let stolen = auth.sign_up_email(new, &RequestInfo::new()).await;
        assert_eq!(refusal(stolen), "NOT_THE_RECIPIENT");
        assert!(!is_member(&world, tenant, ann).await);
    }
}

#[tokio::test]
async fn who_may_sign_up_by_an_invitation() {
    const OPEN: SignUpPolicy = SignUpPolicy::Open;
    const INVITED: SignUpPolicy = SignUpPolicy::Invited;
    const CLOSED: SignUpPolicy = SignUpPolicy::Closed;
    const REFUSED: Option<&str> = Some("SIGN_UP_CLOSED");
    for (policy, stranger, invited) in [
        (OPEN, None, None),
        (INVITED, REFUSED, None),
        (CLOSED, REFUSED, REFUSED),
    ] {
        for mut world in worlds().await {
            world.sign_up("root").await;
            let (mailer, tenant) = (MemoryMailer::default(), workspace(&world));
            world.auth = world.mailing_with(&mailer, |auth| auth.with_sign_up(policy));
            let (_, link) = invite(&world.auth, &mailer, tenant, to("ann", &["editor"])).await;
            let request = RequestInfo::new();
            let without = world.auth.sign_up_email(sign_up("bob"), &request).await;
            assert_eq!(
                without
                    .err()
                    .map(|error| error.code().unwrap().to_owned())
                    .as_deref(),
                stranger
            );
            let new = sign_up("ann").with_invitation(Some(link.clone()));
            let with = world.auth.sign_up_email(new, &request).await;
            match invited {
                Some(code) => assert_eq!(refusal(with), code),
                None => {
                    let user = with.unwrap().user;
                    assert!(user.email_verified);
                    let member = world.auth.member(tenant, user.id).await.unwrap();
                    assert_eq!(member.roles, ["editor"]);
                    assert!(member.user.email_verified);
                    let again = sign_up("ann").with_invitation(Some(link));
                    let again = world.auth.sign_up_email(again, &request).await;
                    assert_eq!(refusal(again), INVALID);
                }
            }
        }
    }
}

/// FIRST-3: an invitation makes nobody the first admin.
#[tokio::test]
async fn first_3_an_invitation_makes_nobody_the_first_admin() {
    for mut world in worlds().await {
        let (mailer, tenant) = (MemoryMailer::default(), workspace(&world));
        world.auth = world.mailing_with(&mailer, |auth| {
            auth.with_setup_token("a token of 16 or more")
        });
        let (_, link) = invite(&world.auth, &mailer, tenant, to("ann", &["admin"])).await;
        let new = sign_up("ann").with_invitation(Some(link));
        let ann = world.auth.sign_up_email(new, &RequestInfo::new()).await;
        assert!(world.roles(&ann.unwrap()).await.is_empty());
        let setup = workeros_auth::SetupToken::new("a token of 16 or more");
        let first = sign_up("root").with_setup_token(Some(setup));
        let first = world.auth.sign_up_email(first, &RequestInfo::new()).await;
        assert_eq!(world.roles(&first.unwrap()).await, ["admin"]);
    }
}

#[tokio::test]
async fn an_end_user_is_invited_to_nothing() {
    for (world, mailer) in mail_worlds().await {
        world.sign_up("root").await;
        let tenant = workspace(&world);
        let (_, link) = invite(&world.auth, &mailer, tenant, to("ann", &["admin"])).await;
        let new = sign_up("ann").with_invitation(Some(link));
        let app = world.app().await;
        let signed_up = app.sign_up_email(new, &RequestInfo::new()).await;
        // He may be to an organization, and this is to none.
        assert_eq!(refusal(signed_up), "INVITATION_NOT_FOUND");
    }
}

/// LIM-5: invitations are held back and that is said.
#[tokio::test]
async fn lim_5_invitations_are_held_back_and_that_is_said() {
    for (world, mailer) in mail_worlds().await {
        let auth = &world.auth;
        for _ in 0..5 {
            invite(auth, &mailer, workspace(&world), to("ann", &[])).await;
        }
        let sixth = auth.invite(workspace(&world), to("ann", &[]), "Acme", link);
        assert_eq!(refusal(sixth.await), "RateLimited");
        let tenant = workspace(&world);
        for number in 0..100 {
            let new = to(&format!("user{number}"), &[]);
            auth.invite(tenant, new, "Acme", link).await.unwrap();
        }
        let more = auth.invite(tenant, to("bob", &[]), "Acme", link).await;
        assert_eq!(refusal(more), "RateLimited");
    }
}

/// R19: of 64 who accept an invitation at once one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_who_accept_an_invitation_at_once_one_does() {
    for mut world in worlds().await {
        let mailer = MemoryMailer::default();
        world.auth = world.mailing_with(&mailer, |auth| auth);
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await.user.id;
        for _ in 0..rounds() {
            let tenant = workspace(&world);
            let (_, link) = invite(&world.auth, &mailer, tenant, to("ann", &["editor"])).await;
            let accepted = winner(&[INVALID], |_| {
                let (auth, link) = (world.auth.clone(), link.clone());
                async move { auth.accept_invitation(ann, &link).await }
            });
            assert_eq!(accepted.await, tenant, "{}", world.name);
            assert!(is_member(&world, tenant, ann).await);
        }
    }
}

/// R19: of 64 who sign up by an invitation at once one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_who_sign_up_by_an_invitation_at_once_one_does() {
    for mut world in worlds().await {
        let mailer = MemoryMailer::default();
        world.auth = world.mailing_with(&mailer, |auth| auth.with_sign_up(SignUpPolicy::Invited));
        world.sign_up("root").await;
        for round in 0..rounds() {
            let (tenant, name) = (workspace(&world), format!("ann{round}"));
            let (_, link) = invite(&world.auth, &mailer, tenant, to(&name, &["editor"])).await;
            winner(&[INVALID, "USER_ALREADY_EXISTS"], |_| {
                let auth = world.auth.clone();
                let new = sign_up(&name).with_invitation(Some(link.clone()));
                async move { auth.sign_up_email(new, &RequestInfo::new()).await }
            })
            .await;
            let members = world.auth.members(tenant, 10, None).await.unwrap();
            assert_eq!(members.accounts.len(), 1);
        }
    }
}

/// R19: an invitation is either accepted or taken back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_an_invitation_is_either_accepted_or_taken_back() {
    for mut world in worlds().await {
        let mailer = MemoryMailer::default();
        world.auth = world.mailing_with(&mailer, |auth| auth);
        world.sign_up("root").await;
        let ann = world.sign_up("ann").await.user.id;
        for _ in 0..rounds() {
            let tenant = workspace(&world);
            let (made, link) = invite(&world.auth, &mailer, tenant, to("ann", &[])).await;
            let (one, other) = (world.auth.clone(), world.auth.clone());
            let accept = tokio::spawn(async move { one.accept_invitation(ann, &link).await });
            let revoke =
                tokio::spawn(async move { other.revoke_invitation(tenant, made.id).await });
            let (accepted, revoked) = (accept.await.unwrap(), revoke.await.unwrap());
            assert_ne!(accepted.is_ok(), revoked.is_ok(), "{}", world.name);
            assert_eq!(is_member(&world, tenant, ann).await, accepted.is_ok());
        }
    }
}
