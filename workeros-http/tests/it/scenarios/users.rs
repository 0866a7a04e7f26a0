use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::{NOWHERE, World};

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let one = |id: &str| format!("/api/users/{id}");
    let roles = |id: &str| format!("/api/users/{id}/roles");
    let new =
        json!({"email": "Eve@example.com", "name": "Eve", "password": "battery staple horse"});
    let post = || Scenario::post("/api/users");
    vec![
        Scenario::get("/api/users").expect(401),
        Scenario::get("/api/users")
            .as_user("ann")
            .expect(403)
            .not_body(["bob"]),
        Scenario::get("/api/users")
            .as_admin()
            .body(["ann@example.com", r#""has_more":false"#])
            .not_body(["password", "argon2"]),
        Scenario::get("/api/users")
            .as_admin()
            .query("limit", "1")
            .body([r#""has_more":true"#]),
        Scenario::get("/api/users")
            .as_admin()
            .query("limit", "0")
            .expect(422),
        Scenario::get("/api/users")
            .as_admin()
            .query("cursor", "x")
            .expect(422)
            .body(["cursor"]),
        post().json(new.clone()).expect(401),
        post().as_user("ann").json(new.clone()).expect(403),
        post()
            .as_admin()
            .json(new.clone())
            .expect(201)
            .body(["eve@example.com", r#""roles":[]"#])
            .not_body(["battery"]),
        post()
            .as_admin()
            .json(new)
            .expect(422)
            .code("USER_ALREADY_EXISTS")
            .body(["/email"]),
        post()
            .as_admin()
            .json(json!({"email": "nobody"}))
            .expect(422)
            .body(["/email"]),
        post()
            .as_admin()
            .json(json!({"name": "x"}))
            .expect(422)
            .body(["/email"]),
        post()
            .as_admin()
            .json(json!({"email": "a@b.co", "admin": true}))
            .expect(422)
            .body(["/admin"]),
        post().as_admin().raw("application/json", "{").expect(400),
        Scenario::get(one(NOWHERE)).expect(401),
        Scenario::get(one(NOWHERE)).as_user("ann").expect(403),
        Scenario::get(one(NOWHERE)).as_admin().expect(404),
        Scenario::get(one("me")).as_admin().expect(404),
        Scenario::patch(one(NOWHERE))
            .json(json!({"name": "x"}))
            .expect(401),
        Scenario::patch(one(NOWHERE))
            .as_user("ann")
            .json(json!({"name": "x"}))
            .expect(403),
        Scenario::patch(one(NOWHERE))
            .as_admin()
            .json(json!({"name": "x"}))
            .expect(404),
        Scenario::patch(one(NOWHERE))
            .as_admin()
            .json(json!({"name": 7}))
            .expect(422)
            .body(["/name"]),
        Scenario::delete(one(NOWHERE)).expect(401),
        Scenario::delete(one(NOWHERE)).as_user("ann").expect(403),
        Scenario::delete(one(NOWHERE)).as_admin().expect(404),
        Scenario::post(roles(NOWHERE))
            .json(json!({"roles": ["admin"]}))
            .expect(401),
        Scenario::post(roles(NOWHERE))
            .as_user("ann")
            .json(json!({"roles": ["admin"]}))
            .expect(403),
        Scenario::post(roles(NOWHERE))
            .as_admin()
            .json(json!({"roles": []}))
            .expect(404),
        Scenario::post(roles(NOWHERE))
            .as_admin()
            .json(json!({"roles": "x"}))
            .expect(422)
            .body(["/roles"]),
    ]
}

#[tokio::test]
async fn a_user_is_changed_and_goes() {
    for world in crate::support::worlds().await {
        let (admin, ann) = (world.app.admin().await, world.app.user("ann").await);
        let session = ann.get("/api/auth/get-session").await.json();
        let path = format!("/api/users/{}", session["user"]["id"].as_str().unwrap());
        let read = admin.get(&path).await.expect(200);
        assert_eq!(read.data()["email"], "ann@example.com");

        let renamed = admin
            .patch(&path)
            .json(&json!({"name": "Anna"}))
            .await
            .expect(200);
        assert_eq!(renamed.data()["name"], "Anna");

        let given = json!({"roles": ["admin"]});
        let given = admin
            .post(format!("{path}/roles"))
            .json(&given)
            .await
            .expect(200);
        assert_eq!(given.data()["roles"], json!(["admin"]));
        let unknown = json!({"roles": ["nobody"]});
        admin
            .post(format!("{path}/roles"))
            .json(&unknown)
            .await
            .expect(422);
        // From the next request on.
        ann.get("/api/users").await.expect(200);
        let taken = json!({"roles": []});
        admin
            .post(format!("{path}/roles"))
            .json(&taken)
            .await
            .expect(200);
        ann.get("/api/users").await.expect(403);

        admin
            .patch(&path)
            .json(&json!({"disabled": true}))
            .await
            .expect(200);
        ann.get("/api/items/posts").await.expect(401);
        admin.delete(&path).await.expect(200);
        admin.get(&path).await.expect(404);
    }
}

#[tokio::test]
async fn the_last_admin_stays() {
    for world in crate::support::worlds().await {
        let admin = world.app.admin().await;
        let session = admin.get("/api/auth/get-session").await.json();
        let path = format!("/api/users/{}", session["user"]["id"].as_str().unwrap());
        admin.delete(&path).await.expect(409);
        admin
            .patch(&path)
            .json(&json!({"disabled": true}))
            .await
            .expect(409);
        admin
            .post(format!("{path}/roles"))
            .json(&json!({"roles": []}))
            .await
            .expect(409);
    }
}
