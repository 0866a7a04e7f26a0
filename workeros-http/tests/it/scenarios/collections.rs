use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    [read(), create(), change(), remove()].concat()
}

fn read() -> Vec<Scenario> {
    let physical = r#""physical_table":"c_"#;
    vec![
        // Everybody sees what he may read something of, and of it no more.
        Scenario::get("/api/collections")
            .body(["pages"])
            .not_body(["posts", "secrets"]),
        Scenario::get("/api/collections")
            .as_user("ann")
            .body(["posts"])
            .not_body(["secrets"]),
        Scenario::get("/api/collections").as_admin().body([
            "secrets",
            "memo",
            physical,
            "created_at",
        ]),
        Scenario::get("/api/collections/posts").expect(401),
        Scenario::get("/api/collections/posts")
            .as_user("ann")
            .body(["title"])
            .not_body(["memo"]),
        Scenario::get("/api/collections/secrets")
            .as_user("ann")
            .expect(403),
        Scenario::get("/api/collections/nothing")
            .as_user("ann")
            .expect(403),
        Scenario::get("/api/collections/nothing")
            .as_admin()
            .expect(404),
    ]
}

fn create() -> Vec<Scenario> {
    let post = || Scenario::post("/api/collections");
    let shops =
        json!({"slug": "shops", "fields": [{"name": "name", "type": "text", "required": true}]});
    let hostile = json!({"slug": "notes", "fields": [
        {"name": "body", "type": "text", "default": "x'); DROP TABLE workeros_users;--"},
    ]});
    vec![
        post().json(shops.clone()).expect(401),
        post().as_user("ann").json(shops.clone()).expect(403),
        post()
            .as_admin()
            .json(shops.clone())
            .expect(201)
            .body([r#""slug":"shops""#]),
        post().as_admin().json(shops).expect(409).code("CONFLICT"),
        Scenario::post("/api/items/shops")
            .as_admin()
            .json(json!({"name": "corner"}))
            .expect(201)
            .events(["shops.create"]),
        post().as_admin().json(hostile).expect(201),
        Scenario::post("/api/items/notes")
            .as_admin()
            .json(json!({}))
            .expect(201)
            .body(["DROP TABLE workeros_users"])
            .events(["notes.create"]),
        post()
            .as_admin()
            .json(json!({"slug": "No Slug"}))
            .expect(422)
            .body([r#""path":"/slug""#]),
        post()
            .as_admin()
            .json(json!({"slug": "pg_x"}))
            .expect(422)
            .body([r#""path":"/slug""#]),
        post()
            .as_admin()
            .json(json!({"slug": "a", "colour": 1}))
            .expect(422)
            .body(["/colour"]),
        post()
            .as_admin()
            .json(json!({"slug": "a", "fields": [{"name": "x", "type": "blob"}]}))
            .expect(422)
            .body(["/fields/0/type"]),
        post()
            .as_admin()
            .json(json!({"slug": "a", "fields": [{"name": "x\"", "type": "text"}]}))
            .expect(422)
            .body(["/fields/0/name"]),
        post()
            .as_admin()
            .raw("application/json", "nope")
            .expect(400),
    ]
}

fn change() -> Vec<Scenario> {
    let patch = || Scenario::patch("/api/collections/shops");
    let street = json!({"fields": [{"name": "street", "type": "text"}]});
    vec![
        patch().json(street.clone()).expect(401),
        patch().as_user("ann").json(street.clone()).expect(403),
        patch().as_admin().json(street).body(["street"]),
        Scenario::get("/api/items/shops")
            .as_admin()
            .body([r#""street":null"#]),
        patch()
            .as_admin()
            .json(json!({"fields": [{"name": "street", "type": "integer"}]}))
            .expect(422)
            .body(["/fields/0/type"]),
        Scenario::patch("/api/collections/nothing")
            .as_admin()
            .json(json!({}))
            .expect(404),
        Scenario::delete("/api/collections/shops/fields/street").expect(401),
        Scenario::delete("/api/collections/shops/fields/street")
            .as_user("ann")
            .expect(403),
        Scenario::delete("/api/collections/shops/fields/id")
            .as_admin()
            .expect(422),
        Scenario::delete("/api/collections/shops/fields/street")
            .as_admin()
            .body([r#"{"ok":true}"#]),
        Scenario::delete("/api/collections/shops/fields/street")
            .as_admin()
            .expect(404),
        Scenario::get("/api/items/shops")
            .as_admin()
            .body(["corner"])
            .not_body(["street"]),
    ]
}

fn remove() -> Vec<Scenario> {
    let delete = || Scenario::delete("/api/collections/shops");
    vec![
        delete().expect(401),
        delete().as_user("ann").expect(403),
        delete().as_admin().body([r#"{"ok":true}"#]),
        delete().as_admin().expect(404),
        Scenario::get("/api/items/shops").as_admin().expect(404),
    ]
}
