//! The second factor: an authenticator app, and codes for when it is lost.
//!
//! It is asked for by [`Auth::complete`], whatever somebody signed in by. What
//! he has shown by then waits in a [flow](pending) that he has the token of.

use workeros_core::{Batch, Result, SessionId, Step, UserId};

use crate::activity::{ActivityKind, NewActivity};
use crate::attempts::Attempt;
use crate::changes::{Affected, NOBODY};
use crate::door::Door;
use crate::entry::{Entry, Method};
use crate::news::News;
use crate::template::SignInMethod;
use crate::{
    Auth, BackupCode, EmailAddress, OneTimeCode, Password, Plane, RequestInfo, SignedIn,
    TotpSecret, User,
};

mod pending;
mod refusal;
mod store;

pub use pending::PendingToken;
pub(crate) use store::{APP_TWO_FACTOR, PLATFORM_TWO_FACTOR};

/// What shows the second factor.
#[derive(Debug, Clone)]
pub enum SecondFactor {
    /// What an authenticator app shows.
    Totp(OneTimeCode),
    /// What was written down for when the app is lost.
    BackupCode(BackupCode),
}

/// What an authenticator app is set up by.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TwoFactorSetup {
    /// What the app has to know.
    pub secret: TotpSecret,
    /// Whose codes it will show.
    pub account: EmailAddress,
    /// The codes for when the app is lost. They are not shown again.
    pub backup_codes: Vec<BackupCode>,
}

/// How somebody who is signed in shows that it is still he: by his password, or,
/// if he has none, by having signed in within the last ten minutes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StillMe {
    /// Who is signed in.
    pub user: UserId,
    /// His session.
    pub session: SessionId,
    /// His password.
    pub password: Option<Password>,
}

impl StillMe {
    /// A user in a session, with his password.
    #[must_use]
    pub fn new(user: UserId, session: SessionId, password: Option<Password>) -> Self {
        Self {
            user,
            session,
            password,
        }
    }
}

/// What factors are called where somebody looks at what happened.
const APP: &str = "totp";
const BACKUP_CODES: &str = "backup-codes";

impl<P: Plane> Auth<P> {
    /// Gives a user a secret for an authenticator app, and backup codes. They
    /// replace those of a set-up that was not finished. Nothing asks for them
    /// before [a code was shown](Self::show_second_factor).
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code `TOTP_ALREADY_ENABLED`
    ///   when an app is in use.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code `INVALID_PASSWORD` or
    ///   `REAUTH_REQUIRED`; see [`StillMe`].
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) after too many attempts.
    pub async fn begin_two_factor(
        &self,
        still_me: &StillMe,
        request: &RequestInfo,
    ) -> Result<TwoFactorSetup> {
        let user = self.check_still(still_me, request).await?;
        let random = self.inner.random.as_ref();
        let setup = TwoFactorSetup {
            secret: TotpSecret::generate(random)?,
            account: EmailAddress::stored(&user.email)?,
            backup_codes: BackupCode::generate_all(random)?,
        };
        let mut batch = Batch::new().step(self.begin_app(user.id, &setup.secret)?);
        batch.extend(self.replace_backup_codes(user.id, &setup.backup_codes)?);
        let begun = self.apply(&[Affected::User(user.id)], batch).await;
        begun.map_err(refusal::already_enabled)?;
        Ok(setup)
    }

    /// Uses a second factor up for a user who is signed in, and gives him
    /// another session in place of the request's. The first code of an app puts
    /// it in use: from then on it is asked for.
    ///
    /// # Errors
    ///
    /// * [`Unauthorized`](workeros_core::ErrorKind::Unauthorized) with code `INVALID_CODE` or
    ///   `INVALID_BACKUP_CODE`.
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code `TOTP_NOT_ENABLED` or
    ///   `BACKUP_CODES_NOT_ENABLED` when nothing was set up.
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) after too many attempts.
    pub async fn show_second_factor(
        &self,
        user: UserId,
        factor: &SecondFactor,
        request: &RequestInfo,
    ) -> Result<SignedIn<P>> {
        self.require_own_session(request).await?;
        let user = self.find_user(user).await?;
        let used = self.use_second_factor(&user, factor, request).await?;
        self.renew_session(user, used, request).await
    }

    /// Takes the second factor from a user, and gives him another session in
    /// place of the request's.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code `INVALID_PASSWORD` or
    /// `REAUTH_REQUIRED`; see [`StillMe`].
    pub async fn end_two_factor(
        &self,
        still_me: &StillMe,
        request: &RequestInfo,
    ) -> Result<SignedIn<P>> {
        let user = self.check_still(still_me, request).await?;
        let mut dropped = Vec::from(self.drop_app(user.id));
        let removed = NewActivity::new(ActivityKind::FactorRemoved).about(user.id);
        dropped.push(self.note_activity(removed.with("factor", APP)));
        dropped.extend(self.tell(user.id, News::Removed(SignInMethod::AuthenticatorApp))?);
        self.renew_session(user, dropped, request).await
    }

    /// The secret of a user's app, and whose it is: to set up another one.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code `TOTP_NOT_ENABLED`
    ///   when there is none.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code `INVALID_PASSWORD` or
    ///   `REAUTH_REQUIRED`; see [`StillMe`].
    pub async fn totp_secret(
        &self,
        still_me: &StillMe,
        request: &RequestInfo,
    ) -> Result<(TotpSecret, EmailAddress)> {
        let user = self.check_still(still_me, request).await?;
        let app = self.find_app(user.id).await?;
        let app = app.ok_or_else(refusal::totp_not_enabled)?;
        let account = EmailAddress::stored(&user.email)?;
        Ok((app.secret, account))
    }

    /// Gives a user other backup codes in place of those he has.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    ///   `TWO_FACTOR_NOT_ENABLED` when no app is in use.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code `INVALID_PASSWORD` or
    ///   `REAUTH_REQUIRED`; see [`StillMe`].
    pub async fn renew_backup_codes(
        &self,
        still_me: &StillMe,
        request: &RequestInfo,
    ) -> Result<Vec<BackupCode>> {
        let user = self.check_still(still_me, request).await?;
        let app = self.find_app(user.id).await?;
        app.filter(|app| app.is_confirmed)
            .ok_or_else(refusal::two_factor_not_enabled)?;
        let codes = BackupCode::generate_all(self.inner.random.as_ref())?;
        let mut batch = Batch::new();
        batch.extend(self.replace_backup_codes(user.id, &codes)?);
        batch.push(self.note_activity(factor_added(user.id, BACKUP_CODES)));
        batch.extend(self.tell(user.id, News::Added(SignInMethod::BackupCodes))?);
        self.apply(&NOBODY, batch).await?;
        Ok(codes)
    }

    /// Another session in place of the request's, for somebody who has shown
    /// his second factor, or shown again that it is still he.
    async fn renew_session(
        &self,
        user: User,
        proof: Vec<Step>,
        request: &RequestInfo,
    ) -> Result<SignedIn<P>> {
        let passed = self.pass(Door::Session, request).await?;
        let mut entry = Entry::new(user, Method::SecondFactor, passed);
        entry.affected = vec![Affected::User(entry.user.id)];
        entry.proof = proof;
        let entered = self.complete(entry, request).await;
        // INVARIANT: nobody is asked for what he has just shown.
        entered.map_err(refusal::used_up)?.signed_in()
    }

    /// The steps that use a factor up.
    async fn use_second_factor(
        &self,
        user: &User,
        factor: &SecondFactor,
        request: &RequestInfo,
    ) -> Result<Vec<Step>> {
        let address = EmailAddress::stored(&user.email)?;
        self.admit(Attempt::SecondFactor, &address, request).await?;
        let used = self.factor_steps(user.id, factor).await;
        if used.is_err() {
            let refused = NewActivity::new(ActivityKind::SignInFailed).about(user.id);
            self.note_refusal(refused.with("method", Method::SecondFactor.name()));
        }
        used
    }

    async fn factor_steps(&self, user: UserId, factor: &SecondFactor) -> Result<Vec<Step>> {
        let app = self.find_app(user).await?;
        match factor {
            SecondFactor::Totp(code) => {
                let app = app.ok_or_else(refusal::totp_not_enabled)?;
                let mut steps = vec![self.use_code_of_app(user, &app, code)?];
                if !app.is_confirmed {
                    steps.push(self.note_activity(factor_added(user, APP)));
                    steps.extend(self.tell(user, News::Added(SignInMethod::AuthenticatorApp))?);
                }
                Ok(steps)
            }
            SecondFactor::BackupCode(code) => {
                app.filter(|app| app.is_confirmed)
                    .ok_or_else(refusal::backup_codes_not_enabled)?;
                Ok(vec![self.use_backup_code(user, code).await?])
            }
        }
    }

    pub(crate) async fn check_still(
        &self,
        still_me: &StillMe,
        request: &RequestInfo,
    ) -> Result<User> {
        let login = self.find_login(still_me.user).await?;
        login.user.require_account()?;
        if login.password_hash.is_some() {
            let password = still_me.password.as_ref();
            self.confirm_password(&login, password, request).await?;
        } else {
            self.require_fresh(still_me.session).await?;
        }
        Ok(login.user)
    }
}

fn factor_added(user: UserId, factor: &'static str) -> NewActivity {
    let added = NewActivity::new(ActivityKind::FactorAdded).about(user);
    added.with("factor", factor)
}
