//! The one way to a session.

use workeros_core::{Batch, Error, ErrorKind, Result, Step};

use crate::activity::{ActivityKind, NewActivity};
use crate::admission::Admitted;
use crate::changes::Affected;
use crate::door::Passed;
use crate::refusal::invalid_login;
use crate::session::end;
use crate::{Auth, PendingToken, Plane, Platform, RequestInfo, Session, SignedIn, User};

/// What somebody proved who he is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// His password.
    Password,
    /// A link that was mailed to him.
    MagicLink,
    /// A code that was mailed to him.
    EmailOtp,
    /// An account at a provider.
    OAuth,
    /// Nothing: he is new, and has no account.
    Anonymous,
    /// His second factor, besides another method or a session.
    SecondFactor,
    /// A passkey, whose device has verified him: two factors at once.
    #[cfg(feature = "passkey")]
    Passkey,
}

/// Somebody who has proved who he is.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) user: User,
    pub(crate) method: Method,
    /// The hash of the password he proved it by: he gets in only while it is
    /// still his.
    pub(crate) password_hash: Option<String>,
    /// Uses up what he proved it by, and makes of it what is to be made. Stands
    /// first in the batch: of many who come by the same proof one gets in.
    pub(crate) proof: Vec<Step>,
    /// What the proof changes.
    pub(crate) affected: Vec<Affected>,
    /// Whether the proof takes a second factor away, so that none is asked for.
    pub(crate) drops_second_factor: bool,
}

/// What came of proving who one is.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "nearly everybody is signed in")]
pub enum Entered<P: Plane = Platform> {
    /// Somebody is signed in.
    SignedIn(SignedIn<P>),
    /// Somebody has a second factor, which he has to show too; see
    /// [`Auth::finish_sign_in`].
    SecondFactor(PendingToken),
}

impl<P: Plane> Entered<P> {
    /// For who has no second factor, or has shown it.
    pub(crate) fn signed_in(self) -> Result<SignedIn<P>> {
        match self {
            Self::SignedIn(signed_in) => Ok(signed_in),
            Self::SecondFactor(_) => Err(Error::internal("a second factor was asked for again")),
        }
    }
}

impl Method {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::MagicLink => "magic-link",
            Self::EmailOtp => "email-otp",
            Self::OAuth => "oauth",
            Self::Anonymous => "anonymous",
            Self::SecondFactor => "second-factor",
            #[cfg(feature = "passkey")]
            Self::Passkey => "passkey",
        }
    }

    /// Whether it takes two factors by itself.
    const fn is_two_factors(self) -> bool {
        match self {
            Self::Password | Self::MagicLink | Self::EmailOtp | Self::OAuth | Self::Anonymous => {
                false
            }
            Self::SecondFactor => true,
            #[cfg(feature = "passkey")]
            Self::Passkey => true,
        }
    }
}

impl Entry {
    /// Somebody, by a method, who went through its door.
    pub(crate) fn new(user: User, method: Method, _: Passed) -> Self {
        Self {
            user,
            method,
            password_hash: None,
            proof: Vec::new(),
            affected: Vec::new(),
            drops_second_factor: false,
        }
    }

    /// Somebody who gets an account by these steps.
    pub(crate) fn new_user(
        admitted: Admitted,
        method: Method,
        passed: Passed,
        proof: Vec<Step>,
    ) -> Self {
        Self {
            affected: admitted.affected(),
            proof,
            ..Self::new(admitted.into_user(), method, passed)
        }
    }

    /// Somebody who takes over the account of whoever made it; see
    /// [`claim`](crate::claim).
    pub(crate) fn claiming(mut user: User, method: Method, passed: Passed) -> Self {
        user.email_verified = true;
        user.guest = None;
        let affected = vec![Affected::User(user.id)];
        Self {
            affected,
            drops_second_factor: true,
            ..Self::new(user, method, passed)
        }
    }
}

impl<P: Plane> Auth<P> {
    /// Lets somebody in who has proved who he is: opens a session in the place
    /// of the one the request came with, in one batch with the steps of the
    /// proof. Whoever has a second factor and has not shown it waits for it
    /// instead.
    ///
    /// # Errors
    ///
    /// * [`Unauthorized`](ErrorKind::Unauthorized) with code
    ///   `INVALID_EMAIL_OR_PASSWORD` when the user is disabled, or was changed
    ///   meanwhile.
    /// * [`Forbidden`](ErrorKind::Forbidden) with code `EMAIL_NOT_VERIFIED` for
    ///   a password, where the address must be verified and is not.
    /// * [`Conflict`](ErrorKind::Conflict) when he got a second factor
    ///   meanwhile.
    /// * What the steps of the proof answer.
    pub(crate) async fn complete(&self, entry: Entry, request: &RequestInfo) -> Result<Entered<P>> {
        if entry.user.disabled {
            return Err(invalid_login());
        }
        let by_password = entry.method == Method::Password;
        if by_password && self.settings.require_verified_email && !entry.user.email_verified {
            return Err(unverified());
        }
        let mut entry = self.as_guest_before(entry).await?;
        let user = entry.user.id;
        if !entry.method.is_two_factors() {
            if !entry.drops_second_factor && self.has_second_factor(user).await? {
                return self.wait(entry).await.map(Entered::SecondFactor);
            }
            entry.proof.push(self.expect_no_second_factor(user));
        }
        self.open(entry, request).await.map(Entered::SignedIn)
    }

    /// Lets somebody in who needs to show nothing more.
    async fn open(&self, entry: Entry, request: &RequestInfo) -> Result<SignedIn<P>> {
        let user = entry.user;
        let draft = self.draft_session(user.id, request);
        let mut new = self.new_session(&user, draft).await?;
        let mut batch = Batch::new();
        batch.extend(entry.proof);
        batch.extend(request.replaces.as_ref().map(end::<P>));
        batch.push(self.sweep_sessions(user.id));
        batch.push(new.insert(self.realm, entry.password_hash.as_deref()));
        batch.extend(new.take_token_steps());
        batch.push(self.note_sign_in(&new.session, entry.method));
        let mut affected = request.ends();
        affected.extend(entry.affected);
        let left = self.guest_of(request).await?;
        let left = left.filter(|guest| guest.user.id != user.id);
        if let Some(guest) = &left {
            batch.extend(self.leave_guest(guest, user.id));
            affected.push(Affected::User(guest.user.id));
        }
        let removed = self.apply_and_read(&affected, batch).await;
        let removed = removed.map_err(refused)?;
        self.forgive(&user.email).await;
        if let Some(guest) = left.filter(|_| removed.first().is_some()) {
            self.tell_of_link(guest.user.id, user.id).await;
        }
        tracing::debug!(user = %user.id, method = ?entry.method, "signed in");
        Ok(new.opened(user))
    }

    fn note_sign_in(&self, session: &Session, method: Method) -> Step {
        let activity = NewActivity::new(ActivityKind::SignIn)
            .about(session.user_id)
            .with("method", method.name())
            .with("session_id", session.id.to_string());
        self.note_activity(activity)
    }

    /// Keeps that somebody has shown one factor, in one batch with the steps of
    /// the proof.
    async fn wait(&self, entry: Entry) -> Result<PendingToken> {
        let password_hash = entry.password_hash.as_deref();
        let (token, step) = self.open_pending(entry.user.id, password_hash)?;
        let mut batch = Batch::new();
        batch.extend(entry.proof);
        batch.push(step);
        self.apply(&entry.affected, batch).await.map_err(refused)?;
        tracing::debug!(user = %entry.user.id, method = ?entry.method, "waits for a second factor");
        Ok(token)
    }
}

fn unverified() -> Error {
    let why = "verify the e-mail address first, by the link in the mail";
    Error::new(ErrorKind::Forbidden, why).with_code("EMAIL_NOT_VERIFIED")
}

fn refused(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unauthorized => invalid_login(),
        _ => error,
    }
}
