//! Links and codes in mails, over HTTP.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_adapters::MemoryMailer;
use workeros_http::testkit::{TestRequest, TestResponse};

use crate::support::{World, free_worlds, kept, mail_worlds, mailed_lines};

const HERE: &str = "http://localhost:8080";
const PLATFORM: &str = "/api/auth";
const APP: &str = "/api/t/default/auth";
const SESSION: &str = "workeros";
const ASKED: &str = "workeros.magic-link";

fn post(world: &World, path: &str, body: &Json) -> TestRequest {
    world.app.anonymous().post(path).json(body)
}

/// Asks for a link, and gives its path, with what the browser keeps.
async fn ask_link(
    world: &World,
    mailer: &MemoryMailer,
    auth: &str,
    body: Json,
) -> (String, Option<String>) {
    let asked = post(world, &format!("{auth}/sign-in/magic-link"), &body).await;
    let asked = asked.expect(200);
    assert_eq!(asked.text(), r#"{"status":true}"#);
    let lines = mailed_lines(world, mailer).await;
    let link = lines.iter().find_map(|line| line.strip_prefix(HERE));
    (link.unwrap().to_owned(), kept(&asked, ASKED))
}

async fn code(world: &World, mailer: &MemoryMailer) -> String {
    let lines = mailed_lines(world, mailer).await.into_iter();
    let is_code = |line: &String| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
    lines.into_iter().find(is_code).unwrap()
}

async fn send_code(world: &World, auth: &str, name: &str, kind: &str) -> TestResponse {
    let body = json!({"email": format!("{name}@example.com"), "type": kind});
    let path = format!("{auth}/email-otp/send-verification-otp");
    post(world, &path, &body)
        .header("x-request-id", "same")
        .await
}

async fn who(world: &World, cookie: &str) -> Json {
    let get = world.app.anonymous().get("/api/auth/get-session");
    let session = get.header("cookie", format!("{SESSION}={cookie}")).await;
    session.expect(200).json()["user"]["email"].clone()
}

/// OTP-2: the browser that asked is signed in by its link.
#[tokio::test]
async fn otp_2_the_browser_that_asked_is_signed_in_by_its_link() {
    for (world, mailer) in free_worlds().await {
        world.app.user("ann").await;
        let body = json!({"email": "ann@example.com", "callbackURL": "/welcome?x=1"});
        let (link, asked) = ask_link(&world, &mailer, PLATFORM, body).await;
        let asked = format!("{ASKED}={}", asked.unwrap());
        let anonymous = world.app.anonymous();
        let follow = |method| {
            let request = anonymous.request(method, &link);
            request.header("cookie", &asked)
        };
        let looked = follow(Method::HEAD).await.expect(200);
        assert_eq!(kept(&looked, SESSION), None);
        let followed = follow(Method::GET).await.expect(302);
        assert_eq!(followed.header("location"), "/welcome?x=1");
        let session = kept(&followed, SESSION).unwrap();
        assert_eq!(who(&world, &session).await, "ann@example.com");
        let again = follow(Method::GET).await.expect(302);
        assert_eq!(again.header("location"), "/welcome?x=1&error=INVALID_TOKEN");
        assert_eq!(kept(&again, SESSION), None);
    }
}

/// OTP-2: any other browser is asked first and a scanner uses nothing up.
#[tokio::test]
async fn otp_2_any_other_browser_is_asked_first_and_a_scanner_uses_nothing_up() {
    for (world, mailer) in free_worlds().await {
        world.app.user("ann").await;
        let body = json!({"email": "ann@example.com", "callbackURL": "/welcome"});
        let (link, _) = ask_link(&world, &mailer, PLATFORM, body.clone()).await;
        let anonymous = world.app.anonymous();
        for method in [Method::HEAD, Method::GET, Method::GET] {
            let page = anonymous.request(method.clone(), &link).await.expect(200);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(kept(&page, SESSION), None);
            // Else the form would come from nowhere.
            assert_eq!(page.header("referrer-policy"), "same-origin");
            if method == Method::GET {
                assert!(page.text().contains("ann@example.com"));
                assert!(page.text().contains(r#"<form method="post">"#));
            }
        }
        // Another one's proof is none.
        let other = json!({"email": "bob@example.com"});
        let (_, others) = ask_link(&world, &mailer, PLATFORM, other).await;
        let cookie = format!("{ASKED}={}", others.unwrap());
        let page = anonymous.get(&link).header("cookie", cookie).await;
        assert_eq!(kept(&page.expect(200), SESSION), None);

        // A page of somebody else's signs nobody in.
        let send = || {
            let request = anonymous.post(&link);
            request.header("content-type", "application/x-www-form-urlencoded")
        };
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let refused = send().header(name, value).await.expect(403);
            assert_eq!(kept(&refused, SESSION), None);
        }
        let confirmed = send().header("origin", HERE).await.expect(302);
        assert_eq!(confirmed.header("location"), "/welcome");
        let session = kept(&confirmed, SESSION).unwrap();
        assert_eq!(who(&world, &session).await, "ann@example.com");
        let again = send().header("origin", HERE).await.expect(302);
        assert_eq!(again.header("location"), "/welcome?error=INVALID_TOKEN");
    }
}

#[tokio::test]
async fn a_link_leads_on_to_the_pages_that_were_named() {
    for (world, mailer) in free_worlds().await {
        let body = |name: &str| {
            json!({
                "email": format!("{name}@example.com"), "name": "New", "callbackURL": "/home",
                "newUserCallbackURL": "/hello", "errorCallbackURL": "/sorry?a=b",
            })
        };
        world.app.user("ann").await;
        for (name, page) in [("ann", "/home"), ("new", "/hello")] {
            let (link, asked) = ask_link(&world, &mailer, PLATFORM, body(name)).await;
            let asked = format!("{ASKED}={}", asked.unwrap());
            let follow = || world.app.anonymous().get(&link).header("cookie", &asked);
            assert_eq!(follow().await.expect(302).header("location"), page);
            let again = follow().await.expect(302);
            assert_eq!(again.header("location"), "/sorry?a=b&error=INVALID_TOKEN");
        }
        // Where none was named the answer says it.
        let body = json!({"email": "cid@example.com", "name": "Cid"});
        let (link, asked) = ask_link(&world, &mailer, PLATFORM, body).await;
        let asked = format!("{ASKED}={}", asked.unwrap());
        let follow = || world.app.anonymous().get(&link).header("cookie", &asked);
        let answer = follow().await.expect(200).json();
        assert_eq!(answer["user"]["name"], "Cid");
        assert_eq!(answer["user"]["emailVerified"], true);
        assert!(answer["token"].is_string());
        assert_eq!(follow().await.expect(400).code(), "INVALID_TOKEN");
    }
}

#[tokio::test]
async fn an_app_is_sent_what_its_link_brings_and_signs_in_by_it() {
    for (world, mailer) in free_worlds().await {
        let body = json!({"email": "ann@example.com", "callbackURL": "/app?x=1"});
        let (link, asked) = ask_link(&world, &mailer, APP, body).await;
        assert_eq!(asked, None);
        assert!(link.starts_with("/api/t/default/auth/magic-link/verify?token="));
        let anonymous = world.app.anonymous();
        for _ in 0..2 {
            let followed = anonymous.get(&link).await.expect(302);
            let (page, token) = followed.header("location").split_once("&token=").unwrap();
            assert_eq!(page, "/app?x=1");
            assert!(link.contains(token));
        }
        let signed_in = anonymous.post(&link).await.expect(200).json();
        for member in ["accessToken", "refreshToken", "token"] {
            assert!(signed_in[member].is_string(), "{member}");
        }
        assert_eq!(signed_in["user"]["email"], "ann@example.com");
        assert_eq!(
            anonymous.post(&link).await.expect(400).code(),
            "INVALID_TOKEN"
        );
        // On the other plane there is no such user, and no such link.
        let other = link.replace(APP, PLATFORM);
        let none = anonymous.post(&other).await.expect(302);
        assert_eq!(none.header("location"), "/app?x=1&error=INVALID_TOKEN");
    }
}

/// OTP-4: a link to sign in leads to no page of somebody else.
#[tokio::test]
async fn otp_4_a_link_to_sign_in_leads_to_no_page_of_somebody_else() {
    for (world, mailer) in free_worlds().await {
        for evil in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "https://localhost:8080@evil.example",
            "javascript:alert(1)",
        ] {
            for member in ["callbackURL", "newUserCallbackURL", "errorCallbackURL"] {
                for auth in [PLATFORM, APP] {
                    let body = json!({"email": "ann@example.com", member: evil});
                    let asked = post(&world, &format!("{auth}/sign-in/magic-link"), &body);
                    assert_eq!(asked.await.expect(422).paths(), [format!("/{member}")]);
                    let evil = evil.replace('\\', "%5C");
                    let link = format!("{auth}/magic-link/verify?token=x&{member}={evil}");
                    let anonymous = world.app.anonymous();
                    for request in [anonymous.get(&link), anonymous.post(&link)] {
                        assert_eq!(request.await.expect(422).header("location"), "");
                    }
                }
            }
        }
        let auth = world.app.backend().auth().unwrap();
        assert_eq!(auth.deliver_mail().await.unwrap(), 0);
        assert!(mailer.sent().is_empty());
    }
}

/// PW-7: links and codes do not believe what a request calls us.
#[tokio::test]
async fn pw_7_links_and_codes_do_not_believe_what_a_request_calls_us() {
    for (world, mailer) in free_worlds().await {
        for (header, value) in [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "host=evil.example;proto=https"),
        ] {
            let body = json!({"email": "ann@example.com"});
            let asked = post(&world, "/api/auth/sign-in/magic-link", &body);
            asked.header(header, value).await.expect(200);
            let lines = mailed_lines(&world, &mailer).await.join("\n");
            assert!(lines.contains(HERE) && !lines.contains("evil"), "{lines}");
            let body = json!({"email": "ann@example.com", "type": "sign-in"});
            let asked = post(&world, "/api/auth/email-otp/send-verification-otp", &body);
            asked.header(header, value).await.expect(200);
            let lines = mailed_lines(&world, &mailer).await.join("\n");
            assert!(
                lines.contains("localhost") && !lines.contains("evil"),
                "{lines}"
            );
        }
    }
}

#[tokio::test]
async fn a_code_signs_in_on_both_planes_in_the_shape_of_better_auth() {
    for (world, mailer) in free_worlds().await {
        for auth in [PLATFORM, APP] {
            let sent = send_code(&world, auth, "new", "sign-in").await.expect(200);
            assert_eq!(sent.text(), r#"{"success":true}"#);
            let code = code(&world, &mailer).await;
            let path = format!("{auth}/sign-in/email-otp");
            let body = json!({"email": "new@example.com", "otp": code, "name": "New"});
            let signed_in = post(&world, &path, &body).await.expect(200);
            let answer = signed_in.json();
            assert!(answer["token"].is_string());
            assert_eq!(answer["user"]["name"], "New");
            assert_eq!(kept(&signed_in, SESSION).is_some(), auth == PLATFORM);
            assert_eq!(answer["refreshToken"].is_string(), auth == APP);
            let again = post(&world, &path, &body).await.expect(400);
            assert_eq!(again.code(), "INVALID_OTP");
        }
    }
}

#[tokio::test]
async fn a_code_verifies_and_another_one_gives_a_new_password() {
    for (world, mailer) in free_worlds().await {
        world.app.user("ann").await;
        send_code(&world, PLATFORM, "ann", "email-verification")
            .await
            .expect(200);
        let otp = code(&world, &mailer).await;
        let body = json!({"email": "ann@example.com", "otp": otp});
        let verified = post(&world, "/api/auth/email-otp/verify-email", &body).await;
        let verified = verified.expect(200).json();
        assert_eq!(verified["status"], true);
        assert_eq!(verified["token"], Json::Null);
        assert_eq!(verified["user"]["emailVerified"], true);

        let asked = json!({"email": "ann@example.com"});
        let asked = post(&world, "/api/auth/email-otp/request-password-reset", &asked).await;
        assert_eq!(asked.expect(200).text(), r#"{"success":true}"#);
        let otp = code(&world, &mailer).await;
        let check = json!({"email": "ann@example.com", "type": "forget-password", "otp": otp});
        let check = post(&world, "/api/auth/email-otp/check-verification-otp", &check).await;
        assert_eq!(check.expect(200).text(), r#"{"success":true}"#);
        let reset = |new: &str| {
            let body = json!({"email": "ann@example.com", "otp": otp, "password": new});
            post(&world, "/api/auth/email-otp/reset-password", &body)
        };
        let refused = reset("short").await.expect(422);
        assert_eq!(refused.paths(), ["/password"]);
        let done = reset("another horse battery").await.expect(200);
        assert_eq!(done.text(), r#"{"success":true}"#);
        let body = json!({"email": "ann@example.com", "password": "another horse battery"});
        post(&world, "/api/auth/sign-in/email", &body)
            .await
            .expect(200);
    }
}

/// PW-5: nobody learns by asking for a code or link who has an account.
#[tokio::test]
async fn pw_5_nobody_learns_by_asking_for_a_code_or_link_who_has_an_account() {
    for (world, mailer) in free_worlds().await {
        world.app.user("ann").await;
        for kind in ["sign-in", "email-verification", "forget-password"] {
            let mut answers = Vec::new();
            for name in ["ann", "nobody"] {
                let answer = send_code(&world, PLATFORM, name, kind).await.expect(200);
                answers.push((answer.text(), format!("{:?}", answer.headers)));
                let auth = world.app.backend().auth().unwrap();
                auth.deliver_mail().await.unwrap();
                let _ = mailer.take();
                // A wrong code is answered the same too.
                let body = json!({
                    "email": format!("{name}@example.com"), "type": kind, "otp": "000000",
                });
                let path = "/api/auth/email-otp/check-verification-otp";
                for _ in 0..5 {
                    let wrong = post(&world, path, &body).await;
                    answers.push((wrong.code(), wrong.status.to_string()));
                }
            }
            let (ann, nobody) = answers.split_at(answers.len() / 2);
            assert_eq!(ann, nobody);
        }
    }
}

/// LIM-1, LIM-5: too many attempts wait and too many mails are not sent.
#[tokio::test]
async fn lim_1_and_lim_5_too_many_attempts_wait_and_too_many_mails_are_not_sent() {
    for (world, mailer) in mail_worlds().await {
        world.app.user("ann").await;
        let sign_in = |extra: Json| {
            let mut body = json!({"email": "ann@example.com", "password": "wrong horse battery"});
            for (name, value) in extra.as_object().unwrap() {
                body[name] = value.clone();
            }
            post(&world, "/api/auth/sign-in/email", &body)
        };
        for _ in 0..3 {
            sign_in(json!({})).await.expect(401);
        }
        let refused = sign_in(json!({})).await.expect(429);
        assert_eq!(refused.code(), "RATE_LIMITED");
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=10).contains(&wait), "{wait}");
        // LIM-2: what the endpoint does not know makes no other key of it.
        sign_in(json!({"ip": "1.2.3.4"})).await.expect(422);
        sign_in(json!({"callbackURL": "/elsewhere"}))
            .await
            .expect(429);
        sign_in(json!({"email": " ann@example.com"}))
            .await
            .expect(422);
        sign_in(json!({"email": "ANN@example.com"}))
            .await
            .expect(429);

        let first = send_code(&world, PLATFORM, "ann", "sign-in")
            .await
            .expect(200);
        let _ = code(&world, &mailer).await;
        let second = send_code(&world, PLATFORM, "ann", "sign-in")
            .await
            .expect(200);
        assert_eq!(first.text(), second.text());
        let auth = world.app.backend().auth().unwrap();
        assert_eq!(auth.deliver_mail().await.unwrap(), 0);
    }
}
