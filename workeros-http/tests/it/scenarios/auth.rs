use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::World;

/// PW-1, PW-3, PW-8, PW-9, PW-10, OTP-4: passwords, addresses and pages to go
/// on to, as requests.
#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    [
        sign_up(),
        sign_in(),
        session(),
        own_sessions(),
        account(),
        reset(),
        verification(),
    ]
    .concat()
}

fn sign_up() -> Vec<Scenario> {
    let post = || Scenario::post("/api/auth/sign-up/email");
    let body =
        |email: &str, password: &str| json!({"email": email, "password": password, "name": "Eve"});
    let good = body("Eve@Example.com", "battery staple horse");
    vec![
        post()
            .json(good.clone())
            .expect(200)
            .body([
                r#""token":""#,
                r#""email":"eve@example.com""#,
                r#""emailVerified":false"#,
            ])
            .not_body(["battery", "argon2", "data"]),
        post()
            .json(good)
            .expect(422)
            .code("USER_ALREADY_EXISTS")
            .body([r#"{"code":"USER_ALREADY_EXISTS","#, r#""error":{"#]),
        post()
            .json(body("dan@example.com", "short"))
            .expect(422)
            .code("PASSWORD_TOO_SHORT"),
        post()
            .json(body("dan@example.com", "password123"))
            .expect(422)
            .code("PASSWORD_COMMON"),
        post()
            .json(body("dan", "battery staple horse"))
            .expect(422)
            .body(["/email"]),
        post()
            .json(body("dan＠example.com", "battery staple horse"))
            .expect(422)
            .body(["/email"]),
        post()
            .json(json!({}))
            .expect(422)
            .body(["/email", "/password"]),
        post()
            .raw("application/json", "{")
            .expect(400)
            .code("BAD_REQUEST"),
        post()
            .raw("application/x-www-form-urlencoded", "email=x")
            .expect(415),
    ]
}

fn sign_in() -> Vec<Scenario> {
    let post = || Scenario::post("/api/auth/sign-in/email");
    let body = |email: &str, password: &str| json!({"email": email, "password": password});
    let good = body("eve@example.com", "battery staple horse");
    let to = |url: &str| {
        let mut body = good.clone();
        body["callbackURL"] = json!(url);
        body
    };
    let wrong = r#"{"code":"INVALID_EMAIL_OR_PASSWORD","#;
    vec![
        post()
            .json(good.clone())
            .body([r#""token":""#, r#""redirect":false"#]),
        post()
            .json(body("EVE@example.com", "battery staple horse"))
            .body([r#""token":""#]),
        post()
            .json(body("eve@example.com", "another one"))
            .expect(401)
            .body([wrong]),
        post()
            .json(body("nobody@example.com", "another one"))
            .expect(401)
            .body([wrong]),
        post()
            .json(to("/welcome?x=1"))
            .body([r#""redirect":true"#, r#""url":"/welcome?x=1""#]),
        post()
            .json(to("http://localhost:8080/welcome"))
            .body([r#""redirect":true"#]),
        post()
            .json(to("https://evil.example"))
            .expect(422)
            .body(["/callbackURL"]),
        post().json(to("//evil.example")).expect(422),
        post().json(to("/\\evil.example")).expect(422),
        post()
            .json(to("http://localhost:8080@evil.example"))
            .expect(422),
        post().json(to("javascript:alert(1)")).expect(422),
        // A session that has ended keeps nobody from signing in.
        post()
            .json(good.clone())
            .header("cookie", "workeros=gone")
            .body([r#""token":""#]),
        post()
            .json(json!({"email": "eve@example.com", "password": {"$ne": ""}}))
            .expect(422)
            .body(["/password"]),
        post()
            .json(json!({"email": "eve@example.com", "password": null}))
            .expect(422)
            .body(["/password"]),
        post()
            .json(json!({"email": "eve@example.com", "password": 7}))
            .expect(422)
            .body(["/password"]),
        post().raw("application/json", "").expect(400),
    ]
}

fn session() -> Vec<Scenario> {
    let get = || Scenario::get("/api/auth/get-session");
    let post = || Scenario::post("/api/auth/sign-out");
    vec![
        get().body(["null"]),
        get().as_user("ann").body([
            r#""session":{"#,
            r#""email":"ann@example.com""#,
            r#""roles":[]"#,
        ]),
        get().as_admin().body([r#""roles":["admin"]"#]),
        get()
            .header("authorization", "Bearer nonsense")
            .body(["null"]),
        get().header("cookie", "workeros=nonsense").body(["null"]),
        get().as_key_of("ann").body(["null"]),
        post().body([r#"{"success":true}"#]),
        post().as_user("dan").body([r#"{"success":true}"#]),
        Scenario::get("/api/items/posts").as_user("dan").expect(401),
    ]
}

fn own_sessions() -> Vec<Scenario> {
    let list = || Scenario::get("/api/auth/list-sessions");
    let post = |path: &str| Scenario::post(format!("/api/auth/{path}"));
    let token = |token: &str| json!({"token": token});
    let done = r#"{"status":true}"#;
    let unauthorized = r#"{"code":"UNAUTHORIZED","#;
    vec![
        list().expect(401).body([unauthorized]),
        list().as_user("fay").body(["[{", r#""userId":""#]),
        list().as_key_of("fay").expect(403),
        post("revoke-session").json(token("x")).expect(401),
        post("revoke-session")
            .as_user("fay")
            .json(token("x"))
            .expect(404),
        post("revoke-session")
            .as_user("fay")
            .json(token(crate::support::NOWHERE))
            .expect(404),
        post("revoke-session")
            .as_user("fay")
            .json(json!({}))
            .expect(422)
            .body(["/token"]),
        post("revoke-session")
            .as_user("fay")
            .json(json!({"token": {"$ne": ""}}))
            .expect(422)
            .body(["/token"]),
        post("revoke-session")
            .as_key_of("fay")
            .json(token("x"))
            .expect(403),
        post("revoke-other-sessions").expect(401),
        post("revoke-other-sessions").as_key_of("fay").expect(403),
        post("revoke-other-sessions").as_user("fay").body([done]),
        post("revoke-sessions").expect(401),
        post("revoke-sessions").as_key_of("fay").expect(403),
        post("revoke-sessions").as_user("fay").body([done]),
        list().as_user("fay").expect(401),
    ]
}

fn account() -> Vec<Scenario> {
    let update = || Scenario::post("/api/auth/update-user");
    let change = || Scenario::post("/api/auth/change-password");
    let good =
        json!({"currentPassword": "correct horse battery", "newPassword": "horse and battery"});
    let with = |member: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body[member] = value;
        body
    };
    vec![
        update().json(json!({"name": "Eve"})).expect(401),
        update()
            .as_key_of("gil")
            .json(json!({"name": "Eve"}))
            .expect(403),
        update()
            .as_user("gil")
            .json(json!({"name": "Gilbert"}))
            .body([r#"{"status":true}"#]),
        Scenario::get("/api/auth/get-session")
            .as_user("gil")
            .body([r#""name":"Gilbert""#]),
        update().as_user("gil").json(json!({})).expect(422),
        Scenario::get("/api/auth/get-session")
            .as_user("gil")
            .body([r#""locale":null"#]),
        update()
            .as_user("gil")
            .json(json!({"locale": "de-CH"}))
            .body([r#"{"status":true}"#]),
        Scenario::get("/api/auth/get-session")
            .as_user("gil")
            .body([r#""locale":"de-ch""#]),
        update()
            .as_user("gil")
            .json(json!({"locale": "no language"}))
            .expect(422)
            .body([r#""path":"/locale""#]),
        update()
            .as_user("gil")
            .json(json!({"locale": 7}))
            .expect(422)
            .body([r#""path":"/locale""#]),
        update()
            .as_user("gil")
            .json(json!({"locale": null}))
            .body([r#"{"status":true}"#]),
        Scenario::get("/api/auth/get-session")
            .as_user("gil")
            .body([r#""locale":null"#]),
        update()
            .as_user("gil")
            .json(json!({"name": "x", "email": "eve@example.com"}))
            .expect(422)
            .body(["/email"]),
        update()
            .as_user("gil")
            .json(json!({"name": "x", "roles": ["admin"]}))
            .expect(422)
            .body(["/roles"]),
        change().json(good.clone()).expect(401),
        change().as_key_of("gil").json(good.clone()).expect(403),
        change()
            .as_user("gil")
            .json(with("currentPassword", json!("another one")))
            .expect(403)
            .code("INVALID_PASSWORD"),
        change()
            .as_user("gil")
            .json(with("currentPassword", json!(null)))
            .expect(403)
            .code("INVALID_PASSWORD"),
        change()
            .as_user("gil")
            .json(with("newPassword", json!("short")))
            .expect(422)
            .code("PASSWORD_TOO_SHORT")
            .body(["/newPassword"]),
        change()
            .as_user("gil")
            .json(with("newPassword", json!({"$ne": ""})))
            .expect(422)
            .body(["/newPassword"]),
        change()
            .as_user("gil")
            .json(good.clone())
            .body([r#""token":null"#, r#""email":"gil@example.com""#])
            .not_body(["argon2"]),
    ]
}

fn reset() -> Vec<Scenario> {
    let request = || Scenario::post("/api/auth/request-password-reset");
    let reset = || Scenario::post("/api/auth/reset-password");
    let token = "0123456789abcdefghijABCDEFGHIJ0123456789abc";
    let asked = r#""status":true"#;
    let invalid = r#"{"code":"INVALID_TOKEN","#;
    vec![
        request()
            .json(json!({"email": "ann@example.com"}))
            .body([asked])
            .not_body(["ann"]),
        request()
            .json(json!({"email": "nobody@example.com", "redirectTo": "/reset"}))
            .body([asked]),
        request().json(json!({})).expect(422).body(["/email"]),
        request()
            .json(json!({"email": {"$ne": ""}}))
            .expect(422)
            .body(["/email"]),
        Scenario::get(format!("/api/auth/reset-password/{token}")).expect(302),
        Scenario::get("/api/auth/reset-password/x").expect(302),
        reset()
            .json(json!({"newPassword": "battery staple horse", "token": token}))
            .expect(400)
            .body([invalid]),
        reset()
            .json(json!({"newPassword": "battery staple horse"}))
            .expect(400)
            .body([invalid]),
        reset()
            .query("token", "")
            .json(json!({"newPassword": "battery staple horse"}))
            .expect(400)
            .body([invalid]),
        reset()
            .json(json!({"token": token}))
            .expect(422)
            .body(["/newPassword"]),
        reset()
            .json(json!({"token": token, "newPassword": {"$ne": ""}}))
            .expect(422)
            .body(["/newPassword"]),
        reset()
            .json(json!({"token": {"$ne": ""}, "newPassword": "battery staple horse"}))
            .expect(422)
            .body(["/token"]),
    ]
}

fn verification() -> Vec<Scenario> {
    let send = || Scenario::post("/api/auth/send-verification-email");
    let verify = || Scenario::get("/api/auth/verify-email");
    vec![
        send()
            .json(json!({"email": "nobody@example.com"}))
            .body([r#"{"status":true}"#]),
        send()
            .json(json!({"email": "x"}))
            .expect(422)
            .body(["/email"]),
        verify().expect(400).code("INVALID_TOKEN"),
        verify()
            .query("token", "x")
            .expect(400)
            .body([r#"{"code":"INVALID_TOKEN","#]),
        verify()
            .query("token", "x")
            .query("callbackURL", "https://evil.example")
            .expect(422),
    ]
}
