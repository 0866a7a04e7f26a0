use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::{NOWHERE, World, id, worlds};

/// KEY-1, KEY-2, KEY-6: who may make and see keys, as requests.
#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let list = || Scenario::get("/api/api-keys");
    let post = || Scenario::post("/api/api-keys");
    let one = format!("/api/api-keys/{NOWHERE}");
    vec![
        list().expect(401),
        list().as_user("ann").body([r#"{"data":[]"#]),
        // A key must not see or make keys.
        list().as_key_of("bob").expect(403),
        post()
            .as_key_of("bob")
            .json(json!({"name": "x"}))
            .expect(403),
        post().json(json!({"name": "x"})).expect(401),
        post()
            .json(json!({"name": "x", "userId": NOWHERE}))
            .expect(401),
        post()
            .as_user("ann")
            .json(json!({"name": "x", "userId": NOWHERE}))
            .expect(403),
        post()
            .as_user("ann")
            .json(json!({"name": "x", "roles": ["admin"]}))
            .expect(403),
        post()
            .as_user("ann")
            .json(json!({"name": "robot"}))
            .expect(201)
            .body([r#""key":"pak_"#, r#""name":"robot""#]),
        list().as_user("ann").body(["robot"]).not_body(["pak_"]),
        list().as_user("bob").not_body(["robot"]),
        list().as_admin().body(["robot"]).not_body(["pak_"]),
        post()
            .as_user("ann")
            .json(json!({"name": ""}))
            .expect(422)
            .body([r#""path":"/name""#]),
        post()
            .as_user("ann")
            .json(json!({"name": "x", "expires_at": "soon"}))
            .expect(422)
            .body(["/expires_at"]),
        post()
            .as_user("ann")
            .json(json!({"name": "x", "admin": true}))
            .expect(422),
        post()
            .as_user("ann")
            .raw("application/json", "{")
            .expect(400),
        Scenario::get(&one).expect(401),
        Scenario::get(&one).as_user("ann").expect(404),
        Scenario::delete(&one).expect(401),
        Scenario::delete(&one).as_user("ann").expect(404),
        Scenario::delete("/api/api-keys/nonsense")
            .as_user("ann")
            .expect(404),
        list().as_user("ann").query("limit", "many").expect(422),
    ]
}

/// KEY-4: a revoked key is dead.
#[tokio::test]
async fn key_4_a_revoked_key_is_dead() {
    for world in worlds().await {
        let ann = world.app.user("ann").await;
        let made = ann
            .post("/api/api-keys")
            .json(&json!({"name": "robot"}))
            .await
            .expect(201);
        let key = format!("Bearer {}", made.data()["key"].as_str().unwrap());
        let path = format!("/api/api-keys/{}", id(&made));
        let by_key = || {
            world
                .app
                .anonymous()
                .get("/api/items/posts")
                .header("authorization", &key)
        };
        by_key().await.expect(200);

        world.app.user("bob").await.delete(&path).await.expect(404);
        ann.get(&path).await.expect(200);
        ann.delete(&path).await.expect(200);
        by_key().await.expect(401);
        ann.get(&path).await.expect(404);
    }
}

/// KEY-4: a key does not belong in a URL.
#[tokio::test]
async fn key_4_a_key_does_not_belong_in_a_url() {
    let world = World::sqlite().await;
    let key = world.app.api_key("ann", None).await.token().to_owned();
    for parameter in ["api_key", "access_token", "q"] {
        let response = world
            .app
            .anonymous()
            .get(format!("/api/items/pages?{parameter}={key}"))
            .await;
        assert_eq!(response.expect(400).code(), "BAD_REQUEST");
    }
}

/// KEY-3: a key has no role its owner lost.
#[tokio::test]
async fn key_3_a_key_has_no_role_its_owner_lost() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        let ann = world.app.user("ann").await;
        let session = ann.get("/api/auth/get-session").await.json();
        let roles = format!(
            "/api/users/{}/roles",
            session["user"]["id"].as_str().unwrap()
        );
        admin
            .post(&roles)
            .json(&json!({"roles": ["admin"]}))
            .await
            .expect(200);
        let whole = world.app.api_key("ann", None).await;
        let narrow = world.app.api_key("ann", Some(&[])).await;
        whole.get("/api/roles").await.expect(200);
        narrow.get("/api/roles").await.expect(403);
        admin
            .post(&roles)
            .json(&json!({"roles": []}))
            .await
            .expect(200);
        whole.get("/api/roles").await.expect(403);
    }
}
