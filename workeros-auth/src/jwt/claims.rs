//! What every token that holds must say.

use std::time::Duration;

use serde_json::{Map, Value as Json};
use workeros_core::{Result, Timestamp};

use super::algorithm::Algorithm;
use super::compact::Compact;
use super::key_set::KeySet;
use super::refusal;

/// The rules a token is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) issuer: &'a str,
    /// Any of these.
    pub(super) audiences: &'a [String],
    /// Whether the token may be for others as well.
    pub(super) admits_other_audiences: bool,
    /// The types it may have, in lower case; `None` for none said.
    pub(super) types: &'a [Option<&'a str>],
    pub(super) needs_key_id: bool,
    /// What it may be signed by.
    pub(super) algorithms: &'a [Algorithm],
    /// How far clocks may be apart.
    pub(super) leeway: Duration,
}

impl Rules<'_> {
    /// Verifies the signature, and then what every token must say.
    pub(super) fn check(
        &self,
        token: &str,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<Map<String, Json>> {
        let token = Compact::parse(token)?;
        if self.needs_key_id && token.key_id.is_none() {
            return Err(refusal("no key id"));
        }
        if !self.types.contains(&token.media_type.as_deref()) {
            return Err(refusal("a token of another type"));
        }
        if !self.algorithms.contains(&token.algorithm) {
            return Err(refusal("an algorithm that is not trusted"));
        }
        keys.verify(&token)?;
        let claims = token.claims()?;
        if text(&claims, "iss")? != self.issuer {
            return Err(refusal("another issuer"));
        }
        if !self.is_for_us(claims.get("aud")) {
            return Err(refusal("another audience"));
        }
        self.check_times(&claims, now)?;
        Ok(claims)
    }

    fn is_for_us(&self, audience: Option<&Json>) -> bool {
        let is_ours = |audience: &Json| self.audiences.iter().any(|ours| audience == ours);
        match audience {
            Some(audience @ Json::String(_)) => is_ours(audience),
            Some(Json::Array(audiences)) if self.admits_other_audiences => {
                audiences.iter().any(is_ours) && audiences.iter().all(Json::is_string)
            }
            _ => false,
        }
    }

    fn check_times(&self, claims: &Map<String, Json>, now: Timestamp) -> Result<()> {
        let (now, leeway) = (seconds(now), self.leeway.as_secs_f64());
        let expires = time(claims, "exp")?.ok_or_else(|| refusal("no end"))?;
        if now >= expires + leeway {
            return Err(refusal("expired"));
        }
        for name in ["nbf", "iat"] {
            if time(claims, name)?.is_some_and(|from| from > now + leeway) {
                return Err(refusal("not yet valid"));
            }
        }
        Ok(())
    }
}

/// When a token ends, without the leeway of clocks.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what is out of range is cut to it"
)]
pub(super) fn end(claims: &Map<String, Json>, now: Timestamp) -> Timestamp {
    let seconds = claims.get("exp").and_then(Json::as_f64);
    let micros = seconds.map(|seconds| (seconds * 1e6) as i64);
    micros.and_then(Timestamp::from_micros).unwrap_or(now)
}

/// A claim that must be text.
pub(super) fn text<'a>(claims: &'a Map<String, Json>, name: &str) -> Result<&'a str> {
    let text = claims.get(name).and_then(Json::as_str);
    text.ok_or_else(|| refusal("a claim is missing, or is not text"))
}

/// A claim that is an instant if it is there, in seconds since the epoch.
pub(super) fn time(claims: &Map<String, Json>, name: &str) -> Result<Option<f64>> {
    let Some(time) = claims.get(name) else {
        return Ok(None);
    };
    let time = time.as_f64().filter(|time| time.is_finite());
    time.map(Some).ok_or_else(|| refusal("a time that is none"))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds of any year that counts are exact"
)]
fn seconds(at: Timestamp) -> f64 {
    at.micros() as f64 / 1e6
}
