//! Tokens of somebody else, by which end users of workspaces act.
//!
//! A host says whom it trusts ([`TokenIssuer`]). A token with exactly that
//! issuer is held to what is said of it, by keys that are fetched from the
//! issuer and remembered (`keys.rs`), and makes whoever presents it an end user
//! of one workspace, without an account or a session here. Which workspace that
//! is the issuer's entry or the audience says, or the request names it; it is
//! never the default one because nobody said anything.

mod audience;
mod identity;
mod issuer;
mod keys;
mod refusal;
mod roles;
mod trusted;

pub use issuer::{TokenIssuer, TokenKind};
pub(crate) use trusted::{RealmIssuers, TrustedTokens};
