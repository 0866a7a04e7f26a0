//! Passkeys as a browser uses them: with cookies on the platform, without them
//! in an app.

use std::time::Duration;

use serde_json::{Value as Json, json};
use workeros_http::testkit::{Client, TestApp, TestRequest, TestResponse};

use crate::soft_authenticator::SoftAuthenticator;
use crate::support::worlds;

const ORIGIN: &str = "http://localhost:8080";
const PLATFORM: &str = "/api/auth";
const APP: &str = "/api/t/default/auth";

/// A browser that keeps what it is told to besides its session.
struct Browser<'a> {
    app: &'a TestApp,
    base: &'static str,
    cookie: String,
    device: SoftAuthenticator,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp, base: &'static str) -> Self {
        Self {
            app,
            base,
            cookie: String::new(),
            device: SoftAuthenticator::on(ORIGIN),
        }
    }

    fn with_cookies(&self, request: TestRequest) -> TestRequest {
        let request = request.header("origin", ORIGIN);
        if self.cookie.is_empty() {
            return request;
        }
        request.header("cookie", &self.cookie)
    }

    /// Asks for options; a cookie comes with them on the platform alone.
    async fn options(&mut self, who: &Client, path: &str) -> Json {
        let request = who.get(format!("{}/passkey/{path}", self.base));
        let response = self.with_cookies(request).await.expect(200);
        let cookie = response.header("set-cookie");
        if self.base == PLATFORM {
            let (pair, attributes) = cookie.split_once("; ").unwrap();
            assert!(pair.starts_with("workeros.passkey="), "{cookie}");
            assert_eq!(attributes, "Max-Age=600; Path=/; HttpOnly; SameSite=Lax");
            self.cookie = pair.to_owned();
        } else {
            assert_eq!(cookie, "");
        }
        response.json()
    }

    async fn add(&mut self, who: &Client) -> TestResponse {
        let options = self.options(who, "generate-register-options").await;
        let body = json!({"response": self.device.create(&options), "name": "Laptop"});
        self.post(who, "verify-registration", &body).await
    }

    async fn sign_in(&mut self) -> TestResponse {
        let nobody = self.app.anonymous();
        let options = self.options(&nobody, "generate-authenticate-options").await;
        let body = json!({"response": self.device.get(&options)});
        self.post(&nobody, "verify-authentication", &body).await
    }

    async fn post(&self, who: &Client, path: &str, body: &Json) -> TestResponse {
        let request = who.post(format!("{}/passkey/{path}", self.base));
        self.with_cookies(request).json(body).await
    }
}

/// Somebody who has just signed up.
async fn sign_up(app: &TestApp, base: &str, name: &str) -> Client {
    let email = format!("{name}@passkeys.example");
    let body = json!({"email": email, "password": "correct horse battery", "name": name});
    let path = format!("{base}/sign-up/email");
    let response = app.anonymous().post(path).json(&body).await.expect(200);
    app.with_token(response.json()["token"].as_str().unwrap())
}

#[tokio::test]
async fn from_the_first_passkey_to_the_last() {
    for world in worlds().await {
        for base in [PLATFORM, APP] {
            let ann = sign_up(&world.app, base, "ann").await;
            let mut browser = Browser::new(&world.app, base);
            let made = browser.add(&ann).await.expect(200).json();
            assert_eq!(
                (&made["name"], &made["transports"]),
                (&json!("Laptop"), &json!("hybrid,internal"))
            );
            assert_eq!(
                (&made["deviceType"], &made["backedUp"]),
                (&json!("singleDevice"), &json!(false))
            );
            assert_eq!(made["aaguid"], "11111111-1111-1111-1111-111111111111");
            assert!(
                made["createdAt"].as_str().unwrap().ends_with(".000Z"),
                "{made}"
            );

            let signed_in = browser.sign_in().await.expect(200).json();
            assert_eq!(signed_in["user"]["email"], "ann@passkeys.example");
            assert_eq!(signed_in["session"]["userId"], signed_in["user"]["id"]);
            let ann = world.app.with_token(signed_in["token"].as_str().unwrap());
            let listed = ann.get(format!("{base}/passkey/list-user-passkeys")).await;
            assert_eq!(listed.expect(200).json()[0]["counter"], 1);

            let id = &made["id"];
            let named = json!({"id": id, "name": "Old laptop"});
            let named = browser
                .post(&ann, "update-passkey", &named)
                .await
                .expect(200);
            assert_eq!(named.json()["passkey"]["name"], "Old laptop");
            let deleted = browser
                .post(&ann, "delete-passkey", &json!({"id": id}))
                .await;
            assert_eq!(deleted.expect(200).json(), json!({"status": true}));
            let refused = browser.sign_in().await.expect(401);
            assert_eq!(refused.code(), "AUTHENTICATION_FAILED");
        }
    }
}

/// SES-8, PK-7: adding one takes somebody who has just signed in.
#[tokio::test]
async fn ses_8_pk_7_adding_one_takes_somebody_who_has_just_signed_in() {
    for world in worlds().await {
        for base in [PLATFORM, APP] {
            let ann = sign_up(&world.app, base, "ann").await;
            let mut browser = Browser::new(&world.app, base);
            world.app.clock().advance(Duration::from_mins(10));
            let options = browser.options(&ann, "generate-register-options").await;
            let body = json!({"response": browser.device.create(&options)});
            world.app.clock().advance(Duration::from_secs(1));
            // What is remembered of the session does not count.
            ann.get(format!("{base}/list-sessions")).await.expect(200);
            let late = browser.post(&ann, "verify-registration", &body).await;
            assert_eq!(late.expect(403).code(), "REAUTH_REQUIRED");
            let path = format!("{base}/passkey/generate-register-options");
            assert_eq!(ann.get(path).await.expect(403).code(), "REAUTH_REQUIRED");
        }
    }
}

/// PK-2: an answer in another browser is none.
#[tokio::test]
async fn pk_2_an_answer_in_another_browser_is_none() {
    for world in worlds().await {
        let ann = sign_up(&world.app, PLATFORM, "ann").await;
        let mut browser = Browser::new(&world.app, PLATFORM);
        browser.add(&ann).await.expect(200);
        let nobody = world.app.anonymous();
        let options = browser
            .options(&nobody, "generate-authenticate-options")
            .await;
        let body = json!({"response": browser.device.get(&options)});
        let kept = browser.cookie.clone();
        let other = format!("workeros.passkey={}", "x".repeat(43));
        for cookie in [
            String::new(),
            other,
            format!("{kept}; {kept}"),
            kept.to_uppercase(),
        ] {
            browser.cookie = cookie;
            let refused = browser.post(&nobody, "verify-authentication", &body).await;
            assert_eq!(refused.expect(400).code(), "CHALLENGE_NOT_FOUND");
        }
        browser.cookie = kept;
        let signed_in = browser.post(&nobody, "verify-authentication", &body).await;
        assert!(
            signed_in
                .expect(200)
                .header("set-cookie")
                .starts_with("workeros=")
        );
    }
}

/// PK-2: a workspace and the platform do not know each other's.
#[tokio::test]
async fn pk_2_a_workspace_and_the_platform_do_not_know_each_others() {
    for world in worlds().await {
        let app = &world.app;
        let ann = sign_up(app, PLATFORM, "ann").await;
        let mut browser = Browser::new(app, PLATFORM);
        browser.add(&ann).await.expect(200);
        browser.base = APP;
        let refused = browser.sign_in().await.expect(401);
        assert_eq!(refused.code(), "AUTHENTICATION_FAILED");
        // Nor does a token of one act in the other.
        ann.get(format!("{APP}/passkey/list-user-passkeys"))
            .await
            .expect(401);
    }
}
