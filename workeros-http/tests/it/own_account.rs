//! Another address, and leaving, as a browser and an app do it.

use std::time::Duration;

use serde_json::{Value as Json, json};
use workeros_adapters::MemoryMailer;
use workeros_http::testkit::Client;

use crate::support::{World, mail_worlds, worlds};

const HERE: &str = "http://localhost:8080";
const PLATFORM: &str = "/api/auth";
const APP: &str = "/api/t/default/auth";

async fn sign_up(world: &World, base: &str, name: &str) -> Client {
    let email = format!("{name}@leaving.example");
    let body = json!({"email": email, "password": "correct horse battery", "name": name});
    let request = world.app.anonymous().post(format!("{base}/sign-up/email"));
    let response = request.json(&body).await.expect(200);
    world
        .app
        .with_token(response.json()["token"].as_str().unwrap())
}

/// The path of the link in the only mail there is, which is to this address.
async fn mailed(world: &World, mailer: &MemoryMailer, to: &str) -> String {
    let auth = world.app.backend().auth().unwrap();
    auth.deliver_mail().await.unwrap();
    let mails = mailer.take();
    let [mail] = mails.as_slice() else {
        panic!("not one mail: {mails:?}")
    };
    assert_eq!(mail.to(), to);
    let link = mail.text().lines().find(|line| line.starts_with("http"));
    link.unwrap().strip_prefix(HERE).unwrap().to_owned()
}

/// PW-8: a link changes nothing until somebody means it.
#[tokio::test]
async fn pw_8_a_link_changes_nothing_until_somebody_means_it() {
    for (world, mailer) in mail_worlds().await {
        let (app, anonymous) = (&world.app, world.app.anonymous());
        let ann = sign_up(&world, PLATFORM, "ann").await;
        let verify = json!({"email": "ann@leaving.example"});
        let path = "/api/auth/send-verification-email";
        anonymous.post(path).json(&verify).await.expect(200);
        let verify = mailed(&world, &mailer, "ann@leaving.example").await;
        anonymous.get(verify).await.expect(200);

        let body = json!({"newEmail": "anna@leaving.example", "callbackURL": "/changed"});
        let asked = ann.post("/api/auth/change-email").json(&body).await;
        asked.expect(200);
        for (to, button) in [
            ("ann@leaving.example", "Change the address"),
            ("anna@leaving.example", "Confirm the address"),
        ] {
            let link = mailed(&world, &mailer, to).await;
            assert!(
                link.starts_with("/api/auth/change-email/confirm?token="),
                "{link}"
            );
            for _ in 0..2 {
                let page = anonymous.get(&link).await.expect(200).text();
                assert!(
                    page.contains(button) && page.contains("anna@leaving.example"),
                    "{page}"
                );
            }
            // A page of somebody else's presses no button.
            let evil = anonymous
                .post(&link)
                .header("origin", "https://evil.example");
            evil.await.expect(403);
            let pressed = anonymous
                .post(&link)
                .header("origin", HERE)
                .await
                .expect(302);
            assert_eq!(pressed.header("location"), "/changed");
            let again = anonymous
                .post(&link)
                .header("origin", HERE)
                .await
                .expect(302);
            assert_eq!(again.header("location"), "/changed?error=INVALID_TOKEN");
        }
        let session = ann.get("/api/auth/get-session").await.json();
        assert_eq!(session["user"]["email"], "anna@leaving.example");
        assert_eq!(session["user"]["emailVerified"], true);
        app.clock().advance(Duration::from_secs(601));
        let body = json!({"newEmail": "anne@leaving.example"});
        let late = ann.post("/api/auth/change-email").json(&body).await;
        assert_eq!(late.expect(403).code(), "REAUTH_REQUIRED");
    }
}

#[tokio::test]
async fn a_page_of_the_app_sends_what_the_link_brought() {
    for (world, mailer) in mail_worlds().await {
        let anonymous = world.app.anonymous();
        let uma = sign_up(&world, APP, "uma").await;
        let body = json!({"newEmail": "una@leaving.example", "callbackURL": "/changed"});
        let path = format!("{APP}/change-email");
        uma.post(path).json(&body).await.expect(200);
        let link = mailed(&world, &mailer, "una@leaving.example").await;
        let followed = anonymous.get(&link).await.expect(302);
        let (page, token) = followed.header("location").split_once("?token=").unwrap();
        assert_eq!(page, "/changed");
        let confirm = format!("{APP}/change-email/confirm?token={token}");
        let confirmed = anonymous.post(&confirm).await.expect(200);
        assert_eq!(confirmed.json(), json!({"status": true}));
        let refused = anonymous.post(&confirm).await.expect(400);
        assert_eq!(refused.code(), "INVALID_TOKEN");
        let session = uma.get(format!("{APP}/get-session")).await.json();
        assert_eq!(session["user"]["email"], "una@leaving.example");
    }
}

#[tokio::test]
async fn who_leaves_is_signed_out_and_can_come_again() {
    for (world, _) in mail_worlds().await {
        for base in [PLATFORM, APP] {
            let ann = sign_up(&world, base, "ann").await;
            let body = json!({"password": "correct horse battery"});
            let gone = ann.post(format!("{base}/delete-user")).json(&body).await;
            let gone = gone.expect(200);
            assert_eq!(gone.json()["success"], true);
            assert_eq!(gone.header("set-cookie").is_empty(), base == APP);
            ann.get(format!("{base}/list-sessions")).await.expect(401);
            sign_up(&world, base, "ann").await;
        }
    }
}

/// OA-10: a picture is a URL that is shown, and that nobody here asks for.
#[tokio::test]
async fn oa_10_a_picture_is_a_url_and_nothing_more() {
    for world in worlds().await {
        let ann = world.app.user("ann").await;
        let update = |image: Json| {
            let update = ann.post("/api/auth/update-user");
            update.json(&json!({"image": image}))
        };
        let shown = async || {
            let session = ann.get("/api/auth/get-session").await.expect(200);
            session.json()["user"]["image"].clone()
        };
        assert!(shown().await.is_null());
        let url = "https://cdn.example.com/ann.png?s=64";
        update(url.into()).await.expect(200);
        assert_eq!(shown().await, url);
        for image in [
            "http://example.com/a.png",
            "javascript:alert(1)",
            "a.png",
            "",
        ] {
            let refused = update(image.into()).await.expect(422);
            assert_eq!(refused.paths(), ["/image"], "{image}");
        }
        update(7.into()).await.expect(422);
        assert_eq!(shown().await, url);
        let sign_in = json!({
            "email": "ann@example.com", "password": "correct horse battery",
        });
        let signed_in = world.app.anonymous().post("/api/auth/sign-in/email");
        let signed_in = signed_in.json(&sign_in).await.expect(200);
        assert_eq!(signed_in.json()["user"]["image"], url);
        update(Json::Null).await.expect(200);
        assert!(shown().await.is_null());
    }
}
