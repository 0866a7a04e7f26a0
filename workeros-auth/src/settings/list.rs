//! The list.

use super::setting::Setting;
use super::{
    anonymous, oauth_providers, origins, password, redirects, session, sign_up, verification,
};
#[cfg(feature = "passkey")]
use super::passkeys;

/// Every setting a workspace can have, in the order in which they are applied.
pub(super) const SETTINGS: &[&dyn Setting] = &[
    &sign_up::SignUp,
    &anonymous::Anonymous,
    &verification::RequiredVerification,
    &password::Passwords,
    &session::Sessions,
    &origins::AllowedOrigins,
    &redirects::AllowedRedirectUrls,
    &oauth_providers::OAuthProviders,
    #[cfg(feature = "passkey")]
    &passkeys::Passkeys,
];
