//! The second factor, over HTTP.

use serde_json::{Value as Json, json};
use workeros_auth::TotpSecret;
use workeros_core::Clock as _;
use workeros_http::testkit::{Client, TestRequest, TestResponse};

use crate::support::{World, free_worlds, kept, mailed_lines};

const PASSWORD: &str = "correct horse battery";
const SESSION: &str = "workeros";
const WAITS: &str = "workeros.two-factor";
const STEP: std::time::Duration = std::time::Duration::from_secs(30);

fn post(client: &Client, path: &str, body: &Json) -> TestRequest {
    client.post(path).json(body)
}

/// The code an authenticator app shows now.
fn shown(world: &World, uri: &str) -> String {
    let (_, behind) = uri.split_once("secret=").unwrap();
    let (secret, _) = behind.split_once('&').unwrap();
    let secret = TotpSecret::parse(secret).unwrap();
    secret.code(world.app.clock().now()).expose().to_owned()
}

async fn sign_in(world: &World, auth: &str, body: &Json) -> TestResponse {
    let path = format!("{auth}/sign-in/email");
    post(&world.app.anonymous(), &path, body).await.expect(200)
}

fn login() -> Json {
    json!({"email": "ann@example.com", "password": PASSWORD})
}

/// Sets an app up for ann, and gives its URI and the backup codes.
async fn enable(world: &World, auth: &str, ann: &Client) -> (String, Vec<String>) {
    let path = format!("{auth}/two-factor/enable");
    let enabled = post(ann, &path, &json!({"password": PASSWORD})).await;
    let enabled = enabled.expect(200).json();
    assert_eq!(enabled["method"], "totp");
    let uri = enabled["totpURI"].as_str().unwrap().to_owned();
    let codes: Vec<String> = serde_json::from_value(enabled["backupCodes"].clone()).unwrap();
    assert_eq!(codes.len(), 10);
    let path = format!("{auth}/two-factor/verify-totp");
    let body = json!({"code": shown(world, &uri)});
    post(ann, &path, &body).await.expect(200);
    world.app.clock().advance(STEP);
    (uri, codes)
}

#[tokio::test]
async fn a_browser_comes_back_with_a_cookie_and_its_second_factor() {
    for (world, _) in free_worlds().await {
        let ann = world.app.user("ann").await;
        let (uri, codes) = enable(&world, "/api/auth", &ann).await;
        assert!(uri.starts_with("otpauth://totp/localhost:ann%40example.com?secret="));
        let anonymous = world.app.anonymous();
        let asked = sign_in(&world, "/api/auth", &login()).await;
        assert_eq!(
            asked.json(),
            json!({"twoFactorRedirect": true, "twoFactorMethods": ["totp"]})
        );
        assert_eq!(kept(&asked, SESSION), None);
        let cookie = asked.header("set-cookie");
        for mark in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
            assert!(cookie.contains(mark), "{cookie}");
        }
        let waits = format!("{WAITS}={}", kept(&asked, WAITS).unwrap());
        let verify = |code: &str| {
            let body = json!({"code": code, "trustDevice": false});
            let path = "/api/auth/two-factor/verify-totp";
            post(&anonymous, path, &body).header("cookie", &waits)
        };
        assert_eq!(verify("12345").await.expect(401).code(), "INVALID_CODE");
        let signed_in = verify(&shown(&world, &uri)).await.expect(200);
        assert!(signed_in.json()["token"].is_string());
        assert_eq!(signed_in.json()["user"]["email"], "ann@example.com");
        assert_eq!(kept(&signed_in, WAITS).as_deref(), Some(""));
        let session = kept(&signed_in, SESSION).unwrap();
        let get = anonymous.get("/api/auth/get-session");
        let session = get.header("cookie", format!("{SESSION}={session}")).await;
        assert_eq!(session.json()["user"]["twoFactorEnabled"], true);
        world.app.clock().advance(STEP);
        let again = verify(&shown(&world, &uri)).await.expect(401);
        assert_eq!(again.code(), "INVALID_TWO_FACTOR_COOKIE");

        // What is not to be kept is not kept after this either.
        let mut body = login();
        body["rememberMe"] = json!(false);
        let asked = sign_in(&world, "/api/auth", &body).await;
        let waits = format!("{WAITS}={}", kept(&asked, WAITS).unwrap());
        let path = "/api/auth/two-factor/verify-backup-code";
        let verify = || {
            let request = post(&anonymous, path, &json!({"code": codes[0]}));
            request.header("cookie", &waits)
        };
        let signed_in = verify().await.expect(200);
        let cookies = signed_in.headers.get_all("set-cookie").iter();
        let cookies: Vec<&str> = cookies.map(|cookie| cookie.to_str().unwrap()).collect();
        let session = cookies
            .iter()
            .find(|cookie| cookie.starts_with("workeros="));
        assert!(!session.unwrap().contains("Max-Age"), "{cookies:?}");
    }
}

#[tokio::test]
async fn an_app_comes_back_with_what_it_was_told_and_its_second_factor() {
    for (world, _) in free_worlds().await {
        let auth = "/api/t/default/auth";
        let body = json!({"email": "ann@example.com", "password": PASSWORD, "name": "Ann"});
        let anonymous = world.app.anonymous();
        let signed_up = post(&anonymous, &format!("{auth}/sign-up/email"), &body).await;
        let signed_up = signed_up.expect(200).json();
        let ann = world
            .app
            .with_token(signed_up["accessToken"].as_str().unwrap());
        let (uri, codes) = enable(&world, auth, &ann).await;
        let asked = sign_in(&world, auth, &login()).await;
        assert!(asked.headers.get("set-cookie").is_none());
        let asked = asked.json();
        assert_eq!(asked["twoFactorRedirect"], true);
        assert_eq!(asked.get("accessToken"), None);
        let waits = &asked["twoFactorToken"];
        let path = format!("{auth}/two-factor/verify-totp");
        let body = |waits: &Json| json!({"code": shown(&world, &uri), "twoFactorToken": waits});
        // It opens nothing by itself, here or on the other plane.
        let session = world.app.with_token(waits.as_str().unwrap());
        let nobody = session.get(format!("{auth}/get-session")).await.json();
        assert_eq!(nobody, Json::Null);
        let other = post(&anonymous, "/api/auth/two-factor/verify-totp", &body(waits)).await;
        assert_eq!(other.expect(401).code(), "INVALID_TWO_FACTOR_COOKIE");
        let made_up = json!("0123456789abcdefghijABCDEFGHIJ0123456789abc");
        let none = post(&anonymous, &path, &body(&made_up)).await;
        assert_eq!(none.expect(401).code(), "INVALID_TWO_FACTOR_COOKIE");
        let signed_in = post(&anonymous, &path, &body(waits))
            .await
            .expect(200)
            .json();
        assert!(signed_in["refreshToken"].is_string());
        // Somebody who is signed in already shows a backup code.
        let ann = world
            .app
            .with_token(signed_in["accessToken"].as_str().unwrap());
        let path = format!("{auth}/two-factor/verify-backup-code");
        let code = json!({"code": codes[3]});
        let shown = post(&ann, &path, &code).await.expect(200).json();
        let ann = world.app.with_token(shown["accessToken"].as_str().unwrap());
        let again = post(&ann, &path, &code).await.expect(401);
        assert_eq!(again.code(), "INVALID_BACKUP_CODE");
    }
}

/// OTP-5: a link by mail is one factor: the second one is still asked for.
#[tokio::test]
async fn a_link_asks_for_the_second_factor_too() {
    for (world, mailer) in free_worlds().await {
        let ann = world.app.user("ann").await;
        let verify = json!({"email": "ann@example.com"});
        let anonymous = world.app.anonymous();
        post(&anonymous, "/api/auth/send-verification-email", &verify)
            .await
            .expect(200);
        let lines = mailed_lines(&world, &mailer).await;
        let link = |lines: &[String]| {
            let mut links = lines
                .iter()
                .filter_map(|l| l.strip_prefix("http://localhost:8080"));
            links.next().unwrap().to_owned()
        };
        anonymous.get(link(&lines)).await.expect(200);
        let (uri, _) = enable(&world, "/api/auth", &ann).await;
        let news = mailed_lines(&world, &mailer).await;
        assert!(
            news.iter()
                .any(|line| line.contains("an authenticator app"))
        );
        let body = json!({"email": "ann@example.com", "callbackURL": "/home"});
        let path = "/api/auth/sign-in/magic-link";
        let asked = post(&anonymous, path, &body).await.expect(200);
        let asked = kept(&asked, "workeros.magic-link").unwrap();
        let link = link(&mailed_lines(&world, &mailer).await);
        let followed = anonymous.get(&link);
        let followed = followed.header("cookie", format!("workeros.magic-link={asked}"));
        let followed = followed.await.expect(302);
        assert_eq!(followed.header("location"), "/home?twoFactorRedirect=true");
        assert_eq!(kept(&followed, SESSION), None);
        let waits = kept(&followed, WAITS).unwrap();
        let body = json!({"code": shown(&world, &uri)});
        let path = "/api/auth/two-factor/verify-totp";
        let verify = post(&anonymous, path, &body);
        let verified = verify.header("cookie", format!("{WAITS}={waits}")).await;
        assert!(kept(&verified.expect(200), SESSION).is_some());
    }
}

#[tokio::test]
async fn it_is_managed_in_the_shape_of_better_auth() {
    for (world, _) in free_worlds().await {
        let ann = world.app.user("ann").await;
        let path = |name: &str| format!("/api/auth/two-factor/{name}");
        let password = json!({"password": PASSWORD});
        let wrong = json!({"password": "another horse battery"});
        let none = json!({});
        for body in [&wrong, &none] {
            for name in ["enable", "disable", "get-totp-uri", "generate-backup-codes"] {
                let refused = post(&ann, &path(name), body).await.expect(403);
                assert_eq!(refused.code(), "INVALID_PASSWORD", "{name}");
            }
        }
        let early = post(&ann, &path("get-totp-uri"), &password).await;
        assert_eq!(early.expect(400).code(), "TOTP_NOT_ENABLED");
        let early = post(&ann, &path("generate-backup-codes"), &password).await;
        assert_eq!(early.expect(400).code(), "TWO_FACTOR_NOT_ENABLED");
        let by_mail = json!({"password": PASSWORD, "method": "otp"});
        let by_mail = post(&ann, &path("enable"), &by_mail).await;
        assert_eq!(by_mail.expect(400).code(), "OTP_NOT_CONFIGURED");

        let named = json!({"password": PASSWORD, "issuer": "Acme & Co"});
        let named = post(&ann, &path("enable"), &named).await.expect(200).json();
        let uri = named["totpURI"].as_str().unwrap();
        assert!(
            uri.contains("totp/Acme%20%26%20Co:ann%40example.com?"),
            "{uri}"
        );
        let body = json!({"code": shown(&world, uri)});
        let verified = post(&ann, &path("verify-totp"), &body).await.expect(200);
        let verified = verified.json();
        // SES-2: the session of before is over.
        ann.get("/api/auth/list-sessions").await.expect(401);
        let ann = world.app.with_token(verified["token"].as_str().unwrap());
        let again = post(&ann, &path("enable"), &password).await.expect(400);
        assert_eq!(again.code(), "TOTP_ALREADY_ENABLED");
        let same = post(&ann, &path("get-totp-uri"), &password)
            .await
            .expect(200);
        assert_eq!(
            shown(&world, same.json()["totpURI"].as_str().unwrap()),
            shown(&world, uri)
        );
        let codes = post(&ann, &path("generate-backup-codes"), &password).await;
        let codes = codes.expect(200).json();
        assert_eq!(codes["status"], true);
        assert_eq!(codes["backupCodes"].as_array().unwrap().len(), 10);
        let ended = post(&ann, &path("disable"), &password).await.expect(200);
        assert_eq!(ended.json()["status"], true);
        assert!(sign_in(&world, "/api/auth", &login()).await.json()["token"].is_string());
    }
}
