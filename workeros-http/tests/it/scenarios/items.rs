use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::{NOWHERE, World};

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(world: &World) -> Vec<Scenario> {
    [
        list(world),
        query(world),
        create(world),
        read(world),
        write(world),
        many(world),
    ]
    .concat()
}

fn list(world: &World) -> Vec<Scenario> {
    let get = || Scenario::get("/api/items/posts");
    let one_page = r#""limit":50,"offset":0,"has_more":false"#;
    vec![
        get().expect(401).code("UNAUTHORIZED").not_body(["of ann"]),
        get()
            .as_user("ann")
            .body(["of ann", one_page])
            .not_body(["of bob", "secret", "memo"]),
        get()
            .as_key_of("ann")
            .body(["of ann"])
            .not_body(["of bob", "secret"]),
        get()
            .as_admin()
            .body(["of ann", "of bob", "secret about ann"]),
        get()
            .as_admin()
            .query("limit", "1")
            .body([r#""limit":1"#, r#""has_more":true"#]),
        get()
            .as_admin()
            .query("limit", "1")
            .query("cursor", "")
            .body(["next_cursor"]),
        get()
            .as_admin()
            .query("meta", "*")
            .body([r#""filter_count":2"#, r#""total_count":2"#]),
        get()
            .as_admin()
            .query("sort", "-title")
            .query("fields", "title")
            .body([r#"[{"title":"of bob"},{"title":"of ann"}]"#]),
        get()
            .as_user("ann")
            .filter(json!({"title": {"_eq": "of bob"}}))
            .body([r#""data":[]"#]),
        get()
            .as_user("ann")
            .filter(json!({"title": {"_eq": "of ann"}}))
            .body([world.ann.as_str()]),
        get()
            .as_user("ann")
            .filter(json!({"title": {"_near": 1}}))
            .expect(422)
            .body(["_near"]),
        get()
            .as_user("ann")
            .query("filter", "{")
            .expect(422)
            .body(["filter"]),
        get()
            .as_user("ann")
            .query("limit", "0")
            .expect(422)
            .body([r#""path":"limit""#]),
        get()
            .as_user("ann")
            .query("limit", "201")
            .expect(422)
            .body([r#""path":"limit""#]),
        get()
            .as_user("ann")
            .query("cursor", "forged")
            .expect(422)
            .body([r#""path":"cursor""#]),
        get()
            .as_user("ann")
            .query("colour", "red")
            .expect(422)
            .body([r#""path":"colour""#]),
        get()
            .as_user("ann")
            .query("limit", "1")
            .query("limit", "2")
            .expect(422)
            .body(["limit"]),
        Scenario::get("/api/items/pages").body(["welcome"]),
        Scenario::get("/api/items/secrets").expect(401),
        Scenario::get("/api/items/secrets")
            .as_user("ann")
            .expect(403)
            .code("FORBIDDEN"),
        Scenario::get("/api/items/nothing")
            .as_user("ann")
            .expect(403)
            .code("FORBIDDEN"),
        Scenario::get("/api/items/nothing")
            .as_admin()
            .expect(404)
            .code("NOT_FOUND"),
    ]
}

fn query(_: &World) -> Vec<Scenario> {
    let post = || Scenario::post("/api/items/posts/query");
    vec![
        post().json(json!({})).expect(401),
        post()
            .as_user("ann")
            .json(json!({"filter": {"title": {"_contains": "of"}}, "limit": 5}))
            .body(["of ann", r#""limit":5"#])
            .not_body(["of bob"]),
        post()
            .as_user("ann")
            .json(json!({"colour": 1}))
            .expect(422)
            .body([r#""path":"/colour""#]),
        post().as_user("ann").json(json!([])).expect(422),
        post()
            .as_user("ann")
            .raw("application/json", "{")
            .expect(400)
            .code("BAD_REQUEST"),
        post().as_user("ann").expect(400).code("BAD_REQUEST"),
        post()
            .as_user("ann")
            .raw("text/plain", "{}")
            .expect(415)
            .code("UNSUPPORTED_MEDIA_TYPE"),
        // Read by `GET`, it is an item's id like any other.
        Scenario::get("/api/items/posts/query")
            .as_user("ann")
            .expect(404),
    ]
}

fn create(_: &World) -> Vec<Scenario> {
    let post = || Scenario::post("/api/items/posts");
    vec![
        post().json(json!({"title": "x"})).expect(401),
        post()
            .as_user("ann")
            .json(json!({"title": "new", "views": 3}))
            .expect(201)
            .body([r#""title":"new""#, r#""views":3"#])
            .not_body(["memo"])
            .events(["posts.create"]),
        post()
            .as_user("ann")
            .json(json!({"title": "x", "memo": "y"}))
            .expect(403),
        post()
            .as_user("ann")
            .json(json!({"title": "x", "colour": 1}))
            .expect(422)
            .body([r#""path":"/colour""#]),
        post()
            .as_user("ann")
            .json(json!({"title": 7}))
            .expect(422)
            .body([r#""path":"/title""#]),
        post()
            .as_user("ann")
            .json(json!({"owner_id": "x"}))
            .expect(422)
            .body(["owner_id"]),
        post()
            .as_user("ann")
            .json(json!({"id": NOWHERE}))
            .expect(422)
            .body(["/id"]),
        post()
            .as_user("ann")
            .raw("application/json", r#"{"title":"a","title":"b"}"#)
            .expect(422)
            .body([r#""path":"/title""#]),
        post()
            .as_user("ann")
            .raw("application/json", "")
            .expect(400),
        Scenario::post("/api/items/pages")
            .json(json!({"title": "x"}))
            .expect(401),
        Scenario::post("/api/items/pages")
            .as_user("ann")
            .json(json!({"title": "x"}))
            .expect(403),
    ]
}

fn read(world: &World) -> Vec<Scenario> {
    let (ann, bob) = (
        format!("/api/items/posts/{}", world.ann),
        format!("/api/items/posts/{}", world.bob),
    );
    vec![
        Scenario::get(&ann).expect(401),
        Scenario::get(&ann)
            .as_user("ann")
            .body(["of ann"])
            .not_body(["secret"]),
        Scenario::get(&bob)
            .as_user("ann")
            .expect(404)
            .code("NOT_FOUND"),
        Scenario::get(format!("/api/items/posts/{NOWHERE}"))
            .as_user("ann")
            .expect(404),
        Scenario::get("/api/items/posts/nonsense")
            .as_user("ann")
            .expect(404),
        Scenario::get(&ann)
            .as_user("ann")
            .query("fields", "views")
            .body([r#"{"views":1}"#]),
        Scenario::get(&ann)
            .as_user("ann")
            .query("fields", "memo")
            .expect(403)
            .code("FORBIDDEN"),
        Scenario::get(&ann)
            .as_user("ann")
            .query("fields", "nope")
            .expect(422),
        Scenario::get(&ann)
            .as_user("ann")
            .query("limit", "1")
            .expect(422),
        Scenario::get(format!("/api/items/pages/{}", world.page)).body(["welcome"]),
        Scenario::get("/api/items/posts/%ff")
            .as_user("ann")
            .expect(400),
    ]
}

fn write(world: &World) -> Vec<Scenario> {
    let (ann, bob) = (
        format!("/api/items/posts/{}", world.ann),
        format!("/api/items/posts/{}", world.bob),
    );
    vec![
        Scenario::patch(&ann).json(json!({"views": 2})).expect(401),
        Scenario::patch(&bob)
            .as_user("ann")
            .json(json!({"views": 2}))
            .expect(404),
        Scenario::patch(&ann)
            .as_user("ann")
            .json(json!({"views": "many"}))
            .expect(422)
            .body([r#""path":"/views""#]),
        Scenario::patch(&ann)
            .as_user("ann")
            .json(json!({"created_at": "x"}))
            .expect(422),
        Scenario::patch(&ann)
            .as_user("ann")
            .raw("application/json", "[")
            .expect(400),
        Scenario::patch(&ann)
            .as_user("ann")
            .header("if-match", "\"stale\"")
            .json(json!({"views": 2}))
            .expect(412)
            .code("PRECONDITION_FAILED"),
        Scenario::patch(&ann)
            .as_user("ann")
            .header("if-match", "stale")
            .json(json!({"views": 2}))
            .expect(400),
        Scenario::patch(&ann)
            .as_user("ann")
            .json(json!({"views": 2}))
            .body([r#""views":2"#])
            .not_body(["secret"])
            .events(["posts.update"]),
        Scenario::delete(&ann).expect(401),
        Scenario::delete(&bob).as_user("ann").expect(404),
        Scenario::delete(&ann)
            .as_user("ann")
            .body([r#"{"ok":true}"#])
            .events(["posts.delete"]),
        Scenario::delete(&ann).as_user("ann").expect(404),
    ]
}

fn many(world: &World) -> Vec<Scenario> {
    let batch = || Scenario::post("/api/items/posts/batch");
    let bulk = || Scenario::post("/api/items/posts/bulk-update");
    let create = json!({"op": "create", "data": {"title": "b"}});
    let others = json!({"op": "update", "id": world.bob, "data": {"views": 9}});
    vec![
        batch()
            .json(json!({"operations": [create]}))
            .body([r#"{"data":[{"status":401,"#]),
        batch()
            .json(json!({"operations": [create], "atomic": true}))
            .expect(401),
        batch()
            .as_user("ann")
            .json(json!({"operations": [create, others]}))
            .body([
                r#"{"data":[{"status":201,"data":{"#,
                r#"{"status":404,"error":{"code":"NOT_FOUND""#,
            ])
            .events(["posts.create"]),
        batch()
            .as_user("ann")
            .json(json!({"operations": [create, others], "atomic": true}))
            .expect(404)
            .body(["/operations/1"]),
        batch()
            .as_user("ann")
            .json(json!({"operations": [{"op": "drop"}]}))
            .expect(422)
            .body(["/operations/0/op"]),
        batch()
            .as_user("ann")
            .json(json!({}))
            .expect(422)
            .body(["/operations"]),
        bulk()
            .json(json!({"keys": [world.bob], "data": {"views": 9}}))
            .expect(401),
        bulk()
            .as_user("bob")
            .json(json!({"keys": [world.bob], "data": {"views": 5}}))
            .body([r#"{"data":[{"#, r#""views":5"#])
            .not_body(["secret"])
            .events(["posts.update"]),
        bulk()
            .as_user("ann")
            .json(json!({"keys": [world.bob], "data": {"views": 9}}))
            .expect(404),
        bulk()
            .as_user("ann")
            .json(json!({"keys": "x", "data": {}}))
            .expect(422)
            .body(["/keys"]),
    ]
}
