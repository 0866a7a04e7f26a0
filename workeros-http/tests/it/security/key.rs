use serde_json::json;

use crate::support::{id, worlds};

/// KEY-1: after the one time it is shown, this is all that is told of a key.
#[tokio::test]
async fn key_1_of_a_key_its_ends_are_told_and_no_more() {
    for world in worlds().await {
        let ann = world.app.user("ann").await;
        let body = json!({"name": "robot"});
        let made = ann.post("/api/api-keys").json(&body).await.expect(201);
        let key = made.data()["key"].as_str().unwrap().to_owned();
        let path = format!("/api/api-keys/{}", id(&made));
        let one = ann.get(&path).await.expect(200);
        let all = ann.get("/api/api-keys").await.expect(200);
        let (prefix, secret) = (&key[4..12], &key[13..]);
        for shown in [&one, &all] {
            assert!(!shown.text().contains(&key));
            assert!(!shown.text().contains(&secret[..8]));
            assert!(!shown.text().contains(&secret[secret.len() - 8..]));
        }
        let one = one.data();
        assert_eq!(one["prefix"], prefix);
        assert_eq!(one["last4"], key[key.len() - 4..]);
        for member in ["id", "name", "created_at", "last_used_at", "expires_at"] {
            assert!(one.get(member).is_some(), "{member}");
        }
        assert!(one.get("key").is_none() && one.get("token_hash").is_none());
    }
}

/// KEY-2: whatever else is said of whose a key is or what it may, it is not
/// made.
#[tokio::test]
async fn key_2_a_key_is_made_for_oneself_with_what_one_has() {
    for world in worlds().await {
        let bob = world.app.user("bob").await;
        let session = bob.get("/api/auth/get-session").await.json();
        let bob_id = &session["user"]["id"];
        for (member, value, status) in [
            ("userId", bob_id.clone(), 403),
            ("user_id", bob_id.clone(), 403),
            ("roles", json!(["admin"]), 403),
            ("roles", json!(["authenticated", "admin"]), 403),
            ("role", json!("admin"), 422),
            ("permissions", json!({"posts": ["read"]}), 422),
            ("tenant_id", json!("x"), 422),
        ] {
            let body = json!({"name": "robot", member: value});
            let ann = world.app.user("ann").await;
            let refused = ann.post("/api/api-keys").json(&body).await;
            refused.expect(status);
            let nobody = world.app.anonymous().post("/api/api-keys").json(&body);
            nobody.await.expect(401);
            let none = ann.get("/api/api-keys").await.expect(200);
            assert_eq!(none.data(), json!([]));
        }
    }
}
