use workeros_core::{Batch, Cost, ErrorKind, Result, Statement, Step, UserId};

use crate::changes::NOBODY;
use crate::refusal::invalid_login;
use crate::session::end;
use crate::{Auth, EmailAddress, Password, RequestInfo, SessionToken, SignedIn, User};

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

const FIND: &str = "SELECT id, email, name, email_verified, disabled, created_at, updated_at, \
    password_hash FROM workeros_users WHERE email = $1";
/// Leaves alone what was changed since it was read.
const RENEW: &str =
    "UPDATE workeros_users SET password_hash = $1 WHERE id = $2 AND password_hash = $3";

impl Auth {
    /// Signs a user in by its password, in a new session. The session the
    /// request came with ends.
    ///
    /// # Errors
    ///
    /// * [`Unauthorized`](ErrorKind::Unauthorized) with code
    ///   `INVALID_EMAIL_OR_PASSWORD`, the same and after the same work for an
    ///   unknown address, a wrong password and a disabled user.
    /// * [`Unavailable`](ErrorKind::Unavailable) when too many passwords are
    ///   being checked.
    pub async fn sign_in_email(&self, sign_in: SignIn, request: &RequestInfo) -> Result<SignedIn> {
        let found = self.find_login(&sign_in.email).await?;
        let stored = found.as_ref().and_then(|(_, hash)| hash.as_deref());
        let proven = self.inner.hasher.verify(&sign_in.password, stored).await?;
        let Some((user, Some(password_hash))) = found.filter(|(user, _)| proven && !user.disabled)
        else {
            return Err(invalid_login());
        };
        let signed_in = self.sign_in(user, &password_hash, request).await?;
        if self.inner.hasher.is_outdated(&password_hash) {
            self.renew_hash(signed_in.user.id, sign_in.password, password_hash);
        }
        Ok(signed_in)
    }

    async fn find_login(&self, email: &EmailAddress) -> Result<Option<(User, Option<String>)>> {
        let params = vec![email.as_str().into()];
        let rows = self
            .fetch(Statement::new(FIND, params).with_cost(Cost::Short))
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let password_hash = row.optional_text(7)?.map(ToOwned::to_owned);
        Ok(Some((User::read(row, 0)?, password_hash)))
    }

    async fn sign_in(
        &self,
        user: User,
        password_hash: &str,
        request: &RequestInfo,
    ) -> Result<SignedIn> {
        let token = SessionToken::generate(self.inner.random.as_ref())?;
        let session = self.open_session(user.id, request);
        let mut batch = Batch::new();
        batch.extend(request.replaces.as_ref().map(end));
        batch.push(self.sweep(user.id));
        batch.push(session.insert(&token, password_hash));
        self.apply(&request.ends(), batch)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Unauthorized => invalid_login(),
                _ => error,
            })?;
        Ok(SignedIn {
            token,
            session,
            user,
        })
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
                let step = Step::new(Statement::new(RENEW, params));
                store.apply(&NOBODY, Batch::new().step(step)).await
            };
            if let Err(error) = renewed.await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, %user, "could not renew a password hash");
            }
        });
    }
}
