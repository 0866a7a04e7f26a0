//! PW-5: whether somebody has an account cannot be told by the work that an answer
//! takes: as many passwords are hashed and the same statements are sent.
//! Compared are counts, not times, which would depend on what else runs.

use std::sync::Arc;

use workeros_adapters::MemoryMailer;
use workeros_auth::{
    Auth, CodePurpose, DisplayName, MailedCode, NewUser, OneTimeCode, Plane, RealmSettings,
    RequestInfo,
};

use crate::mail::link;
use crate::support::{PASSWORD, World, display_name, email, sign_in, sign_up, watched_worlds};
use crate::watched::Watched;

/// What an answer took.
#[derive(Debug, PartialEq)]
struct Work {
    hashes: u64,
    statements: Vec<String>,
}

impl Work {
    async fn of<P: Plane>(auth: &Auth<P>, database: &Watched, ask: impl Future) -> Self {
        auth.drain().await;
        let before = auth.passwords_hashed();
        database.take_asked();
        ask.await;
        auth.drain().await;
        Self {
            hashes: auth.passwords_hashed() - before,
            statements: database.take_asked(),
        }
    }
}

/// Runs a case on both planes of every database.
macro_rules! on_both_planes {
    ($case:ident, $options:expr) => {
        for (world, database) in watched_worlds().await {
            println!("on {}", world.name);
            let mailer = MemoryMailer::default();
            let auth = world.mailing_with(&mailer, $options);
            auth.sign_up_to_verify(sign_up("root"), &RequestInfo::new(), "x", link)
                .await
                .ok();
            $case(&world, &auth, &database).await;
            let workspace = workeros_core::Workspace::new(world.tenant, "default");
            $case(&world, &auth.app(workspace).await.unwrap(), &database).await;
        }
    };
}

/// PW-5: a sign-in that fails hashes one password and sends the same statements,
/// whether the password is wrong, there is none, or nobody has the address.
#[tokio::test]
async fn pw_5_an_unknown_address_makes_as_much_work_as_a_wrong_password() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>, database: &Arc<Watched>) {
        let request = RequestInfo::new();
        auth.sign_up_email(sign_up("ann"), &request).await.unwrap();
        let guest = NewUser::new(email("guest"), display_name("has no password"));
        auth.create_user(world.tenant, guest).await.unwrap();
        let mut works = Vec::new();
        for (name, text) in [
            ("ann", "not the password"),
            ("nobody", "not the password"),
            ("nobody", PASSWORD),
            ("guest", PASSWORD),
        ] {
            let login = sign_in(name, text);
            let ask = async { auth.sign_in_email(login, &request).await.unwrap_err() };
            works.push(Work::of(auth, database, ask).await);
        }
        assert_eq!(works[0].hashes, 1);
        assert!(!works[0].statements.is_empty());
        for work in &works {
            assert_eq!(*work, works[0], "{}", world.name);
        }
    }
    on_both_planes!(case, |auth| auth);
}

/// PW-5: asking for a link or a code sends the same statements, whether somebody
/// has the address or not.
#[tokio::test]
async fn pw_5_asking_for_mail_is_the_same_work_for_everybody() {
    async fn ask<P: Plane>(auth: &Auth<P>, what: usize, name: &str) {
        let (request, to) = (RequestInfo::new(), email(name));
        match what {
            0 => auth
                .request_password_reset(&to, &request, link)
                .await
                .unwrap(),
            1 => auth
                .send_verification_email(&to, &request, link)
                .await
                .unwrap(),
            2 => {
                let name = DisplayName::parse("").unwrap();
                auth.send_magic_link(&to, &name, &request, link)
                    .await
                    .map(drop)
                    .unwrap();
            }
            _ => {
                let purpose = PURPOSES[what - 3];
                auth.send_code(purpose, &to, "x.y", &request).await.unwrap();
            }
        }
    }
    async fn case<P: Plane>(world: &World, auth: &Auth<P>, database: &Arc<Watched>) {
        let request = RequestInfo::new();
        auth.sign_up_email(sign_up("ann"), &request).await.unwrap();
        for what in 0..6 {
            let known = Work::of(auth, database, ask(auth, what, "ann")).await;
            let unknown = Work::of(auth, database, ask(auth, what, "nobody")).await;
            assert_eq!(known, unknown, "{what} on {}", world.name);
            assert_eq!(known.hashes, 0);
        }
        // Nor does a guess tell whether a code waits.
        let wrong = OneTimeCode::parse("000000").unwrap();
        for purpose in PURPOSES {
            let guess = |name| MailedCode::new(email(name), wrong.clone());
            let (ann, nobody) = (guess("ann"), guess("nobody"));
            let known = auth.check_code(purpose, &ann, &request);
            let known = Work::of(auth, database, known).await;
            let unknown = auth.check_code(purpose, &nobody, &request);
            let unknown = Work::of(auth, database, unknown).await;
            assert_eq!(known, unknown, "{purpose:?} on {}", world.name);
        }
    }
    on_both_planes!(case, |auth| auth);
}

const PURPOSES: [CodePurpose; 3] = [
    CodePurpose::SignIn,
    CodePurpose::VerifyEmail,
    CodePurpose::ResetPassword,
];

/// PW-5: where addresses must be verified, signing up with one that is taken
/// hashes a password like any other.
#[tokio::test]
async fn pw_5_a_taken_address_costs_a_hash_too() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>, database: &Arc<Watched>) {
        let request = RequestInfo::new();
        let mut works = Vec::new();
        for _ in 0..2 {
            let come = auth.sign_up_to_verify(sign_up("ann"), &request, "https://x.y/", link);
            works.push(Work::of(auth, database, async { come.await.unwrap() }).await);
        }
        assert_eq!((works[0].hashes, works[1].hashes), (1, 1), "{}", world.name);
    }
    on_both_planes!(case, |auth| {
        let strict = RealmSettings::new().with_required_verification(true);
        auth.with_settings(strict.clone()).with_app_settings(strict)
    });
}
