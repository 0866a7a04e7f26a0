//! The host's say: who becomes a user, who gets on, what tokens say, who sends
//! mails.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value as Json, json};
use workeros_auth::{
    Admission, AnonymousUsers, App, Auth, AuthBuilder, AuthHooks, ChangePassword, ClaimsRequest,
    CodePurpose, ComingUser, MailHandling, MailedCode, NewInvitation, NewUser, PasswordCheck,
    PasswordUse, PasswordVerdict, RealmSettings, Refusal, RenderedMail, RequestInfo, SignedIn,
    StillMe, UserOrigin,
};
use workeros_core::{Authenticator as _, Credential, Error, ErrorKind, Result};

use crate::both_planes::{Planes, Presented, from};
use crate::mail::{link, token};
use crate::passwordless::code_in;
use crate::support::{PASSWORD, World, display_name, email, names, password, sign_in, sign_up};

mod lost_secrets;
mod mails;
mod settings;
mod webhooks;

type Answer<E, T> = Mutex<Box<dyn Fn(&E) -> Result<T> + Send>>;

/// Keeps what it is told, and answers as it was told to.
pub(crate) struct Told {
    coming: Mutex<Vec<ComingUser>>,
    checks: Mutex<Vec<PasswordCheck>>,
    claims: AtomicUsize,
    before_user: Answer<ComingUser, Admission>,
    password: Answer<PasswordCheck, PasswordVerdict>,
    access: Answer<ClaimsRequest, Map<String, Json>>,
    mail: Answer<RenderedMail, MailHandling>,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            coming: Mutex::default(),
            checks: Mutex::default(),
            claims: AtomicUsize::new(0),
            before_user: Mutex::new(Box::new(|_| Ok(Admission::admit()))),
            password: Mutex::new(Box::new(|_| Ok(PasswordVerdict::Accept))),
            access: Mutex::new(Box::new(|_| Ok(Map::new()))),
            mail: Mutex::new(Box::new(|_| Ok(MailHandling::Mailer))),
        }
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told(..)")
    }
}

#[async_trait]
impl AuthHooks for Told {
    async fn before_user(&self, user: &ComingUser) -> Result<Admission> {
        self.coming.lock().unwrap().push(user.clone());
        (self.before_user.lock().unwrap())(user)
    }

    async fn access_claims(&self, request: &ClaimsRequest) -> Result<Map<String, Json>> {
        self.claims.fetch_add(1, Ordering::SeqCst);
        (self.access.lock().unwrap())(request)
    }

    async fn password_checked(&self, check: &PasswordCheck) -> Result<PasswordVerdict> {
        self.checks.lock().unwrap().push(check.clone());
        (self.password.lock().unwrap())(check)
    }

    async fn send_mail(&self, mail: &RenderedMail) -> Result<MailHandling> {
        (self.mail.lock().unwrap_or_else(PoisonError::into_inner))(mail)
    }
}

impl Told {
    fn on_user(&self, answer: impl Fn(&ComingUser) -> Result<Admission> + Send + 'static) {
        *self.before_user.lock().unwrap() = Box::new(answer);
    }

    fn on_password(
        &self,
        answer: impl Fn(&PasswordCheck) -> Result<PasswordVerdict> + Send + 'static,
    ) {
        *self.password.lock().unwrap() = Box::new(answer);
    }

    fn on_claims(
        &self,
        answer: impl Fn(&ClaimsRequest) -> Result<Map<String, Json>> + Send + 'static,
    ) {
        *self.access.lock().unwrap() = Box::new(answer);
    }

    fn on_mail(&self, answer: impl Fn(&RenderedMail) -> Result<MailHandling> + Send + 'static) {
        *self.mail.lock().unwrap() = Box::new(answer);
    }

    fn came(&self) -> Vec<ComingUser> {
        std::mem::take(&mut *self.coming.lock().unwrap())
    }

    fn checked(&self) -> Vec<PasswordCheck> {
        std::mem::take(&mut *self.checks.lock().unwrap())
    }
}

/// Users on both planes with hooks that are told everything.
async fn planes() -> Vec<(Planes, Arc<Told>)> {
    let all = Mutex::new(Vec::new());
    let planes = Planes::all(|builder| {
        let told = Arc::new(Told::default());
        all.lock().unwrap().push(Arc::clone(&told));
        with(builder, told)
    })
    .await;
    planes.into_iter().zip(all.into_inner().unwrap()).collect()
}

fn with(builder: AuthBuilder, hooks: Arc<dyn AuthHooks>) -> AuthBuilder {
    let settings = RealmSettings::new().with_anonymous(AnonymousUsers::new());
    builder
        .with_settings(settings.clone())
        .with_app_settings(settings)
        .with_hooks(hooks)
}

#[track_caller]
fn code<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    let error = outcome.unwrap_err();
    error.code().unwrap_or_default().to_owned()
}

/// Every way to become a user, but for those that only the team has, and that of
/// a provider (see `oauth::signing_up`).
const WAYS: [UserOrigin; 7] = [
    UserOrigin::Password,
    UserOrigin::Password,
    UserOrigin::MagicLink,
    UserOrigin::EmailOtp,
    UserOrigin::Admin,
    UserOrigin::Anonymous,
    UserOrigin::Password,
];

/// Goes one of the ways.
async fn go<P: Presented>(planes: &Planes, auth: &Auth<P>, way: usize) -> Result<()> {
    let (name, request) = (format!("way{way}"), RequestInfo::new());
    match way {
        0 => auth.sign_up_email(sign_up(&name), &request).await.map(drop),
        1 => {
            let home = "https://example.com";
            let made = auth.sign_up_to_verify(sign_up(&name), &request, home, link);
            made.await.map(drop)
        }
        2 => {
            let called = display_name("Annie");
            auth.send_magic_link(&email(&name), &called, &request, link)
                .await?;
            planes.team.deliver_mail().await?;
            let token = token(planes.mailer.take().last().unwrap());
            auth.sign_in_magic_link(&token, &request).await.map(drop)
        }
        3 => {
            let purpose = CodePurpose::SignIn;
            auth.send_code(purpose, &email(&name), "example.com", &request)
                .await?;
            planes.team.deliver_mail().await?;
            let code = code_in(&planes.mailer.take()).unwrap();
            let mailed = MailedCode::new(email(&name), code);
            auth.sign_in_code(&mailed, None, &request).await.map(drop)
        }
        4 => {
            let new = NewUser::new(email(&name), display_name(&name));
            let new = new.with_password(Some(password(PASSWORD)));
            auth.create_user(planes.world.tenant, new).await.map(drop)
        }
        5 => auth.sign_in_anonymous(&request).await.map(drop),
        6 => {
            // Who has no account gets one: his address was never looked at.
            let guest = auth.sign_in_anonymous(&request).await?;
            let request = from(auth, &guest).await;
            auth.sign_up_email(sign_up(&name), &request).await.map(drop)
        }
        _ => panic!("no such way"),
    }
}

async fn users(world: &World) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for sql in ["SELECT id FROM workeros_users", "SELECT id FROM app_users"] {
        let rows = world.rows(sql, vec![]).await;
        ids.extend(rows.iter().map(|row| row.uuid(0).unwrap().to_string()));
    }
    ids
}

async fn every_way<P: Presented>(planes: &Planes, auth: &Auth<P>, told: &Told) {
    for (way, origin) in WAYS.into_iter().enumerate() {
        told.on_user(|user| {
            let refusal = Refusal::new("not you").with_code("NOT_YOU");
            match user.origin {
                // To be refused at the second step, once he wants an account.
                UserOrigin::Anonymous => Ok(Admission::admit()),
                _ => Ok(Admission::refuse(refusal)),
            }
        });
        let before = users(&planes.world).await;
        let refused = go(planes, auth, way).await;
        if origin != UserOrigin::Anonymous {
            let error = refused.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Forbidden, "way {way}");
            assert_eq!(
                (error.code(), error.message()),
                (Some("NOT_YOU"), "not you")
            );
            if way != 6 {
                assert_eq!(
                    users(&planes.world).await,
                    before,
                    "way {way} went past the hook"
                );
            }
        }
        told.came();
        told.on_user(|_| Ok(Admission::admit()));
        let before = users(&planes.world).await;
        go(planes, auth, way).await.unwrap();
        let came = told.came();
        let after = users(&planes.world).await;
        let told_of: BTreeSet<_> = came.iter().map(|user| user.id.to_string()).collect();
        let mut new = after.difference(&before);
        assert!(
            new.all(|id| told_of.contains(id)),
            "way {way} went past the hook"
        );
        assert_eq!(came.last().unwrap().origin, origin, "way {way}");
        assert_eq!(came.last().unwrap().was_anonymous, way == 6);
    }
}

/// Whoever becomes a user has passed the hook, whichever way he comes.
#[tokio::test]
async fn nobody_becomes_a_user_past_the_hook() {
    for (planes, told) in planes().await {
        every_way(&planes, &planes.team, &told).await;
        every_way(&planes, &planes.app, &told).await;
    }
}

/// The refusal of an anonymous user, who is let in above to get further.
#[tokio::test]
async fn who_has_no_account_is_asked_about_too() {
    for (planes, told) in planes().await {
        told.on_user(|_| Ok(Admission::refuse(Refusal::new("no guests"))));
        let refused = planes.app.sign_in_anonymous(&RequestInfo::new()).await;
        assert_eq!(code(refused), "REFUSED_BY_HOOK");
        assert!(users(&planes.world).await.is_empty());
    }
}

#[tokio::test]
async fn who_was_invited_is_asked_about_too() {
    for (planes, told) in planes().await {
        let team = &planes.team;
        team.sign_up_email(sign_up("root"), &RequestInfo::new())
            .await
            .unwrap();
        let new = NewInvitation::new(email("bob")).with_roles(names(&["editor"]));
        team.invite(planes.world.tenant, new, "Acme", link)
            .await
            .unwrap();
        team.deliver_mail().await.unwrap();
        let link = token(&planes.mailer.take()[0]);
        told.came();
        told.on_user(|_| Ok(Admission::refuse(Refusal::new("no"))));
        let bob = || sign_up("bob").with_invitation(Some(link.clone()));
        let refused = team.sign_up_email(bob(), &RequestInfo::new()).await;
        assert_eq!(code(refused), "REFUSED_BY_HOOK");
        let [came] = &told.came()[..] else {
            panic!("not asked once")
        };
        assert_eq!(came.origin, UserOrigin::Invitation);
        assert!(came.email_verified && came.workspace.is_none());
        // The invitation was not used up.
        told.on_user(|_| Ok(Admission::admit()));
        team.sign_up_email(bob(), &RequestInfo::new())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_hook_knows_who_comes_and_can_call_him_something_else() {
    for (planes, told) in planes().await {
        told.on_user(|_| Ok(Admission::admit_as(display_name("Ann of Acme"))));
        let request = RequestInfo::new().with_ip("192.0.2.1".parse().ok());
        let ann = planes
            .app
            .sign_up_email(sign_up("ann"), &request)
            .await
            .unwrap();
        assert_eq!(ann.user.name, "Ann of Acme");
        let stored = planes
            .app
            .user(planes.world.tenant, ann.user.id)
            .await
            .unwrap();
        assert_eq!(stored.user.name, "Ann of Acme");
        let [came] = &told.came()[..] else {
            panic!("not asked once")
        };
        assert_eq!(came.workspace.as_ref().unwrap().slug, "default");
        assert_eq!(
            (came.email.as_str(), came.name.as_str()),
            ("ann@example.com", "ann")
        );
        assert_eq!((came.ip, came.email_verified), (request.ip, false));
    }
}

#[derive(Debug)]
struct Broken(fn() -> Result<Admission>);

#[async_trait]
impl AuthHooks for Broken {
    async fn before_user(&self, _: &ComingUser) -> Result<Admission> {
        (self.0)()
    }

    async fn password_checked(&self, _: &PasswordCheck) -> Result<PasswordVerdict> {
        pending().await
    }
}

/// A hook that fails is a fault, however it fails, and nothing is done.
#[tokio::test]
async fn a_hook_that_fails_stops_what_it_was_asked_about_and_nothing_else() {
    let failures: [fn() -> Result<Admission>; 3] = [
        || Err(Error::new(ErrorKind::NotFound, "some fault")),
        || Err(Error::internal("some fault")),
        || panic!("a hook that panics"),
    ];
    for failure in failures {
        for planes in Planes::all(|builder| with(builder, Arc::new(Broken(failure)))).await {
            let refused = planes
                .team
                .sign_up_email(sign_up("ann"), &RequestInfo::new())
                .await;
            let error = refused.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert_eq!(error.code(), Some("HOOK_UNAVAILABLE"));
            assert!(!error.message().contains("some fault"));
            assert!(users(&planes.world).await.is_empty());
            planes.team.activity(1, None, None).await.unwrap();
        }
    }
}

/// One that never answers is given up.
#[tokio::test]
async fn a_hook_is_not_waited_for_without_end() {
    let hooks = Arc::new(Broken(|| Ok(Admission::admit())));
    let all = Planes::all(|builder| with(builder, Arc::clone(&hooks) as _)).await;
    let attempts = all.iter().map(async |planes| {
        let request = RequestInfo::new();
        planes
            .team
            .sign_up_email(sign_up("ann"), &request)
            .await
            .unwrap();
        let signed_in = planes
            .team
            .sign_in_email(sign_in("ann", PASSWORD), &request);
        let within = tokio::time::timeout(Duration::from_secs(15), signed_in);
        assert_eq!(
            code(within.await.expect("it was given up")),
            "HOOK_UNAVAILABLE"
        );
    });
    futures::future::join_all(attempts).await;
}

/// PW-5: who guesses learns nothing from a hook, and it is told all the same.
#[tokio::test]
async fn pw_5_a_hook_is_told_of_every_password() {
    for (planes, told) in planes().await {
        let (app, request) = (&planes.app, RequestInfo::new());
        let ann = app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        told.on_password(|_| {
            let refusal = Refusal::new("the account is frozen").with_code("FROZEN");
            Ok(PasswordVerdict::refuse(refusal))
        });
        for (name, text, answer) in [
            ("ann", PASSWORD, "FROZEN"),
            ("ann", "another password", "INVALID_EMAIL_OR_PASSWORD"),
            ("nobody", PASSWORD, "INVALID_EMAIL_OR_PASSWORD"),
        ] {
            let signed_in = app.sign_in_email(sign_in(name, text), &request).await;
            assert_eq!(code(signed_in), answer, "{name}");
            let [check] = &told.checked()[..] else {
                panic!("not asked once")
            };
            assert_eq!(check.is_right, answer == "FROZEN");
            assert_eq!(check.user, (name == "ann").then_some(ann.user.id));
            assert_eq!(check.email, format!("{name}@example.com"));
            assert_eq!(check.used_for, PasswordUse::SignIn);
        }
        app.drain().await;
        let noted = app.activity(200, None, None).await.unwrap();
        let failed = noted
            .rows
            .iter()
            .filter(|row| row.action == "auth.sign_in_failed");
        assert_eq!(failed.count(), 3);
        told.on_password(|_| Ok(PasswordVerdict::Accept));
        app.sign_in_email(sign_in("ann", PASSWORD), &request)
            .await
            .unwrap();
        told.on_password(|_| Err(Error::internal("away")));
        for text in [PASSWORD, "another password"] {
            let signed_in = app.sign_in_email(sign_in("ann", text), &request).await;
            assert_eq!(code(signed_in), "HOOK_UNAVAILABLE");
        }
    }
}

#[tokio::test]
async fn a_hook_is_told_of_passwords_that_confirm() {
    for (planes, told) in planes().await {
        let (team, request) = (&planes.team, RequestInfo::new());
        let ann = team.sign_up_email(sign_up("ann"), &request).await.unwrap();
        told.on_password(|_| Ok(PasswordVerdict::refuse(Refusal::new("no"))));
        let change = ChangePassword::new(Some(password(PASSWORD)), password("another password"));
        let changed = team.change_password(ann.user.id, &change).await;
        assert_eq!(code(changed), "REFUSED_BY_HOOK");
        let still = StillMe::new(ann.user.id, ann.session.id, Some(password(PASSWORD)));
        let begun = team.begin_two_factor(&still, &request).await;
        assert_eq!(code(begun), "REFUSED_BY_HOOK");
        let checked = told.checked();
        assert_eq!(checked.len(), 2);
        assert!(
            checked
                .iter()
                .all(|check| check.used_for == PasswordUse::Confirm)
        );
    }
}

async fn said(app: &Auth<App>, signed_in: &SignedIn<App>) -> Json {
    let access = app.access_token(signed_in).await.unwrap();
    let payload = access.token.expose().split('.').nth(1).unwrap().to_owned();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn object(json: &Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

/// TOK-1: tokens say more for others, and who acts by them is the same.
#[tokio::test]
async fn tok_1_tokens_say_what_a_hook_adds_and_nobody_acts_by_it() {
    for (planes, told) in planes().await {
        let (app, request) = (&planes.app, RequestInfo::new());
        told.on_claims(|asked| {
            let plan = json!({
                "plan": "gold", "role": "admin", "roles": ["admin"], "is_admin": true,
                "https://example.com/claims": {"email": asked.user.email},
                "workspace": asked.workspace.slug, "scope": "*", "user_id": "somebody",
            });
            Ok(object(&plan))
        });
        let ann = app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let claims = said(app, &ann).await;
        assert_eq!(claims["plan"], "gold");
        assert_eq!(
            claims["https://example.com/claims"]["email"],
            "ann@example.com"
        );
        assert_eq!(claims["sub"], ann.user.id.to_string());
        assert_eq!(claims["aud"], "default");
        let again = app.refresh_session(&ann.token).await.unwrap();
        assert_eq!(said(app, &again).await["plan"], "gold");
        let access = app.access_token(&ann).await.unwrap();
        let request = Request::builder()
            .header(AUTHORIZATION, format!("Bearer {}", access.token.expose()))
            .body(());
        let (parts, ()) = request.unwrap().into_parts();
        let acts = planes
            .team
            .authenticate(&parts, Some(planes.world.tenant))
            .await;
        let acts = acts.unwrap().unwrap();
        assert_eq!(acts.user_id, ann.user.id.to_string());
        assert_eq!(acts.credential, Credential::AppSession(ann.session.id));
        assert!(
            !acts.roles.iter().any(|role| role == "admin"),
            "{:?}",
            acts.roles
        );
        // Users of the instance have no such tokens.
        told.claims.store(0, Ordering::SeqCst);
        planes
            .team
            .sign_up_email(sign_up("ann"), &RequestInfo::new())
            .await
            .unwrap();
        assert_eq!(told.claims.load(Ordering::SeqCst), 0);
    }
}

/// TOK-1: nobody else says what only we say.
#[tokio::test]
async fn tok_1_nobody_else_says_what_only_we_say() {
    for (planes, told) in planes().await {
        let (app, request) = (&planes.app, RequestInfo::new());
        app.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let sign_in = async || {
            let entered = app.sign_in_email(sign_in("ann", PASSWORD), &request);
            entered.await.map(drop)
        };
        for name in [
            "iss", "aud", "sub", "sid", "tenant", "exp", "iat", "nbf", "jti", "alg", "kid", "typ",
            "act", "cnf",
        ] {
            told.on_claims(move |_| Ok(object(&json!({ name: "x" }))));
            assert_eq!(code(sign_in().await), "HOOK_UNAVAILABLE", "{name}");
        }
        told.on_claims(|_| Ok(object(&json!({"a": "x".repeat(2040)}))));
        sign_in().await.unwrap();
        told.on_claims(|_| Ok(object(&json!({"a": "x".repeat(2041)}))));
        assert_eq!(code(sign_in().await), "HOOK_UNAVAILABLE");
    }
}

/// TOK-3: while a hook is away nobody loses his session.
#[tokio::test]
async fn tok_3_who_could_not_refresh_tries_again_with_the_same_token() {
    for (planes, told) in planes().await {
        let app = &planes.app;
        let ann = app
            .sign_up_email(sign_up("ann"), &RequestInfo::new())
            .await
            .unwrap();
        told.on_claims(|_| Err(Error::internal("away")));
        for _ in 0..3 {
            let refreshed = app.refresh_session(&ann.token).await;
            assert_eq!(code(refreshed), "HOOK_UNAVAILABLE");
            planes.world.wait(Duration::from_secs(60));
        }
        told.on_claims(|_| Ok(Map::new()));
        app.refresh_session(&ann.token).await.unwrap();
    }
}

/// Those of the settings are asked before those of the builder, and a name that
/// the one gives is what the other is told.
#[tokio::test]
async fn of_several_hooks_each_is_asked_in_order() {
    let (first, second) = (Arc::new(Told::default()), Arc::new(Told::default()));
    let settings = RealmSettings::new().with_hooks(Arc::clone(&first) as _);
    for planes in Planes::all(|builder| {
        builder
            .with_hooks(Arc::clone(&second) as _)
            .with_settings(settings.clone())
    })
    .await
    {
        drop((first.came(), second.came()));
        first.on_user(|_| Ok(Admission::admit_as(display_name("One"))));
        second.on_user(|_| Ok(Admission::admit()));
        let ann = planes
            .team
            .sign_up_email(sign_up("ann"), &RequestInfo::new())
            .await
            .unwrap();
        assert_eq!(
            (first.came()[0].name.as_str(), ann.user.name.as_str()),
            ("ann", "One")
        );
        assert_eq!(second.came()[0].name, "One");
        first.on_user(|_| Ok(Admission::refuse(Refusal::new("no"))));
        let refused = planes
            .team
            .sign_up_email(sign_up("bob"), &RequestInfo::new())
            .await;
        assert_eq!(code(refused), "REFUSED_BY_HOOK");
        assert!(second.came().is_empty());
        first.came();
        planes
            .app
            .sign_up_email(sign_up("ann"), &RequestInfo::new())
            .await
            .unwrap();
        assert!(first.came().is_empty(), "it is of the team alone");
    }
}

#[test]
fn what_somebody_is_told_is_one_short_line() {
    let refusal = Refusal::new("a\nb\u{0}".to_owned() + &"x".repeat(600));
    assert!(format!("{refusal:?}").contains("ab"));
    assert!(!format!("{refusal:?}").contains(&"x".repeat(500)));
    for code in ["", "lower", "WITH SPACE", "A-B", &"A".repeat(65)] {
        assert!(
            Refusal::new("no")
                .with_foreign_code(code.to_owned())
                .is_err(),
            "{code}"
        );
    }
    assert!(
        Refusal::new("no")
            .with_foreign_code("PLAN_FULL_2".to_owned())
            .is_ok()
    );
}
