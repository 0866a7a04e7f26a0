//! Who asks: a bearer token, of which only the hash is stored.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::routes::App;
use crate::store::Store;

/// How long a session lasts.
pub(crate) const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A user that is signed in.
#[derive(Debug)]
pub(crate) struct Caller<Id> {
    pub(crate) id: Id,
    pub(crate) admin: bool,
}

/// What is stored of a token.
pub(crate) type TokenHash = [u8; 32];

pub(crate) fn hash(token: &str) -> TokenHash {
    Sha256::digest(token).into()
}

pub(crate) fn new_token() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Failure::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

impl<S: Store> FromRequestParts<App<S>> for Caller<S::Id> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App<S>) -> Result<Self, Failure> {
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(Failure::Unauthorized)?;
        let caller = app.store.caller(&hash(token)).await?;
        caller.ok_or(Failure::Unauthorized)
    }
}
