//! An issuer within the process, and an instance that trusts it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value as Json, json};
use workeros_auth::{Auth, AuthBuilder, TokenIssuer};
use workeros_core::{
    Authenticator as _, Error, ErrorKind, HttpClient, HttpRequest, HttpResponse, Identity, Result,
    TenantId, Workspace, Workspaces,
};

use crate::jwt::{Key, NOW, with};
use crate::support::{World, secret, worlds};

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(super) const AUDIENCE: &str = "https://api.example.com";
pub(super) const DISCOVERY: &str = "https://id.example.com/.well-known/openid-configuration";
pub(crate) const JWKS: &str = "https://keys.example.com/jwks";

/// The other end of every request.
#[derive(Debug, Clone)]
pub(crate) struct Issuer(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    discovery: Json,
    jwks: Json,
    is_down: bool,
    delay: Duration,
    asked: Vec<String>,
}

impl Issuer {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            discovery: json!({"issuer": ISSUER, "jwks_uri": JWKS}),
            jwks: json!({"keys": [Key::ed25519(1).jwk("k1")]}),
            is_down: false,
            delay: Duration::ZERO,
            asked: Vec::new(),
        })))
    }

    pub(super) fn publish(&self, keys: &[Json]) {
        self.0.lock().unwrap().jwks = json!({"keys": keys});
    }

    pub(super) fn describe(&self, discovery: Json) {
        self.0.lock().unwrap().discovery = discovery;
    }

    pub(super) fn set_down(&self, is_down: bool) {
        self.0.lock().unwrap().is_down = is_down;
    }

    /// Answers after that long.
    pub(super) fn dawdle(&self, delay: Duration) {
        self.0.lock().unwrap().delay = delay;
    }

    /// How often it was asked for something.
    pub(super) fn asked(&self, url: &str) -> usize {
        let state = self.0.lock().unwrap();
        state.asked.iter().filter(|asked| *asked == url).count()
    }
}

#[async_trait]
impl HttpClient for Issuer {
    /// OA-8: no redirects, 10 s, 1 MB.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        assert_eq!(request.limits.redirects, 0);
        assert_eq!(request.limits.timeout.as_secs(), 10);
        assert_eq!(request.limits.response_bytes, 1_000_000);
        assert_eq!(request.method, "GET");
        let (delay, is_down, body) = {
            let mut state = self.0.lock().unwrap();
            state.asked.push(request.url.clone());
            let body = match request.url.as_str() {
                DISCOVERY => Some(state.discovery.to_string()),
                JWKS => Some(state.jwks.to_string()),
                _ => None,
            };
            (state.delay, state.is_down, body)
        };
        tokio::time::sleep(delay).await;
        if is_down {
            return Err(Error::new(ErrorKind::Unavailable, "no connection"));
        }
        let status = body
            .as_ref()
            .map_or(StatusCode::NOT_FOUND, |_| StatusCode::OK);
        let body = body.unwrap_or_default();
        Ok(HttpResponse::new(status, HeaderMap::new(), body))
    }
}

/// The workspaces `shop` and `other`.
#[derive(Debug)]
struct Two([Workspace; 2]);

#[async_trait]
impl Workspaces for Two {
    async fn by_slug(&self, slug: &str) -> Result<Option<Workspace>> {
        Ok(self.0.iter().find(|one| one.slug == slug).cloned())
    }

    async fn by_id(&self, id: TenantId) -> Result<Option<Workspace>> {
        Ok(self.0.iter().find(|one| one.id == id).cloned())
    }
}

/// An instance whose workspaces are `shop`, the default one, and `other`.
pub(super) struct Site {
    pub(super) world: World,
    pub(super) auth: Auth,
    pub(super) issuer: Issuer,
    pub(super) shop: TenantId,
    pub(super) other: TenantId,
}

/// On every database.
pub(super) async fn sites(trusted: impl Fn() -> Vec<TokenIssuer>) -> Vec<Site> {
    let mut sites = Vec::new();
    for world in worlds().await {
        sites.push(Site::of(world, &trusted()));
    }
    sites
}

/// On one database, for what has nothing to do with it.
pub(super) async fn site(trusted: Vec<TokenIssuer>) -> Site {
    Site::of(worlds().await.swap_remove(0), &trusted)
}

/// An issuer that is trusted in `shop`.
pub(super) fn of_shop() -> TokenIssuer {
    TokenIssuer::new(ISSUER, AUDIENCE)
        .unwrap()
        .with_workspace("shop")
}

/// What most tokens say.
pub(super) fn claims() -> Json {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "iat": NOW, "exp": NOW + 3600,
        "email": "Ann@Example.com", "email_verified": true,
    })
}

pub(super) fn header() -> Json {
    json!({"alg": "EdDSA", "kid": "k1", "typ": "at+jwt"})
}

/// A good token, but for one claim.
pub(super) fn saying(name: &str, value: Json) -> String {
    Key::ed25519(1).sign(&header(), &with(&claims(), name, value))
}

pub(super) fn good() -> String {
    Key::ed25519(1).sign(&header(), &claims())
}

impl Site {
    fn of(world: World, trusted: &[TokenIssuer]) -> Self {
        let issuer = Issuer::new();
        let (shop, other) = (world.tenant, TenantId::new(world.runtime.ids.next_id()));
        let auth = world.auth_with(|builder| {
            let builder = with_workspaces(builder, shop, other);
            let builder = builder.with_http_client(Arc::new(issuer.clone()));
            trusted
                .iter()
                .cloned()
                .fold(builder, AuthBuilder::with_trusted_issuer)
        });
        Self {
            world,
            auth,
            issuer,
            shop,
            other,
        }
    }

    /// Who acts by a token in a request that names a workspace, or none.
    pub(super) async fn act_in(&self, token: &str, named: Option<TenantId>) -> Result<Identity> {
        let request = Request::builder()
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .body(());
        let (parts, ()) = request.unwrap().into_parts();
        let identity = self.auth.authenticate(&parts, named).await?;
        Ok(identity.expect("who comes with a token is somebody or refused"))
    }

    pub(super) async fn act(&self, token: &str) -> Result<Identity> {
        self.act_in(token, None).await
    }

    #[track_caller]
    pub(super) fn wait(&self, by: Duration) {
        self.world.wait(by);
    }
}

pub(crate) fn with_workspaces(
    builder: AuthBuilder,
    shop: TenantId,
    other: TenantId,
) -> AuthBuilder {
    let two = Two([Workspace::new(shop, "shop"), Workspace::new(other, "other")]);
    builder
        .danger_weak_hashing()
        .with_secret(secret())
        .with_apps("https://example.com", Arc::new(two))
}

/// Refused as every other token that does not hold.
#[track_caller]
pub(super) fn assert_refused(result: Result<Identity>, what: &str) {
    let error = result.expect_err(what);
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{what}: {error:?}");
    assert_eq!(error.message(), "the credentials are not valid", "{what}");
}
