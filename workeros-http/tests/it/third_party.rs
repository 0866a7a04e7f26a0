//! End users who act by tokens of somebody else.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value as Json, json};
use workeros_auth::{AuthBuilder, TokenIssuer};
use workeros_core::{Error, ErrorKind, HttpClient, HttpRequest, HttpResponse, Result};
use workeros_http::testkit::{Client, TestApp};

use crate::support::{World, app_with};

const ISSUER: &str = "https://id.example.com";
const JWKS: &str = "https://id.example.com/jwks";
/// Noon of the first of June 2024, which it is in every test.
const NOW: i64 = 1_717_243_200;

/// The issuer, and the other end of every request.
#[derive(Debug, Clone, Default)]
struct Issuer {
    is_down: Arc<Mutex<bool>>,
}

impl Issuer {
    fn key() -> SigningKey {
        SigningKey::from_slice(&[7; 32]).unwrap()
    }

    fn jwks() -> Json {
        let point = Self::key().verifying_key().to_sec1_point(false);
        let (x, y) = (encode(point.x().unwrap()), encode(point.y().unwrap()));
        json!({"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "k1"}]})
    }

    fn connect(
        &self,
        issuer: TokenIssuer,
    ) -> impl FnOnce(AuthBuilder) -> AuthBuilder + Send + use<> {
        let http = Arc::new(self.clone());
        move |auth| auth.with_http_client(http).with_trusted_issuer(issuer)
    }

    fn set_down(&self, is_down: bool) {
        *self.is_down.lock().unwrap() = is_down;
    }
}

#[async_trait]
impl HttpClient for Issuer {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        if *self.is_down.lock().unwrap() {
            return Err(Error::new(ErrorKind::Unavailable, "no connection"));
        }
        assert_eq!(request.url, JWKS);
        let body = Self::jwks().to_string();
        Ok(HttpResponse::new(StatusCode::OK, HeaderMap::new(), body))
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn token(subject: &str, more: &Json) -> String {
    let header = json!({"alg": "ES256", "kid": "k1", "typ": "at+jwt"});
    let mut claims = json!({
        "iss": ISSUER, "aud": "api", "sub": subject, "iat": NOW, "exp": NOW + 3600,
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let signed = format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    );
    let signature: Signature = Issuer::key().sign(signed.as_bytes());
    format!("{signed}.{}", encode(signature.to_bytes()))
}

fn issuer() -> TokenIssuer {
    let issuer = TokenIssuer::new(ISSUER, "api").unwrap();
    issuer.with_jwks_url(JWKS).unwrap()
}

async fn app(issuer: TokenIssuer, provider: &Issuer) -> TestApp {
    let app = app_with(|app| app.with_auth(provider.connect(issuer))).await;
    World::new(app, None).await.app
}

fn with(app: &TestApp, subject: &str) -> Client {
    app.with_token(token(subject, &json!({})))
}

#[tokio::test]
async fn whoever_has_a_token_has_his_own_rows_and_no_more() {
    let provider = Issuer::default();
    let issuer = issuer().with_workspace("default");
    let app = app(issuer.clone(), &provider).await;
    let (uma, una) = (with(&app, "uma"), with(&app, "una"));
    let post = json!({"title": "of uma", "views": 1});
    let made = uma.post("/api/items/posts").json(&post).await.expect(201);
    assert_eq!(made.data()["owner_id"], issuer.user_id("uma"));
    let path = format!("/api/items/posts/{}", made.data()["id"].as_str().unwrap());
    uma.get(&path).await.expect(200);
    una.get(&path).await.expect(404);
    app.user("ann").await.get(&path).await.expect(404);
    let own = json!({"title": "still of uma"});
    uma.patch(&path).json(&own).await.expect(200);
    una.patch(&path).json(&own).await.expect(404);
    // He is of no team, and has no account.
    let admins = [
        "/api/users",
        "/api/roles",
        "/api/auth-activity",
        "/api/auth-settings",
    ];
    for path in admins {
        uma.get(path).await.expect(403);
    }
    let key = json!({"name": "mine"});
    uma.post("/api/api-keys").json(&key).await.expect(403);
    uma.post("/api/workspaces")
        .json(&json!({"slug": "x", "name": "x"}))
        .await
        .expect(403);
    for base in ["/api/auth", "/api/t/default/auth"] {
        let session = uma.get(format!("{base}/get-session")).await.expect(200);
        assert_eq!(session.json(), Json::Null);
        let listed = uma.get(format!("{base}/list-sessions")).await;
        assert!([401, 403].contains(&listed.status), "{base}");
    }
}

/// TOK-1: one character more or less, and it is nobody's.
#[tokio::test]
async fn tok_1_a_token_that_was_tampered_with_is_401() {
    let provider = Issuer::default();
    let app = app(issuer().with_workspace("default"), &provider).await;
    let good = token("uma", &json!({}));
    let get = |token: &str| app.with_token(token).get("/api/items/posts");
    get(&good).await.expect(200);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (_, claims) = signed.split_once('.').unwrap();
    let last = signature.chars().last().unwrap();
    let other = token("una", &json!({}));
    let (other_signed, _) = other.rsplit_once('.').unwrap();
    for bad in [
        format!("{good}A"),
        format!("{signed}.{}", signature.strip_suffix(last).unwrap()),
        format!("{other_signed}.{signature}"),
        format!("{signed}."),
        format!("{}.{}.", encode(r#"{"alg":"none","typ":"at+jwt"}"#), claims),
        token("uma", &json!({"exp": NOW - 61})),
        token("uma", &json!({"aud": "other"})),
        token("uma", &json!({"iss": "https://evil.example"})),
    ] {
        let refused = get(&bad).await.expect(401);
        assert!(!refused.text().contains("welcome"), "{bad}");
    }
    get(&good).await.expect(200);
}

/// TOK-2: for a workspace it is not for, it is as if that were not there.
#[tokio::test]
async fn tok_2_a_token_acts_in_its_workspace_alone() {
    let provider = Issuer::default();
    let app = app(issuer().with_workspace("default"), &provider).await;
    let admin = app.admin().await;
    let other = json!({"slug": "other", "name": "Other"});
    admin.post("/api/workspaces").json(&other).await.expect(201);
    let get = || with(&app, "uma").get("/api/items/posts");
    get().await.expect(200);
    get()
        .header("x-workeros-tenant", "default")
        .await
        .expect(200);
    get().header("x-workeros-tenant", "other").await.expect(404);
}

/// TOK-2: the default workspace is not what nobody has named.
#[tokio::test]
async fn tok_2_without_a_workspace_a_token_is_401() {
    let provider = Issuer::default();
    let app = app(issuer(), &provider).await;
    let get = || with(&app, "uma").get("/api/items/posts");
    let unnamed = get().await.expect(401);
    assert_eq!(unnamed.code(), "WORKSPACE_REQUIRED");
    get()
        .header("x-workeros-tenant", "default")
        .await
        .expect(200);
}

#[tokio::test]
async fn an_issuer_that_is_down_is_503_for_its_own_tokens() {
    let provider = Issuer::default();
    let app = app(issuer().with_workspace("default"), &provider).await;
    provider.set_down(true);
    let get = || with(&app, "uma").get("/api/items/posts");
    let down = get().await.expect(503);
    assert_eq!(down.code(), "ISSUER_UNAVAILABLE");
    app.user("ann")
        .await
        .get("/api/items/posts")
        .await
        .expect(200);
    app.with_token("eyJhbGciOiJFUzI1NiJ9.e30.AA")
        .get("/api/items/posts")
        .await
        .expect(401);
    provider.set_down(false);
    app.clock().advance(std::time::Duration::from_secs(10));
    get().await.expect(200);
}

#[tokio::test]
async fn a_role_is_given_only_by_the_list() {
    let provider = Issuer::default();
    let listed = issuer().with_workspace("default");
    let listed = listed.with_roles("groups", [("staff", "editor")]).unwrap();
    let app = app(listed, &provider).await;
    let admin = app.admin().await;
    admin
        .post("/api/roles")
        .json(&json!({"name": "editor"}))
        .await
        .expect(201);
    let read = json!({"role": "editor", "collection": "secrets", "action": "read"});
    admin.post("/api/permissions").json(&read).await.expect(201);
    let get = |groups: Json| {
        let token = token(
            "uma",
            &json!({"groups": groups, "roles": ["admin", "editor"]}),
        );
        app.with_token(token).get("/api/items/secrets")
    };
    get(json!(["staff"])).await.expect(200);
    get(json!(["editor", "admin"])).await.expect(403);
}
