use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let planes = ["/api/auth", "/api/t/default/auth"];
    let mut table = planes.map(anybody).concat();
    table.extend(of_ann());
    table
}

fn anybody(base: &str) -> Vec<Scenario> {
    let link = |query: &str| format!("{base}/change-email/confirm?{query}");
    let change = Scenario::post(format!("{base}/change-email"));
    let change = change.json(json!({"newEmail": "new@example.com"}));
    let leave = Scenario::post(format!("{base}/delete-user")).json(json!({}));
    vec![
        change.clone().expect(401),
        change.as_key_of("bob").expect(403),
        leave.clone().expect(401),
        leave.as_key_of("bob").expect(403),
        Scenario::get(link("token=x"))
            .expect(400)
            .code("INVALID_TOKEN"),
        Scenario::get(link("token=x&callbackURL=/done")).expect(302),
        Scenario::get(link("token=x&callbackURL=https://evil.example")).expect(422),
        Scenario::post(link("token=x"))
            .expect(400)
            .code("INVALID_TOKEN"),
    ]
}

fn of_ann() -> Vec<Scenario> {
    let change = |body| {
        Scenario::post("/api/auth/change-email")
            .as_user("ann")
            .json(body)
    };
    let leave = |body| {
        Scenario::post("/api/auth/delete-user")
            .as_user("ann")
            .json(body)
    };
    vec![
        change(json!({"newEmail": "anna"}))
            .expect(422)
            .body(["/newEmail"]),
        change(json!({})).expect(422).body(["/newEmail"]),
        change(json!({"newEmail": "anna@example.com", "callbackURL": "//evil.example"}))
            .expect(422)
            .body(["/callbackURL"]),
        change(json!({"newEmail": "Ann@example.com"}))
            .expect(422)
            .code("EMAIL_IS_THE_SAME"),
        // That somebody has it is not told.
        change(json!({"newEmail": "bob@example.com"}))
            .expect(200)
            .body([r#"{"status":true}"#]),
        leave(json!({"password": "battery staple horse"}))
            .expect(403)
            .code("INVALID_PASSWORD"),
        leave(json!({"password": "x"}))
            .expect(403)
            .code("INVALID_PASSWORD"),
        leave(json!({"userId": "x"})).expect(422),
    ]
}
