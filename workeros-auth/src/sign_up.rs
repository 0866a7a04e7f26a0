use workeros_core::{Batch, Result, Statement, Step, Timestamp, UserId, Value};

use crate::refusal::taken_email;
use crate::session::end;
use crate::setup::{claim, grant_first};
use crate::{
    Auth, DisplayName, EmailAddress, Password, RequestInfo, SessionToken, SetupToken, SignedIn,
    User,
};

/// What a new user tells about itself. There is no way to ask for a role.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignUp {
    /// Its address.
    pub email: EmailAddress,
    /// Its password.
    pub password: Password,
    /// The name it goes by.
    pub name: DisplayName,
    /// Proof that it may be the first one.
    pub setup_token: Option<SetupToken>,
}

impl SignUp {
    /// A sign-up without a setup token.
    #[must_use]
    pub fn new(email: EmailAddress, password: Password, name: DisplayName) -> Self {
        Self {
            email,
            password,
            name,
            setup_token: None,
        }
    }

    /// Sets the setup token presented.
    #[must_use]
    pub fn with_setup_token(mut self, token: Option<SetupToken>) -> Self {
        self.setup_token = token;
        self
    }
}

const INSERT: &str = "INSERT INTO workeros_users \
    (id, email, name, password_hash, email_verified, disabled, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

impl Auth {
    /// Makes a user with a password and signs it in. The first user of the
    /// database becomes admin of the default workspace: exactly one, however
    /// many race.
    ///
    /// # Errors
    ///
    /// * [`Validation`](workeros_core::ErrorKind::Validation) with code
    ///   `PASSWORD_TOO_SHORT` or `PASSWORD_COMMON` at `/password`, or
    ///   `USER_ALREADY_EXISTS` at `/email`.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code
    ///   `SETUP_REQUIRED` when the first sign-up lacks the setup token.
    /// * [`Unavailable`](workeros_core::ErrorKind::Unavailable) when too many
    ///   passwords are being checked.
    pub async fn sign_up_email(&self, sign_up: SignUp, request: &RequestInfo) -> Result<SignedIn> {
        self.admit_sign_up(sign_up.setup_token.as_ref()).await?;
        self.inner.policy.check(&sign_up.password, &sign_up.email)?;
        let password_hash = self.inner.hasher.hash(&sign_up.password).await?;
        let user = self.new_user(&sign_up.email, &sign_up.name);
        let token = SessionToken::generate(self.inner.random.as_ref())?;
        let session = self.open_session(user.id, request);
        let mut batch = Batch::new()
            .step(insert_user(&user, Some(&password_hash)))
            .step(claim(user.id, user.created_at))
            .step(grant_first(self.inner.default_tenant, user.id));
        batch.extend(request.replaces.as_ref().map(end));
        batch.push(session.insert(&token, &password_hash));
        self.apply(&request.ends(), batch)
            .await
            .map_err(taken_email)?;
        Ok(SignedIn {
            token,
            session,
            user,
        })
    }

    pub(crate) fn new_user(&self, email: &EmailAddress, name: &DisplayName) -> User {
        let now: Timestamp = self.now();
        User {
            id: UserId::new(self.inner.ids.next_id()),
            email: email.as_str().to_owned(),
            name: name.as_str().to_owned(),
            email_verified: false,
            disabled: false,
            created_at: now,
            updated_at: now,
        }
    }
}

pub(crate) fn insert_user(user: &User, password_hash: Option<&str>) -> Step {
    let params = vec![
        user.id.into(),
        user.email.clone().into(),
        user.name.clone().into(),
        Value::from(password_hash),
        user.email_verified.into(),
        user.disabled.into(),
        user.created_at.into(),
        user.updated_at.into(),
    ];
    Step::new(Statement::new(INSERT, params))
}
