use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let get = || Scenario::get("/api/auth-settings");
    let patch = |body| Scenario::patch("/api/auth-settings").json(body);
    let closed = json!({"sign_up": "closed"});
    vec![
        get().expect(401),
        get().as_user("ann").expect(403),
        get().as_admin().body([
            r#""version":0"#,
            r#""stored":{}"#,
            r#""sign_up":"open""#,
            r#""updated_at":null"#,
        ]),
        patch(closed.clone()).expect(401),
        patch(closed.clone()).as_user("ann").expect(403),
        patch(closed)
            .as_admin()
            .body([r#""stored":{"sign_up":"closed"}"#, r#""version":1"#]),
        patch(json!({"sign_up": null})).as_admin().body([r#""stored":{}"#, r#""version":2"#]),
        patch(json!({"signUp": "open"}))
            .as_admin()
            .expect(422)
            .body([r#""path":"/signUp""#, "unknown_field"]),
        patch(json!("open")).as_admin().expect(422),
    ]
}
