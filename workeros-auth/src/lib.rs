//! Users, sessions and API keys of workeros.
//!
//! [`Auth`] makes users and signs them in. It is an
//! [`Authenticator`](workeros_core::Authenticator): it finds out who sent a
//! request. What they may do is decided elsewhere, by the names of their roles.
//!
//! ```
//! use std::sync::Arc;
//!
//! use workeros_adapters::Sqlite;
//! use workeros_auth::{Auth, DisplayName, EmailAddress, MIGRATIONS, Password, RequestInfo, SignUp};
//! use workeros_core::{Runtime, TenantId, migrate};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> workeros_core::Result<()> {
//! let runtime = Runtime::new(Arc::new(Sqlite::memory().await?));
//! migrate(runtime.database.as_ref(), runtime.clock.as_ref(), MIGRATIONS).await?;
//! let workspace = TenantId::new(runtime.ids.next_id());
//! let auth = Auth::builder(runtime, workspace).build()?;
//! auth.warn_without_admin().await?;
//!
//! let ann = SignUp::new(
//!     EmailAddress::parse("Ann@example.com")?,
//!     Password::parse("correct horse battery")?,
//!     DisplayName::parse("Ann")?,
//! );
//! let signed_in = auth.sign_up_email(ann, &RequestInfo::new()).await?;
//! assert_eq!(signed_in.user.email, "ann@example.com");
//!
//! // The first one to come is admin.
//! let active = auth.session(&signed_in.token).await?.expect("she just signed in");
//! assert_eq!(active.roles, ["admin"]);
//! # Ok(())
//! # }
//! ```
//!
//! # The map
//!
//! | what | where |
//! | --- | --- |
//! | options | [`AuthBuilder`], [`RealmSettings`] |
//! | end users of a workspace | [`Auth::app`] |
//! | what a workspace sets for them | [`Auth::stored_settings`], [`Auth::change_settings`] |
//! | signing up, in and out | [`Auth::sign_up_email`], [`Auth::sign_in_email`], [`Auth::sign_out`] |
//! | who is signed in, and where | [`Auth::session`], [`Auth::sessions`], [`Auth::revoke_session`] |
//! | another password | [`Auth::change_password`], [`Auth::request_password_reset`], [`Auth::reset_password`] |
//! | signing in by mail | [`Auth::send_magic_link`], [`Auth::send_code`] |
//! | signing in by a passkey, with the feature `passkey` | `Auth::begin_passkey_registration`, `Auth::begin_passkey_sign_in` |
//! | users without an account | [`Auth::sign_in_anonymous`] |
//! | acting as a user, by the team | [`Auth::impersonate`] |
//! | a second factor | [`Auth::begin_two_factor`], [`Auth::show_second_factor`], [`Auth::finish_sign_in`] |
//! | is it his address | [`Auth::send_verification_email`], [`Auth::verify_email`] |
//! | another address, and leaving | [`Auth::request_email_change`], [`Auth::delete_own_account`] |
//! | is it still he | [`Auth::require_fresh`] |
//! | mail | [`AuthBuilder::with_mailer`], [`Auth::deliver_mail`] |
//! | what mails say | [`Templates`], [`RealmSettings::with_templates`] |
//! | a say of the host's | [`AuthHooks`], [`WebhookHooks`] |
//! | persons, not programs | [`CaptchaPolicy`], [`RealmSettings::with_captcha`] |
//! | who sent a request | [`Authenticator`](workeros_core::Authenticator) for [`Auth`], [`Credentials`] |
//! | users and their roles | [`Auth::users`], [`Auth::set_roles`] |
//! | who is in which workspace | [`Auth::members`], [`Auth::switch_workspace`], [`Auth::invite`] |
//! | organizations of end users | [`Auth::create_organization`], [`Auth::invite_to_organization`] |
//! | API keys | [`Auth::create_api_key`] |
//! | tokens of somebody else | [`AuthBuilder::with_trusted_issuer`] |
//! | tables | [`MIGRATIONS`] |
//!
//! # What is kept, and what is not
//!
//! A password is kept as its argon2id hash, a session's token and an API key
//! as their SHA-256: who reads the database cannot sign in. Types that hold one
//! in clear ([`Password`], [`SessionToken`], [`ApiKeySecret`], [`LinkToken`],
//! [`OneTimeCode`], [`TotpSecret`], [`BackupCode`], [`SetupToken`]) do not show it in debug output, and nothing here logs one.
//! Links and codes on their way to their mail, and secrets of authenticator apps,
//! are sealed. Codes are kept as HMACs, since there are so few of them.
//!
//! A session ends when its user signs out or in anew from it, is disabled or
//! deleted, 30 days after it was opened, or after 24 hours without a request.
//!
//! What was read of a session or a key is remembered as long as it holds
//! ([`Auth::refresh`]). A session, key, user or role that is taken away is gone
//! when the call that takes it returns, and within a second in other instances
//! on the same database. What is changed by SQL of somebody else's is seen
//! within a minute.

mod access;
mod activity;
mod admission;
mod anonymous;
mod api_key;
mod api_keys;
mod attempts;
mod auth;
mod authenticator;
mod background;
mod backup_code;
mod browser;
mod builder;
mod cache;
mod captcha;
mod change_email;
mod change_password;
mod changes;
mod claim;
mod code;
mod cookie;
mod credentials;
mod door;
mod email;
mod email_otp;
mod ended_workspace;
mod entry;
mod feed;
mod fetched;
mod flow;
mod fresh;
mod hashing;
mod hooks;
mod image_url;
mod impersonation;
mod invitation;
pub mod jwt;
mod key;
mod login;
mod magic_link;
mod mail;
mod mail_preview;
mod members;
mod migrations;
mod name;
mod new_session;
mod news;
pub mod oauth;
mod organization;
mod outbox;
mod own_account;
mod page;
#[cfg(feature = "passkey")]
mod passkey;
mod passkey_rows;
mod password;
mod plane;
mod realm;
mod refresh;
mod refusal;
mod request;
mod reset_password;
mod roles;
mod session;
mod sessions;
mod settings;
mod setup;
mod shards;
mod sign_in;
mod sign_up;
mod store;
mod template;
mod third_party;
mod token;
mod totp;
mod two_factor;
mod user;
mod users;
mod verified;
mod verify_email;
mod way_in;

pub use access::{IssuedAccess, PresentedToken};
pub use activity::{Activity, ActivityKind, ActivityPage, Caller};
pub use anonymous::{AnonymousLink, AnonymousUsers};
pub use api_key::{ApiKey, KeyLimits};
pub use api_keys::{ApiKeyPage, CreatedApiKey, NewApiKey};
pub use auth::Auth;
pub use backup_code::BackupCode;
pub use browser::BrowserToken;
pub use builder::AuthBuilder;
pub use captcha::{CaptchaPoint, CaptchaPolicy, FailMode};
pub use change_email::{EmailChange, EmailChangeStage};
pub use change_password::ChangePassword;
pub use code::OneTimeCode;
pub use cookie::CookiePolicy;
pub use credentials::Credentials;
pub use email::EmailAddress;
pub use email_otp::{CodePurpose, MailedCode};
pub use entry::Entered;
pub use flow::Arrival;
pub use fresh::FreshSession;
pub use hooks::{
    Admission, AuthHooks, ClaimsRequest, ComingUser, HookEvent, MailHandling, PasswordCheck,
    PasswordUse, PasswordVerdict, Refusal, RenderedMail, UserOrigin, WebhookHooks,
};
pub use image_url::ImageUrl;
pub use impersonation::{Impersonation, Impersonator, NewImpersonation};
pub use invitation::{Invitation, NewInvitation};
pub use key::SessionKey;
pub use magic_link::BrowserProof;
pub use members::Membership;
pub use migrations::MIGRATIONS;
pub use name::DisplayName;
pub use organization::{
    Affiliation, InvitationName, MemberField, MemberFilter, MemberName, MemberQuery,
    NewOrganization, NewOrganizationInvitation, Organization, OrganizationCreation,
    OrganizationInvitation, OrganizationMember, OrganizationMemberPage, OrganizationPatch,
    OrganizationRole, OrganizationRules, OrganizationSlug, Organizer,
};
#[cfg(feature = "passkey")]
pub use passkey::{Attachment, Passkey, RelyingParty};
pub use password::Password;
pub use plane::{App, Plane, Platform};
pub use realm::Realm;
pub use refresh::RefreshToken;
pub use request::RequestInfo;
pub use session::{ActiveSession, Session, SignedIn};
pub use sessions::SessionName;
pub use settings::{RealmSettings, SettingsPatch, SignUpPolicy, StoredSettings};
pub use setup::SetupToken;
pub use sign_in::SignIn;
pub use sign_up::{SignUp, SignedUp};
pub use template::{Languages, Locale, MailTemplate, MailText, Templates, WrittenMail};
pub use third_party::{TokenIssuer, TokenKind};
pub use token::{ApiKeySecret, LinkToken, SessionToken};
pub use totp::TotpSecret;
pub use two_factor::{PendingToken, SecondFactor, StillMe, TwoFactorSetup};
pub use user::{Account, User};
pub use users::{NewUser, UserPage, UserPatch};
