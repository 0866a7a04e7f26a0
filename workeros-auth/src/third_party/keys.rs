use std::fmt;
use std::sync::Arc;

use workeros_core::{Clock, HttpClient, Result};

use super::refusal::unavailable;
use crate::fetched::Fetched;
use crate::jwt::KeySet;
use crate::oauth::{describe, described_endpoint, get};

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum KeySource {
    /// Where the issuer's own description says.
    Discovery,
    /// At this URL.
    Url(String),
}

/// The keys of one issuer.
pub(super) struct IssuerKeys {
    issuer: String,
    source: KeySource,
    http: Arc<dyn HttpClient>,
    keys: Fetched<KeySet>,
}

impl IssuerKeys {
    pub(super) fn new(
        issuer: &str,
        source: KeySource,
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            issuer: issuer.to_owned(),
            source,
            http,
            keys: Fetched::nothing(clock, unavailable),
        }
    }

    pub(super) fn are(&self, issuer: &str, source: &KeySource) -> bool {
        self.issuer == issuer && self.source == *source
    }

    /// Whether these are the keys there are, and nobody needs to ask.
    pub(super) fn are_current(&self, keys: &Arc<KeySet>) -> bool {
        self.keys.is_current(keys)
    }

    /// The keys that a token may be signed with, by the id of the one it names.
    /// They may lack it, if the issuer was asked a moment ago.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](workeros_core::ErrorKind::Unavailable) when the issuer
    /// does not tell them.
    pub(super) async fn get(&self, id: Option<&str>) -> Result<Arc<KeySet>> {
        let suffice = |keys: &KeySet| id.is_none_or(|id| keys.contains(id));
        self.keys.get(suffice, || self.fetch()).await
    }

    fn fetch(&self) -> impl Future<Output = Result<KeySet>> + Send + 'static {
        let (issuer, source) = (self.issuer.clone(), self.source.clone());
        let http = Arc::clone(&self.http);
        async move {
            let keys = fetch(&*http, &issuer, source).await.map_err(unavailable);
            keys.inspect_err(|error| {
                let error = error as &dyn std::error::Error;
                tracing::warn!(error, issuer, "no keys of an issuer");
            })
        }
    }
}

impl fmt::Debug for IssuerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerKeys")
            .field("issuer", &self.issuer)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

async fn fetch(http: &dyn HttpClient, issuer: &str, source: KeySource) -> Result<KeySet> {
    let url = match source {
        KeySource::Url(url) => url,
        KeySource::Discovery => {
            let description = describe(http, issuer).await?;
            let url = described_endpoint(&description, "jwks_uri")?;
            url.ok_or_else(|| unavailable("its description has no `jwks_uri`"))?
        }
    };
    KeySet::from_jwks(&get(http, &url, None).await?)
}
