use serde_json::{Map, Value as Json, json};
use workeros_core::{Error, Result};

use crate::flow::Purpose;

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MailTemplate {
    /// A link to verify an address by.
    VerifyEmail,
    /// A link to choose a new password by.
    ResetPassword,
    /// A link to sign in by.
    MagicLink,
    /// A code to sign in by.
    SignInCode,
    /// A code to verify an address by.
    VerifyEmailCode,
    /// A code to choose a new password by.
    ResetPasswordCode,
    /// An invitation to work in a workspace.
    Invitation,
    /// An invitation to be an end user of a workspace.
    UserInvitation,
    /// An invitation to an organization of end users.
    OrganizationInvitation,
    /// A link to agree by that the address becomes another.
    ApproveNewEmail,
    /// A link to confirm a new address by.
    ConfirmNewEmail,
    /// Somebody tried to sign up who has an account.
    ExistingAccount,
    /// A way to sign in was added.
    SignInMethodAdded,
    /// A way to sign in was taken away.
    SignInMethodRemoved,
    /// The password is another.
    PasswordChanged,
}

/// What every mail has a value for.
const SITE: &str = "site";

impl MailTemplate {
    /// Every one there is.
    pub const ALL: [Self; 15] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::MagicLink,
        Self::SignInCode,
        Self::VerifyEmailCode,
        Self::ResetPasswordCode,
        Self::Invitation,
        Self::UserInvitation,
        Self::OrganizationInvitation,
        Self::ApproveNewEmail,
        Self::ConfirmNewEmail,
        Self::ExistingAccount,
        Self::SignInMethodAdded,
        Self::SignInMethodRemoved,
        Self::PasswordChanged,
    ];

    pub(crate) fn of(purpose: Purpose) -> Result<Self> {
        match purpose {
            Purpose::VerifyEmail => Ok(Self::VerifyEmail),
            Purpose::ResetPassword => Ok(Self::ResetPassword),
            Purpose::MagicLink => Ok(Self::MagicLink),
            Purpose::SignInCode => Ok(Self::SignInCode),
            Purpose::VerifyEmailCode => Ok(Self::VerifyEmailCode),
            Purpose::ResetPasswordCode => Ok(Self::ResetPasswordCode),
            Purpose::Invite => Ok(Self::Invitation),
            Purpose::OrganizationInvite => Ok(Self::OrganizationInvitation),
            Purpose::ApproveNewEmail => Ok(Self::ApproveNewEmail),
            Purpose::ConfirmNewEmail => Ok(Self::ConfirmNewEmail),
            Purpose::SecondFactor => Err(Error::internal("no mail shows a second factor")),
        }
    }

    /// Its name, in settings and rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
            Self::MagicLink => "magic-link",
            Self::SignInCode => "sign-in-code",
            Self::VerifyEmailCode => "verify-email-code",
            Self::ResetPasswordCode => "reset-password-code",
            Self::Invitation => "invitation",
            Self::UserInvitation => "user-invitation",
            Self::OrganizationInvitation => "organization-invitation",
            Self::ApproveNewEmail => "approve-new-email",
            Self::ConfirmNewEmail => "confirm-new-email",
            Self::ExistingAccount => "existing-account",
            Self::SignInMethodAdded => "sign-in-method-added",
            Self::SignInMethodRemoved => "sign-in-method-removed",
            Self::PasswordChanged => "password-changed",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut known = Self::ALL.into_iter();
        known.find(|template| template.name() == name)
    }

    /// The names that may stand in it, as `{{name}}`.
    #[must_use]
    pub const fn values(self) -> &'static [&'static str] {
        match self {
            Self::VerifyEmail | Self::ResetPassword | Self::MagicLink | Self::ExistingAccount => {
                &[SITE, "url"]
            }
            Self::SignInCode | Self::VerifyEmailCode | Self::ResetPasswordCode => &[SITE, "code"],
            Self::Invitation | Self::UserInvitation => &[SITE, "url", "workspace"],
            Self::OrganizationInvitation => &[SITE, "url", "organization"],
            Self::ApproveNewEmail | Self::ConfirmNewEmail => &[SITE, "url", "address"],
            Self::SignInMethodAdded | Self::SignInMethodRemoved => &[SITE, "method", "time"],
            Self::PasswordChanged => &[SITE, "time"],
        }
    }

    /// What it has to have in it, since it is what the mail is for.
    #[must_use]
    pub const fn brings(self) -> Option<&'static str> {
        match self {
            Self::VerifyEmail
            | Self::ResetPassword
            | Self::MagicLink
            | Self::ExistingAccount
            | Self::Invitation
            | Self::UserInvitation
            | Self::OrganizationInvitation
            | Self::ApproveNewEmail
            | Self::ConfirmNewEmail => Some("url"),
            Self::SignInCode | Self::VerifyEmailCode | Self::ResetPasswordCode => Some("code"),
            Self::SignInMethodAdded | Self::SignInMethodRemoved | Self::PasswordChanged => None,
        }
    }

    /// What it may look like.
    pub(crate) fn sample(self) -> Map<String, Json> {
        let sample = |name: &str| match name {
            "url" => "https://example.com/link?token=sample",
            "code" => "123456",
            "workspace" | "organization" => "Example",
            "address" => "new@example.com",
            "method" => "passkey",
            "time" => "2026-01-02 08:00 UTC",
            _ => "example.com",
        };
        let values = self.values().iter();
        values
            .map(|name| ((*name).to_owned(), json!(sample(name))))
            .collect()
    }
}
