//! Who somebody is of whom a token of somebody else tells.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use workeros_core::{Credential, Identity};

use super::TokenIssuer;
use super::roles::find;
use crate::EmailAddress;
use crate::jwt::Claims;

/// What the ids of such users begin with. No id of ours does, nor does a UUID.
const MARK: &str = "ext_";

impl TokenIssuer {
    /// The id (`$user.id`) of whom it calls so: the same for ever, and nobody
    /// else's, neither of another issuer nor one of ours.
    #[must_use]
    pub fn user_id(&self, subject: &str) -> String {
        let length = u64::try_from(self.issuer.len()).unwrap_or(u64::MAX);
        let hash = Sha256::new()
            .chain_update(length.to_be_bytes())
            .chain_update(&self.issuer)
            .chain_update(subject)
            .finalize();
        format!("{MARK}{}", URL_SAFE_NO_PAD.encode(hash))
    }

    /// Who a token is about, not yet bound to a workspace.
    pub(super) fn identity(&self, claims: &Claims) -> Identity {
        let identity = Identity::host(self.user_id(claims.subject()))
            .with_credential(Credential::TrustedToken);
        let identity = match self.email(claims) {
            Some(address) => identity.with_email(address.as_str()),
            None => identity,
        };
        let roles = self.roles.iter().flat_map(|roles| roles.read(claims));
        roles.fold(identity, Identity::with_role)
    }

    /// The address, where the issuer says that it is verified.
    fn email(&self, claims: &Claims) -> Option<EmailAddress> {
        let is_verified = find(claims, &self.email.verified) == Some(&Json::Bool(true));
        let address = find(claims, &self.email.address).filter(|_| is_verified)?;
        EmailAddress::parse(address.as_str()?).ok()
    }
}
