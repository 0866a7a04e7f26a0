use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::{NOWHERE, World};

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    [of_end_users(), of_invited(), of_team()].concat()
}

fn of_end_users() -> Vec<Scenario> {
    let one = format!("/api/app-users/{NOWHERE}");
    let below = |rest: &str| Scenario::post(format!("/api/app-users/{NOWHERE}/{rest}"));
    let activity = || Scenario::get("/api/app-activity");
    let mut scenarios = vec![
        activity().expect(401),
        activity().as_user("ann").expect(403),
        activity().as_admin().body([r#""data":[]"#]),
        activity().as_admin().query("user", "x").expect(422),
        Scenario::get("/api/app-users").expect(401),
        Scenario::get("/api/app-users").as_user("ann").expect(403),
        Scenario::get("/api/app-users")
            .as_admin()
            .body([r#""data":[]"#]),
        Scenario::get("/api/app-users")
            .as_admin()
            .query("limit", "0")
            .expect(422),
        Scenario::get("/api/app-users/me").as_admin().expect(404),
        Scenario::patch(&one)
            .as_admin()
            .json(json!({"admin": true}))
            .expect(422)
            .body(["/admin"]),
        below("roles")
            .as_admin()
            .json(json!({"roles": "x"}))
            .expect(422)
            .body(["/roles"]),
        below("impersonate")
            .as_admin()
            .json(json!({"write": true}))
            .expect(422)
            .body(["/reason"]),
    ];
    for scenario in [
        Scenario::get(&one),
        Scenario::patch(&one).json(json!({"name": "x"})),
        Scenario::delete(&one),
        below("roles").json(json!({"roles": []})),
        below("revoke-sessions"),
        below("impersonate").json(json!({"reason": "why not"})),
    ] {
        scenarios.push(scenario.clone().expect(401));
        scenarios.push(scenario.clone().as_user("ann").expect(403));
        scenarios.push(scenario.as_admin().expect(404));
    }
    scenarios
}

fn of_invited() -> Vec<Scenario> {
    const ALL: &str = "/api/app-invitations";
    const ACCEPT: &str = "/api/t/default/auth/accept-invitation";
    let (one, uma) = (
        format!("{ALL}/{NOWHERE}"),
        json!({"email": "uma@users.example"}),
    );
    let resend = || Scenario::post(format!("{ALL}/{NOWHERE}/resend")).json(json!({}));
    let new = || Scenario::post("/api/app-users");
    let token = json!({"token": "a".repeat(43)});
    vec![
        Scenario::get(ALL).expect(401),
        Scenario::get(ALL).as_user("ann").expect(403),
        Scenario::get(ALL).as_admin().body([r#""data":[]"#]),
        Scenario::post(ALL).json(uma.clone()).expect(401),
        Scenario::post(ALL)
            .as_user("ann")
            .json(uma.clone())
            .expect(403),
        Scenario::post(ALL)
            .as_admin()
            .json(uma.clone())
            .expect(201)
            .body([r#""roles":[]"#]),
        Scenario::post(ALL)
            .as_admin()
            .json(json!({"roles": ["admin"], "invited_by": NOWHERE}))
            .expect(422)
            .body(["/email", "/invited_by"]),
        Scenario::post(ALL)
            .as_admin()
            .json(json!({"email": "uma@users.example", "roles": ["admin"]}))
            .expect(422)
            .body(["/roles"]),
        Scenario::delete(&one).expect(401),
        Scenario::delete(&one).as_user("ann").expect(403),
        Scenario::delete(&one).as_admin().expect(404),
        Scenario::delete(format!("{ALL}/x")).as_admin().expect(404),
        resend().expect(401),
        resend().as_user("ann").expect(403),
        resend().as_admin().expect(404),
        Scenario::get(ACCEPT).expect(302),
        Scenario::post(ACCEPT).json(token.clone()).expect(401),
        // Whoever is signed in on the platform is nobody here.
        Scenario::post(ACCEPT).as_admin().json(token).expect(401),
        new().json(uma.clone()).expect(401),
        new().as_user("ann").json(uma.clone()).expect(403),
        new()
            .as_admin()
            .json(json!({}))
            .expect(422)
            .body(["/email"]),
        new()
            .as_admin()
            .json(uma)
            .expect(201)
            .body(["uma@users.example"]),
    ]
}

fn of_team() -> Vec<Scenario> {
    let start = || Scenario::post("/api/auth/admin/impersonate-user");
    let body = json!({"userId": NOWHERE, "reason": "why not"});
    let stop = |base: &str| Scenario::post(format!("{base}/admin/stop-impersonating"));
    vec![
        start().json(body.clone()).expect(401),
        start().as_user("ann").json(body.clone()).expect(403),
        start().as_key_of("admin").json(body.clone()).expect(403),
        start().as_admin().json(body).expect(404),
        start()
            .as_admin()
            .json(json!({"userId": NOWHERE}))
            .expect(422)
            .body(["/reason"]),
        start()
            .as_admin()
            .json(json!({"reason": "why not"}))
            .expect(422)
            .body(["/userId"]),
        stop("/api/auth").expect(401),
        stop("/api/auth").as_user("ann").expect(400),
        stop("/api/t/default/auth").expect(401),
        // Whoever is signed in on the platform is nobody here.
        stop("/api/t/default/auth").as_admin().expect(401),
    ]
}
