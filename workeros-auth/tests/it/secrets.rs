use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use workeros_adapters::MemoryMailer;
use workeros_auth::{AuthBuilder, NewApiKey, RequestInfo, SessionKey, SetupToken, SignUp};

use crate::mail::{self, ask};
use crate::support::{display_name, email, password, sign_in, worlds_with};

const CANARY: &str = "canary-5e7c-password";
const SETUP_TOKEN: &str = "canary-5e7c-setup-token";

/// Everything that is logged.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// ERR-2: no secret is logged or shown.
#[tokio::test]
async fn err_2_no_secret_is_logged_or_shown() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .finish();
    // For the whole process: work in the background runs on other threads.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let guarded =
        |builder: AuthBuilder| builder.danger_weak_hashing().with_setup_token(SETUP_TOKEN);
    for world in worlds_with(guarded).await {
        let token = SetupToken::new(SETUP_TOKEN);
        let sign_up = SignUp::new(email("ann"), password(CANARY), display_name("Ann"))
            .with_setup_token(Some(token));
        let mut shown = vec![format!("{:?} {sign_up:?}", world.auth)];
        let request = RequestInfo::new();
        let ann = world
            .auth
            .sign_up_email(sign_up.clone(), &request)
            .await
            .unwrap();
        let again = world
            .auth
            .sign_up_email(sign_up, &request)
            .await
            .unwrap_err();
        let wrong = sign_in("ann", &format!("{CANARY}, wrong"));
        let wrong = world.auth.sign_in_email(wrong, &request).await.unwrap_err();
        let identity = world.identity(&ann).await;
        let key = world
            .auth
            .create_api_key(&identity, world.tenant, NewApiKey::new("ci"))
            .await;
        let key = key.unwrap();
        world
            .auth
            .sign_in_email(sign_in("ann", CANARY), &request)
            .await
            .unwrap();
        let strong = world.auth_with(|builder| builder);
        strong
            .sign_in_email(sign_in("ann", CANARY), &request)
            .await
            .unwrap();
        strong.drain().await;
        let mailer = MemoryMailer::default();
        let mailing = world.mailing(Arc::new(mailer.clone()));
        ask(&mailing, "ann").await;
        mailing.deliver_mail().await.unwrap();
        let link = mail::token(&mailer.take()[0]);
        let new = password(&format!("{CANARY}, new"));
        mailing.reset_password(&link, &new).await.unwrap();
        let request = request.with_replaced(Some(SessionKey::of_token(&ann.token)));
        shown.push(format!(
            "{ann:?} {key:?} {again:?} {wrong:?} {request:?} {link:?} {:?}",
            sign_in("ann", CANARY)
        ));
        shown.push(log.text());

        let secret = key.secret.expose();
        for text in shown {
            for canary in [
                "canary-5e7c",
                ann.token.expose(),
                link.expose(),
                &secret[13..],
                "$argon2id$",
            ] {
                assert!(!text.contains(canary), "`{canary}` in {text}");
            }
        }
    }
    assert!(
        log.text().contains("danger_weak_hashing"),
        "the log was read"
    );
}
