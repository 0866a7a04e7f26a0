//! Signed tokens: those we issue to users of an app, and those of others that a
//! workspace trusts.
//!
//! | what | where |
//! | --- | --- |
//! | an access token and what it says | [`AccessToken`] |
//! | issuing and checking ours | [`AccessPolicy`] |
//! | the keys we sign with, and their life | [`SigningKeys`], [`KeyRing`], [`Realm`] |
//! | tokens of somebody else | [`TrustedIssuer`], [`Algorithm`] |
//! | public keys of anybody, as JWKS | [`KeySet`] |
//!
//! ```
//! use std::sync::Arc;
//!
//! use workeros_adapters::Sqlite;
//! use workeros_auth::MIGRATIONS;
//! use workeros_auth::jwt::{AccessPolicy, AccessToken, Realm, SigningKeys};
//! use workeros_core::{Runtime, Sealer, Secret, TenantId, migrate};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> workeros_core::Result<()> {
//! let runtime = Runtime::new(Arc::new(Sqlite::memory().await?));
//! migrate(runtime.database.as_ref(), runtime.clock.as_ref(), MIGRATIONS).await?;
//! let secret = Secret::new("Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&")?;
//! let sealer = Sealer::new(secret, Arc::clone(&runtime.random));
//! let keys = SigningKeys::new(runtime.clone(), sealer);
//!
//! let shop = TenantId::new(runtime.ids.next_id());
//! let policy = AccessPolicy::new("https://example.com", "shop", shop);
//! let (user, session) = (runtime.ids.next_id(), runtime.ids.next_id());
//!
//! let ring = keys.ring(Realm::Instance).await?;
//! let token = policy.issue(&AccessToken::new(user, session), &ring, runtime.now())?;
//! let read = policy.verify(&token, ring.keys(), runtime.now())?;
//! assert_eq!((read.user(), read.session()), (user, session));
//! # Ok(())
//! # }
//! ```
//!
//! # What is refused
//!
//! A key says by which algorithm it verifies; what the token says must be the
//! same, so there is no token without a signature and none signed with a public
//! key as if it were a password. A key is found by its id among those that are
//! known: what a token brings along (`jku`, `jwk`, `x5u`, `x5c`) makes it
//! invalid, and so does a `crit`. The parts are read strictly: one spelling in
//! base64url, no member twice in an object.

mod access;
mod algorithm;
mod claimed;
mod claims;
mod compact;
mod key_ring;
mod key_set;
mod private_key;
mod public_key;
mod signing_keys;
mod store;
mod trusted_issuer;

pub(crate) use access::claimed_workspace;
pub use access::{AccessPolicy, AccessToken};
pub use algorithm::{Algorithm, SigningAlgorithm};
pub(crate) use claimed::Claimed;
pub use key_ring::{KeyRing, KeyState};
pub use key_set::KeySet;
pub use signing_keys::SigningKeys;
pub(crate) use store::SIGNING_KEYS;
pub use trusted_issuer::{Claims, TrustedIssuer};

pub use crate::realm::Realm;

use p256::ecdsa::signature::Signer as _;
use serde_json::{Map, Value as Json, json};
use workeros_core::{Error, ErrorKind, Result};

/// The id of the key that a token says it was signed with. Nobody has vouched
/// for it yet: it only says which keys are needed.
pub(crate) fn key_id(token: &str) -> Result<Option<String>> {
    Ok(compact::Compact::parse(token)?.key_id)
}

/// A token of ours for somebody who knows the key by that id.
pub(crate) fn sign_es256(
    key: &p256::ecdsa::SigningKey,
    id: &str,
    claims: &Map<String, Json>,
) -> Result<String> {
    let header = json!({"alg": Algorithm::Es256.name(), "kid": id});
    compact::write(&header, claims, |message| {
        let signature: p256::ecdsa::Signature = key.sign(message);
        signature.to_bytes().into()
    })
}

/// One answer for every token that does not hold. What is wrong with it is for
/// the log.
fn refusal(why: &'static str) -> Error {
    Error::new(ErrorKind::Unauthorized, "the token is not valid").with_source(why)
}
