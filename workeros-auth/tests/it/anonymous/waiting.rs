//! An anonymous user who signs up where addresses must be verified.

use workeros_auth::{LinkToken, NewImpersonation, NewOrganization, OrganizationSlug, Organizer};

use super::*;
use crate::passwordless::code_in;
use crate::race::rounds;

const HOME: &str = "https://example.com";

/// Where there are guests, and addresses must be verified.
async fn strict() -> Vec<Planes> {
    let verified = settings().with_required_verification(true);
    let options = |builder: AuthBuilder| {
        let builder = builder.with_settings(verified.clone());
        builder.with_app_settings(verified.clone())
    };
    Planes::all(options).await
}

/// Somebody without an account, who signs up with this name.
async fn waiting<P: Presented>(auth: &Auth<P>, name: &str) -> (SignedIn<P>, RequestInfo) {
    let was = guest(auth).await;
    let request = from(auth, &was).await;
    let said = auth.sign_up_to_verify(sign_up(name), &request, HOME, link);
    assert_eq!(said.await.unwrap().id, was.user.id);
    (was, request)
}

/// The only link that was mailed.
async fn mailed(planes: &Planes) -> LinkToken {
    planes.team.deliver_mail().await.unwrap();
    crate::mail::only_link(&planes.mailer)
}

async fn enter<P: Presented>(auth: &Auth<P>, name: &str, request: &RequestInfo) -> SignedIn<P> {
    let entered = auth.sign_in_email(sign_in(name, PASSWORD), request).await;
    signed_in(entered.unwrap())
}

async fn is_guest<P: Presented>(planes: &Planes, auth: &Auth<P>, user: UserId) -> bool {
    let account = auth.user(planes.world.tenant, user).await.unwrap();
    account.user.is_anonymous()
}

async fn count<P: Presented>(planes: &Planes, auth: &Auth<P>) -> usize {
    let page = auth.users(planes.world.tenant, 200, None).await.unwrap();
    page.accounts.len()
}

/// SES-2: the session he had as a guest ends: others may know it.
#[tokio::test]
async fn ses_2_who_shows_that_the_address_is_his_stays_who_he_is() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>) {
        let (was, _) = waiting(auth, "ann").await;
        let key = P::key(auth, &was).await;
        auth.verify_email(&mailed(planes).await).await.unwrap();
        let later = RequestInfo::new();
        let is = enter(auth, "ann", &later).await;
        assert_eq!(is.user.id, was.user.id);
        assert_eq!(is.user.created_at, was.user.created_at);
        assert_eq!(is.user.email, "ann@example.com");
        assert!(is.user.email_verified && !is.user.is_anonymous());
        assert!(auth.session_by_key(&key).await.unwrap().is_none());
        let new = P::key(auth, &is).await;
        let active = auth.session_by_key(&new).await.unwrap().unwrap();
        assert_eq!(active.user.id, was.user.id);
        assert_eq!(auth.sessions(was.user.id).await.unwrap().len(), 1);
        assert_eq!(count(planes, auth).await, 1, "there is no other one");
        let rows = noted(auth, "auth.sign_up").await;
        assert_eq!(rows[0].user_id, Some(was.user.id));
        assert_eq!(rows[0].detail["was_anonymous"], true);
        assert_eq!(
            rows[0].detail["signed_up_as"],
            rows[1].user_id.unwrap().to_string()
        );
        assert_eq!(enter(auth, "ann", &later).await.user.id, was.user.id);
    }
    for planes in strict().await {
        check(&planes, &planes.team).await;
        check(&planes, &planes.app).await;
    }
}

#[tokio::test]
async fn he_verifies_it_by_a_code_and_comes_in_with_his_session() {
    for planes in strict().await {
        let app = &planes.app;
        let (was, request) = waiting(app, "ann").await;
        mailed(&planes).await;
        planes.world.wait(Duration::from_mins(1));
        app.send_code(
            CodePurpose::VerifyEmail,
            &email("ann"),
            "example.com",
            &request,
        )
        .await
        .unwrap();
        planes.team.deliver_mail().await.unwrap();
        let code = code_in(&planes.mailer.take());
        let mailed = MailedCode::new(email("ann"), code.unwrap());
        app.verify_email_by_code(&mailed, &request).await.unwrap();
        assert!(is_guest(&planes, app, was.user.id).await);
        assert_eq!(enter(app, "ann", &request).await.user.id, was.user.id);
        assert!(noted(app, "auth.anonymous_linked").await.is_empty());
    }
}

/// PW-5: whether the address is somebody's is told by nothing that a guest sees.
#[tokio::test]
async fn pw_5_a_guest_does_not_see_whether_the_address_was_free() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>) {
        let request = RequestInfo::new();
        auth.sign_up_to_verify(sign_up("taken"), &request, HOME, link)
            .await
            .unwrap();
        auth.verify_email(&mailed(planes).await).await.unwrap();
        let taken = enter(auth, "taken", &request).await;

        let mut seen = Vec::new();
        for name in ["free", "taken"] {
            let was = guest(auth).await;
            let request = from(auth, &was).await;
            let mut new = sign_up(name);
            new.name = display_name("Somebody");
            let said = auth.sign_up_to_verify(new, &request, HOME, link).await;
            let mut said = said.unwrap();
            assert_eq!(
                (said.id, said.created_at),
                (was.user.id, was.user.created_at)
            );
            said.id = taken.user.id;
            said.email = "alike".to_owned();
            let key = P::key(auth, &was).await;
            let active = auth.session_by_key(&key).await.unwrap().unwrap();
            assert_eq!(active.user, was.user, "{name}");
            assert!(is_guest(planes, auth, was.user.id).await);
            seen.push(said);
        }
        assert_eq!(seen[0], seen[1]);
        // The one who has it is who he was.
        assert_eq!(
            enter(auth, "taken", &RequestInfo::new()).await.user.id,
            taken.user.id
        );
        planes.team.deliver_mail().await.unwrap();
        drop(planes.mailer.take());
    }
    for planes in strict().await {
        check(&planes, &planes.team).await;
        check(&planes, &planes.app).await;
    }
}

/// OTP-3: what a guest has is nobody's who only reads the mail.
#[tokio::test]
async fn otp_3_who_reads_the_mail_alone_gets_nothing_of_the_guest() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>) {
        // By a link to choose another password, after he has confirmed the address
        // that somebody else has typed, or before.
        for (name, confirms) in [("one", true), ("two", false)] {
            let (was, _) = waiting(auth, name).await;
            let verify = mailed(planes).await;
            if confirms {
                auth.verify_email(&verify).await.unwrap();
            }
            planes.world.wait(Duration::from_mins(1));
            auth.request_password_reset(&email(name), &RequestInfo::new(), link)
                .await
                .unwrap();
            let reset = mailed(planes).await;
            let other = crate::support::password("battery horse staple");
            auth.reset_password(&reset, &other).await.unwrap();
            let entered = auth
                .sign_in_email(sign_in(name, "battery horse staple"), &RequestInfo::new())
                .await;
            assert_ne!(signed_in(entered.unwrap()).user.id, was.user.id);
            assert!(is_guest(planes, auth, was.user.id).await, "{name}");
        }
        // By a link to sign in.
        for (name, confirms) in [("three", true), ("four", false)] {
            let (was, _) = waiting(auth, name).await;
            let verify = mailed(planes).await;
            if confirms {
                auth.verify_email(&verify).await.unwrap();
            }
            planes.world.wait(Duration::from_mins(1));
            let (nobody, request) = (display_name(""), RequestInfo::new());
            auth.send_magic_link(&email(name), &nobody, &request, link)
                .await
                .unwrap();
            let arrival = auth
                .sign_in_magic_link(&mailed(planes).await, &request)
                .await;
            assert_ne!(signed_in(arrival.unwrap().entered).user.id, was.user.id);
            assert!(is_guest(planes, auth, was.user.id).await, "{name}");
            // Who knows the password as well is by then another one.
            if confirms {
                assert_ne!(enter(auth, name, &request).await.user.id, was.user.id);
            } else {
                let gone = auth.sign_in_email(sign_in(name, PASSWORD), &request).await;
                assert_eq!(gone.unwrap_err().kind(), ErrorKind::Unauthorized);
            }
            assert!(is_guest(planes, auth, was.user.id).await, "{name}");
        }
    }
    for planes in strict().await {
        check(&planes, &planes.team).await;
        check(&planes, &planes.app).await;
    }
}

/// PW-5: who knows the password alone gets nothing, of the address or by it.
#[tokio::test]
async fn pw_5_an_address_that_is_not_verified_gives_a_guest_nothing() {
    for planes in strict().await {
        let app = &planes.app;
        let (was, request) = waiting(app, "ann").await;
        let verify = mailed(&planes).await;
        let early = app.sign_in_email(sign_in("ann", PASSWORD), &request).await;
        assert_eq!(early.unwrap_err().code(), Some("EMAIL_NOT_VERIFIED"));
        assert!(is_guest(&planes, app, was.user.id).await);
        assert!(
            app.invitations(planes.world.tenant)
                .await
                .unwrap()
                .is_empty()
        );
        // A second guest does not get what the first has asked for.
        let (second, of_second) = waiting(app, "ann").await;
        app.verify_email(&verify).await.unwrap();
        assert_eq!(enter(app, "ann", &of_second).await.user.id, was.user.id);
        assert!(
            !is_there(&planes.world, app, second.user.id).await,
            "he was ann all along"
        );
    }
}

type Meanwhile = for<'a> fn(&'a Planes, &'a SignedIn<workeros_auth::App>) -> Done<'a>;
type Done<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What may become of a guest before he signs in.
const MEANWHILE: &[(&str, Meanwhile)] = &[
    ("he was deleted", |planes, was| {
        Box::pin(async move { planes.app.delete_anonymous_user(was.user.id).await.unwrap() })
    }),
    ("he was disabled", |planes, was| {
        Box::pin(async move {
            let patch = UserPatch::new().with_disabled(Some(true));
            let tenant = planes.world.tenant;
            planes
                .app
                .update_user(tenant, was.user.id, patch)
                .await
                .unwrap();
        })
    }),
    ("he has signed up with another address", |planes, was| {
        Box::pin(async move {
            let guest = was.user.id;
            let patch = UserPatch::new().with_email(Some(email("other")));
            let tenant = planes.world.tenant;
            planes.app.update_user(tenant, guest, patch).await.unwrap();
        })
    }),
];

#[tokio::test]
async fn who_has_left_the_guest_behind_is_another_user() {
    for (name, meanwhile) in MEANWHILE {
        for planes in strict().await {
            let (was, _) = waiting(&planes.app, "ann").await;
            let verify = mailed(&planes).await;
            meanwhile(&planes, &was).await;
            planes.app.verify_email(&verify).await.unwrap();
            let is = enter(&planes.app, "ann", &RequestInfo::new()).await;
            assert_ne!(is.user.id, was.user.id, "{name}");
            let again = enter(&planes.app, "ann", &RequestInfo::new()).await;
            assert_eq!(again.user.id, is.user.id, "{name}");
        }
    }
}

/// What was given to who signed up is the guest's then.
#[tokio::test]
async fn the_guest_has_what_was_given_to_who_signed_up() {
    for planes in strict().await {
        let (app, tenant) = (&planes.app, planes.world.tenant);
        let (was, _) = waiting(app, "ann").await;
        let page = app.users(tenant, 10, None).await.unwrap();
        let mut others = page.accounts.into_iter().map(|account| account.user);
        let other = others.find(|user| user.id != was.user.id).unwrap();
        app.set_roles(tenant, other.id, &names(&["editor"]))
            .await
            .unwrap();
        let slug = OrganizationSlug::parse("acme").unwrap();
        let new = NewOrganization::new(display_name("Acme"), slug);
        let acme = app.found_organization(other.id, new).await.unwrap();
        app.verify_email(&mailed(&planes).await).await.unwrap();
        let is = enter(app, "ann", &RequestInfo::new()).await;
        assert_eq!(app.roles_of(tenant, is.user.id).await.unwrap(), ["editor"]);
        let member = app.organization_member(acme.id, Organizer::Host, was.user.id);
        assert_eq!(member.await.unwrap().role.as_str(), "owner");
    }
}

/// Who was acted as is a user of his own by then.
#[tokio::test]
async fn who_was_impersonated_is_another_user() {
    for planes in strict().await {
        let (app, tenant) = (&planes.app, planes.world.tenant);
        let (was, _) = waiting(app, "ann").await;
        let verify = mailed(&planes).await;
        planes
            .team
            .sign_up_to_verify(sign_up("root"), &RequestInfo::new(), HOME, link)
            .await
            .unwrap();
        planes
            .team
            .verify_email(&mailed(&planes).await)
            .await
            .unwrap();
        let root = enter(&planes.team, "root", &RequestInfo::new()).await;
        let session = Credential::Session(root.session.id);
        let identity = Identity::host(root.user.id.to_string()).with_credential(session);
        let by = planes.team.impersonator(&identity, tenant).await.unwrap();
        let page = app.users(tenant, 10, None).await.unwrap();
        let mut others = page.accounts.into_iter().map(|account| account.user.id);
        let other = others.find(|user| *user != was.user.id).unwrap();
        let new = NewImpersonation::new(other, "ticket 1").unwrap();
        app.impersonate(&by, &new, &RequestInfo::new())
            .await
            .unwrap();
        app.verify_email(&verify).await.unwrap();
        assert_eq!(enter(app, "ann", &RequestInfo::new()).await.user.id, other);
    }
}

/// R19: of 64 who sign in at once all are the guest, who is made an account once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_a_guest_who_waits_gets_his_account_once() {
    for planes in strict().await {
        let app = &planes.app;
        for round in 0..rounds().div_ceil(10) {
            let name = format!("ann{round}");
            let (was, _) = waiting(app, &name).await;
            app.verify_email(&mailed(&planes).await).await.unwrap();
            let results = race(|_| {
                let (app, new) = (app.clone(), sign_in(&name, PASSWORD));
                async move { app.sign_in_email(new, &RequestInfo::new()).await }
            });
            let mut came = 0;
            for result in results.await {
                match result {
                    Ok(entered) => {
                        assert_eq!(signed_in(entered).user.id, was.user.id);
                        came += 1;
                    }
                    // Who was overtaken between looking and writing.
                    Err(error) => assert!(
                        matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Unauthorized),
                        "{error:?}"
                    ),
                }
            }
            assert!(came > 0);
            assert_eq!(count(&planes, app).await, round + 1);
        }
    }
}
