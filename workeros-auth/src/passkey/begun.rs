use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::Value as Json;
use workeros_core::{Error, Result};

/// A ceremony that was begun.
#[derive(Debug)]
pub(crate) struct Begun {
    /// For the browser.
    pub(crate) options: Json,
    /// What it will answer to.
    pub(crate) challenge: Vec<u8>,
    /// What the answer is held against. It never leaves the server: whoever
    /// chose it could answer twice.
    pub(crate) state: String,
}

impl Begun {
    pub(super) fn new(options: Json, state: &impl Serialize) -> Result<Self> {
        let challenge = options.get("challenge").and_then(Json::as_str);
        let challenge = challenge.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        Ok(Self {
            challenge: challenge.ok_or_else(|| Error::internal("a ceremony without challenge"))?,
            state: serde_json::to_string(state).map_err(Error::internal)?,
            options,
        })
    }
}
