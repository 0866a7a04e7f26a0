use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use uuid::Uuid;
use workeros_core::{Error, Result, TenantId, Timestamp};

use super::algorithm::Algorithm;
use super::claims::{Rules, end, text, time};
use super::compact::Compact;
use super::{KeyRing, KeySet, compact, refusal};

/// The type of the header: a token that says less about itself, such as an ID
/// token, is none of these (RFC 9068).
const TYPE: &str = "at+jwt";
/// What only we may say.
const RESERVED: [&str; 14] = [
    "iss", "aud", "sub", "sid", "tenant", "exp", "iat", "nbf", "jti", "alg", "kid", "typ", "act",
    "cnf",
];
/// How far the clocks of instances may be apart.
const LEEWAY: Duration = Duration::from_secs(5);

/// What an access token says: who is signed in, by which session.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessToken {
    user: Uuid,
    session: Uuid,
    claims: Map<String, Json>,
}

impl AccessToken {
    /// A token for a user, by a session.
    #[must_use]
    pub fn new(user: Uuid, session: Uuid) -> Self {
        Self {
            user,
            session,
            claims: Map::new(),
        }
    }

    /// Adds a claim.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for one that only we
    /// may say: `iss`, `aud`, `sub`, `sid`, `tenant`, `exp`, `iat`, `nbf`, `jti`,
    /// `alg`, `kid`, `typ`, `act`, `cnf`.
    pub fn with_claim(mut self, name: impl Into<String>, value: impl Into<Json>) -> Result<Self> {
        let name = name.into();
        Self::check_claim(&name)?;
        self.claims.insert(name, value.into());
        Ok(self)
    }

    /// Refuses a claim that only we may say.
    pub(crate) fn check_claim(name: &str) -> Result<()> {
        if RESERVED.contains(&name) {
            let why = "is said by us, and by nobody else";
            return Err(Error::validation(name, "reserved", why));
        }
        Ok(())
    }

    /// Who is signed in.
    #[must_use]
    pub fn user(&self) -> Uuid {
        self.user
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> Uuid {
        self.session
    }

    /// The claims that were added.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Json> {
        &self.claims
    }
}

/// The access tokens of one workspace: how they are made, and what they are
/// held to.
#[derive(Debug, Clone)]
pub struct AccessPolicy {
    issuer: String,
    audience: String,
    tenant: TenantId,
    lifetime: Duration,
}

impl AccessPolicy {
    /// How long a token holds at most.
    pub const MAX_LIFETIME: Duration = Duration::from_secs(15 * 60);

    /// Tokens of this issuer (the public URL) for the workspace with this slug
    /// and id. They hold for 15 minutes.
    #[must_use]
    pub fn new(issuer: impl Into<String>, slug: impl Into<String>, tenant: TenantId) -> Self {
        Self {
            issuer: issuer.into(),
            audience: slug.into(),
            tenant,
            lifetime: Self::MAX_LIFETIME,
        }
    }

    /// Sets how long a token holds: whole seconds, from one to
    /// [`MAX_LIFETIME`](Self::MAX_LIFETIME); what is more or less is cut to that.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime.clamp(Duration::from_secs(1), Self::MAX_LIFETIME);
        self
    }

    /// How long a token holds.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Issues a token, signed with the active key of the ring.
    ///
    /// # Errors
    ///
    /// [`Internal`](workeros_core::ErrorKind::Internal) when it cannot be
    /// written.
    pub fn issue(&self, token: &AccessToken, ring: &KeyRing, now: Timestamp) -> Result<String> {
        let issued_at = now.micros().div_euclid(1_000_000);
        let lifetime = i64::try_from(self.lifetime.as_secs()).map_err(Error::internal)?;
        let mut claims = token.claims.clone();
        for (name, value) in [
            ("iss", json!(self.issuer)),
            ("aud", json!(self.audience)),
            ("sub", json!(token.user.to_string())),
            ("sid", json!(token.session.to_string())),
            ("tenant", json!(self.tenant.to_string())),
            ("iat", json!(issued_at)),
            ("exp", json!(issued_at.saturating_add(lifetime))),
        ] {
            claims.insert(name.to_owned(), value);
        }
        let header = json!({"alg": ring.algorithm().name(), "kid": ring.key_id(), "typ": TYPE});
        compact::write(&header, &claims, |message| ring.sign(message))
    }

    /// Reads a token that holds now. Whether its session still does is another
    /// question.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](workeros_core::ErrorKind::Unauthorized) for any other:
    /// one that was not signed with one of these keys, is of another issuer,
    /// workspace or kind, or has expired.
    pub fn verify(&self, token: &str, keys: &KeySet, now: Timestamp) -> Result<AccessToken> {
        self.verify_until(token, keys, now).map(|(token, _)| token)
    }

    /// The same, with when the token ends.
    pub(crate) fn verify_until(
        &self,
        token: &str,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<(AccessToken, Timestamp)> {
        let rules = Rules {
            issuer: &self.issuer,
            audiences: std::slice::from_ref(&self.audience),
            admits_other_audiences: false,
            types: &[Some(TYPE)],
            needs_key_id: true,
            algorithms: &[Algorithm::EdDsa, Algorithm::Es256],
            leeway: LEEWAY,
        };
        let mut claims = rules.check(token, keys, now)?;
        if id(&claims, "tenant")? != self.tenant.uuid() {
            return Err(refusal("another workspace"));
        }
        check_lifetime(&claims)?;
        let (user, session) = (id(&claims, "sub")?, id(&claims, "sid")?);
        let ends = end(&claims, now);
        claims.retain(|name, _| !RESERVED.contains(&name.as_str()));
        let token = AccessToken {
            user,
            session,
            claims,
        };
        Ok((token, ends))
    }
}

/// The workspace a token says it is of. Nobody has vouched for that.
pub(crate) fn claimed_workspace(token: &str) -> Option<TenantId> {
    let claims = Compact::parse(token).ok()?.claims().ok()?;
    id(&claims, "tenant").ok().map(TenantId::new)
}

/// A token says when it was issued, and holds no longer than any of ours.
fn check_lifetime(claims: &Map<String, Json>) -> Result<()> {
    let (Some(from), Some(to)) = (time(claims, "iat")?, time(claims, "exp")?) else {
        return Err(refusal("no beginning"));
    };
    if to - from > AccessPolicy::MAX_LIFETIME.as_secs_f64() {
        return Err(refusal("a longer life than ours have"));
    }
    Ok(())
}

fn id(claims: &Map<String, Json>, name: &str) -> Result<Uuid> {
    let text = text(claims, name)?;
    Uuid::try_parse(text).map_err(|_| refusal("an id that is none"))
}
