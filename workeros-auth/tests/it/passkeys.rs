//! Passkeys, on both planes, by a device that does whatever it is told to.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use workeros_adapters::{MemoryMailer, MemoryRateLimiter};
use workeros_auth::{
    Attachment, Auth, AuthBuilder, BrowserToken, Entered, FreshSession, Passkey, Plane,
    RelyingParty, RequestInfo, SecondFactor, StillMe, UserPatch,
};
use workeros_core::{ErrorKind, RateLimiter, Result, UserId};

use crate::mail::{link, only_link};
use crate::soft_authenticator::SoftAuthenticator;
use crate::support::{
    PASSWORD, World, display_name, email, password, secret, sign_up, signed_in, worlds_with,
};

mod altered;
mod anonymous;
mod races;

const ORIGIN: &str = "http://localhost:8080";

async fn passkey_worlds() -> Vec<World> {
    let party = RelyingParty::of_origin(ORIGIN).unwrap();
    let options = |builder: AuthBuilder| {
        let builder = builder.danger_weak_hashing().with_secret(secret());
        builder.with_passkeys(party.clone())
    };
    worlds_with(options).await
}

/// Runs a case on both planes of every database.
macro_rules! on_both_planes {
    ($case:ident) => {
        for world in passkey_worlds().await {
            println!("on {}", world.name);
            $case(&world, &world.auth).await;
            $case(&world, &world.app().await).await;
        }
    };
}
use on_both_planes;

fn device() -> SoftAuthenticator {
    SoftAuthenticator::on(ORIGIN)
}

async fn somebody<P: Plane>(auth: &Auth<P>, name: &str) -> UserId {
    let request = RequestInfo::new();
    let signed_in = auth.sign_up_email(sign_up(name), &request).await.unwrap();
    signed_in.user.id
}

/// What a browser was asked.
struct Asked {
    browser: BrowserToken,
    options: Json,
}

/// A user who has just signed in.
async fn fresh<P: Plane>(auth: &Auth<P>, user: UserId) -> FreshSession {
    let sessions = auth.sessions(user).await.unwrap();
    auth.require_fresh(sessions[0].id).await.unwrap()
}

async fn ask_to_register<P: Plane>(auth: &Auth<P>, user: UserId) -> Asked {
    let browser = auth.new_browser_token().unwrap();
    let who = fresh(auth, user).await;
    let options = auth
        .begin_passkey_registration(who, None, Some(&browser), &RequestInfo::new())
        .await
        .unwrap();
    Asked { browser, options }
}

async fn register<P: Plane>(
    auth: &Auth<P>,
    user: UserId,
    asked: &Asked,
    answer: &Json,
) -> Result<Passkey> {
    let who = fresh(auth, user).await;
    auth.finish_passkey_registration(who, Some(&asked.browser), answer, None)
        .await
}

async fn add<P: Plane>(auth: &Auth<P>, user: UserId, device: &mut SoftAuthenticator) -> Passkey {
    let asked = ask_to_register(auth, user).await;
    let answer = device.create(&asked.options);
    register(auth, user, &asked, &answer).await.unwrap()
}

async fn ask<P: Plane>(auth: &Auth<P>) -> Asked {
    let browser = auth.new_browser_token().unwrap();
    let options = auth
        .begin_passkey_sign_in(Some(&browser), &RequestInfo::new())
        .await
        .unwrap();
    Asked { browser, options }
}

async fn answer<P: Plane>(auth: &Auth<P>, asked: &Asked, answer: &Json) -> Result<Entered<P>> {
    auth.finish_passkey_sign_in(Some(&asked.browser), answer, &RequestInfo::new())
        .await
}

async fn sign_in<P: Plane>(auth: &Auth<P>, device: &mut SoftAuthenticator) -> Result<Entered<P>> {
    let asked = ask(auth).await;
    let signed = device.get(&asked.options);
    answer(auth, &asked, &signed).await
}

async fn sessions<P: Plane>(auth: &Auth<P>, user: UserId) -> usize {
    auth.sessions(user).await.unwrap().len()
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind, code: &str) {
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (kind, Some(code)),
        "{error:?}"
    );
}

/// The one answer to what proves nothing.
#[track_caller]
fn assert_not_signed_in<T: std::fmt::Debug>(result: Result<T>) {
    assert_refused(result, ErrorKind::Unauthorized, "AUTHENTICATION_FAILED");
}

#[track_caller]
fn assert_not_asked<T: std::fmt::Debug>(result: Result<T>) {
    assert_refused(result, ErrorKind::BadRequest, "CHALLENGE_NOT_FOUND");
}

#[tokio::test]
async fn a_passkey_is_made_and_signs_in() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        let passkey = add(auth, ann, &mut device).await;
        assert_eq!(passkey.transports, ["hybrid", "internal"]);
        assert_eq!((passkey.counter, passkey.last_used_at), (0, None));
        assert_eq!(passkey.model.unwrap().as_bytes(), &[0x11; 16]);
        assert_eq!(auth.passkeys(ann).await.unwrap(), [passkey]);

        world.wait(Duration::from_secs(1));
        let signed_in = signed_in(sign_in(auth, &mut device).await.unwrap());
        assert_eq!(signed_in.user.id, ann);
        let [passkey] = &auth.passkeys(ann).await.unwrap()[..] else {
            panic!("not one passkey")
        };
        assert_eq!(
            (passkey.counter, passkey.last_used_at),
            (1, Some(world.now()))
        );
    }
    on_both_planes!(case);
}

#[tokio::test]
async fn what_a_device_is_asked_for() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        let passkey = add(auth, ann, &mut device).await;
        let options = auth
            .begin_passkey_registration(
                fresh(auth, ann).await,
                Some(Attachment::CrossPlatform),
                None,
                &RequestInfo::new(),
            )
            .await
            .unwrap();
        let selection = json!({
            "authenticatorAttachment": "cross-platform",
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "required",
        });
        assert_eq!(options["authenticatorSelection"], selection);
        assert_eq!(options["rp"]["id"], "localhost");
        assert_eq!(options["user"]["name"], "ann@example.com");
        assert_eq!(options["attestation"], "none");
        assert_eq!(options["timeout"], 300_000);
        let excluded = json!([{
            "type": "public-key",
            "id": crate::soft_authenticator::encode(&passkey.credential_id),
            "transports": ["hybrid", "internal"],
        }]);
        assert_eq!(options["excludeCredentials"], excluded);

        let options = ask(auth).await.options;
        assert_eq!(options["allowCredentials"], json!([]));
        assert_eq!(options["userVerification"], "required");
        assert_eq!(options["rpId"], "localhost");
    }
    on_both_planes!(case);
}

/// PK-1: an answer counts once.
#[tokio::test]
async fn pk_1_an_answer_counts_once() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        let asked = ask_to_register(auth, ann).await;
        let made = device.create(&asked.options);
        register(auth, ann, &asked, &made).await.unwrap();
        assert_not_asked(register(auth, ann, &asked, &made).await);
        assert_eq!(auth.passkeys(ann).await.unwrap().len(), 1);

        let asked = ask(auth).await;
        let signed = device.get(&asked.options);
        answer(auth, &asked, &signed).await.unwrap();
        assert_not_signed_in(answer(auth, &asked, &signed).await);
        assert_eq!(sessions(auth, ann).await, 2);

        // Nor does another one to the same question, whatever became of the first.
        let asked = ask(auth).await;
        let wrong = device.get_with(&asked.options, |draft| draft.flags = 0);
        assert_not_signed_in(answer(auth, &asked, &wrong).await);
        let right = device.get(&asked.options);
        assert_not_signed_in(answer(auth, &asked, &right).await);
    }
    on_both_planes!(case);
}

/// PK-2: a question is asked for one thing in one place to one browser.
#[tokio::test]
async fn pk_2_a_question_is_asked_for_one_thing_in_one_place_to_one_browser() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        let bob = somebody(auth, "bob").await;
        add(auth, ann, &mut device).await;

        let to_register = ask_to_register(auth, ann).await;
        let signed = device.get(&to_register.options);
        assert_not_asked(answer(auth, &to_register, &signed).await);
        let to_sign_in = ask(auth).await;
        let options = json!({
            "challenge": to_sign_in.options["challenge"],
            "rp": to_register.options["rp"],
            "user": to_register.options["user"],
        });
        let made = device.copy().create(&options);
        assert_not_asked(register(auth, ann, &to_sign_in, &made).await);

        let made = device.copy().create(&to_register.options);
        assert_not_asked(register(auth, bob, &to_register, &made).await);

        let elsewhere = world.other_app().await;
        let signed = device.get(&to_sign_in.options);
        assert_not_asked(answer(&elsewhere, &to_sign_in, &signed).await);

        let other = Asked {
            browser: auth.new_browser_token().unwrap(),
            options: to_sign_in.options.clone(),
        };
        assert_not_asked(answer(auth, &other, &signed).await);
        let request = RequestInfo::new();
        let unknown = auth.finish_passkey_sign_in(None, &signed, &request).await;
        assert_not_asked(unknown);

        // None of that has used it up.
        answer(auth, &to_sign_in, &signed).await.unwrap();
        register(auth, ann, &to_register, &made).await.unwrap();
    }
    on_both_planes!(case);
}

/// PK-2: a question holds five minutes.
#[tokio::test]
async fn pk_2_a_question_holds_five_minutes() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        add(auth, ann, &mut device).await;
        let (early, late) = (ask(auth).await, ask(auth).await);
        let to_register = ask_to_register(auth, ann).await;
        world.wait(Duration::from_secs(299));
        let signed = device.get(&early.options);
        answer(auth, &early, &signed).await.unwrap();
        world.wait(Duration::from_secs(1));
        let signed = device.get(&late.options);
        assert_not_asked(answer(auth, &late, &signed).await);
        let made = device.create(&to_register.options);
        assert_not_asked(register(auth, ann, &to_register, &made).await);
    }
    on_both_planes!(case);
}

/// PK-2: a question of one plane is none of the other.
#[tokio::test]
async fn pk_2_a_question_of_one_plane_is_none_of_the_other() {
    for world in passkey_worlds().await {
        let (app, mut device) = (world.app().await, device());
        let ann = somebody(&world.auth, "ann").await;
        somebody(&app, "ann").await;
        add(&world.auth, ann, &mut device).await;
        let asked = ask(&world.auth).await;
        let signed = device.get(&asked.options);
        assert_not_asked(answer(&app, &asked, &signed).await);
        let asked = ask(&app).await;
        let signed = device.get(&asked.options);
        assert_not_asked(answer(&world.auth, &asked, &signed).await);
        // What is a passkey there is nobody's here.
        assert_not_signed_in(answer(&app, &asked, &signed).await);
    }
}

/// PK-4: a copy of a device is noticed.
#[tokio::test]
async fn pk_4_a_copy_of_a_device_is_noticed() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        add(auth, ann, &mut device).await;
        let mut copy = device.copy();
        for _ in 0..3 {
            sign_in(auth, &mut device).await.unwrap();
        }
        for _ in 0..3 {
            assert_not_signed_in(sign_in(auth, &mut copy).await);
        }
        assert_eq!(sessions(auth, ann).await, 4);
        let told = auth.activity(200, None, Some(ann)).await.unwrap().rows;
        let suspected = told
            .iter()
            .filter(|row| row.action == "auth.passkey_clone_suspected");
        assert_eq!(suspected.count(), 3);
        // Now the copy has counted further.
        sign_in(auth, &mut copy).await.unwrap();
        assert_not_signed_in(sign_in(auth, &mut device).await);
    }
    on_both_planes!(case);
}

#[tokio::test]
async fn a_device_that_does_not_count_signs_in_again_and_again() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        add(auth, ann, &mut device).await;
        for _ in 0..3 {
            let asked = ask(auth).await;
            let signed = device.get_with(&asked.options, |draft| draft.counter = 0);
            answer(auth, &asked, &signed).await.unwrap();
        }
        assert_eq!(sessions(auth, ann).await, 4);
    }
    on_both_planes!(case);
}

/// PK-5: a passkey is one user's.
#[tokio::test]
async fn pk_5_a_passkey_is_one_users() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        let bob = somebody(auth, "bob").await;
        let passkey = add(auth, ann, &mut device).await;
        for user in [ann, bob] {
            let asked = ask_to_register(auth, user).await;
            let again = device.copy().create_with(&asked.options, |draft| {
                draft.credential_id.clone_from(&passkey.credential_id);
            });
            let refused = register(auth, user, &asked, &again).await;
            assert_refused(refused, ErrorKind::Conflict, "PREVIOUSLY_REGISTERED");
        }
        let name = || display_name("mine");
        let renamed = auth.rename_passkey(bob, passkey.id, name()).await;
        assert_refused(renamed, ErrorKind::NotFound, "PASSKEY_NOT_FOUND");
        let deleted = auth.delete_passkey(bob, passkey.id).await;
        assert_refused(deleted, ErrorKind::NotFound, "PASSKEY_NOT_FOUND");

        let renamed = auth.rename_passkey(ann, passkey.id, name()).await.unwrap();
        assert_eq!(renamed.name.as_deref(), Some("mine"));
        assert_eq!(auth.passkeys(ann).await.unwrap(), [renamed]);
        auth.delete_passkey(ann, passkey.id).await.unwrap();
        assert_not_signed_in(sign_in(auth, &mut device).await);
        let deleted = auth.delete_passkey(ann, passkey.id).await;
        assert_refused(deleted, ErrorKind::NotFound, "PASSKEY_NOT_FOUND");
    }
    on_both_planes!(case);
}

/// Leaves a user without a password.
async fn drop_password(world: &World, user: UserId) {
    for sql in [
        "UPDATE workeros_users SET password_hash = NULL WHERE id = $1",
        "UPDATE app_users SET password_hash = NULL WHERE id = $1",
    ] {
        world.run(sql, vec![user.into()]).await;
    }
}

/// PK-5: the last way in stays.
#[tokio::test]
async fn pk_5_the_last_way_in_stays() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        let first = add(auth, ann, &mut device).await;
        let second = add(auth, ann, &mut device).await;
        drop_password(world, ann).await;
        auth.delete_passkey(ann, first.id).await.unwrap();
        let last = auth.delete_passkey(ann, second.id).await;
        assert_refused(last, ErrorKind::Conflict, "LAST_SIGN_IN_METHOD");
        sign_in(auth, &mut device).await.unwrap();
    }
    on_both_planes!(case);
}

/// PK-6: the device says who it is.
#[tokio::test]
async fn pk_6_the_device_says_who_it_is() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        let bob = somebody(auth, "bob").await;
        add(auth, ann, &mut device).await;
        let handles = [bob.uuid().as_bytes().to_vec(), Vec::new(), b"ann".to_vec()];
        for handle in handles {
            let asked = ask(auth).await;
            let signed = device.get_with(&asked.options, |draft| draft.user_handle = handle);
            assert_not_signed_in(answer(auth, &asked, &signed).await);
        }
        let asked = ask(auth).await;
        let mut signed = device.get(&asked.options);
        signed["response"]["userHandle"] = Json::Null;
        assert_not_signed_in(answer(auth, &asked, &signed).await);

        // Whose passkey nobody knows is told the same as who signs with another key.
        let asked = ask(auth).await;
        let unknown = device.get_with(&asked.options, |draft| draft.credential_id = vec![7; 32]);
        let unknown = answer(auth, &asked, &unknown).await.unwrap_err();
        let asked = ask(auth).await;
        let mut wrong = device.get(&asked.options);
        wrong["response"]["signature"] = json!("MAYCAQECAQE");
        let wrong = answer(auth, &asked, &wrong).await.unwrap_err();
        assert_eq!(
            (unknown.kind(), unknown.code(), unknown.message()),
            (wrong.kind(), wrong.code(), wrong.message())
        );
        assert_eq!(sessions(auth, ann).await, 1);
    }
    on_both_planes!(case);
}

/// PK-7: a disabled user stays out.
#[tokio::test]
async fn pk_7_a_disabled_user_stays_out() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>) {
        // Of a workspace somebody must stay admin.
        somebody(auth, "ann").await;
        let (bob, mut device) = (somebody(auth, "bob").await, device());
        let cyd = somebody(auth, "cyd").await;
        add(auth, cyd, &mut device).await;
        let disabled = UserPatch::new().with_disabled(Some(true));
        auth.update_user(world.tenant, cyd, disabled).await.unwrap();
        assert_not_signed_in(sign_in(auth, &mut device).await);
        // Nor does what he was asked for before become a passkey.
        let asked = ask_to_register(auth, bob).await;
        let made = device.create(&asked.options);
        let who = fresh(auth, bob).await;
        let disabled = UserPatch::new().with_disabled(Some(true));
        auth.update_user(world.tenant, bob, disabled).await.unwrap();
        let browser = Some(&asked.browser);
        let registered = auth.finish_passkey_registration(who, browser, &made, None);
        assert_not_asked(registered.await);
        assert_eq!(auth.passkeys(bob).await.unwrap(), []);
    }
    on_both_planes!(case);
}

/// LIM-1: who locks an account by guessing keeps nobody from his passkey.
#[tokio::test]
async fn lim_1_a_locked_account_is_open_to_its_passkey() {
    for mut world in passkey_worlds().await {
        let party = RelyingParty::of_origin(ORIGIN).unwrap();
        let limiter = MemoryRateLimiter::new(Arc::clone(&world.runtime.clock));
        let limiter: Arc<dyn RateLimiter> = Arc::new(limiter);
        world.auth = world.auth_with(|auth| {
            auth.danger_weak_hashing()
                .with_secret(secret())
                .with_passkeys(party.clone())
                .with_rate_limiter(Arc::clone(&limiter))
        });
        let (ann, mut device) = (somebody(&world.auth, "ann").await, device());
        add(&world.auth, ann, &mut device).await;
        let by_password = async |text: &str, n: u8| {
            let request = RequestInfo::new().with_ip(Some([192, 0, 2, n].into()));
            let login = crate::support::sign_in("ann", text);
            world.auth.sign_in_email(login, &request).await
        };
        for n in 0..10 {
            by_password("not the password", n).await.unwrap_err();
        }
        let locked = by_password(PASSWORD, 10).await.unwrap_err();
        assert_eq!(locked.code(), Some("ACCOUNT_TEMPORARILY_LOCKED"));
        sign_in(&world.auth, &mut device).await.unwrap();
        // He has shown who he is.
        by_password(PASSWORD, 11).await.unwrap();
    }
}

/// A device that verifies its user is two factors.
#[tokio::test]
async fn nobody_is_asked_for_a_second_factor_besides() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>) {
        let request = RequestInfo::new();
        let ann = auth.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let (user, mut device) = (ann.user.id, device());
        add(auth, user, &mut device).await;
        let still_me = StillMe::new(user, ann.session.id, Some(password(PASSWORD)));
        let setup = auth.begin_two_factor(&still_me, &request).await.unwrap();
        let code = SecondFactor::Totp(setup.secret.code(world.now()));
        let shown = auth.show_second_factor(user, &code, &request).await;
        shown.unwrap();

        let by_password = crate::support::sign_in("ann", PASSWORD);
        let entered = auth.sign_in_email(by_password, &request).await.unwrap();
        assert!(matches!(entered, Entered::SecondFactor(_)), "{entered:?}");
        let entered = sign_in(auth, &mut device).await.unwrap();
        assert_eq!(signed_in(entered).user.id, user);
    }
    on_both_planes!(case);
}

/// OTP-3: the owner of an address gets an account without passkeys of others.
#[tokio::test]
async fn otp_3_the_owner_of_an_address_gets_an_account_without_passkeys_of_others() {
    async fn case<P: Plane>(mailing: &Auth, mailer: &MemoryMailer, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        add(auth, ann, &mut device).await;
        let (name, request) = (display_name("Ann"), RequestInfo::new());
        auth.send_magic_link(&email("ann"), &name, &request, link)
            .await
            .unwrap();
        mailing.deliver_mail().await.unwrap();
        let link = only_link(mailer);
        auth.sign_in_magic_link(&link, &request).await.unwrap();
        assert_eq!(auth.passkeys(ann).await.unwrap(), []);
        assert_not_signed_in(sign_in(auth, &mut device).await);
        // What he adds himself is his.
        add(auth, ann, &mut device).await;
        sign_in(auth, &mut device).await.unwrap();
    }
    for mut world in passkey_worlds().await {
        let mailer = MemoryMailer::default();
        let party = RelyingParty::of_origin(ORIGIN).unwrap();
        world.auth = world.mailing_with(&mailer, |auth| auth.with_passkeys(party.clone()));
        case(&world.auth, &mailer, &world.auth).await;
        case(&world.auth, &mailer, &world.app().await).await;
    }
}

#[tokio::test]
async fn there_are_none_where_nobody_said_of_which_domain() {
    for world in worlds_with(AuthBuilder::danger_weak_hashing).await {
        let ann = somebody(&world.auth, "ann").await;
        let request = RequestInfo::new();
        let auth = &world.auth;
        let who = fresh(auth, ann).await;
        let begun = auth.begin_passkey_registration(who, None, None, &request);
        assert_refused(begun.await, ErrorKind::NotFound, "PASSKEYS_DISABLED");
        let begun = auth.begin_passkey_sign_in(None, &request).await;
        assert_refused(begun, ErrorKind::NotFound, "PASSKEYS_DISABLED");
    }
}

#[tokio::test]
async fn nobody_has_more_than_fifty() {
    for world in passkey_worlds().await {
        let (auth, mut device) = (&world.auth, device());
        let ann = somebody(auth, "ann").await;
        for _ in 0..50 {
            add(auth, ann, &mut device).await;
        }
        let request = RequestInfo::new();
        let who = fresh(auth, ann).await;
        let begun = auth.begin_passkey_registration(who, None, None, &request);
        assert_refused(begun.await, ErrorKind::Conflict, "TOO_MANY_PASSKEYS");
    }
}
