//! The first user, over HTTP.

use std::sync::Arc;

use futures::future::join_all;
use serde_json::{Value as Json, json};
use workeros_adapters::testkit::databases;
use workeros_http::testkit::{TestApp, TestResponse};

fn form(number: usize) -> Json {
    json!({"email": format!("u{number}@example.com"), "password": "correct horse battery", "name": "U"})
}

async fn sign_up(app: &TestApp, body: &Json) -> TestResponse {
    app.anonymous()
        .post("/api/auth/sign-up/email")
        .json(body)
        .await
}

/// Whether whoever signed up is admin.
async fn is_admin(app: &TestApp, response: &TestResponse) -> bool {
    let token = response.json()["token"].as_str().unwrap().to_owned();
    let request = app
        .anonymous()
        .get("/api/roles")
        .header("authorization", format!("Bearer {token}"));
    request.await.status == 200
}

/// FIRST-1: of fifty at once exactly one is admin.
#[tokio::test]
async fn first_1_of_fifty_at_once_exactly_one_is_admin() {
    for opened in databases().await {
        let app = TestApp::new(Arc::clone(&opened.database)).await;
        let forms: Vec<Json> = (0..50).map(form).collect();
        let responses = join_all(forms.iter().map(|form| sign_up(&app, form))).await;
        let mut admins = 0;
        for response in responses {
            admins += usize::from(is_admin(&app, &response.expect(200)).await);
        }
        assert_eq!(admins, 1, "{}", opened.name);
    }
}

/// FIRST-2: nobody makes himself more than he is.
#[tokio::test]
async fn first_2_nobody_makes_himself_more_than_he_is() {
    for opened in databases().await {
        let app = TestApp::new(Arc::clone(&opened.database)).await;
        assert!(is_admin(&app, &sign_up(&app, &form(0)).await.expect(200)).await);
        let extras = [
            ("role", json!("admin")),
            ("roles", json!(["admin"])),
            ("is_admin", json!(true)),
            ("admin", json!(true)),
            ("tenant_id", json!("x")),
            ("email_verified", json!(true)),
            ("emailVerified", json!(true)),
            ("id", json!("018fd3ab-c200-7000-8000-00000000dead")),
        ];
        for (number, (key, value)) in extras.into_iter().enumerate() {
            let mut body = form(number + 1);
            body[key] = value;
            let refused = sign_up(&app, &body).await.expect(422);
            assert_eq!(refused.paths(), [format!("/{key}")]);
        }
        assert!(!is_admin(&app, &sign_up(&app, &form(1)).await.expect(200)).await);
    }
}

/// FIRST-3: a setup token keeps strangers from being first.
#[tokio::test]
async fn first_3_a_setup_token_keeps_strangers_from_being_first() {
    for opened in databases().await {
        let app = TestApp::builder(Arc::clone(&opened.database))
            .with_auth(|auth| auth.with_setup_token("a token of this test"))
            .build()
            .await;
        let refused = sign_up(&app, &form(0)).await.expect(403);
        assert_eq!(
            (refused.code().as_str(), &refused.json()["code"]),
            ("SETUP_REQUIRED", &json!("SETUP_REQUIRED"))
        );
        let mut wrong = form(0);
        wrong["setup_token"] = json!("another token altogether");
        sign_up(&app, &wrong).await.expect(403);
        let mut right = form(0);
        right["setupToken"] = json!("a token of this test");
        assert!(is_admin(&app, &sign_up(&app, &right).await.expect(200)).await);
        assert!(!is_admin(&app, &sign_up(&app, &form(1)).await.expect(200)).await);
    }
}
