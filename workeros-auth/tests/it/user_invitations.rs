//! Invitations of end users: whom they let in, by which doors, and when they cease
//! to.

use std::time::Duration;

use workeros_auth::{
    App, Auth, CodePurpose, Invitation, LinkToken, MailedCode, NewInvitation, NewUser, OneTimeCode,
    Plane, RealmSettings, RequestInfo, SignUpPolicy, UserPatch,
};
use workeros_core::{Error, InvitationId, Result, TenantId, UserId};

use crate::both_planes::{Planes, sign_up as new_user};
use crate::mail::{link, token};
use crate::race::{rounds, winner};
use crate::support::{display_name, email, finding, mail_worlds, names, sign_up, signed_in};

mod races;

const INVALID: &str = "INVALID_TOKEN";
const CLOSED: &str = "SIGN_UP_CLOSED";
const SITE: &str = "example.com";

/// Where end users are those who were invited.
async fn all() -> Vec<Planes> {
    all_with(RealmSettings::new().with_sign_up(SignUpPolicy::Invited)).await
}

async fn all_with(settings: RealmSettings) -> Vec<Planes> {
    Planes::all(|builder| builder.with_app_settings(settings.clone())).await
}

fn to(name: &str, roles: &[&str]) -> NewInvitation {
    NewInvitation::new(email(name)).with_roles(names(roles))
}

/// The tokens of the links that were mailed.
async fn mailed(planes: &Planes) -> Vec<LinkToken> {
    planes.team.deliver_mail().await.unwrap();
    planes.mailer.take().iter().map(token).collect()
}

async fn invite(planes: &Planes, new: NewInvitation) -> (Invitation, LinkToken) {
    let tenant = planes.world.tenant;
    let made = planes.app.invite(tenant, new, "Acme", link).await.unwrap();
    let link = mailed(planes).await.pop().unwrap();
    (made, link)
}

/// A code, or the kind where there is none.
#[track_caller]
fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error: Error = result.unwrap_err();
    let kind = format!("{:?}", error.kind());
    error.code().map_or(kind, ToOwned::to_owned)
}

async fn come<P: Plane>(auth: &Auth<P>, name: &str, link: Option<&LinkToken>) -> Result<UserId> {
    let new = sign_up(name).with_invitation(link.cloned());
    let signed_in = auth.sign_up_email(new, &RequestInfo::new()).await?;
    Ok(signed_in.user.id)
}

async fn open(planes: &Planes) -> Vec<Invitation> {
    planes.app.invitations(planes.world.tenant).await.unwrap()
}

/// The activity of a kind, newest first.
async fn noted(auth: &Auth<App>, action: &str) -> Vec<workeros_auth::Activity> {
    let page = auth.activity(200, None, None).await.unwrap();
    let rows = page.rows.into_iter();
    rows.filter(|row| row.action == action).collect()
}

/// Who was invited has what the invitation says.
async fn assert_came(planes: &Planes, user: UserId, name: &str) {
    let account = planes.app.user(planes.world.tenant, user).await.unwrap();
    assert_eq!(account.roles, ["editor"]);
    assert_eq!(account.user.name, name);
    assert!(account.user.email_verified);
    assert!(open(planes).await.is_empty());
    let [accepted] = &noted(&planes.app, "auth.invitation_accepted").await[..] else {
        panic!("not noted once");
    };
    assert_eq!(accepted.user_id, Some(user));
}

#[tokio::test]
async fn who_was_invited_signs_up_once_and_his_address_is_verified() {
    for planes in all().await {
        let (app, tenant) = (&planes.app, planes.world.tenant);
        let root = new_user(&planes.team, sign_up("root")).await.user.id;
        let new = to("ann", &["editor", "public"]).with_invited_by(Some(root));
        let (made, link) = invite(&planes, new).await;
        assert_eq!(
            (made.roles.clone(), made.invited_by),
            (names(&["editor"]), Some(root))
        );
        assert_eq!(open(&planes).await, std::slice::from_ref(&made));
        assert_eq!(app.check_invitation(&link).await.unwrap(), made);
        assert_eq!(refusal(come(app, "bob", None).await), CLOSED);
        assert_eq!(refusal(come(app, "ann", None).await), CLOSED);
        assert_eq!(
            refusal(come(app, "bob", Some(&link)).await),
            "NOT_THE_RECIPIENT"
        );

        let ann = come(app, "ann", Some(&link)).await.unwrap();
        assert_came(&planes, ann, "ann").await;
        assert_eq!(refusal(app.check_invitation(&link).await), INVALID);
        assert_eq!(
            refusal(come(app, "ann", Some(&link)).await),
            "INVITATION_NOT_FOUND"
        );
        let again = app.invite(tenant, to("ann", &[]), "Acme", crate::mail::link);
        assert_eq!(refusal(again.await), "Conflict");
        let [invited] = &noted(app, "auth.invited").await[..] else {
            panic!("not noted once");
        };
        assert_eq!(invited.detail["email"], "ann@example.com");
    }
}

/// TOK-2: a link is good among the end users of its workspace alone.
#[tokio::test]
async fn tok_2_a_link_lets_nobody_in_elsewhere() {
    for planes in all().await {
        let (_, link) = invite(&planes, to("ann", &["editor"])).await;
        let root = new_user(&planes.team, sign_up("ann")).await.user.id;
        let gone = "INVITATION_NOT_FOUND";
        assert_eq!(
            refusal(come(&planes.other_app, "ann", Some(&link)).await),
            gone
        );
        let other = planes.other_app.check_invitation(&link).await;
        assert_eq!(refusal(other), INVALID);
        assert_eq!(refusal(planes.team.check_invitation(&link).await), INVALID);
        let accepted = planes.team.accept_invitation(root, &link).await;
        assert_eq!(refusal(accepted), INVALID);
        assert_eq!(refusal(planes.app.verify_email(&link).await), INVALID);
        assert_eq!(refusal(planes.app.check_magic_link(&link).await), INVALID);
        // Nor is one made for another workspace.
        let tenant = planes.other_app.realm().workspace().unwrap();
        let foreign = planes
            .app
            .invite(tenant, to("bob", &[]), "Acme", crate::mail::link);
        assert_eq!(refusal(foreign.await), "NotFound");
        come(&planes.app, "ann", Some(&link)).await.unwrap();
    }
}

/// PW-5: asking for a link or a code does not tell who was invited.
#[tokio::test]
async fn pw_5_who_shows_that_the_address_is_his_was_invited() {
    for planes in all().await {
        let (app, request) = (&planes.app, RequestInfo::new());
        for name in ["ann", "eve"] {
            let new = to(name, &["editor"]).with_name(Some(display_name("Somebody")));
            if name == "ann" {
                invite(&planes, new).await;
            }
            ask(app, name).await;
        }
        let links = mailed(&planes).await;
        let [magic] = &links[..] else {
            panic!("not one link: {links:?}")
        };
        let arrival = app.sign_in_magic_link(magic, &request).await.unwrap();
        assert!(arrival.is_new);
        let ann = signed_in(arrival.entered).user.id;
        assert_came(&planes, ann, "Somebody").await;
    }
}

#[tokio::test]
async fn who_was_invited_comes_by_a_code() {
    let settings = RealmSettings::new().with_sign_up(SignUpPolicy::Invited);
    for planes in all_with(settings.with_required_verification(true)).await {
        let (app, request) = (&planes.app, RequestInfo::new());
        invite(&planes, to("ann", &["editor"])).await;
        for name in ["ann", "eve"] {
            app.send_code(CodePurpose::SignIn, &email(name), SITE, &request)
                .await
                .unwrap();
        }
        planes.team.deliver_mail().await.unwrap();
        let mails = planes.mailer.take();
        let [mail] = &mails[..] else {
            panic!("not one mail: {mails:?}")
        };
        let code = mail.text().lines().find_map(OneTimeCode::parse).unwrap();
        let mailed = MailedCode::new(email("ann"), code);
        let name = Some(display_name("Ann"));
        let arrival = app.sign_in_code(&mailed, name, &request).await.unwrap();
        assert_came(&planes, signed_in(arrival.entered).user.id, "Ann").await;
    }
}

/// Asks for a link to sign in by.
async fn ask<P: Plane>(auth: &Auth<P>, name: &str) {
    let (nobody, request) = (display_name(""), RequestInfo::new());
    auth.send_magic_link(&email(name), &nobody, &request, link)
        .await
        .unwrap();
}

type Ending = (&'static str, fn(Case<'_>) -> Done<'_>);
type Done<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What an invitation may end by.
#[derive(Clone, Copy)]
struct Case<'a> {
    planes: &'a Planes,
    tenant: TenantId,
    id: InvitationId,
}

const ENDINGS: &[Ending] = &[
    ("time", |case| {
        Box::pin(async move {
            let week = Duration::from_hours(7 * 24);
            case.planes.world.wait(week - Duration::from_micros(1));
            assert_eq!(open(case.planes).await.len(), 1);
            case.planes.world.wait(Duration::from_micros(1));
        })
    }),
    ("being taken back", |case| {
        Box::pin(async move {
            let (app, other) = (&case.planes.app, &case.planes.other_app);
            let elsewhere = other.realm().workspace().unwrap();
            let foreign = other.revoke_invitation(elsewhere, case.id).await;
            assert_eq!(refusal(foreign), "NotFound");
            app.revoke_invitation(case.tenant, case.id).await.unwrap();
            let again = app.revoke_invitation(case.tenant, case.id).await;
            assert_eq!(refusal(again), "NotFound");
            assert_eq!(noted(app, "auth.invitation_canceled").await.len(), 1);
        })
    }),
    ("the user being made otherwise", |case| {
        Box::pin(async move {
            let new = NewUser::new(email("ann"), display_name("Ann"));
            let made = case.planes.app.create_user(case.tenant, new).await.unwrap();
            case.planes.app.delete_user(made.user.id).await.unwrap();
        })
    }),
];

#[tokio::test]
async fn an_invitation_ends() {
    for (name, end) in ENDINGS {
        for planes in all().await {
            let (made, link) = invite(&planes, to("ann", &["editor"])).await;
            end(Case {
                planes: &planes,
                tenant: planes.world.tenant,
                id: made.id,
            })
            .await;
            let came = come(&planes.app, "ann", Some(&link)).await;
            assert_eq!(refusal(came), "INVITATION_NOT_FOUND", "{name}");
            assert!(open(&planes).await.is_empty());
            // Nor does it by another door.
            ask(&planes.app, "ann").await;
            assert!(mailed(&planes).await.is_empty(), "{name}");
        }
    }
}

#[tokio::test]
async fn an_invitation_outlives_who_made_it() {
    for planes in all().await {
        let root = new_user(&planes.team, sign_up("root")).await.user.id;
        let bob = new_user(&planes.team, sign_up("bob")).await.user.id;
        let new = to("ann", &["editor"]).with_invited_by(Some(bob));
        let (_, link) = invite(&planes, new).await;
        planes.team.delete_user(bob).await.unwrap();
        assert_ne!(root, bob);
        let ann = come(&planes.app, "ann", Some(&link)).await.unwrap();
        assert_came(&planes, ann, "ann").await;
    }
}

#[tokio::test]
async fn an_invitation_is_mailed_anew_and_the_older_link_ends() {
    for planes in all().await {
        let (app, tenant) = (&planes.app, planes.world.tenant);
        let new = to("ann", &["editor"]).with_name(Some(display_name("Annie")));
        let (made, older) = invite(&planes, new).await;
        planes.world.wait(Duration::from_hours(24));
        let sent = app.resend_invitation(tenant, made.id, "Acme", link).await;
        let sent = sent.unwrap();
        assert_eq!(sent.id, made.id);
        assert!(sent.expires_at > made.expires_at);
        assert_eq!(open(&planes).await, [sent]);
        let newer = mailed(&planes).await.pop().unwrap();
        let stale = come(app, "ann", Some(&older)).await;
        assert_eq!(refusal(stale), "INVITATION_NOT_FOUND");
        let other = planes.other_app.realm().workspace().unwrap();
        for nowhere in [
            planes
                .other_app
                .resend_invitation(other, made.id, "Acme", link)
                .await,
            app.resend_invitation(tenant, InvitationId::new(uuid::Uuid::nil()), "Acme", link)
                .await,
        ] {
            assert_eq!(refusal(nowhere), "NotFound");
        }
        let ann = come(app, "ann", Some(&newer)).await.unwrap();
        assert_came(&planes, ann, "ann").await;
        let late = app.resend_invitation(tenant, made.id, "Acme", link).await;
        assert_eq!(refusal(late), "NotFound");
    }
}

/// LIM-5: so many invitations are mailed to an end user, and no more.
#[tokio::test]
async fn lim_5_so_many_invitations_are_mailed_to_one_address() {
    for (world, _) in mail_worlds().await {
        let app = world.app().await;
        let made = app.invite(world.tenant, to("ann", &[]), "Acme", link).await;
        let id = made.unwrap().id;
        for _ in 0..4 {
            let sent = app.resend_invitation(world.tenant, id, "Acme", link).await;
            sent.unwrap();
        }
        let sixth = app.resend_invitation(world.tenant, id, "Acme", link).await;
        assert_eq!(refusal(sixth), "RateLimited");
        let anew = app.invite(world.tenant, to("ann", &[]), "Acme", link).await;
        assert_eq!(refusal(anew), "RateLimited");
        app.invite(world.tenant, to("bob", &[]), "Acme", link)
            .await
            .unwrap();
    }
}

/// FIRST-4: nobody is invited to be an admin of end users.
#[tokio::test]
async fn first_4_an_invitation_makes_no_admin() {
    for planes in all().await {
        let tenant = planes.world.tenant;
        let invited = planes
            .app
            .invite(tenant, to("ann", &["admin"]), "Acme", link)
            .await;
        assert_eq!(finding(&invited.unwrap_err()), ("/roles", "invalid_value"));
        let new = NewUser::new(email("ann"), display_name("")).with_roles(names(&["admin"]));
        let made = planes.app.create_user(tenant, new).await;
        assert_eq!(finding(&made.unwrap_err()), ("/roles", "invalid_value"));
        assert!(mailed(&planes).await.is_empty());
    }
}

#[tokio::test]
async fn where_nobody_signs_up_nobody_is_invited() {
    let options = |settings: RealmSettings| settings.with_sign_up(SignUpPolicy::Closed);
    for planes in all().await {
        let (_, link) = invite(&planes, to("ann", &[])).await;
        let patch = workeros_auth::SettingsPatch::new(serde_json::json!({"sign_up": "closed"}));
        planes.app.change_settings(&patch).await.unwrap();
        let closed = planes.team.app_by_slug("default").await.unwrap();
        assert_eq!(refusal(come(&closed, "ann", Some(&link)).await), CLOSED);
        ask(&closed, "ann").await;
        assert!(mailed(&planes).await.is_empty());
    }
    for planes in all_with(options(RealmSettings::new())).await {
        let invited = planes
            .app
            .invite(planes.world.tenant, to("ann", &[]), "Acme", link);
        assert_eq!(refusal(invited.await), CLOSED);
    }
}

/// Who became a user before he followed the link follows it as that.
#[tokio::test]
async fn who_is_a_user_by_then_accepts_it() {
    for planes in all_with(RealmSettings::new()).await {
        let app = &planes.app;
        let (_, link) = invite(&planes, to("ann", &["editor"])).await;
        let ann = come(app, "ann", None).await.unwrap();
        let eve = come(app, "eve", None).await.unwrap();
        assert_eq!(
            open(&planes).await.len(),
            1,
            "he has not shown that it is his"
        );
        let stolen = app.accept_invitation(eve, &link).await;
        assert_eq!(refusal(stolen), "NOT_THE_RECIPIENT");
        app.accept_invitation(ann, &link).await.unwrap();
        assert_came(&planes, ann, "ann").await;
        assert_eq!(refusal(app.accept_invitation(ann, &link).await), INVALID);
    }
}

#[tokio::test]
async fn who_was_invited_reads_mail_in_the_language_said() {
    for planes in all().await {
        let german = workeros_auth::Locale::parse("de").unwrap();
        let new = to("ann", &[]).with_locale(Some(german));
        let tenant = planes.world.tenant;
        let made = planes.app.invite(tenant, new, "Acme", link).await.unwrap();
        planes.team.deliver_mail().await.unwrap();
        let mails = planes.mailer.take();
        assert_eq!(mails[0].subject(), "Einladung zu Acme");
        let sent = planes.app.resend_invitation(tenant, made.id, "Acme", link);
        sent.await.unwrap();
        planes.team.deliver_mail().await.unwrap();
        let mails = planes.mailer.take();
        assert_eq!(mails[0].subject(), "Einladung zu Acme");
        come(&planes.app, "ann", Some(&token(&mails[0])))
            .await
            .unwrap();
        let request = RequestInfo::new();
        let address = email("ann");
        let reset = planes.app.request_password_reset(&address, &request, link);
        reset.await.unwrap();
        planes.team.deliver_mail().await.unwrap();
        let subject = planes.mailer.take()[0].subject().to_owned();
        assert!(subject.contains("Passwort"), "{subject}");
    }
}

/// A guest who was invited stays who he is.
#[tokio::test]
async fn a_guest_who_was_invited_stays_who_he_is() {
    let settings = RealmSettings::new()
        .with_sign_up(SignUpPolicy::Invited)
        .with_anonymous(workeros_auth::AnonymousUsers::new());
    for planes in all_with(settings).await {
        let (_, link) = invite(&planes, to("ann", &["editor"])).await;
        let guest = planes
            .app
            .sign_in_anonymous(&RequestInfo::new())
            .await
            .unwrap();
        let request = crate::both_planes::from(&planes.app, &guest).await;
        let new = sign_up("ann").with_invitation(Some(link));
        let ann = planes.app.sign_up_email(new, &request).await.unwrap();
        assert_eq!(ann.user.id, guest.user.id);
        assert_came(&planes, ann.user.id, "ann").await;
    }
}

/// An admin says what he knows of an address, and changes his mind.
#[tokio::test]
async fn an_admin_says_whether_an_address_is_verified() {
    for planes in all().await {
        let (app, tenant) = (&planes.app, planes.world.tenant);
        let new = NewUser::new(email("ann"), display_name("Ann")).with_email_verified(true);
        let ann = app.create_user(tenant, new).await.unwrap().user;
        assert!(ann.email_verified);
        let patch = |patch: UserPatch| app.update_user(tenant, ann.id, patch);
        let moved = patch(UserPatch::new().with_email(Some(email("anna")))).await;
        assert!(!moved.unwrap().user.email_verified);
        let said = patch(UserPatch::new().with_email_verified(Some(true))).await;
        assert!(said.unwrap().user.email_verified);
    }
}
