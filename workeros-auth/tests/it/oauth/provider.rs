//! A provider within the process. It is honest unless it is told to lie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use workeros_auth::oauth::{
    AuthorizationRequest, Callback, ExternalIdentity, OAuthClient, OAuthProvider,
};
use workeros_core::testkit::StandingClock;
use workeros_core::{
    Error, ErrorKind, HttpClient, HttpRequest, HttpResponse, Result, SystemRandom,
};

use crate::jwt::{Key, NOW, encode};

pub(super) const ISSUER: &str = "https://id.example.com";
pub(super) const REDIRECT: &str = "https://api.example.com/api/auth/callback/staff";

/// What it says, in each place where it says something.
#[derive(Clone)]
pub(super) struct Script {
    pub(super) discovery: Json,
    pub(super) jwks: Json,
    pub(super) token_status: u16,
    /// An `id_token` is put in if there are claims and the answer has a token.
    pub(super) token: Json,
    pub(super) header: Json,
    pub(super) claims: Json,
    pub(super) userinfo: Json,
    /// The `iss` it sends the browser back with.
    pub(super) issuer: Option<String>,
    pub(super) error: Option<String>,
    /// The seed of the key it signs with.
    pub(super) seed: u8,
    /// Bodies for other URLs.
    pub(super) others: Vec<(&'static str, u16, Json)>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            discovery: json!({
                "issuer": ISSUER,
                "authorization_endpoint": "https://id.example.com/authorize",
                "token_endpoint": "https://id.example.com/token",
                "userinfo_endpoint": "https://id.example.com/me",
                "jwks_uri": "https://keys.example.com/jwks",
                "response_types_supported": ["code"],
            }),
            jwks: json!({"keys": [Key::p256(7).jwk("k1")]}),
            token_status: 200,
            token: json!({"access_token": "at-1", "token_type": "Bearer", "expires_in": 60}),
            header: json!({"alg": "ES256", "kid": "k1", "typ": "JWT"}),
            claims: json!({
                "iss": ISSUER, "aud": "client-7", "sub": "u-1", "iat": NOW, "exp": NOW + 300,
                "email": "Ann@Example.com", "email_verified": true, "name": "Ann",
                "picture": "https://id.example.com/ann.png",
            }),
            userinfo: json!({"sub": "u-1", "email": "ann@example.com", "email_verified": true}),
            issuer: None,
            error: None,
            seed: 7,
            others: Vec::new(),
        }
    }
}

/// What a browser was sent to it with.
#[derive(Debug, Clone, Default)]
struct Asked {
    challenge: String,
    nonce: String,
    redirect: String,
}

/// The provider, and the other end of every request.
#[derive(Clone, Default)]
pub(super) struct Provider {
    state: Arc<Mutex<State>>,
    clock: Arc<StandingClock>,
}

#[derive(Default)]
struct State {
    script: Script,
    /// What each code was given for.
    asked: HashMap<String, Asked>,
    requests: Vec<HttpRequest>,
}

impl Provider {
    pub(super) fn new(script: Script) -> Self {
        let provider = Self::default();
        provider.tell(|it| *it = script);
        provider
    }

    /// Changes what it says.
    pub(super) fn tell(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.state.lock().unwrap().script);
    }

    /// A client that reaches this provider alone, at the time it is here.
    pub(super) fn client(&self, provider: OAuthProvider) -> OAuthClient {
        let clock = Arc::clone(&self.clock) as _;
        OAuthClient::new(
            provider,
            Arc::new(self.clone()),
            clock,
            Arc::new(SystemRandom),
        )
    }

    pub(super) fn wait(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The requests it got to URLs that end so.
    pub(super) fn requests(&self, end: &str) -> Vec<HttpRequest> {
        let requests = &self.state.lock().unwrap().requests;
        let matching = requests.iter().filter(|it| it.url.ends_with(end));
        matching.cloned().collect()
    }

    /// Signs somebody in whose browser was sent there, and sends it back.
    pub(super) fn visit(&self, url: &str) -> Callback {
        let mut state = self.state.lock().unwrap();
        let parameter = |name: &str| parameter(url, name).unwrap_or_default();
        assert_eq!(parameter("response_type"), "code");
        assert_eq!(parameter("client_id"), "client-7");
        assert_eq!(parameter("code_challenge_method"), "S256");
        let code = format!("code-{}", state.asked.len());
        let asked = Asked {
            challenge: parameter("code_challenge"),
            nonce: parameter("nonce"),
            redirect: parameter("redirect_uri"),
        };
        state.asked.insert(code.clone(), asked);
        let script = &state.script;
        Callback::new()
            .with_code(script.error.is_none().then_some(code))
            .with_error(script.error.clone())
            .with_issuer(script.issuer.clone())
    }

    /// An ID token as its script has it, with a nonce.
    pub(super) fn id_token(&self, nonce: Option<&str>) -> String {
        self.state.lock().unwrap().script.id_token(nonce)
    }
}

impl Script {
    fn id_token(&self, nonce: Option<&str>) -> String {
        let mut claims = self.claims.clone();
        let members = claims.as_object_mut().unwrap();
        if let Some(nonce) = nonce
            && !members.contains_key("nonce")
        {
            members.insert("nonce".to_owned(), nonce.into());
        }
        members.retain(|_, value| !value.is_null());
        Key::p256(self.seed).sign(&self.header, &claims)
    }
}

impl State {
    fn answer(&self, request: &HttpRequest) -> (u16, Json) {
        let script = &self.script;
        if let Some((_, status, body)) = script.others.iter().find(|it| it.0 == request.url) {
            return (*status, body.clone());
        }
        match (request.method.as_str(), request.url.as_str()) {
            ("GET", "https://id.example.com/.well-known/openid-configuration") => {
                (200, script.discovery.clone())
            }
            ("GET", "https://keys.example.com/jwks") => (200, script.jwks.clone()),
            ("GET", "https://id.example.com/me") => (200, script.userinfo.clone()),
            ("POST", _) => self.redeem(&request.body),
            _ => (404, json!({})),
        }
    }

    fn redeem(&self, body: &[u8]) -> (u16, Json) {
        let script = &self.script;
        let field = |name: &str| field(body, name).unwrap_or_default();
        let challenge = encode(Sha256::digest(field("code_verifier")));
        let (asked, redirect) = (self.asked.get(&field("code")), field("redirect_uri"));
        let holds = field("grant_type") == "authorization_code"
            && asked.is_some_and(|it| it.challenge == challenge && it.redirect == redirect);
        let Some(asked) = asked.filter(|_| holds) else {
            return (400, json!({"error": "invalid_grant"}));
        };
        let mut answer = script.token.clone();
        if answer.get("access_token").is_some() && answer.get("id_token").is_none() {
            answer["id_token"] = script.id_token(Some(&asked.nonce)).into();
        }
        (script.token_status, answer)
    }
}

#[async_trait]
impl HttpClient for Provider {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        assert_eq!(request.limits.redirects, 0);
        assert_eq!(request.limits.timeout.as_secs(), 10);
        assert_eq!(request.limits.response_bytes, 1_000_000);
        let mut state = self.state.lock().unwrap();
        let (status, body) = state.answer(&request);
        state.requests.push(request);
        let body = match body {
            Json::String(text) => text,
            Json::Null => return Err(Error::new(ErrorKind::Unavailable, "no connection")),
            body => body.to_string(),
        };
        let status = StatusCode::from_u16(status).unwrap();
        Ok(HttpResponse::new(status, HeaderMap::new(), body))
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Provider(..)")
    }
}

/// The provider as it is set up in most tests.
pub(super) fn staff() -> OAuthProvider {
    OAuthProvider::oidc("staff", ISSUER, "client-7", "secret").unwrap()
}

/// Goes there and comes back.
pub(super) async fn sign_in(client: &OAuthClient, provider: &Provider) -> Result<ExternalIdentity> {
    let authorization = client
        .authorize(&AuthorizationRequest::new(REDIRECT))
        .await?;
    let callback = provider.visit(&authorization.url);
    client
        .identify(&callback, REDIRECT, &authorization.pending)
        .await
}

/// A parameter in the query of a URL.
pub(super) fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    field(query.as_bytes(), name)
}

/// A field of a form.
pub(super) fn field(form: &[u8], name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(form);
    pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}
