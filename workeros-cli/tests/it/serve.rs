//! A server from its start to its end.

use serde_json::json;

use crate::support::{Place, Server, places};

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    for place in places().await {
        let server = Server::start(place.arguments()).await;
        let mut client = server.client().await;
        client.get("/health").await;
        let token = client.sign_up("ann@example.com").await;
        let fields = json!([{"name": "title", "type": "text", "required": true}]);
        let posts = json!({"slug": "posts", "fields": fields});
        client.post("/api/collections", posts).await;
        client
            .post("/api/items/posts", json!({"title": "Hello"}))
            .await;
        server.stop().await;

        let server = Server::start(place.arguments()).await;
        let mut client = server.client().await.with_token(&token);
        let listed = client.get("/api/items/posts").await;
        assert_eq!(listed["data"][0]["title"], "Hello", "{listed}");
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_clean_end_leaves_nothing_but_the_database() {
    let place = Place::sqlite();
    let server = Server::start(place.arguments()).await;
    server.client().await.sign_up("ann@example.com").await;
    assert!(place.file("workeros.sqlite-wal").exists());
    server.stop().await;
    assert!(place.file("workeros.sqlite").exists());
    assert!(!place.file("workeros.sqlite-wal").exists());
}

#[tokio::test]
async fn variables_do_as_options_do() {
    let place = Place::sqlite();
    let folder = place.file("below");
    let mut server = Server::start_with_variables(&[
        ("WORKEROS_LISTEN", "127.0.0.1:0"),
        ("WORKEROS_DATA_DIR", folder.to_str().unwrap()),
        ("WORKEROS_PUBLIC_URL", "https://api.example.com/backend/"),
        ("WORKEROS_SETUP_TOKEN", "a token of some length"),
        ("WORKEROS_SECRET", "0123456789abcdef0123456789ABCDEF"),
        (
            "WORKEROS_ALLOW_ORIGIN",
            "https://a.example,https://b.example",
        ),
    ])
    .await;
    server
        .line("https://api.example.com/backend/api/auth/sign-up/email")
        .await;
    assert!(folder.join("workeros.sqlite").exists());
    let refused = server
        .client()
        .await
        .send(
            hyper::Method::POST,
            "/api/auth/sign-up/email",
            None,
            Some(&json!({"email": "eve@example.com", "password": "correct horse battery", "name": "Eve"})),
        )
        .await
        .unwrap();
    assert!(refused.status.is_client_error(), "{refused:?}");
    server.stop().await;
}
