use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let post = || Scenario::post("/api/roles");
    let editor = json!({"name": "editor", "description": "Edits"});
    let patch = || Scenario::patch("/api/roles/editor");
    let delete = || Scenario::delete("/api/roles/editor");
    vec![
        Scenario::get("/api/roles").expect(401),
        Scenario::get("/api/roles").as_user("ann").expect(403),
        Scenario::get("/api/roles")
            .as_admin()
            .body(["admin", "authenticated", "public"]),
        post().json(editor.clone()).expect(401),
        post()
            .as_user("ann")
            .json(json!({"name": "boss", "admin": true}))
            .expect(403),
        post()
            .as_admin()
            .json(editor.clone())
            .expect(201)
            .body([r#""system":false"#]),
        post().as_admin().json(editor).expect(409),
        post()
            .as_admin()
            .json(json!({"name": "No Role"}))
            .expect(422)
            .body([r#""path":"/name""#]),
        post()
            .as_admin()
            .json(json!({"name": 7}))
            .expect(422)
            .body([r#""path":"/name""#]),
        post().as_admin().raw("application/json", "{").expect(400),
        patch().json(json!({"description": "x"})).expect(401),
        patch()
            .as_user("ann")
            .json(json!({"admin": true}))
            .expect(403),
        patch()
            .as_admin()
            .json(json!({"description": "Writes"}))
            .body(["Writes"]),
        patch()
            .as_admin()
            .json(json!({"name": "other"}))
            .expect(422),
        Scenario::patch("/api/roles/public")
            .as_admin()
            .json(json!({"admin": true}))
            .expect(422),
        Scenario::patch("/api/roles/nothing")
            .as_admin()
            .json(json!({}))
            .expect(404),
        delete().expect(401),
        delete().as_user("ann").expect(403),
        delete().as_admin().body([r#"{"ok":true}"#]),
        delete().as_admin().expect(404),
        Scenario::delete("/api/roles/admin").as_admin().expect(409),
    ]
}
