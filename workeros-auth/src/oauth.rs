//! Signing in with an account somewhere else: OAuth 2 and OpenID Connect.
//!
//! | what | where |
//! | --- | --- |
//! | a provider, as it is set up | [`OAuthProvider`], [`AppleKey`] |
//! | a provider, as it is talked to | [`OAuthClient`] |
//! | sending a browser there | [`AuthorizationRequest`], [`Authorization`], [`Pending`] |
//! | who came back | [`Callback`], [`ExternalIdentity`] |
//!
//! A provider is one file of `oauth/kind` with what is particular about it.
//! OpenID Connect is what they have in common; only GitHub does not speak it.
//!
//! # What is checked
//!
//! The browser is sent away with a challenge (PKCE, S256), a `state` and a
//! `nonce` of 256 bits each. What it brings back must come from the issuer that
//! was asked (RFC 9207). Whom it is about is read from an ID token, whose
//! signature, issuer, audience, party, times and nonce are checked, or at an
//! endpoint of the provider's with the access token that the code was redeemed
//! for. Endpoints and keys come from the provider's own description, which must
//! be of exactly the issuer that was configured. No token of a provider is kept.

mod accounts;
mod authorization;
mod callback;
mod client;
mod clients;
mod departure;
mod fetch;
mod handover;
mod identity;
mod kept;
mod kind;
mod linking;
mod metadata;
mod provider;
mod random_text;
mod refusal;
mod secret;
mod sign_in;
mod state;
mod token;

pub(crate) use accounts::{APP_ACCOUNTS, PLATFORM_ACCOUNTS};
pub use accounts::{LinkedAccount, SignInMethods};
pub use authorization::{Authorization, AuthorizationRequest, Pending};
pub use callback::Callback;
pub use client::OAuthClient;
pub(crate) use clients::connect;
pub(crate) use fetch::get;
pub use handover::OAuthHandover;
pub use identity::ExternalIdentity;
pub use kind::AppleKey;
pub(crate) use metadata::{describe, described_endpoint};
pub use provider::OAuthProvider;
pub(crate) use provider::{is_endpoint, is_issuer};
pub use sign_in::PresentedIdToken;
pub use state::{OAuthReturn, OAuthStart, ReturnPages};
