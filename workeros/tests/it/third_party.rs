//! End users who act by tokens of a real issuer.

use std::sync::Arc;

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;
use workeros::{
    EgressPolicy, ReqwestClient, ReqwestOptions, Sqlite, Subject, TokenIssuer, Workeros,
};

use crate::counterparts::Counterparts;

const AUDIENCE: &str = "https://api.example.com";

/// Notes that belong to who writes them, and an issuer that is trusted.
async fn backend(issuer: TokenIssuer) -> Workeros {
    let at = issuer.issuer().strip_prefix("http://").unwrap();
    let policy = EgressPolicy::default().allow(at).unwrap();
    let options = ReqwestOptions::default().with_policy(policy);
    let client = Arc::new(ReqwestClient::new(options).unwrap());
    let backend = Workeros::builder()
        .db(Sqlite::memory().await.unwrap())
        .auth(|auth| {
            auth.danger_weak_hashing()
                .with_http_client(client)
                .with_trusted_issuer(issuer)
        })
        .build()
        .await
        .unwrap();
    let notes = json!({
        "slug": "notes", "owner_scoped": true,
        "fields": [{"name": "text", "type": "text"}],
    });
    let (plane, system) = (backend.plane(), || backend.system());
    plane.collections(system()).create(&notes).await.unwrap();
    let own = json!({
        "role": "authenticated", "collection": "notes", "action": "read",
        "condition": {"owner_id": {"_eq": "$user.id"}},
    });
    plane.permissions(system()).create(&own).await.unwrap();
    let any = json!({"role": "authenticated", "collection": "notes", "action": "create"});
    plane.permissions(system()).create(&any).await.unwrap();
    backend
}

async fn call(backend: &Workeros, token: &str, note: Option<Json>) -> (StatusCode, Json) {
    let method = if note.is_some() { "POST" } else { "GET" };
    let request = Request::builder()
        .method(method)
        .uri("/api/items/notes")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json");
    let body = note.map_or_else(Body::empty, |note| Body::from(note.to_string()));
    let request = request.body(body).unwrap();
    let response = backend.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn a_token_of_oidc_provider_opens_the_rows_of_who_has_it() {
    let Some(counterparts) = Counterparts::find() else {
        return;
    };
    let (mut provider, known) = counterparts.start_provider("http://localhost/callback");
    let issuer = TokenIssuer::new(known["issuer"].as_str().unwrap(), AUDIENCE)
        .unwrap()
        .with_workspace("default");
    let backend = backend(issuer.clone()).await;
    let mut token = |audience: &str| {
        let answer = provider.ask(&json!({"audience": audience}));
        answer["token"].as_str().expect("a token").to_owned()
    };
    let (good, other) = (token(AUDIENCE), token("https://other.example.com"));

    let note = json!({"text": "mine"});
    let (status, made) = call(&backend, &good, Some(note)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let id = issuer.user_id(known["clientId"].as_str().unwrap());
    assert_eq!(made["data"]["owner_id"], id);
    let (status, listed) = call(&backend, &good, None).await;
    assert_eq!(status, StatusCode::OK, "{listed}");
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    // Of somebody else there is nothing to see, and of nobody less.
    let someone = Subject::identified(
        backend.plane().default_tenant(),
        workeros::Identity::host("someone"),
    );
    let theirs = backend.items("notes").as_subject(someone);
    let theirs = theirs.list(&workeros::Query::new()).await.unwrap();
    assert_eq!(
        serde_json::from_slice::<Json>(&theirs.json).unwrap(),
        json!([])
    );

    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let (_, other_signature) = other.rsplit_once('.').unwrap();
    for bad in [
        other.clone(),
        format!("{signed}.{other_signature}"),
        format!("{header}.e30.{signature}"),
        format!("{signed}."),
    ] {
        let (status, body) = call(&backend, &bad, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{bad}: {body}");
    }
    backend.shutdown().await;
}
