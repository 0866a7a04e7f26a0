//! The list.

#[cfg(feature = "passkey")]
use super::passkeys;
use super::setting::Setting;
use super::{
    anonymous, captcha, hooks, mail, oauth_providers, organizations, origins, password, redirects,
    session, sign_up, trusted_issuers, verification,
};

/// Every setting a workspace can have, in the order in which they are applied.
pub(super) const SETTINGS: &[&dyn Setting] = &[
    &sign_up::SignUp,
    &anonymous::Anonymous,
    &verification::RequiredVerification,
    &password::Passwords,
    &session::Sessions,
    &organizations::Organizations,
    &origins::AllowedOrigins,
    &redirects::AllowedRedirectUrls,
    &oauth_providers::OAuthProviders,
    &trusted_issuers::TrustedIssuers,
    &mail::Mail,
    &captcha::Captchas,
    &hooks::Hooks,
    #[cfg(feature = "passkey")]
    &passkeys::Passkeys,
];
