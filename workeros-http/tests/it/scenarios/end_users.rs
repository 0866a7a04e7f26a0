use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

fn path(rest: &str) -> String {
    format!("/api/t/default/auth/{rest}")
}

fn post(rest: &str) -> Scenario {
    Scenario::post(path(rest))
}

fn get(rest: &str) -> Scenario {
    Scenario::get(path(rest))
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    [signing_in(), own(), by_mail(), tokens()].concat()
}

fn signing_in() -> Vec<Scenario> {
    let uma =
        json!({"email": "uma@example.com", "password": "battery staple horse", "name": "Uma"});
    let login = json!({"email": "uma@example.com", "password": "battery staple horse"});
    let wrong = json!({"email": "uma@example.com", "password": "battery horse staple"});
    vec![
        post("sign-up/email").json(uma.clone()).body([
            r#""accessToken":"ey"#,
            r#""refreshToken":"wrt_"#,
            r#""expiresIn":900"#,
            r#""tokenType":"Bearer""#,
            r#""email":"uma@example.com""#,
        ]),
        post("sign-up/email")
            .json(uma.clone())
            .expect(422)
            .code("USER_ALREADY_EXISTS"),
        post("sign-in/email")
            .json(login)
            .body([r#""accessToken":"ey"#]),
        post("sign-in/email")
            .json(wrong)
            .expect(401)
            .code("INVALID_EMAIL_OR_PASSWORD"),
        // An account of the team is none here.
        post("sign-in/email")
            .json(json!({"email": "ann@example.com", "password": "correct horse battery"}))
            .expect(401),
        Scenario::post("/api/t/nowhere/auth/sign-up/email")
            .json(uma)
            .expect(404),
        post("sign-out").body([r#"{"success":true}"#]),
        get("get-session").body(["null"]),
        get("get-session").as_admin().body(["null"]),
    ]
}

fn own() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for scenario in [
        get("list-sessions"),
        post("revoke-session").json(json!({"token": "x"})),
        post("revoke-sessions"),
        post("revoke-other-sessions"),
        post("update-user").json(json!({"name": "x"})),
        post("change-password").json(json!({"newPassword": "a", "currentPassword": "b"})),
    ] {
        scenarios.push(scenario.clone().expect(401));
        // TOK-2: whoever is signed in on the platform is nobody here.
        scenarios.push(scenario.clone().as_admin().expect(401));
        scenarios.push(scenario.as_key_of("bob").expect(403));
    }
    scenarios
}

fn by_mail() -> Vec<Scenario> {
    let uma = json!({"email": "uma@example.com"});
    vec![
        post("request-password-reset")
            .json(uma.clone())
            .body([r#""status":true"#]),
        post("request-password-reset")
            .json(json!({"email": "uma@example.com", "redirectTo": "https://evil.example"}))
            .expect(422),
        get("reset-password/nothing").expect(302),
        post("reset-password")
            .json(json!({"newPassword": "battery staple horse", "token": "x"}))
            .expect(400)
            .code("INVALID_TOKEN"),
        post("send-verification-email")
            .json(uma)
            .body([r#""status":true"#]),
        get("verify-email?token=x")
            .expect(400)
            .code("INVALID_TOKEN"),
    ]
}

fn tokens() -> Vec<Scenario> {
    let refresh = |token: &str| post("token/refresh").json(json!({"refreshToken": token}));
    vec![
        refresh("wrt_x").expect(401),
        refresh("").expect(401),
        post("token/refresh")
            .json(json!({}))
            .expect(422)
            .body(["/refreshToken"]),
        Scenario::get("/.well-known/jwks.json")
            .body([r#""kty":"OKP""#])
            .not_body([r#""d":"#]),
        get("jwks.json").body([r#""kty":"OKP""#]),
        Scenario::get("/api/t/nowhere/auth/jwks.json").expect(404),
    ]
}
