//! Links in mails: where they lead, and what following them does.

use http::Method;
use serde_json::json;
use workeros_adapters::MemoryMailer;
use workeros_http::testkit::TestResponse;

use crate::support::{World, mail, mail_worlds};

const HERE: &str = "http://localhost:8080";
const NEW: &str = "another horse battery";

/// The link in the only mail there is.
async fn mailed(world: &World, mailer: &MemoryMailer) -> String {
    let auth = world.app.backend().auth().unwrap();
    auth.deliver_mail().await.unwrap();
    let mails = mailer.take();
    let [mail] = mails.as_slice() else {
        panic!("not one mail: {mails:?}")
    };
    let link = mail.text().lines().find(|line| line.starts_with("http"));
    link.unwrap().to_owned()
}

/// Its path and query.
fn path(link: &str) -> &str {
    link.strip_prefix(HERE).unwrap()
}

async fn request_reset(world: &World, name: &str) -> TestResponse {
    let body = json!({"email": format!("{name}@example.com"), "redirectTo": "/choose?x=1"});
    let request = world
        .app
        .anonymous()
        .post("/api/auth/request-password-reset");
    request.json(&body).header("x-request-id", "same").await
}

async fn reset(world: &World, token: &str, new: &str) -> TestResponse {
    let body = json!({"token": token, "newPassword": new});
    let request = world.app.anonymous().post("/api/auth/reset-password");
    request.json(&body).await
}

async fn sign_in(world: &World, password: &str) -> u16 {
    let body = json!({"email": "ann@example.com", "password": password});
    let request = world.app.anonymous().post("/api/auth/sign-in/email");
    request.json(&body).await.status
}

/// PW-6: a link leads to a new password.
#[tokio::test]
async fn pw_6_a_link_leads_to_a_new_password() {
    for (world, mailer) in mail_worlds().await {
        let ann = world.app.user("ann").await;
        let asked = request_reset(&world, "ann").await.expect(200).json();
        assert_eq!(asked["status"], true);
        let link = mailed(&world, &mailer).await;

        let followed = world.app.anonymous().get(path(&link)).await.expect(302);
        let (page, token) = followed.header("location").split_once("token=").unwrap();
        assert_eq!(page, "/choose?x=1&");
        reset(&world, token, "short").await.expect(422);
        assert_eq!(
            reset(&world, token, "short").await.paths(),
            ["/newPassword"]
        );
        let done = reset(&world, token, NEW).await.expect(200);
        assert_eq!(done.text(), r#"{"status":true}"#);

        assert_eq!(sign_in(&world, NEW).await, 200);
        assert_eq!(sign_in(&world, "correct horse battery").await, 401);
        ann.get("/api/items/posts").await.expect(401);
        assert_eq!(
            reset(&world, token, NEW).await.expect(400).code(),
            "INVALID_TOKEN"
        );
        let followed = world.app.anonymous().get(path(&link)).await.expect(302);
        assert_eq!(
            followed.header("location"),
            "/choose?x=1&error=INVALID_TOKEN"
        );
    }
}

/// PW-6: of 20 at once one sets the password.
#[tokio::test(flavor = "multi_thread")]
async fn pw_6_of_20_at_once_one_sets_the_password() {
    for (world, mailer) in mail_worlds().await {
        world.app.user("ann").await;
        request_reset(&world, "ann").await.expect(200);
        let link = mailed(&world, &mailer).await;
        let token = path(&link).split(['/', '?']).nth(4).unwrap();
        let resets = (0..20).map(|n| {
            let body = json!({"token": token, "newPassword": format!("{NEW} {n}")});
            let request = world.app.anonymous().post("/api/auth/reset-password");
            tokio::spawn(request.json(&body).into_future())
        });
        let mut statuses = Vec::new();
        for reset in futures::future::join_all(resets).await {
            statuses.push(reset.unwrap().status);
        }
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (200, [400; 19].as_slice()));
    }
}

/// PW-7: a link leads to the public URL whatever the request says.
#[tokio::test]
async fn pw_7_a_link_leads_to_the_public_url_whatever_the_request_says() {
    for (world, mailer) in mail_worlds().await {
        for (name, header, value) in [
            ("ann", "host", "evil.example"),
            ("bob", "x-forwarded-host", "evil.example"),
            ("cid", "forwarded", "host=evil.example;proto=https"),
            ("dan", "origin", "https://evil.example"),
        ] {
            world.app.user(name).await;
            for endpoint in ["request-password-reset", "send-verification-email"] {
                let body = json!({"email": format!("{name}@example.com")});
                let request = world.app.anonymous().post(format!("/api/auth/{endpoint}"));
                request.json(&body).header(header, value).await.expect(200);
                let link = mailed(&world, &mailer).await;
                assert!(
                    link.starts_with("http://localhost:8080/api/auth/"),
                    "{link}"
                );
                assert!(!link.contains("evil"), "{link}");
            }
        }
    }
}

/// PW-5: nobody learns who has an account.
#[tokio::test]
async fn pw_5_nobody_learns_who_has_an_account() {
    for (world, mailer) in mail_worlds().await {
        world.app.user("ann").await;
        for endpoint in ["request-password-reset", "send-verification-email"] {
            let mut answers = Vec::new();
            for name in ["ann", "nobody"] {
                let body = json!({"email": format!("{name}@example.com")});
                let request = world.app.anonymous().post(format!("/api/auth/{endpoint}"));
                let request = request.json(&body).header("x-request-id", "same");
                let answer = request.await.expect(200);
                answers.push((answer.text(), format!("{:?}", answer.headers)));
            }
            assert_eq!(answers[0], answers[1]);
            let _ = mailed(&world, &mailer).await;
        }
    }
}

/// LIM-5: what is held back is answered the same.
#[tokio::test]
async fn lim_5_what_is_held_back_is_answered_the_same() {
    for (world, mailer) in mail_worlds().await {
        world.app.user("ann").await;
        let first = request_reset(&world, "ann").await.expect(200);
        let _ = mailed(&world, &mailer).await;
        let second = request_reset(&world, "ann").await.expect(200);
        assert_eq!(first.text(), second.text());
        let auth = world.app.backend().auth().unwrap();
        assert_eq!(auth.deliver_mail().await.unwrap(), 0);
    }
}

/// OTP-4: a link leads to no page of somebody else.
#[tokio::test]
async fn otp_4_a_link_leads_to_no_page_of_somebody_else() {
    for (world, mailer) in mail_worlds().await {
        let anonymous = world.app.anonymous();
        world.app.user("ann").await;
        for evil in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "https://localhost:8080@evil.example",
            "javascript:alert(1)",
        ] {
            for (endpoint, member) in [
                ("request-password-reset", "redirectTo"),
                ("send-verification-email", "callbackURL"),
            ] {
                for name in ["ann", "nobody"] {
                    let body = json!({"email": format!("{name}@example.com"), member: evil});
                    let request = anonymous.post(format!("/api/auth/{endpoint}"));
                    let refused = request.json(&body).await.expect(422);
                    assert_eq!(refused.paths(), [format!("/{member}")]);
                }
            }
            let evil = evil.replace('\\', "%5C");
            for link in ["reset-password/x?", "verify-email?token=x&"] {
                let followed = anonymous.get(format!("/api/auth/{link}callbackURL={evil}"));
                let refused = followed.await.expect(422);
                assert_eq!(refused.header("location"), "");
            }
        }
        let auth = world.app.backend().auth().unwrap();
        assert_eq!(auth.deliver_mail().await.unwrap(), 0);
        assert!(mailer.sent().is_empty());
    }
}

/// OTP-2: only who follows a link verifies his address.
#[tokio::test]
async fn otp_2_only_who_follows_a_link_verifies_his_address() {
    for (world, mailer) in mail_worlds().await {
        let ann = world.app.user("ann").await;
        let is_verified = async || {
            let session = ann.get("/api/auth/get-session").await.expect(200);
            session.json()["user"]["emailVerified"] == true
        };
        let body = json!({"email": "ann@example.com", "callbackURL": "/welcome"});
        let request = world
            .app
            .anonymous()
            .post("/api/auth/send-verification-email");
        request.json(&body).await.expect(200);
        let link = mailed(&world, &mailer).await;
        let anonymous = world.app.anonymous();
        anonymous
            .request(Method::HEAD, path(&link))
            .await
            .expect(302);
        assert!(!is_verified().await);
        let followed = anonymous.get(path(&link)).await.expect(302);
        assert_eq!(followed.header("location"), "/welcome");
        assert!(is_verified().await);
        let again = anonymous.get(path(&link)).await.expect(302);
        assert_eq!(again.header("location"), "/welcome?error=INVALID_TOKEN");
    }
}

#[tokio::test]
async fn a_link_leads_below_the_path_of_the_public_url() {
    let mailer = MemoryMailer::default();
    let options = mail(&mailer);
    let app = crate::support::app_with(|app| {
        app.with_public_url("https://example.com/backend/")
            .with_auth(options)
    });
    let world = World::new(app.await, None).await;
    request_reset(&world, "ann").await.expect(200);
    let link = mailed(&world, &mailer).await;
    assert!(link.starts_with("https://example.com/backend/api/auth/reset-password/"));
    assert!(link.ends_with("?callbackURL=%2Fchoose%3Fx%3D1"), "{link}");
}
