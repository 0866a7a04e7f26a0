//! The shape of answers.

use serde_json::{Value as Json, json};

use crate::support::{World, worlds};

fn keys(json: &Json) -> Vec<&str> {
    json.as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn a_list_says_where_one_is() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        let list = |query: &str| admin.get(format!("/api/items/posts?{query}"));
        let by_offset = list("limit=1&offset=1&meta=filter_count")
            .await
            .expect(200)
            .json();
        assert_eq!(
            keys(&by_offset),
            ["data", "has_more", "limit", "meta", "offset"]
        );
        assert_eq!(by_offset["meta"], json!({"filter_count": 2}));
        assert_eq!(
            (&by_offset["limit"], &by_offset["offset"]),
            (&json!(1), &json!(1))
        );
        assert_eq!(by_offset["has_more"], false);
        let by_cursor = list("limit=2&cursor=").await.expect(200).json();
        assert_eq!(
            keys(&by_cursor),
            ["data", "has_more", "limit", "next_cursor"]
        );
        assert_eq!(by_cursor["next_cursor"], Json::Null);
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_whole_body_is_said_of_no_place() {
    let world = World::sqlite().await;
    let admin = world.app.admin().await;
    let post = admin.post("/api/items/posts").json(&json!([]));
    let error = post.await.expect(422).json();
    assert_eq!(error["error"]["message"], "must be an object");
    assert_eq!(error["error"]["details"][0]["path"], "");
}

#[tokio::test]
async fn an_error_says_what_and_where() {
    let world = World::sqlite().await;
    let get = world.app.user("ann").await.get("/api/items/posts?limit=0");
    let error = get.header("x-request-id", "r-1").await.expect(422).json();
    assert_eq!(
        error,
        json!({
            "error": {
                "code": "VALIDATION",
                "message": "limit: must be 1 to 200",
                "details": [{"path": "limit", "code": "invalid_value", "message": "must be 1 to 200"}],
            },
            "requestId": "r-1",
        })
    );
}

#[tokio::test]
async fn errors_of_auth_speak_to_clients_of_better_auth_too() {
    let world = World::sqlite().await;
    let post = world.app.anonymous().post("/api/auth/sign-in/email");
    let body = json!({"email": "ann@example.com", "password": "not the one"});
    let error = post
        .json(&body)
        .header("x-request-id", "r-1")
        .await
        .expect(401)
        .json();
    let (code, message) = ("INVALID_EMAIL_OR_PASSWORD", "invalid e-mail or password");
    assert_eq!(
        error,
        json!({
            "code": code, "message": message,
            "error": {"code": code, "message": message}, "requestId": "r-1",
        })
    );
}
