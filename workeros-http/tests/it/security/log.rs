use http::Method;
use serde_json::{Value as Json, json};

use super::{PLATFORM, sign_up};
use crate::support::{free_worlds, worlds};

/// LOG-1: rows are read by admins alone and changed by nobody.
#[tokio::test]
async fn log_1_nobody_changes_what_was_noted() {
    for world in worlds().await {
        let path = "/api/auth-activity";
        let (admin, ann) = (world.app.admin().await, world.app.user("ann").await);
        ann.get(path).await.expect(403);
        world.app.anonymous().get(path).await.expect(401);
        let rows = admin.get(path).await.expect(200).data();
        let row = rows[0]["id"].as_str().unwrap().to_owned();
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let all = admin.request(method.clone(), path).json(&json!({}));
            all.await.expect(405);
            let one = admin.request(method, format!("{path}/{row}"));
            let refused = one.json(&json!({})).await;
            assert!([404, 405].contains(&refused.status));
        }
        assert_eq!(admin.get(path).await.expect(200).data()[0]["id"], *row);
        for row in rows.as_array().unwrap() {
            let at = row["at"].as_str().unwrap();
            assert!(at.ends_with('Z'), "{at} is not of UTC");
        }
    }
}

/// LOG-1: what is done by mail leaves its rows too, with where it came from, and
/// nothing a client says begins another line.
#[tokio::test]
async fn log_1_what_is_done_by_mail_is_noted() {
    for (world, mailer) in free_worlds().await {
        let signed_up = sign_up(&world.app, PLATFORM, "uma@example.com").await;
        let uma = signed_up.json()["user"]["id"].clone();
        let post = |path: &str, body: Json| {
            let request = world.app.anonymous().post(format!("{PLATFORM}/{path}"));
            let request = request.header("user-agent", "curl\tforged");
            request.json(&body).into_future()
        };
        for (kind, path) in [
            ("email-verification", "email-otp/verify-email"),
            ("forget-password", "email-otp/reset-password"),
            ("sign-in", "sign-in/email-otp"),
        ] {
            let asked = json!({"email": "uma@example.com", "type": kind});
            post("email-otp/send-verification-otp", asked)
                .await
                .expect(200);
            let auth = world.app.backend().auth().unwrap();
            auth.deliver_mail().await.unwrap();
            let mails = mailer.take();
            let mut lines = mails.iter().flat_map(|mail| mail.text().lines());
            let is_code = |line: &&str| line.len() == 6 && line.parse::<u32>().is_ok();
            let code = lines.find(is_code).unwrap();
            let mut body = json!({"email": "uma@example.com", "otp": code});
            if kind == "forget-password" {
                body["password"] = json!("another horse battery");
            }
            post(path, body).await.expect(200);
        }
        let path = format!("/api/auth-activity?user={}", uma.as_str().unwrap());
        let rows = world.app.admin().await.get(path).await.expect(200).data();
        let rows = rows.as_array().unwrap();
        let actions: Vec<_> = rows.iter().map(|row| row["action"].clone()).collect();
        for action in [
            "auth.sign_up",
            "auth.email_verified",
            "auth.password_reset",
            "auth.sign_in",
        ] {
            assert!(actions.contains(&json!(action)), "{action}: {actions:?}");
        }
        for row in rows {
            let agent = row["user_agent"].as_str().unwrap_or_default();
            assert!(!agent.contains(char::is_control), "{agent:?}");
        }
    }
}
