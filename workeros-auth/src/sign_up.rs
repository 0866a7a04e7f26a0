use workeros_core::{Result, Statement, Step, Timestamp, UserId, Value};

use crate::entry::{Entry, Method};
use crate::plane::{PlaneSql, planes};
use crate::refusal::taken_email;
use crate::{
    Auth, DisplayName, EmailAddress, Password, Plane, Realm, RequestInfo, SetupToken, SignedIn,
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

const INSERT: PlaneSql = planes!(
    "INSERT INTO " p "_users (id, realm_id, email, name, password_hash, email_verified, \
    disabled, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
);

impl<P: Plane> Auth<P> {
    /// Makes a user with a password and signs it in. The first user of the
    /// instance becomes admin of the default workspace: exactly one, however
    /// many race. The first end user of a workspace is one like all others.
    ///
    /// # Errors
    ///
    /// * [`Validation`](workeros_core::ErrorKind::Validation) with code
    ///   `PASSWORD_TOO_SHORT` or `PASSWORD_COMMON` at `/password`, or
    ///   `USER_ALREADY_EXISTS` at `/email`.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code
    ///   `SETUP_REQUIRED` when the first sign-up lacks the setup token, or
    ///   `SIGN_UP_CLOSED` when nobody may make himself a user.
    /// * [`Unavailable`](workeros_core::ErrorKind::Unavailable) when too many
    ///   passwords are being checked.
    pub async fn sign_up_email(
        &self,
        sign_up: SignUp,
        request: &RequestInfo,
    ) -> Result<SignedIn<P>> {
        P::admit_sign_up(self, sign_up.setup_token.as_ref()).await?;
        self.settings
            .password
            .check(&sign_up.password, &sign_up.email)?;
        let password_hash = self.inner.hasher.hash(&sign_up.password).await?;
        let user = self.new_user(&sign_up.email, &sign_up.name);
        let mut entry = Entry::new(user, Method::Password);
        entry.proof = self.sign_up_steps(&entry.user, Some(&password_hash));
        entry.password_hash = Some(password_hash);
        let entered = self.complete(entry, request).await.map_err(taken_email)?;
        // INVARIANT: whoever is new has no second factor yet.
        entered.signed_in()
    }

    /// Makes a user who signed up by himself.
    pub(crate) fn sign_up_steps(&self, user: &User, password_hash: Option<&str>) -> Vec<Step> {
        let mut steps = vec![insert_user::<P>(self.realm, user, password_hash)];
        steps.extend(P::welcome(self, user.id, user.created_at));
        steps
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

pub(crate) fn insert_user<P: Plane>(
    realm: Realm,
    user: &User,
    password_hash: Option<&str>,
) -> Step {
    let params = vec![
        user.id.into(),
        realm.into(),
        user.email.clone().into(),
        user.name.clone().into(),
        Value::from(password_hash),
        user.email_verified.into(),
        user.disabled.into(),
        user.created_at.into(),
        user.updated_at.into(),
    ];
    Step::new(Statement::new(INSERT.of::<P>(), params))
}
