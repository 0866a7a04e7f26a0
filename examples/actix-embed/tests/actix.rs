//! The backend as actix-web serves it.
#![allow(clippy::unwrap_used, reason = "a test reports by panicking")]

use actix_web::http::{StatusCode, header};
use actix_web::test::{TestRequest, call_service, init_service, read_body, read_body_json};
use actix_web::{App, rt};
use serde_json::{Value as Json, json};
use workeros::Sqlite;

#[test]
fn host_and_backend_share_an_application() {
    rt::System::new().block_on(async {
        let database = Sqlite::memory().await.unwrap();
        let backend = example_actix_embed::backend(database, 3000).await.unwrap();
        let app = init_service(App::new().configure(example_actix_embed::routes(&backend))).await;

        let request = TestRequest::get().uri("/").to_request();
        let page = read_body(call_service(&app, request).await).await;
        assert!(page.starts_with(b"A page of the host"));

        let ann =
            json!({"email": "ann@example.com", "password": "correct horse battery", "name": "Ann"});
        let request = TestRequest::post()
            .uri("/backend/api/auth/sign-up/email")
            .set_json(ann);
        let answer: Json = read_body_json(call_service(&app, request.to_request()).await).await;
        let token = format!("Bearer {}", answer["token"].as_str().unwrap());

        let posts = json!({"slug": "posts", "fields": [{"name": "title", "type": "text"}]});
        for (path, body) in [
            ("/backend/api/collections", posts),
            ("/backend/api/items/posts", json!({"title": "Hello"})),
        ] {
            let request = TestRequest::post().uri(path).set_json(body);
            let request = request.insert_header((header::AUTHORIZATION, token.as_str()));
            let response = call_service(&app, request.to_request()).await;
            assert_eq!(response.status(), StatusCode::CREATED, "{path}");
        }

        // What stands encoded in the query arrives as it was meant.
        let path = "/backend/api/items/posts?fields=title&filter=%7B%22title%22%3A%22Hello%22%7D";
        let request = TestRequest::get().uri(path);
        let request = request.insert_header((header::AUTHORIZATION, token.as_str()));
        let list: Json = read_body_json(call_service(&app, request.to_request()).await).await;
        assert_eq!(list["data"], json!([{"title": "Hello"}]));

        let request = TestRequest::get()
            .uri("/backend/api/items/posts")
            .to_request();
        assert_eq!(
            call_service(&app, request).await.status(),
            StatusCode::UNAUTHORIZED
        );
        backend.shutdown().await;
        let request = TestRequest::get().uri("/backend/health").to_request();
        assert_eq!(
            call_service(&app, request).await.status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    });
}
