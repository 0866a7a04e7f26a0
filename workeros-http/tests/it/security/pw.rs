use serde_json::{Value as Json, json};
use workeros_adapters::MemoryMailer;
use workeros_adapters::testkit::databases;
use workeros_auth::RealmSettings;
use workeros_http::testkit::{TestApp, TestResponse};

use super::{APP, BOTH, PASSWORD, form, sign_up, text};
use crate::support::{free_worlds, mailed_lines, worlds};

const HERE: &str = "http://localhost:8080";

/// PW-1: what is too short or too long is refused before it is hashed.
#[tokio::test]
async fn pw_1_what_is_too_short_or_too_long_is_not_hashed() {
    for world in worlds().await {
        let auth = world.app.backend().auth().unwrap();
        for base in BOTH {
            for (password, code) in [
                ("seven 7", "PASSWORD_TOO_SHORT"),
                (&"x7".repeat(129)[..257], "PASSWORD_TOO_LONG"),
                (&"x7".repeat(500), "PASSWORD_TOO_LONG"),
            ] {
                let before = auth.passwords_hashed();
                let mut body = form("eve@example.com");
                body["password"] = json!(password);
                let request = world.app.anonymous().post(format!("{base}/sign-up/email"));
                let refused = request.json(&body).await.expect(422);
                assert!(refused.text().contains(code), "{}", refused.text());
                assert_eq!(auth.passwords_hashed(), before, "{}", password.len());
            }
            let before = auth.passwords_hashed();
            sign_up(&world.app, base, "eve@example.com").await;
            assert_eq!(auth.passwords_hashed(), before + 1);
        }
    }
}

/// PW-10: a password is a text, on both planes and wherever one is sent.
#[tokio::test]
async fn pw_10_what_is_no_text_is_no_password() {
    for world in worlds().await {
        for base in BOTH {
            for (path, member) in [
                ("sign-up/email", "password"),
                ("sign-in/email", "password"),
                ("reset-password", "newPassword"),
                ("email-otp/reset-password", "password"),
            ] {
                for value in [json!({"$ne": ""}), json!(null), json!(12_345_678)] {
                    let mut body = match path {
                        "reset-password" => json!({"token": "x"}),
                        "email-otp/reset-password" => {
                            json!({"email": "ann@example.com", "otp": "123456"})
                        }
                        _ => json!({"email": "ann@example.com", "name": "Ann"}),
                    };
                    if path == "sign-in/email" {
                        body.as_object_mut().unwrap().remove("name");
                    }
                    body[member] = value;
                    let request = world.app.anonymous().post(format!("{base}/{path}"));
                    let refused = request.json(&body).await.expect(422);
                    assert_eq!(refused.paths(), [format!("/{member}")], "{path} {body}");
                }
            }
        }
    }
}

/// The members of an answer, in the order in which they are sent.
fn members(answer: &TestResponse) -> Vec<String> {
    let text = answer.text();
    let parts = text.split('"').collect::<Vec<_>>();
    let named = parts.windows(2).filter(|pair| pair[1].starts_with(':'));
    named.map(|pair| pair[0].to_owned()).collect()
}

/// PW-5: where addresses must be verified, signing up is answered the same
/// whether the address is taken or not, down to the order of members; its owner
/// is told by mail.
#[tokio::test]
async fn pw_5_a_sign_up_does_not_tell_that_an_address_is_taken() {
    for opened in databases().await {
        let mailer = MemoryMailer::default();
        let sender = std::sync::Arc::new(mailer.clone());
        let app = TestApp::builder(std::sync::Arc::clone(&opened.database))
            .with_auth(|auth| {
                let strict = RealmSettings::new().with_required_verification(true);
                auth.with_mailer(sender)
                    .with_settings(strict.clone())
                    .with_app_settings(strict)
            })
            .build()
            .await;
        for base in BOTH {
            let mut answers = Vec::new();
            for subject in ["Confirm your e-mail address", "You already have an account"] {
                let request = app.anonymous().post(format!("{base}/sign-up/email"));
                let request = request.json(&form("ann@example.com"));
                let answer = request.header("x-request-id", "same").await.expect(200);
                let auth = app.backend().auth().unwrap();
                auth.deliver_mail().await.unwrap();
                let mails = mailer.take();
                let [mail] = mails.as_slice() else {
                    panic!("not one mail: {mails:?}")
                };
                assert_eq!((mail.to(), mail.subject()), ("ann@example.com", subject));
                answers.push(answer);
            }
            let [free, taken] = answers.try_into().unwrap();
            assert_eq!(members(&free), members(&taken));
            assert_eq!(
                format!("{:?}", free.headers),
                format!("{:?}", taken.headers)
            );
            let without_id = |answer: &TestResponse| {
                let mut json = answer.json();
                assert!(json["user"]["id"].is_string(), "{json}");
                json["user"]["id"] = Json::Null;
                json
            };
            assert_eq!(without_id(&free), without_id(&taken));
            assert_eq!(free.body.len(), taken.body.len());
        }
    }
}

/// PW-6: a new password ends every session, whoever asks and whatever he names.
#[tokio::test]
async fn pw_6_a_new_password_ends_access_and_refresh_tokens() {
    for (world, mailer) in free_worlds().await {
        let app = &world.app;
        let (uma, una) = (
            sign_up(app, APP, "uma@example.com").await,
            sign_up(app, APP, "una@example.com").await,
        );
        let post = |path: &str, body: &Json| {
            let request = app.anonymous().post(format!("{APP}/{path}"));
            request.json(body).into_future()
        };
        let asked = json!({"email": "uma@example.com", "redirectTo": "/new"});
        post("request-password-reset", &asked).await.expect(200);
        let lines = mailed_lines(&world, &mailer).await;
        let link = lines.iter().find_map(|line| line.strip_prefix(HERE));
        let token = link.unwrap().split(['/', '?']).nth(6).unwrap();
        let body = json!({"token": token, "newPassword": "another horse battery"});
        for (member, value) in [
            ("userId", una.json()["user"]["id"].clone()),
            ("sessionId", json!("x")),
            ("email", json!("una@example.com")),
            ("revokeSessions", json!(false)),
        ] {
            let mut body = body.clone();
            body[member] = value;
            let refused = post("reset-password", &body).await.expect(422);
            assert_eq!(refused.paths(), [format!("/{member}")]);
        }
        post("reset-password", &body).await.expect(200);
        for (who, status) in [(&uma, 401), (&una, 200)] {
            let access = app.with_token(text(who, "/accessToken"));
            access.get("/api/items/posts").await.expect(status);
            let body = json!({"refreshToken": text(who, "/refreshToken")});
            post("token/refresh", &body).await.expect(status);
        }
    }
}

/// PW-7: links and codes name the public URL, on both planes, whatever headers a
/// request comes with.
#[tokio::test]
async fn pw_7_no_header_says_where_a_link_leads() {
    for (world, mailer) in free_worlds().await {
        let body = json!({"email": "uma@example.com"});
        let code = json!({"email": "uma@example.com", "type": "sign-in"});
        for base in BOTH {
            sign_up(&world.app, base, "uma@example.com").await;
            for (path, body) in [
                ("request-password-reset", &body),
                ("send-verification-email", &body),
                ("sign-in/magic-link", &body),
                ("email-otp/send-verification-otp", &code),
            ] {
                for (header, value) in [
                    ("host", "evil.example"),
                    ("x-forwarded-host", "evil.example"),
                    ("x-forwarded-server", "evil.example"),
                    ("x-original-host", "evil.example"),
                    ("x-host", "evil.example"),
                    ("x-forwarded-proto", "evil"),
                    ("x-forwarded-prefix", "/evil"),
                    ("forwarded", "host=evil.example;proto=https"),
                ] {
                    let request = world.app.anonymous().post(format!("{base}/{path}"));
                    request.json(body).header(header, value).await.expect(200);
                    let lines = mailed_lines(&world, &mailer).await.join("\n");
                    assert!(!lines.contains("evil"), "{path} {header}: {lines}");
                    let is_named = lines.contains(&format!("{HERE}{base}/"));
                    assert!(is_named || path.starts_with("email-otp"), "{lines}");
                }
            }
        }
    }
}

/// PW-8: without the password there is no other one, on both planes.
#[tokio::test]
async fn pw_8_a_password_is_changed_by_who_knows_it() {
    for (world, _) in free_worlds().await {
        for base in BOTH {
            let signed_up = sign_up(&world.app, base, "uma@example.com").await;
            let uma = world.app.with_token(text(&signed_up, "/token"));
            for current in [Json::Null, json!("another one"), json!("x")] {
                let new = "another horse battery";
                let body = json!({"currentPassword": current, "newPassword": new});
                let change = uma.post(format!("{base}/change-password"));
                let refused = change.json(&body).await.expect(403);
                assert_eq!(refused.code(), "INVALID_PASSWORD");
            }
            let without = json!({"newPassword": "another horse battery"});
            let change = uma.post(format!("{base}/change-password"));
            let refused = change.json(&without).await;
            assert!([403, 422].contains(&refused.status), "{}", refused.text());
            let login = json!({"email": "uma@example.com", "password": PASSWORD});
            let request = world.app.anonymous().post(format!("{base}/sign-in/email"));
            request.json(&login).await.expect(200);
        }
    }
}
