//! What changes between the moment somebody is found to be who he says and the
//! moment he is let in.

use std::sync::Arc;

use workeros_adapters::MemoryMailer;
use workeros_auth::{Auth, Entered, Plane, RequestInfo, SecondFactor, SignedIn, StillMe};
use workeros_core::{Batch, ErrorKind, Result, Statement, Step, UserId, Value};

use crate::support::{PASSWORD, World, password, sign_in, sign_up, watched_worlds};
use crate::watched::Watched;

/// Runs a case on both planes of every database.
macro_rules! on_both_planes {
    ($case:ident) => {
        for (mut world, database) in watched_worlds().await {
            println!("on {}", world.name);
            world.auth = world.mailing_with(&MemoryMailer::default(), |auth| auth);
            $case(&world, &database, &world.auth).await;
            $case(&world, &database, &world.app().await).await;
        }
    };
}

/// The same change on both planes, of whichever the user is: `$1` is a value,
/// `$2` his id.
pub(crate) fn change(of: [&'static str; 2], value: impl Into<Value>, user: UserId) -> Batch {
    let value = value.into();
    let step = |sql| Step::new(Statement::new(sql, vec![value.clone(), user.into()]));
    of.into_iter()
        .fold(Batch::new(), |batch, sql| batch.step(step(sql)))
}

fn set_password(user: UserId) -> Batch {
    let of = [
        "UPDATE workeros_users SET password_hash = $1 WHERE id = $2",
        "UPDATE app_users SET password_hash = $1 WHERE id = $2",
    ];
    change(of, "another one", user)
}

async fn somebody<P: Plane>(auth: &Auth<P>) -> SignedIn<P> {
    let request = RequestInfo::new();
    auth.sign_up_email(sign_up("ann"), &request).await.unwrap()
}

async fn by_password<P: Plane>(auth: &Auth<P>) -> Result<Entered<P>> {
    let request = RequestInfo::new();
    auth.sign_in_email(sign_in("ann", PASSWORD), &request).await
}

/// Gives a user an authenticator app, which is not in use yet.
async fn begin_app<P: Plane>(world: &World, auth: &Auth<P>, ann: &SignedIn<P>) -> SecondFactor {
    let still_me = StillMe::new(ann.user.id, ann.session.id, Some(password(PASSWORD)));
    let request = RequestInfo::new();
    let setup = auth.begin_two_factor(&still_me, &request).await.unwrap();
    SecondFactor::Totp(setup.secret.code(world.now()))
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(entered: Result<T>, kind: ErrorKind) {
    assert_eq!(entered.unwrap_err().kind(), kind);
}

/// PW-8: who knows a password that was changed since it was compared is not let
/// in by it.
#[tokio::test]
async fn pw_8_a_password_that_was_changed_meanwhile_opens_nothing() {
    async fn case<P: Plane>(_: &World, database: &Arc<Watched>, auth: &Auth<P>) {
        let ann = somebody(auth).await;
        database.before_insert("_sessions", set_password(ann.user.id));
        assert_refused(by_password(auth).await, ErrorKind::Unauthorized);
        assert_eq!(auth.sessions(ann.user.id).await.unwrap().len(), 1);
    }
    on_both_planes!(case);
}

/// PW-8: nor is he asked for the second factor.
#[tokio::test]
async fn pw_8_a_password_that_was_changed_meanwhile_waits_for_no_second_factor() {
    async fn case<P: Plane>(world: &World, database: &Arc<Watched>, auth: &Auth<P>) {
        let ann = somebody(auth).await;
        let code = begin_app(world, auth, &ann).await;
        let request = RequestInfo::new();
        let shown = auth.show_second_factor(ann.user.id, &code, &request).await;
        shown.unwrap();
        database.before_insert("_auth_flows", set_password(ann.user.id));
        assert_refused(by_password(auth).await, ErrorKind::Unauthorized);
    }
    on_both_planes!(case);
}

/// SES-5: who was disabled meanwhile is not let in.
#[tokio::test]
async fn ses_5_who_was_disabled_meanwhile_gets_no_session() {
    async fn case<P: Plane>(_: &World, database: &Arc<Watched>, auth: &Auth<P>) {
        let ann = somebody(auth).await;
        let disable = [
            "UPDATE workeros_users SET disabled = $1 WHERE id = $2",
            "UPDATE app_users SET disabled = $1 WHERE id = $2",
        ];
        database.before_insert("_sessions", change(disable, true, ann.user.id));
        assert_refused(by_password(auth).await, ErrorKind::Unauthorized);
    }
    on_both_planes!(case);
}

/// OTP-5: who put a second factor in use meanwhile is asked for it the next time,
/// and not let in without it this time.
#[tokio::test]
async fn otp_5_a_second_factor_that_was_put_in_use_meanwhile_is_not_passed_by() {
    async fn case<P: Plane>(world: &World, database: &Arc<Watched>, auth: &Auth<P>) {
        let ann = somebody(auth).await;
        begin_app(world, auth, &ann).await;
        let confirm = [
            "UPDATE workeros_two_factor SET confirmed_at = $1 WHERE user_id = $2",
            "UPDATE app_two_factor SET confirmed_at = $1 WHERE user_id = $2",
        ];
        database.before_insert("_sessions", change(confirm, world.now(), ann.user.id));
        assert_refused(by_password(auth).await, ErrorKind::Conflict);
        let entered = by_password(auth).await.unwrap();
        assert!(matches!(entered, Entered::SecondFactor(_)), "{entered:?}");
    }
    on_both_planes!(case);
}
