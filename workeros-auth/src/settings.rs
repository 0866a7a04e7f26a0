//! The rules for the users of a realm.
//!
//! Those of the platform are set by the builder. So are those of a workspace's
//! end users, as defaults: what the workspace says differently is a document in
//! its row of `app_settings`, changed at run time by its admins
//! ([`Auth::change_settings`](crate::Auth::change_settings)). The rules are made
//! of both when the row is read, and remembered by the mechanism of sessions, so
//! a request costs a look into a table and a change counts when its call returns.
//!
//! # A setting is an entry of one list
//!
//! Each member of the document is a file here and a line in `list.rs`. To add
//! one:
//!
//! 1. Put what the rules are into [`RealmSettings`], with a default, and a
//!    `with_…` for the builder if it should have one.
//! 2. Write the file: a unit type with `impl Setting`, whose doc says the shape
//!    and what a workspace may not say. `sign_up.rs` is a small one, `session.rs`
//!    one with limits, `oauth_providers.rs` one with everything.
//!    * `name`: the member, in snake case.
//!    * `apply` reads what is said, complains with pointers
//!      (`Object` of `workeros_core::input` does, as do `Said::within`,
//!      `Said::refuse`), and sets the field. Limits of the builder are in
//!      `Said::defaults`. They are held against what is *new*
//!      (`Said::is_new`); what was stored while they were others is bent to
//!      them, so that an instance with narrower limits starts and serves.
//!    * `show` writes the field, for admins. Never a secret.
//!    * `shape`, if it has members: what they are called, and which are secret.
//!      Secrets are taken out of the patch and sealed before anybody sees it;
//!      `Said::secret` gives one. Where it cannot be opened any more, whoever
//!      depends on it is refused, and nobody else.
//!    * `settle`, if something is added that nobody says (an id), or if one
//!      value may not follow another.
//!    * `beside`, if something of it must be found without knowing the workspace.
//!    * `probe`, if it takes a request to somewhere else to check it. It goes
//!      through the client of the instance.
//! 3. Add the line in `list.rs`, a row in `docs/auth/settings.md`, and rows to
//!    the table of good and bad documents in `tests/it/settings.rs`.
//!
//! Everything else is done: merging, `null`, unknown members, versions, sealing,
//! activity, other instances, HTTP.
//!
//! # What a document may not say
//!
//! A workspace's admin narrows what the operator allows, and never widens it:
//! passwords get longer, sessions shorter, verification is added. What only
//! concerns the workspace itself (who signs up, its pages) is his. Whatever makes
//! this instance talk to other servers goes by the client that says where it may
//! go. What lets somebody into *another's* account, such as trust in what a
//! provider says of addresses, is the operator's, unless it is a provider that
//! nobody can speak for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use workeros_core::{Error, ErrorKind, Origin, Result, Timestamp};

use crate::oauth::OAuthClient;
use crate::password::PasswordPolicy;
use crate::session::later;
use crate::third_party::RealmIssuers;
use crate::{AnonymousUsers, AuthHooks, CaptchaPolicy, OrganizationRules, Session, Templates};

mod anonymous;
mod captcha;
mod change;
mod changed;
mod document;
mod hooks;
mod list;
mod mail;
mod oauth_providers;
mod organizations;
mod origins;
#[cfg(feature = "passkey")]
mod passkeys;
mod password;
mod redirects;
mod secrets;
mod session;
mod setting;
mod shape;
mod sign_up;
mod stored;
mod trusted_issuers;
mod verification;

pub use change::SettingsPatch;
pub(crate) use origins::APP_ORIGINS;
pub use stored::StoredSettings;
pub(crate) use stored::{APP_SETTINGS, KnownRules};

/// Who may become a user by himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SignUpPolicy {
    /// Everybody.
    #[default]
    Open,
    /// Whoever was invited.
    Invited,
    /// Nobody.
    Closed,
}

/// The rules for the users of one realm: of the instance, or of one workspace.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RealmSettings {
    /// Who may become a user by himself (everybody).
    pub sign_up: SignUpPolicy,
    /// Whether an address must be verified before its user may sign in by
    /// password (no).
    pub require_verified_email: bool,
    /// Whether choosing a new password by a link or a code revokes the user's
    /// API keys too (no).
    pub reset_revokes_keys: bool,
    /// Whether there are users without an account (no).
    pub anonymous: Option<AnonymousUsers>,
    /// The rules for the organizations of end users.
    pub organizations: OrganizationRules,
    /// Where somebody has to show that he is no program (nowhere).
    pub captcha: Option<CaptchaPolicy>,
    /// What mails say.
    pub(crate) templates: Arc<Templates>,
    /// Whose tokens end users act by, besides those the host trusts.
    pub(crate) issuers: Option<RealmIssuers>,
    /// Who has a say besides, in order.
    pub(crate) hooks: Vec<Arc<dyn AuthHooks>>,
    pub(crate) password: PasswordPolicy,
    pub(crate) lifetime: Lifetime,
    /// As browsers write them.
    pub(crate) allowed_origins: BTreeSet<String>,
    /// In one spelling, without query and fragment.
    pub(crate) allowed_redirect_urls: Vec<String>,
    /// The providers that users come from. Each remembers what it was told of
    /// itself, so it is kept as long as it is the same.
    pub(crate) providers: Vec<Arc<OAuthClient>>,
    /// Those of them that nobody can come from, since their secret cannot be
    /// opened.
    pub(crate) unreadable_providers: BTreeSet<String>,
    /// Whom workspaces may believe about addresses.
    pub(crate) vouched_issuers: BTreeSet<String>,
    #[cfg(feature = "passkey")]
    pub(crate) passkeys: Option<crate::RelyingParty>,
}

/// How long a session lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetime {
    /// From sign-in.
    pub(crate) absolute: Duration,
    /// From the last request.
    pub(crate) idle: Duration,
}

impl Lifetime {
    /// Whether a session is over that was last used at this time. One that was
    /// opened when sessions lived longer does not outlive others.
    pub(crate) fn has_ended(self, session: &Session, used_at: Timestamp, now: Timestamp) -> bool {
        let ends_at = later(session.created_at, self.absolute);
        session.expires_at.min(ends_at) <= now || later(used_at, self.idle) <= now
    }
}

const DAY: Duration = Duration::from_hours(24);
const MAX_MIN_PASSWORD_LENGTH: usize = 64;

impl Default for RealmSettings {
    fn default() -> Self {
        Self {
            sign_up: SignUpPolicy::default(),
            require_verified_email: false,
            reset_revokes_keys: false,
            organizations: OrganizationRules::default(),
            anonymous: None,
            captcha: None,
            templates: Arc::default(),
            issuers: None,
            hooks: Vec::new(),
            password: PasswordPolicy {
                min_chars: PasswordPolicy::MIN_CHARS,
                blocked: Default::default(),
            },
            lifetime: Lifetime {
                absolute: DAY * 30,
                idle: DAY,
            },
            allowed_origins: BTreeSet::new(),
            allowed_redirect_urls: Vec::new(),
            providers: Vec::new(),
            unreadable_providers: BTreeSet::new(),
            vouched_issuers: BTreeSet::new(),
            #[cfg(feature = "passkey")]
            passkeys: None,
        }
    }
}

impl RealmSettings {
    /// The rules there are where nothing else is said.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets who may become a user by himself.
    #[must_use]
    pub fn with_sign_up(mut self, policy: SignUpPolicy) -> Self {
        self.sign_up = policy;
        self
    }

    /// Sets whether an address must be verified before its user may sign in by
    /// password.
    #[must_use]
    pub fn with_required_verification(mut self, required: bool) -> Self {
        self.require_verified_email = required;
        self
    }

    /// Sets whether choosing a new password by a link or a code revokes the
    /// user's API keys too, as it ends his sessions. Somebody who was robbed of
    /// his password may have been robbed of keys; programs that act by them stop.
    #[must_use]
    pub fn with_keys_revoked_at_reset(mut self, revoked: bool) -> Self {
        self.reset_revokes_keys = revoked;
        self
    }

    /// Lets anybody become a user without an account, who may get one later.
    #[must_use]
    pub fn with_anonymous(mut self, users: AnonymousUsers) -> Self {
        self.anonymous = Some(users);
        self
    }

    /// Sets the rules for the organizations of end users. The platform has
    /// none.
    #[must_use]
    pub fn with_organizations(mut self, rules: OrganizationRules) -> Self {
        self.organizations = rules;
        self
    }

    /// Sets where somebody has to show that he is no program.
    #[must_use]
    pub fn with_captcha(mut self, policy: CaptchaPolicy) -> Self {
        self.captcha = Some(policy);
        self
    }

    /// Sets what mails to the users say, where it is not what they say by
    /// themselves.
    #[must_use]
    pub fn with_templates(mut self, templates: Templates) -> Self {
        self.templates = Arc::new(templates);
        self
    }

    /// Adds somebody who has a say when users are made, sign in and are written
    /// to. Each is asked, in the order in which they are added.
    #[must_use]
    pub fn with_hooks(mut self, hooks: Arc<dyn AuthHooks>) -> Self {
        self.hooks.push(hooks);
        self
    }

    /// Sets the least number of characters of a new password, 8 to 64 (8;
    /// NIST recommends 15 where there is no second factor).
    #[must_use]
    pub fn with_min_password_length(mut self, chars: usize) -> Self {
        self.password.min_chars = chars;
        self
    }

    /// Refuses these as passwords, besides the 10 000 most common ones: the
    /// names of your company and product.
    #[must_use]
    pub fn with_blocked_passwords(
        mut self,
        words: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Self {
        let words = words.into_iter().map(|word| word.as_ref().to_lowercase());
        self.password.blocked.extend(words);
        self
    }

    /// Sets how long a session lives at most, from sign-in (30 days).
    #[must_use]
    pub fn with_session_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime.absolute = lifetime;
        self
    }

    /// Lets pages of these origins ask for the end users of every workspace, besides
    /// those a workspace names itself (none).
    #[must_use]
    pub fn with_allowed_origins(mut self, origins: impl IntoIterator<Item = Origin>) -> Self {
        let origins = origins.into_iter();
        self.allowed_origins
            .extend(origins.map(|origin| origin.as_str().to_owned()));
        self
    }

    /// Lets workspaces believe these issuers about whose an address is (besides
    /// Google, GitHub and Apple, none); see
    /// [`OAuthProvider::with_trust_for_linking`](crate::oauth::OAuthProvider::with_trust_for_linking).
    ///
    /// Whoever is believed can sign in as any user whose address he says he has. A
    /// workspace's admin may be the issuer himself, so it is not for him to say.
    #[must_use]
    pub fn with_vouched_issuers(
        mut self,
        issuers: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let issuers = issuers.into_iter().map(Into::into);
        self.vouched_issuers.extend(issuers);
        self
    }

    /// Sets how long a session lives without a request (24 hours).
    #[must_use]
    pub fn with_session_idle(mut self, idle: Duration) -> Self {
        self.lifetime.idle = idle;
        self
    }

    /// Sets whom passkeys are made for (nobody: there are none).
    #[cfg(feature = "passkey")]
    #[must_use]
    pub fn with_passkeys(mut self, party: crate::RelyingParty) -> Self {
        self.passkeys = Some(party);
        self
    }

    /// Sets whom passkeys are made for, where it is not said.
    #[cfg(feature = "passkey")]
    pub(crate) fn or_passkeys(mut self, party: Option<&crate::RelyingParty>) -> Self {
        self.passkeys = self.passkeys.or_else(|| party.cloned());
        self
    }

    /// Refuses whoever wants to become a user by himself where he may not.
    pub(crate) fn admit_sign_up(&self) -> Result<()> {
        match self.sign_up {
            SignUpPolicy::Open => Ok(()),
            SignUpPolicy::Invited | SignUpPolicy::Closed => {
                Err(closed("nobody can sign up here without an invitation"))
            }
        }
    }

    /// Refuses who was invited where nobody may become a user by himself.
    pub(crate) fn admit_invited(&self) -> Result<()> {
        match self.sign_up {
            SignUpPolicy::Open | SignUpPolicy::Invited => Ok(()),
            SignUpPolicy::Closed => Err(closed("nobody can sign up here")),
        }
    }

    /// Checks that each rule is within its range.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |why| Err(Error::new(ErrorKind::Validation, why));
        let lengths = PasswordPolicy::MIN_CHARS..=MAX_MIN_PASSWORD_LENGTH;
        if !lengths.contains(&self.password.min_chars) {
            return refuse("the least password length must be between 8 and 64 characters");
        }
        if self.organizations.max_members == 0 {
            return refuse("an organization must have room for one member");
        }
        if self.lifetime.absolute.is_zero() || self.lifetime.idle.is_zero() {
            return refuse("a session must live longer than no time at all");
        }
        Ok(())
    }
}

fn closed(why: &'static str) -> Error {
    Error::new(ErrorKind::Forbidden, why).with_code("SIGN_UP_CLOSED")
}
