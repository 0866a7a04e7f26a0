use serde_json::{Map, Value as Json};

use super::compact::Compact;

/// What a token says of itself. Nobody has vouched for that: it only says what
/// the token is to be held to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claimed {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) key_id: Option<String>,
}

impl Claimed {
    /// `None` for what is no token of anybody for anybody.
    pub(crate) fn read(token: &str) -> Option<Self> {
        let token = Compact::parse(token).ok()?;
        let claims = token.claims().ok()?;
        Some(Self {
            issuer: claims.get("iss")?.as_str()?.to_owned(),
            audiences: audiences(&claims)?,
            key_id: token.key_id,
        })
    }
}

fn audiences(claims: &Map<String, Json>) -> Option<Vec<String>> {
    let text = |value: &Json| value.as_str().map(ToOwned::to_owned);
    match claims.get("aud")? {
        Json::Array(audiences) => audiences.iter().map(text).collect(),
        audience => Some(vec![text(audience)?]),
    }
}
