//! GitHub within the process, and a provider that is not there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};
use workeros_auth::AuthBuilder;
use workeros_auth::oauth::OAuthProvider;
use workeros_core::{Error, ErrorKind, HttpClient, HttpRequest, HttpResponse, Result};

/// What the backend is known by there.
pub(crate) const SECRET: &str = "canary-secret";
/// What it is given for a code.
pub(crate) const TOKEN: &str = "canary-token";

/// Who has an account there.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) id: u32,
    pub(super) email: String,
}

#[derive(Clone)]
pub(crate) struct Provider(Arc<Mutex<State>>);

struct State {
    person: Person,
    /// Where each code may be redeemed for.
    codes: HashMap<String, String>,
}

impl Default for Provider {
    fn default() -> Self {
        let person = Person {
            id: 1,
            email: "octo@example.com".to_owned(),
        };
        let codes = HashMap::new();
        Self(Arc::new(Mutex::new(State { person, codes })))
    }
}

impl Provider {
    pub(crate) fn connect(&self) -> impl FnOnce(AuthBuilder) -> AuthBuilder + Send + use<> {
        let http = Arc::new(self.clone());
        let github = OAuthProvider::github("client-7", SECRET)
            .unwrap()
            .with_trust_for_linking();
        let other = OAuthProvider::oidc("other", "https://id.example.com", "c", "s").unwrap();
        |auth| {
            auth.with_http_client(http)
                .with_oauth_provider(github.clone())
                .with_oauth_provider(other.clone())
                .with_app_oauth_provider(github)
                .with_app_oauth_provider(other)
        }
    }

    /// Who is signed in there from now on.
    pub(super) fn become_of(&self, id: u32, email: &str) {
        let email = email.to_owned();
        self.0.lock().unwrap().person = Person { id, email };
    }

    /// Somebody goes there and agrees: the code he comes back with.
    pub(crate) fn visit(&self, url: &str) -> String {
        assert!(url.starts_with("https://github.com/login/oauth/authorize?"));
        assert_eq!(parameter(url, "code_challenge_method").unwrap(), "S256");
        let mut state = self.0.lock().unwrap();
        let code = format!("canary-code-{}", state.codes.len());
        let redirect = parameter(url, "redirect_uri").unwrap();
        state.codes.insert(code.clone(), redirect);
        code
    }
}

impl State {
    fn answer(&self, request: &HttpRequest) -> Option<Json> {
        let person = &self.person;
        match request.url.as_str() {
            "https://github.com/login/oauth/access_token" => Some(self.redeem(&request.body)),
            "https://api.github.com/user" => {
                Some(json!({"id": person.id, "login": "octo", "name": "Octo Cat"}))
            }
            "https://api.github.com/user/emails" => {
                Some(json!([{"email": person.email, "primary": true, "verified": true}]))
            }
            _ => None,
        }
    }

    fn redeem(&self, body: &[u8]) -> Json {
        let form = format!("?{}", std::str::from_utf8(body).unwrap());
        let field = |name| parameter(&form, name).unwrap_or_default();
        let redirect = self.codes.get(&field("code"));
        if redirect != Some(&field("redirect_uri")) || field("code_verifier").len() != 43 {
            return json!({"error": "bad_verification_code", "error_description": "<canary>"});
        }
        json!({"access_token": TOKEN, "token_type": "bearer", "scope": ""})
    }
}

#[async_trait]
impl HttpClient for Provider {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let gone = || Error::new(ErrorKind::Unavailable, "canary: no connection");
        let body = self.0.lock().unwrap().answer(&request).ok_or_else(gone)?;
        let body = body.to_string();
        Ok(HttpResponse::new(StatusCode::OK, HeaderMap::new(), body))
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Provider(..)")
    }
}

/// A parameter in the query of a URL.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    let value = percent_decode_str(value).decode_utf8().unwrap();
    Some(value.into_owned())
}
