//! API keys that may do less than whoever made them.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_core::{Authenticator as _, ErrorKind};
use workeros_http::Access;
use workeros_http::testkit::Client;

use crate::support::World;

/// What is asked by `POST` and changes nothing.
const QUERY: &str = "/api/items/{slug}/query";
/// What is in a batch decides.
const BATCH: &str = "/api/items/{slug}/batch";

/// A key of the admin, made of this.
async fn key(world: &World, mut body: Json) -> Client {
    body["name"] = json!("a narrow key");
    let admin = world.app.admin().await;
    let made = admin.post("/api/api-keys").json(&body).await.expect(201);
    let key = made.data()["key"].as_str().unwrap().to_owned();
    world.app.with_token(key)
}

/// KEY-5: a key that only reads gets through no door that writes.
#[tokio::test]
async fn key_5_a_key_that_only_reads_gets_through_no_door_that_writes() {
    let world = World::sqlite().await;
    let key = key(&world, json!({"read_only": true})).await;
    key.get("/api/items/posts").await.expect(200);
    key.get("/api/collections").await.expect(200);
    let mut tried = 0;
    for endpoint in world.app.backend().endpoints() {
        let is_write = !endpoint.method().is_safe() && endpoint.access() != Access::Open;
        if !is_write || [QUERY, BATCH].contains(&endpoint.path()) {
            continue;
        }
        let path = endpoint
            .path()
            .replace("{slug}", "posts")
            .replace("{id}", &world.ann)
            .replace("{workspace}", "default")
            .replace(['{', '}'], "");
        let body = match endpoint.path() {
            "/api/items/{slug}/bulk-update" => {
                json!({"keys": [world.ann], "data": {"title": "x"}})
            }
            _ => json!({}),
        };
        let request = key.request(endpoint.method().clone(), &path);
        let response = request.json(&body).await;
        // Whose sessions these are is not asked of a key at all.
        assert!(
            [401, 403].contains(&response.status),
            "{endpoint:?}: {response:?}"
        );
        tried += 1;
    }
    assert!(tried > 20, "only {tried}");
    let delete = json!([{"op": "delete", "id": world.ann}]);
    for atomic in [true, false] {
        let body = json!({"operations": delete, "atomic": atomic});
        let batch = key.request(Method::POST, "/api/items/posts/batch");
        let response = batch.json(&body).await;
        assert!(response.text().contains("FORBIDDEN"), "{response:?}");
    }
    let path = format!("/api/items/posts/{}", world.ann);
    world.app.admin().await.get(path).await.expect(200);
}

/// KEY-3: a key for some collections opens no other.
#[tokio::test]
async fn a_key_for_some_collections_opens_no_other() {
    let world = World::sqlite().await;
    let key = key(&world, json!({"collections": ["posts"]})).await;
    let post = json!({"title": "by a key"});
    key.post("/api/items/posts").json(&post).await.expect(201);
    key.get("/api/items/posts").await.expect(200);
    for path in [
        "/api/items/pages",
        "/api/items/secrets",
        "/api/users",
        "/api/roles",
    ] {
        key.get(path).await.expect(403);
    }
    let field = json!({"slug": "more", "fields": []});
    key.post("/api/collections").json(&field).await.expect(403);
    let listed = key.get("/api/collections").await.expect(200);
    let data = listed.data();
    let slugs = data.as_array().unwrap().iter().map(|one| &one["slug"]);
    let slugs: Vec<&Json> = slugs.collect();
    assert_eq!(slugs, ["posts"]);
}

#[tokio::test]
async fn a_key_says_what_it_is_narrowed_to() {
    let world = World::sqlite().await;
    let admin = world.app.admin().await;
    let body = json!({
        "name": "ci", "collections": ["posts"], "readOnly": true, "requests_per_minute": 5,
    });
    let made = admin.post("/api/api-keys").json(&body).await.expect(201);
    let data = made.data();
    assert_eq!(data["collections"], json!(["posts"]));
    assert_eq!(data["read_only"], json!(true));
    assert_eq!(data["requests_per_minute"], json!(5));
    assert_eq!(data["requests_per_day"], Json::Null);
    for (member, value) in [
        ("requests_per_minute", json!(0)),
        ("requests_per_day", json!(-1)),
        ("collections", json!("posts")),
        ("read_only", json!("yes")),
    ] {
        let body = json!({"name": "ci", member: value});
        admin.post("/api/api-keys").json(&body).await.expect(422);
    }
}

/// KEY-5: the guards for MCP. A key that is good for some tools is good for
/// nothing else.
#[tokio::test]
async fn key_5_a_key_for_some_tools_gets_through_no_other_door() {
    let world = World::sqlite().await;
    let tools = json!({"mcpTools": ["list_items", "posts.read"]});
    let key = key(&world, tools).await;
    let mut tried = 0;
    for endpoint in world.app.backend().endpoints() {
        if endpoint.access() == Access::Open {
            continue;
        }
        let path = endpoint.path().replace("{workspace}", "default");
        let path = path.replace(['{', '}'], "");
        let request = key.request(endpoint.method().clone(), &path);
        let response = request.json(&json!({})).await;
        assert_eq!(response.status, 403, "{endpoint:?}: {response:?}");
        tried += 1;
    }
    assert!(tried > 40, "only {tried}");
    let bearer = format!("Bearer {}", key.token());
    let request = http::Request::get("/host").header(http::header::AUTHORIZATION, bearer);
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let refused = world.app.backend().authenticate(&parts).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    // The server of MCP is told what it is good for.
    let auth = world.app.backend().auth().unwrap();
    let identity = auth.authenticate(&parts, None).await.unwrap().unwrap();
    let scope = identity.scope;
    assert!(scope.allows_tool("posts.read") && !scope.allows_tool("posts.write"));
}

/// KEY-5: what only reads through MCP only reads.
#[tokio::test]
async fn key_5_a_key_that_only_reads_through_mcp_only_reads() {
    let world = World::sqlite().await;
    let key = key(&world, json!({"mcpReadOnly": true})).await;
    key.get("/api/items/posts").await.expect(200);
    let post = json!({"title": "x"});
    let refused = key.post("/api/items/posts").json(&post).await;
    refused.expect(403);
}

#[tokio::test]
async fn names_of_tools_that_are_none_are_refused() {
    let world = World::sqlite().await;
    let admin = world.app.admin().await;
    let many = vec!["tool"; 101];
    for tools in [json!([""]), json!(["a b"]), json!("all"), json!(many)] {
        let body = json!({"name": "x", "mcp_tools": tools});
        let refused = admin.post("/api/api-keys").json(&body).await.expect(422);
        assert!(refused.paths()[0].starts_with("/mcp_tools"), "{refused:?}");
    }
    for (body, tools) in [
        (json!({"name": "none", "mcp_tools": []}), json!([])),
        (json!({"name": "all"}), Json::Null),
    ] {
        let made = admin.post("/api/api-keys").json(&body).await.expect(201);
        assert_eq!(made.data()["mcp_tools"], tools);
    }
}
