use std::net::IpAddr;

use uuid::Uuid;
use workeros_core::{Email, SessionId, UserId, Workspace};

use crate::User;

/// Somebody who is about to become a user.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ComingUser {
    /// Whose end user he will be; `None` for a user of the instance.
    pub workspace: Option<Workspace>,
    /// The id he will have.
    pub id: UserId,
    /// His address, canonical.
    pub email: String,
    /// Whether he has shown to read mail there.
    pub email_verified: bool,
    /// What he will be called; may be empty.
    pub name: String,
    /// How he comes.
    pub origin: UserOrigin,
    /// Whether he is one already, without an account, and is about to get one.
    pub was_anonymous: bool,
    /// Where he comes from.
    pub ip: Option<IpAddr>,
}

/// How somebody becomes a user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserOrigin {
    /// He signs up with a password.
    Password,
    /// He signs up with a password, by an invitation.
    Invitation,
    /// He followed a link in a mail.
    MagicLink,
    /// He used a code from a mail.
    EmailOtp,
    /// He has an account at a provider.
    OAuth {
        /// Its id, as in paths.
        provider: String,
        /// What it is: `google`, `github`, `apple` or `oidc`.
        kind: &'static str,
    },
    /// He signs in without an account.
    Anonymous,
    /// He had no account, and makes a passkey to come back by.
    Passkey,
    /// Somebody else makes him one.
    Admin,
}

impl UserOrigin {
    /// Its name, as webhooks are told it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Invitation => "invitation",
            Self::MagicLink => "magic-link",
            Self::EmailOtp => "email-otp",
            Self::OAuth { .. } => "oauth",
            Self::Anonymous => "anonymous",
            Self::Passkey => "passkey",
            Self::Admin => "admin",
        }
    }
}

/// An end user who is about to get access tokens.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClaimsRequest {
    /// Whose end user he is.
    pub workspace: Workspace,
    /// Who he is.
    pub user: User,
    /// By which session he acts.
    pub session: SessionId,
}

/// A password that was compared.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PasswordCheck {
    /// Whose end user it would be; `None` for a user of the instance.
    pub workspace: Option<Workspace>,
    /// Whose password it would be; `None` where nobody has the address.
    pub user: Option<UserId>,
    /// The address that was given.
    pub email: String,
    /// Whether it was the right one.
    pub is_right: bool,
    /// What it was given for.
    pub used_for: PasswordUse,
    /// Where it came from, as far as that is known.
    pub ip: Option<IpAddr>,
}

/// What a password is given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PasswordUse {
    /// To sign in.
    SignIn,
    /// To show that it is still he: to choose another password, to change what
    /// he signs in by, to leave.
    Confirm,
}

impl PasswordUse {
    /// Its name, as webhooks are told it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Confirm => "confirm",
        }
    }
}

/// A mail that is about to go out.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RenderedMail {
    /// Its id: the same each time it is tried.
    pub id: Uuid,
    /// Whose end user it is to; `None` for a user of the instance.
    pub workspace: Option<Workspace>,
    /// What it is for: `verify-email`, `reset-password`, `magic-link` and so on.
    pub template: String,
    /// The mail, with links and codes in it.
    pub email: Email,
}
