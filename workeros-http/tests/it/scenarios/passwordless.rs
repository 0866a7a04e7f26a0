use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::World;

/// OTP-1, KEY-6: links, codes and second factors, as requests.
#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let planes = ["/api/auth", "/api/t/default/auth"];
    let mut table = Vec::new();
    for auth in planes {
        table.extend(links(auth));
        table.extend(codes(auth));
        table.extend(second_factor(auth));
    }
    table.extend(links_of_nobody());
    table
}

fn links(auth: &str) -> Vec<Scenario> {
    let ask = || Scenario::post(format!("{auth}/sign-in/magic-link"));
    let verify = format!("{auth}/magic-link/verify");
    let made_up = "0123456789abcdefghijABCDEFGHIJ0123456789abc";
    vec![
        ask()
            .json(json!({"email": "nobody@example.com"}))
            .expect(200)
            .body([r#"{"status":true}"#]),
        ask().json(json!({})).expect(422).body(["/email"]),
        ask()
            .json(json!({"email": "ann@example.com", "metadata": {}}))
            .expect(422)
            .body(["/metadata"]),
        ask()
            .json(json!({"email": "ann@example.com", "name": 7}))
            .expect(422)
            .body(["/name"]),
        Scenario::get(&verify).expect(400).code("INVALID_TOKEN"),
        Scenario::get(&verify)
            .query("token", made_up)
            .expect(400)
            .code("INVALID_TOKEN"),
        Scenario::post(&verify)
            .query("token", made_up)
            .expect(400)
            .code("INVALID_TOKEN"),
    ]
}

fn links_of_nobody() -> Vec<Scenario> {
    let verify = "/api/t/nowhere/auth/magic-link/verify";
    vec![
        Scenario::get(verify).expect(404),
        Scenario::post(verify).expect(404),
    ]
}

fn codes(auth: &str) -> Vec<Scenario> {
    let post = |path: &str| Scenario::post(format!("{auth}/{path}"));
    let send = || post("email-otp/send-verification-otp");
    let code = |otp: &str| json!({"email": "nobody@example.com", "otp": otp});
    let check = |kind: &str| json!({"email": "a@example.com", "otp": "123456", "type": kind});
    let with =
        |password: &str| json!({"email": "a@example.com", "otp": "123456", "password": password});
    let reset = || post("email-otp/reset-password");
    vec![
        send()
            .json(json!({"email": "nobody@example.com", "type": "sign-in"}))
            .body([r#"{"success":true}"#]),
        send()
            .json(json!({"email": "nobody@example.com", "type": "change-email"}))
            .expect(422)
            .body(["/type"]),
        send().json(json!({})).expect(422).body(["/email", "/type"]),
        post("sign-in/email-otp")
            .json(code("000000"))
            .expect(400)
            .code("INVALID_OTP"),
        post("sign-in/email-otp")
            .json(code("twelve"))
            .expect(400)
            .code("INVALID_OTP"),
        post("sign-in/email-otp")
            .json(json!({"email": "nobody@example.com", "otp": 123_456}))
            .expect(422)
            .body(["/otp"]),
        post("sign-in/email-otp")
            .json(json!({}))
            .expect(422)
            .body(["/email", "/otp"]),
        post("email-otp/check-verification-otp")
            .json(check("sign-in"))
            .expect(400)
            .code("INVALID_OTP"),
        post("email-otp/check-verification-otp")
            .json(check("x"))
            .expect(422)
            .body(["/type"]),
        post("email-otp/verify-email")
            .json(code("123456"))
            .expect(400)
            .code("INVALID_OTP"),
        post("email-otp/request-password-reset")
            .json(json!({"email": "nobody@example.com"}))
            .body([r#"{"success":true}"#]),
        reset()
            .json(with("another horse battery"))
            .expect(400)
            .code("INVALID_OTP"),
        reset()
            .json(with("short"))
            .expect(422)
            .code("PASSWORD_TOO_SHORT"),
    ]
}

fn second_factor(auth: &str) -> Vec<Scenario> {
    let post = |path: &str| Scenario::post(format!("{auth}/two-factor/{path}"));
    let own = ["enable", "disable", "get-totp-uri", "generate-backup-codes"];
    let shown = |code: &str| json!({"code": code});
    let mut table = vec![
        post("verify-totp")
            .json(shown("123456"))
            .expect(401)
            .code("INVALID_TWO_FACTOR_COOKIE"),
        post("verify-totp")
            .json(shown("12345"))
            .expect(401)
            .code("INVALID_CODE"),
        post("verify-totp")
            .json(json!({}))
            .expect(422)
            .body(["/code"]),
        post("verify-backup-code")
            .json(shown("abcde-01234"))
            .expect(401)
            .code("INVALID_TWO_FACTOR_COOKIE"),
        post("verify-backup-code")
            .json(json!({"code": "abcde-01234", "disableSession": true}))
            .expect(422)
            .body(["/disableSession"]),
    ];
    for path in own {
        table.push(post(path).json(json!({"password": "x"})).expect(401));
        // A key is nobody who could show that it is still he.
        table.push(post(path).as_key_of("ann").json(json!({})).expect(403));
    }
    table
}
