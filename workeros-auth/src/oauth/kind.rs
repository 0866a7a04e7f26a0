//! What is particular about a provider: a file each.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use workeros_core::Result;

use super::metadata::Metadata;
use super::token::Tokens;
use super::{ExternalIdentity, OAuthClient, Pending};

mod apple;
mod github;
mod google;
mod openid;

pub use apple::AppleKey;

/// A kind of provider. What is not said is as OpenID Connect has it.
#[async_trait]
pub(super) trait Kind: Debug + Send + Sync {
    /// What it is called where one is set up.
    fn name(&self) -> &'static str;

    /// Whether it has ID tokens, which an app could bring.
    fn has_id_tokens(&self) -> bool {
        true
    }

    /// What users are asked to let us see.
    fn scopes(&self) -> &'static [&'static str] {
        &["openid", "email", "profile"]
    }

    /// What else it wants to be asked with.
    fn parameters(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Whether an address is verified; `None` when the claim does not say it as
    /// it must.
    fn read_verified(&self, claim: &Json) -> Option<bool> {
        claim.as_bool()
    }

    /// The name in what it sends along with the code.
    fn read_name(&self, _user: &str) -> Option<String> {
        None
    }

    /// Where it is to be found.
    async fn metadata(&self, client: &OAuthClient) -> Result<Arc<Metadata>> {
        client.discovered().await
    }

    /// Who a code was given to.
    async fn identity(
        &self,
        client: &OAuthClient,
        tokens: &Tokens,
        pending: &Pending,
    ) -> Result<ExternalIdentity> {
        client.openid_identity(tokens, pending).await
    }
}
