//! In actix-web, over a real connection's worth of its types.

use actix_web::http::{Method, StatusCode, header};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, rt, web};
use serde_json::{Value as Json, json};
use workeros_http::actix;

use crate::support::World;

#[test]
fn a_backend_is_served_by_actix_web() {
    rt::System::new().block_on(async {
        let world = World::sqlite().await;
        let admin = format!("Bearer {}", world.app.admin().await.token());
        let backend = world.app.backend().clone();
        let home = web::get().to(|| async { HttpResponse::Ok().body("home") });
        let below = web::scope("/inner").service(actix::scope("/backend", backend.clone()));
        let app = init_service(
            App::new()
                .route("/", home)
                .service(actix::scope("/backend", backend.clone()))
                .service(below)
                .default_service(actix::route(backend)),
        )
        .await;

        for prefix in ["", "/backend", "/inner/backend"] {
            let get = |path: &str| TestRequest::get().uri(&format!("{prefix}{path}"));
            let oldest = get("/api/items/pages?limit=1&sort=created_at").to_request();
            let response = call_service(&app, oldest).await;
            assert_eq!(response.status(), StatusCode::OK, "{prefix}");
            assert_eq!(
                response.headers().get("x-content-type-options").unwrap(),
                "nosniff"
            );
            let body: Json = serde_json::from_slice(&read_body(response).await).unwrap();
            assert_eq!(body["data"][0]["title"], "welcome");

            // Encoded as it came: a slash within a segment is none of the path.
            let odd = call_service(&app, get("/api/items/pages/a%2Fb%20c").to_request()).await;
            assert_eq!(odd.status(), StatusCode::NOT_FOUND);

            let title = "x".repeat(300_000);
            let post = TestRequest::post()
                .uri(&format!("{prefix}/api/items/pages"))
                .insert_header((header::AUTHORIZATION, admin.as_str()))
                .set_json(json!({ "title": title }));
            let response = call_service(&app, post.to_request()).await;
            assert_eq!(response.status(), StatusCode::CREATED);
            let body: Json = serde_json::from_slice(&read_body(response).await).unwrap();
            assert_eq!(body["data"]["title"], title);
        }
        let home = call_service(&app, TestRequest::get().uri("/").to_request()).await;
        assert_eq!(read_body(home).await, "home");
        let head = TestRequest::default()
            .method(Method::HEAD)
            .uri("/backend/health");
        let head = call_service(&app, head.to_request()).await;
        assert_eq!(head.headers().get("content-length").unwrap(), "24");
    });
}
