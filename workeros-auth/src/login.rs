//! Users as they are read to find out whether somebody is one of them.

use workeros_core::{Cost, Error, Result, Row, Statement, UserId};

use crate::attempts::Attempt;
use crate::hooks::{PasswordAttempt, PasswordUse};
use crate::plane::{PlaneSql, planes};
use crate::refusal::wrong_password;
use crate::{Auth, EmailAddress, Password, Plane, RequestInfo, User};

/// A user with what his password is compared with.
pub(crate) struct Login {
    pub(crate) user: User,
    /// The hash; `None` for one who signs in by something else.
    pub(crate) password_hash: Option<String>,
}

const FIND: PlaneSql = planes!(
    "SELECT " user ", u.password_hash FROM " p "_users u \
    WHERE u.realm_id = $1 AND u.id = $2 AND NOT u.disabled"
);
const FIND_BY_ADDRESS: PlaneSql = planes!(
    "SELECT " user ", u.password_hash FROM " p "_users u \
    WHERE u.realm_id = $1 AND u.email = $2"
);

impl Login {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            user: User::read(row, 0)?,
            password_hash: row.optional_text(User::COLUMNS)?.map(ToOwned::to_owned),
        })
    }

    /// The user with the hash, if there is one.
    pub(crate) fn with_password(self) -> Option<(User, String)> {
        Some((self.user, self.password_hash?))
    }
}

impl<P: Plane> Auth<P> {
    /// A user who is not disabled.
    ///
    /// # Errors
    ///
    /// [`NotFound`](workeros_core::ErrorKind::NotFound) without one.
    pub(crate) async fn find_login(&self, user: UserId) -> Result<Login> {
        let params = vec![self.realm.into(), user.into()];
        let statement = Statement::new(FIND.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        Login::read(rows.first().ok_or_else(Error::not_found)?)
    }

    /// As [`find_login`](Self::find_login), where his password does not matter.
    pub(crate) async fn find_user(&self, user: UserId) -> Result<User> {
        Ok(self.find_login(user).await?.user)
    }

    /// Whoever has an address, also one who is disabled: to tell him so takes
    /// as long as to let him in.
    pub(crate) async fn find_login_by_address(&self, address: &str) -> Result<Option<Login>> {
        let params = vec![self.realm.into(), address.into()];
        let statement = Statement::new(FIND_BY_ADDRESS.of::<P>(), params);
        let rows = self.fetch(statement.with_cost(Cost::Short)).await?;
        rows.first().map(Login::read).transpose()
    }

    /// Lets pass who is signed in and still knows his password. To give none is
    /// as wrong as to give another.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code
    /// `INVALID_PASSWORD`, and what [`admit`](Self::admit) and
    /// [`is_password`](Self::is_password) answer.
    pub(crate) async fn confirm_password(
        &self,
        login: &Login,
        presented: Option<&Password>,
        request: &RequestInfo,
    ) -> Result<()> {
        let stored = login.password_hash.as_deref();
        let (Some(password), Some(stored)) = (presented, stored) else {
            return Err(wrong_password());
        };
        let address = EmailAddress::stored(&login.user.email)?;
        self.admit(Attempt::Password, &address, request).await?;
        let attempt = PasswordAttempt {
            password,
            user: Some(login.user.id),
            email: address.as_str(),
            stored: Some(stored),
            used_for: PasswordUse::Confirm,
            ip: request.ip,
        };
        if !self.is_password(&attempt).await? {
            return Err(wrong_password());
        }
        self.forgive(address.as_str()).await;
        Ok(())
    }
}
