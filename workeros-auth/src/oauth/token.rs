//! Redeeming a code.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use serde_json::{Map, Value as Json};
use workeros_core::{Error, HttpClient, HttpRequest, Result, Timestamp, input};
use zeroize::Zeroizing;

use super::fetch::send;
use super::metadata::Metadata;
use super::refusal::{invalid_code, known, misconfigured, unavailable};
use super::{OAuthProvider, Pending};

/// How a provider wants to be shown the client's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authentication {
    /// In a header.
    Basic,
    /// In the body.
    Post,
}

/// What a code was redeemed for.
pub(super) struct Tokens {
    pub(super) access: Zeroizing<String>,
    pub(super) id: Option<Zeroizing<String>>,
}

/// A code, and what shows that it is ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Redemption<'a> {
    pub(super) code: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) pending: &'a Pending,
}

impl Redemption<'_> {
    pub(super) async fn send(
        self,
        http: &dyn HttpClient,
        provider: &OAuthProvider,
        metadata: &Metadata,
        now: Timestamp,
    ) -> Result<Tokens> {
        let request = self.request(provider, metadata, now)?;
        let response = send(http, request).await?;
        let Ok(Json::Object(answer)) = input::parse(&response.body) else {
            return Err(unavailable(format!("no object, with {}", response.status)));
        };
        // GitHub tells errors with a status of 200.
        match answer.get("error") {
            Some(error) => Err(refused(error.as_str().unwrap_or_default())),
            None if response.status == 200 => Tokens::read(&answer),
            None => Err(unavailable(format!("it answers with {}", response.status))),
        }
    }

    fn request(
        self,
        provider: &OAuthProvider,
        metadata: &Metadata,
        now: Timestamp,
    ) -> Result<HttpRequest> {
        let client_id = provider.client_id();
        let secret = provider.secret().reveal(client_id, now)?;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", self.code)
            .append_pair("redirect_uri", self.redirect_uri)
            .append_pair("client_id", client_id)
            .append_pair("code_verifier", self.pending.verifier());
        let request = HttpRequest::post(&metadata.token_endpoint)
            .with_header("content-type", "application/x-www-form-urlencoded")?;
        let request = match metadata.authentication {
            Authentication::Basic => {
                request.with_header("authorization", &basic(client_id, &secret))?
            }
            Authentication::Post => {
                form.append_pair("client_secret", &secret);
                request
            }
        };
        Ok(request.with_body(form.finish()))
    }
}

impl Tokens {
    fn read(answer: &Map<String, Json>) -> Result<Self> {
        let token = |name| {
            let text = answer.get(name).and_then(Json::as_str);
            text.map(|text| Zeroizing::new(text.to_owned()))
        };
        let is_bearer = |typ: &str| typ.eq_ignore_ascii_case("bearer");
        let typ = answer.get("token_type").and_then(Json::as_str);
        match token("access_token") {
            Some(access) if typ.is_some_and(is_bearer) => Ok(Self {
                access,
                id: token("id_token"),
            }),
            _ => Err(unavailable("it gives no bearer token")),
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

/// Both parts are encoded before they are joined (RFC 6749, 2.3.1).
fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encode(client_id), encode(secret)));
    format!("Basic {}", STANDARD.encode(pair.as_bytes()))
}

/// What it means that a code was not redeemed. GitHub has words of its own.
fn refused(error: &str) -> Error {
    match error {
        "invalid_grant" | "bad_verification_code" => invalid_code(known(error)),
        _ => misconfigured(known(error)),
    }
}
