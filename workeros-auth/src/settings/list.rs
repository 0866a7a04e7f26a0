//! The list.

use super::setting::Setting;
use super::{origins, password, redirects, session, sign_up, verification};
#[cfg(feature = "passkey")]
use super::passkeys;

/// Every setting a workspace can have, in the order in which they are applied.
pub(super) const SETTINGS: &[&dyn Setting] = &[
    &sign_up::SignUp,
    &verification::RequiredVerification,
    &password::Passwords,
    &session::Sessions,
    &origins::AllowedOrigins,
    &redirects::AllowedRedirectUrls,
    #[cfg(feature = "passkey")]
    &passkeys::Passkeys,
];
