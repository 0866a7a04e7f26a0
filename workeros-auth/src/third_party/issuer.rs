use workeros_core::{Error, Result};

use super::audience::Audience;
use super::keys::KeySource;
use super::roles::{RoleClaims, check_claim};
use crate::jwt::{Algorithm, Claims, TrustedIssuer};
use crate::oauth::{is_endpoint, is_issuer};

/// Somebody else who signs tokens that end users of workspaces act by.
///
/// ```
/// use workeros_auth::TokenIssuer;
///
/// let issuer = TokenIssuer::new("https://id.example.com", "https://api.example.com")?
///     .with_workspace("shop")
///     .with_roles("/realm_access/roles", [("clerk", "seller")])?;
/// assert!(issuer.user_id("u-1").starts_with("ext_"));
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct TokenIssuer {
    pub(super) issuer: String,
    pub(super) audience: Audience,
    /// Slugs; none for all.
    pub(super) workspaces: Vec<String>,
    pub(super) source: KeySource,
    pub(super) kind: TokenKind,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) email: EmailClaims,
    pub(super) roles: Option<RoleClaims>,
}

/// Which tokens of an issuer count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenKind {
    /// Access tokens that say that they are some: of type `at+jwt` (RFC 9068).
    #[default]
    Access,
    /// Tokens of type `JWT`, or of none, of issuers that do not know RFC 9068.
    /// What looks like an ID token (`nonce`, `at_hash`, `c_hash`), or like a
    /// notice (`events`), is none of them.
    Plain,
    /// ID tokens of OpenID Connect that were issued to the audience itself. What
    /// looks like an access token (`scope`, `scp`) is none of them.
    /// They were made for a client to read: whoever gets one of them can act by
    /// it.
    Id,
}

/// The claims that tell an address, and that it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EmailClaims {
    pub(super) address: String,
    pub(super) verified: String,
}

/// What is set of an issuer.
pub(crate) struct Parts<'a> {
    pub(crate) audience: String,
    pub(crate) jwks_url: Option<&'a str>,
    pub(crate) kind: TokenKind,
    pub(crate) algorithms: &'a [Algorithm],
    /// The claims of the address, and that it is verified.
    pub(crate) email: (&'a str, &'a str),
    /// The claim, and the roles for what it says.
    pub(crate) roles: Option<(&'a str, &'a [(String, String)])>,
}

const MAX_WORKSPACES: usize = 100;

impl TokenIssuer {
    /// Tokens with exactly this `iss`, an https URL, that are for this audience.
    /// Its keys are where its description says
    /// (`/.well-known/openid-configuration`).
    ///
    /// Where the audience has `{workspace}` in it, that stands for the slug of
    /// the workspace the token is for: `https://api.example.com/{workspace}`.
    /// Without it the token is for the [workspace](Self::with_workspace) the
    /// issuer is trusted in, if that is one, and else for the one that the
    /// request names. A request that names none is refused then.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what cannot be
    /// an issuer or an audience.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Result<Self> {
        let issuer = issuer.into();
        let message = "must be an https URL without query, as the issuer spells it";
        check(is_issuer(&issuer), "issuer", message)?;
        Ok(Self {
            issuer,
            audience: Audience::parse(audience.into())?,
            workspaces: Vec::new(),
            source: KeySource::Discovery,
            kind: TokenKind::default(),
            algorithms: Algorithm::ALL.to_vec(),
            email: EmailClaims {
                address: "email".to_owned(),
                verified: "email_verified".to_owned(),
            },
            roles: None,
        })
    }

    /// Sets where its keys are, as JWKS: it is not asked for its description
    /// then.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what is no https
    /// URL.
    pub fn with_jwks_url(mut self, url: impl Into<String>) -> Result<Self> {
        let url = url.into();
        check(is_endpoint(&url), "jwksUrl", "must be an https URL")?;
        self.source = KeySource::Url(url);
        Ok(self)
    }

    /// Trusts it in the workspace with this slug, and those named so before
    /// (all).
    pub fn with_workspace(mut self, slug: impl Into<String>) -> Self {
        self.workspaces.push(slug.into());
        self
    }

    /// Sets which of its tokens count ([`TokenKind::Access`]).
    pub fn with_tokens(mut self, kind: TokenKind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets by which algorithms it may sign (all that are known).
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for none.
    pub fn with_algorithms(
        mut self,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Result<Self> {
        self.algorithms = algorithms.into_iter().collect();
        let some = !self.algorithms.is_empty();
        check(some, "algorithms", "must be at least one")?;
        Ok(self)
    }

    /// Sets the claims that tell somebody's address, and that it is verified
    /// (`email` and `email_verified`). An address counts only where the other
    /// claim is `true`, and not as text.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what cannot be
    /// the name of a claim.
    pub fn with_email_claims(
        mut self,
        address: impl Into<String>,
        verified: impl Into<String>,
    ) -> Result<Self> {
        let (address, verified) = (address.into(), verified.into());
        check_claim("email/address", &address)?;
        check_claim("email/verified", &verified)?;
        self.email = EmailClaims { address, verified };
        Ok(self)
    }

    /// Gives roles for what a claim says (none): pairs of what stands in the
    /// claim and the role that it gives here. The claim is a list of texts, or a
    /// text of several words; with a slash in front it is a JSON pointer to
    /// something within one (`/realm_access/roles`).
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for the roles
    /// `admin`, `authenticated`, `guest` and `public`, and for more than 100
    /// pairs.
    pub fn with_roles(
        mut self,
        claim: impl Into<String>,
        map: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Result<Self> {
        let map = map
            .into_iter()
            .map(|(said, role)| (said.into(), role.into()));
        self.roles = Some(RoleClaims::new(claim.into(), map.collect())?);
        Ok(self)
    }

    /// Who signs, as the tokens say.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What was set, to be shown.
    pub(crate) fn parts(&self) -> Parts<'_> {
        Parts {
            audience: self.audience.to_string(),
            jwks_url: match &self.source {
                KeySource::Discovery => None,
                KeySource::Url(url) => Some(url),
            },
            kind: self.kind,
            algorithms: &self.algorithms,
            email: (&self.email.address, &self.email.verified),
            roles: self.roles.as_ref().map(RoleClaims::parts),
        }
    }

    /// Checks what the setters alone cannot.
    pub(super) fn check(&self) -> Result<()> {
        let count = self.workspaces.len() <= MAX_WORKSPACES;
        check(count, "workspaces", "must be at most 100")
    }

    /// What a token for this audience is held to.
    pub(super) fn rules(&self, audience: &str) -> TrustedIssuer {
        let rules = TrustedIssuer::new(&self.issuer, audience)
            .with_algorithms(self.algorithms.iter().copied());
        match self.kind {
            TokenKind::Access => rules.with_type("at+jwt"),
            TokenKind::Plain => rules,
            TokenKind::Id => rules.with_sole_party(),
        }
    }
}

impl TokenKind {
    /// Whether a token without a type of its own may be one of these, by what it
    /// says besides (RFC 8725, 3.11).
    pub(super) fn admits(self, claims: &Claims) -> bool {
        match self {
            // It says so by its type.
            Self::Access => true,
            Self::Plain => !claims.is_like_id_token() && !claims.is_notice(),
            Self::Id => !claims.is_like_access_token() && !claims.is_notice(),
        }
    }
}

fn check(holds: bool, path: &str, message: &str) -> Result<()> {
    let error = || Error::validation(path, "invalid_value", message);
    holds.then_some(()).ok_or_else(error)
}
