use std::sync::Arc;

use workeros_core::{Batch, ErrorKind, Result, Statement, Step, UserId};

use crate::activity::{ActivityKind, NewActivity};
use crate::attempts::Attempt;
use crate::changes::NOBODY;
use crate::entry::{Entry, Method};
use crate::hooks::{PasswordAttempt, PasswordUse};
use crate::login::Login;
use crate::plane::{PlaneSql, planes};
use crate::refusal::invalid_login;
use crate::{Auth, EmailAddress, Entered, Password, Plane, RequestInfo};

/// What proves who a user is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignIn {
    /// Its address.
    pub email: EmailAddress,
    /// Its password.
    pub password: Password,
}

impl SignIn {
    /// An address with a password.
    #[must_use]
    pub fn new(email: EmailAddress, password: Password) -> Self {
        Self { email, password }
    }
}

/// Leaves alone what was changed since it was read.
const RENEW: PlaneSql =
    planes!("UPDATE " p "_users SET password_hash = $1 WHERE id = $2 AND password_hash = $3");

impl<P: Plane> Auth<P> {
    /// Signs a user in by its password, in a new session. The session the
    /// request came with ends.
    ///
    /// # Errors
    ///
    /// * [`Unauthorized`](workeros_core::ErrorKind::Unauthorized) with code
    ///   `INVALID_EMAIL_OR_PASSWORD`, the same and after the same work for an
    ///   unknown address, a wrong password and a disabled user.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code `EMAIL_NOT_VERIFIED`
    ///   where the address must be verified and is not.
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) after three attempts at an
    ///   account from one place within ten seconds, and with code
    ///   `ACCOUNT_TEMPORARILY_LOCKED` for up to 15 minutes after ten failed
    ///   ones from anywhere.
    /// * [`Unavailable`](workeros_core::ErrorKind::Unavailable) when too many passwords are
    ///   being checked.
    pub async fn sign_in_email(
        &self,
        sign_in: SignIn,
        request: &RequestInfo,
    ) -> Result<Entered<P>> {
        let passed = self.admit(Attempt::SignIn, &sign_in.email, request).await?;
        let email = sign_in.email.as_str();
        let found = self.find_login_by_address(email).await?;
        let known = found.as_ref().map(|login| login.user.id);
        let attempt = PasswordAttempt {
            password: &sign_in.password,
            user: known,
            email,
            stored: found
                .as_ref()
                .and_then(|login| login.password_hash.as_deref()),
            used_for: PasswordUse::SignIn,
            ip: request.ip,
        };
        let proven = self.is_password(&attempt).await.inspect_err(|error| {
            if error.kind() == ErrorKind::Forbidden {
                self.note_refusal(refused(known, email));
            }
        })?;
        let Some((user, password_hash)) = found.filter(|_| proven).and_then(Login::with_password)
        else {
            self.note_refusal(refused(known, email));
            return Err(invalid_login());
        };
        let id = user.id;
        let mut entry = Entry::new(user, Method::Password, passed);
        entry.password_hash = Some(password_hash.clone());
        let entered = self.complete(entry, request).await?;
        if self.inner.hasher.is_outdated(&password_hash) {
            self.renew_hash(id, sign_in.password, password_hash);
        }
        Ok(entered)
    }

    /// Hashes the password anew, at today's cost, while nobody waits. A hash
    /// that could not be renewed is renewed at the next sign-in.
    fn renew_hash(&self, user: UserId, password: Password, old: String) {
        let hasher = self.inner.hasher.clone();
        let store = Arc::clone(&self.inner.store);
        self.inner.background.spawn(async move {
            let renewed = async {
                let new = hasher.hash(&password).await?;
                let params = vec![new.into(), user.into(), old.into()];
                let step = Step::new(Statement::new(RENEW.of::<P>(), params));
                store.apply::<P>(&NOBODY, Batch::new().step(step)).await
            };
            if let Err(error) = renewed.await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, %user, "could not renew a password hash");
            }
        });
    }
}

fn refused(user: Option<UserId>, email: &str) -> NewActivity {
    let activity = NewActivity::new(ActivityKind::SignInFailed).with("email", email);
    match user {
        Some(user) => activity.about(user),
        None => activity,
    }
}
