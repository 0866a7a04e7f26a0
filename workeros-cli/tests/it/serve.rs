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

/// A secret is changed while cursors made with it are out there, and the team
/// takes in nobody any more.
#[tokio::test]
async fn a_changed_secret_and_a_closed_door() {
    let place = Place::sqlite();
    let old = "rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5";
    let new = "Zr4u7x0A5D2GaKaPdSgVkYp3s6v9yB8m";
    let arguments = |more: &[&str]| {
        let more = more.iter().map(|one| (*one).to_owned());
        more.chain(place.arguments()).collect::<Vec<_>>()
    };
    let server = Server::start(arguments(&["--secret", old])).await;
    let mut client = server.client().await;
    let token = client.sign_up("ann@example.com").await;
    let posts = json!({"slug": "posts", "fields": [{"name": "title", "type": "text"}]});
    client.post("/api/collections", posts).await;
    for title in ["a", "b"] {
        let post = json!({"title": title});
        client.post("/api/items/posts", post).await;
    }
    let first = client
        .get("/api/items/posts?sort=title&limit=1&cursor=")
        .await;
    let next = first["next_cursor"].as_str().unwrap();
    let next = format!("/api/items/posts?sort=title&limit=1&cursor={next}");
    server.stop().await;

    let changed = [
        "--secret",
        new,
        "--previous-secret",
        old,
        "--sign-up",
        "closed",
    ];
    let server = Server::start(arguments(&changed)).await;
    let mut client = server.client().await.with_token(&token);
    assert_eq!(client.get(&next).await["data"][0]["title"], "b");
    let body =
        json!({"email": "bob@example.com", "password": "correct horse battery", "name": "Bob"});
    let mut stranger = server.client().await;
    let path = "/api/auth/sign-up/email";
    let refused = stranger.send(hyper::Method::POST, path, None, Some(&body));
    assert!(refused.await.unwrap().status.is_client_error());
    server.stop().await;
}
