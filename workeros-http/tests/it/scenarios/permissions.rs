use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::{NOWHERE, World};

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(world: &World) -> Vec<Scenario> {
    [read(world), create(), simulate(world), change(world)].concat()
}

fn read(world: &World) -> Vec<Scenario> {
    let list = || Scenario::get("/api/permissions");
    let one = format!("/api/permissions/{}", world.permission);
    vec![
        list().expect(401),
        list().as_user("ann").expect(403),
        list()
            .as_admin()
            .body([world.permission.as_str(), "$user.id"]),
        list()
            .as_admin()
            .query("collection", "pages")
            .body(["public"])
            .not_body(["posts"]),
        list()
            .as_admin()
            .query("role", "authenticated")
            .body(["posts"])
            .not_body(["pages"]),
        list().as_admin().query("colour", "red").expect(422),
        Scenario::get(&one).expect(401),
        Scenario::get(&one).as_user("ann").expect(403),
        Scenario::get(&one).as_admin().body(["pages"]),
        Scenario::get(format!("/api/permissions/{NOWHERE}"))
            .as_admin()
            .expect(404),
        Scenario::get("/api/permissions/nonsense")
            .as_admin()
            .expect(404),
    ]
}

fn create() -> Vec<Scenario> {
    let post = || Scenario::post("/api/permissions");
    let read = json!({"role": "authenticated", "collection": "pages", "action": "read"});
    let with = |key: &str, value| {
        let mut body = read.clone();
        body[key] = value;
        body
    };
    vec![
        post().json(read.clone()).expect(401),
        post().as_user("ann").json(read.clone()).expect(403),
        post()
            .as_admin()
            .json(read.clone())
            .expect(201)
            .body([r#""collection":"pages""#]),
        post()
            .as_admin()
            .json(with("role", json!("nobody")))
            .expect(422)
            .body(["/role"]),
        post()
            .as_admin()
            .json(with("action", json!("rule")))
            .expect(422)
            .body(["/action"]),
        post()
            .as_admin()
            .json(with("fields", json!(["colour"])))
            .expect(422)
            .body(["/fields/0"]),
        post()
            .as_admin()
            .json(with("condition", json!({"title": {"_near": 1}})))
            .expect(422)
            .body(["/condition/title/_near"]),
        post()
            .as_admin()
            .json(with("colour", json!(1)))
            .expect(422)
            .body(["/colour"]),
        post().as_admin().raw("application/json", "{").expect(400),
    ]
}

fn simulate(world: &World) -> Vec<Scenario> {
    let post = || Scenario::post("/api/permissions/simulate");
    let question = json!({"role": "authenticated", "collection": "posts", "action": "read"});
    let of_nobody = json!({"role": "public", "collection": "secrets", "action": "read"});
    let of_item =
        json!({"role": "public", "collection": "pages", "action": "read", "id": world.page});
    vec![
        post().json(question.clone()).expect(401),
        post().as_user("ann").json(question.clone()).expect(403),
        post()
            .as_admin()
            .json(question)
            .body([r#""allowed":true"#, "$user.id"])
            .not_body(["memo"]),
        post()
            .as_admin()
            .json(of_nobody)
            .body([r#""allowed":false"#]),
        post().as_admin().json(of_item).body([r#""allowed":true"#]),
        post()
            .as_admin()
            .json(json!({"action": "read"}))
            .expect(422)
            .body(["/collection"]),
        post().as_admin().raw("application/json", "").expect(400),
    ]
}

fn change(world: &World) -> Vec<Scenario> {
    let one = format!("/api/permissions/{}", world.permission);
    let patch = || Scenario::patch(&one);
    let delete = || Scenario::delete(&one);
    vec![
        patch().json(json!({"fields": ["title"]})).expect(401),
        patch()
            .as_user("ann")
            .json(json!({"fields": null}))
            .expect(403),
        patch()
            .as_admin()
            .json(json!({"fields": ["title"]}))
            .body([r#""fields":["title"]"#]),
        patch()
            .as_admin()
            .json(json!({"role": "admin"}))
            .expect(422),
        Scenario::get("/api/items/pages")
            .body(["welcome"])
            .not_body(["views"]),
        delete().expect(401),
        delete().as_user("ann").expect(403),
        delete().as_admin().body([r#"{"ok":true}"#]),
        delete().as_admin().expect(404),
        Scenario::get("/api/items/pages")
            .expect(401)
            .not_body(["welcome"]),
    ]
}
