use std::collections::BTreeMap;
use std::sync::Arc;

use workeros_core::{
    Clock, Error, ErrorKind, HttpClient, Identity, Result, TenantId, Timestamp, Workspace,
    Workspaces,
};

use super::TokenIssuer;
use super::audience::Addressed;
use super::keys::IssuerKeys;
use super::refusal::{no_workspace, refused};
use crate::PresentedToken;
use crate::jwt::{Claimed, KeySet};
use crate::verified::{Verified, VerifiedToken};

/// The issuers that a host trusts, and what they have signed.
#[derive(Debug)]
pub(crate) struct TrustedTokens {
    issuers: Vec<Arc<Trusted>>,
    verified: Verified<KeySet, Verdict>,
    clock: Arc<dyn Clock>,
}

/// The issuers that a workspace trusts, by the names it has for them.
#[derive(Debug, Clone)]
pub(crate) struct RealmIssuers {
    pub(crate) named: BTreeMap<String, TokenIssuer>,
    pub(crate) tokens: Arc<TrustedTokens>,
}

#[derive(Debug)]
struct Trusted {
    issuer: TokenIssuer,
    keys: Arc<IssuerKeys>,
}

/// What was found out about a token.
#[derive(Debug)]
struct Verdict {
    trusted: Arc<Trusted>,
    identity: Identity,
    /// The workspace that its audience names, if it does.
    slug: Option<String>,
}

impl TrustedTokens {
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) for the same issuer and audience
    /// twice, and without a client to fetch keys by.
    pub(crate) fn new(
        issuers: Vec<TokenIssuer>,
        http: Option<&Arc<dyn HttpClient>>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self> {
        let mut trusted: Vec<Arc<Trusted>> = Vec::new();
        for issuer in issuers {
            issuer.check()?;
            check_new(&trusted, &issuer)?;
            let name = issuer.issuer();
            let http = http.ok_or_else(|| {
                invalid(format!(
                    "the issuer `{name}` needs an HTTP client: set one by `with_http_client`"
                ))
            })?;
            let shared = trusted
                .iter()
                .find(|known| known.keys.are(name, &issuer.source))
                .map(|known| Arc::clone(&known.keys));
            let keys = shared.unwrap_or_else(|| {
                let (http, clock) = (Arc::clone(http), Arc::clone(clock));
                Arc::new(IssuerKeys::new(name, issuer.source.clone(), http, clock))
            });
            trusted.push(Arc::new(Trusted { issuer, keys }));
        }
        Ok(Self {
            issuers: trusted,
            verified: Verified::new(),
            clock: Arc::clone(clock),
        })
    }

    /// Whether tokens of this issuer are for somebody here.
    pub(crate) fn trusts(&self, issuer: &str) -> bool {
        let mut issuers = self.issuers.iter();
        issuers.any(|trusted| trusted.issuer.issuer() == issuer)
    }

    /// Who acts by a token, in the workspace it is for; `None` when it is of
    /// nobody who is trusted. `named` is the workspace the request names.
    ///
    /// # Errors
    ///
    /// * [`Unauthorized`](ErrorKind::Unauthorized) for a token that does not
    ///   hold, or of which nobody says which workspace it is for.
    /// * [`Unavailable`](ErrorKind::Unavailable) with code `ISSUER_UNAVAILABLE`
    ///   when the issuer does not tell its keys.
    pub(crate) async fn identify(
        &self,
        token: &PresentedToken,
        named: Option<TenantId>,
        workspaces: &dyn Workspaces,
    ) -> Result<Option<Identity>> {
        let Some(verdict) = self.verify(token, self.clock.now()).await? else {
            return Ok(None);
        };
        let workspace = verdict.says.place(named, workspaces).await?;
        let identity = verdict.says.identity.clone();
        Ok(Some(identity.with_tenant(workspace.id)))
    }

    async fn verify(
        &self,
        token: &PresentedToken,
        now: Timestamp,
    ) -> Result<Option<Arc<VerifiedToken<KeySet, Verdict>>>> {
        if self.issuers.is_empty() {
            return Ok(None);
        }
        let text = token.expose();
        if let Some(known) = self.verified.get(text, now)
            && known.says.trusted.keys.are_current(&known.keys)
        {
            return Ok(Some(known));
        }
        // Nobody has vouched for it yet: it only says which rules to hold the
        // token to.
        let Some(claimed) = Claimed::read(text) else {
            return Ok(None);
        };
        if !self.trusts(&claimed.issuer) {
            return Ok(None);
        }
        let Some((trusted, addressed)) = self.find(&claimed)? else {
            return Ok(None);
        };
        let entry = trusted.verify(text, &claimed, addressed, now).await?;
        Ok(Some(self.verified.put(text, entry)))
    }

    /// The only entry that a token may be meant for, if it is for one.
    fn find(&self, claimed: &Claimed) -> Result<Option<(&Arc<Trusted>, Addressed)>> {
        let of_issuer = self
            .issuers
            .iter()
            .filter(|trusted| trusted.issuer.issuer() == claimed.issuer);
        let mut meant = of_issuer.filter_map(|trusted| {
            let addressed = trusted.issuer.audience.find(&claimed.audiences)?;
            Some((trusted, addressed))
        });
        match (meant.next(), meant.next()) {
            (found, None) => Ok(found),
            (_, Some(_)) => Err(refused("several audiences of ours")),
        }
    }
}

impl Trusted {
    async fn verify(
        self: &Arc<Self>,
        token: &str,
        claimed: &Claimed,
        addressed: Addressed,
        now: Timestamp,
    ) -> Result<VerifiedToken<KeySet, Verdict>> {
        let keys = self.keys.get(claimed.key_id.as_deref()).await?;
        let rules = self.issuer.rules(&addressed.audience);
        let (claims, expires_at) = rules.verify_until(token, &keys, now).map_err(refused)?;
        if !self.issuer.kind.admits(&claims) {
            return Err(refused("a token of another kind"));
        }
        let says = Verdict {
            trusted: Arc::clone(self),
            identity: self.issuer.identity(&claims),
            slug: addressed.slug,
        };
        Ok(VerifiedToken {
            says,
            keys,
            expires_at,
        })
    }
}

impl Verdict {
    /// The workspace the token is for: the one its audience names, else the only
    /// one its issuer is trusted in, else the one the request names.
    async fn place(
        &self,
        named: Option<TenantId>,
        workspaces: &dyn Workspaces,
    ) -> Result<Workspace> {
        let trusted_in = self.trusted.issuer.workspaces.as_slice();
        let place = match (&self.slug, trusted_in) {
            (Some(slug), _) => workspaces.by_slug(slug).await?,
            (None, [only]) => workspaces.by_slug(only).await?,
            (None, _) => {
                let named = named.ok_or_else(no_workspace)?;
                workspaces.by_id(named).await?
            }
        };
        let place = place.ok_or_else(|| refused("a workspace that is not there"))?;
        if trusted_in.is_empty() || trusted_in.contains(&place.slug) {
            Ok(place)
        } else {
            Err(refused("the issuer is not trusted in this workspace"))
        }
    }
}

/// A token must not be meant for two entries.
fn check_new(before: &[Arc<Trusted>], new: &TokenIssuer) -> Result<()> {
    let is_same = |known: &Arc<Trusted>| {
        known.issuer.issuer() == new.issuer() && known.issuer.audience == new.audience
    };
    if before.iter().any(is_same) {
        let name = new.issuer();
        return Err(invalid(format!(
            "the issuer `{name}` is there twice for one audience: name all its workspaces at once"
        )));
    }
    Ok(())
}

fn invalid(why: String) -> Error {
    Error::new(ErrorKind::Validation, why)
}
