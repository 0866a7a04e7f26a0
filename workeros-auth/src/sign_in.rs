use workeros_core::{Batch, Cost, ErrorKind, Result, Statement, Step, UserId};

use crate::activity::{ActivityKind, NewActivity};
use crate::attempts::Attempt;
use crate::changes::NOBODY;
use crate::entry::{Entry, Method};
use crate::hooks::{PasswordAttempt, PasswordUse};
use crate::plane::{PlaneSql, planes};
use crate::refusal::invalid_login;
use crate::{Auth, EmailAddress, Entered, Password, Plane, RequestInfo, User};

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

const FIND: PlaneSql = planes!(
    "SELECT id, email, name, email_verified, disabled, created_at, updated_at, image, \
    password_hash \
    FROM " p "_users WHERE realm_id = $1 AND email = $2"
);
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
        let found = self.find_login(&sign_in.email).await?;
        let stored = found.as_ref().and_then(|(_, hash)| hash.as_deref());
        let known = found.as_ref().map(|(user, _)| user.id);
        let attempt = PasswordAttempt {
            password: &sign_in.password,
            user: known,
            email: sign_in.email.as_str(),
            stored,
            used_for: PasswordUse::SignIn,
            ip: request.ip,
        };
        let proven = self.is_password(&attempt).await.inspect_err(|error| {
            if error.kind() == ErrorKind::Forbidden {
                self.note_refusal(refused(known, &sign_in.email));
            }
        })?;
        let Some((user, Some(password_hash))) = found.filter(|_| proven) else {
            self.note_refusal(refused(known, &sign_in.email));
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

    async fn find_login(&self, email: &EmailAddress) -> Result<Option<(User, Option<String>)>> {
        let params = vec![self.realm.into(), email.as_str().into()];
        let rows = self
            .fetch(Statement::new(FIND.of::<P>(), params).with_cost(Cost::Short))
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let password_hash = row.optional_text(8)?.map(ToOwned::to_owned);
        Ok(Some((User::read(row, 0)?, password_hash)))
    }

    /// Hashes the password anew, at today's cost, while nobody waits. A hash
    /// that could not be renewed is renewed at the next sign-in.
    fn renew_hash(&self, user: UserId, password: Password, old: String) {
        let hasher = self.inner.hasher.clone();
        let store = std::sync::Arc::clone(&self.inner.store);
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

fn refused(user: Option<UserId>, email: &EmailAddress) -> NewActivity {
    let activity = NewActivity::new(ActivityKind::SignInFailed).with("email", email.as_str());
    match user {
        Some(user) => activity.about(user),
        None => activity,
    }
}
