use serde_json::Value as Json;
use workeros_core::{Error, Result, role};

use crate::jwt::Claims;

const MAX_CLAIM_BYTES: usize = 200;
const MAX_ROLES: usize = 100;
const MAX_NAME_BYTES: usize = 200;
/// What nobody is on the word of somebody else, and what everybody is.
const RESERVED: [&str; 4] = [role::ADMIN, role::AUTHENTICATED, role::GUEST, role::PUBLIC];

/// Which roles a token gives: only those that stand here, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RoleClaims {
    claim: String,
    /// What the token says, and the role that it is here.
    map: Vec<(String, String)>,
}

impl RoleClaims {
    pub(super) fn new(claim: String, map: Vec<(String, String)>) -> Result<Self> {
        check_claim("roles/claim", &claim)?;
        let refuse = |code, message: String| Err(Error::validation("roles/map", code, message));
        if map.len() > MAX_ROLES {
            return refuse("too_many", "must be at most 100".to_owned());
        }
        for (value, name) in &map {
            let fits = |text: &str| (1..=MAX_NAME_BYTES).contains(&text.len());
            if !fits(value) || !fits(name) {
                return refuse("invalid_value", "must be 1 to 200 bytes each".to_owned());
            }
            if RESERVED.contains(&name.as_str()) {
                let message = format!("no token of somebody else gives the role `{name}`");
                return refuse("reserved", message);
            }
        }
        Ok(Self { claim, map })
    }

    pub(super) fn parts(&self) -> (&str, &[(String, String)]) {
        (&self.claim, &self.map)
    }

    /// The roles that a token gives.
    pub(super) fn read(&self, claims: &Claims) -> Vec<String> {
        let said = words(find(claims, &self.claim));
        let given = self
            .map
            .iter()
            .filter(|(value, _)| said.contains(&value.as_str()));
        given.map(|(_, role)| role.clone()).collect()
    }
}

/// The name of a claim, or a JSON pointer to what is within one.
pub(super) fn check_claim(path: &str, claim: &str) -> Result<()> {
    if (1..=MAX_CLAIM_BYTES).contains(&claim.len()) {
        return Ok(());
    }
    let message = "must be the name of a claim, of at most 200 bytes";
    Err(Error::validation(path, "invalid_value", message))
}

pub(super) fn find<'a>(claims: &'a Claims, claim: &str) -> Option<&'a Json> {
    let Some(pointer) = claim.strip_prefix('/') else {
        return claims.claim(claim);
    };
    let mut parts = pointer
        .split('/')
        .map(|part| part.replace("~1", "/").replace("~0", "~"));
    let first = claims.claim(&parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

/// A list of texts, or one text with words in it, as `scope` is.
fn words(claim: Option<&Json>) -> Vec<&str> {
    match claim {
        Some(Json::String(text)) => text.split(' ').collect(),
        Some(Json::Array(values)) => values.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}
