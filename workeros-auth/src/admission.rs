//! The one way to become a user: past the hooks.
//!
//! Only [`Auth::admit_newcomer`] makes an [`Admitted`], and nothing else can be
//! written to the tables of users.

use std::ops::Deref;

use workeros_core::{Result, Statement, Step, UserId, Value};

use crate::anonymous::Newcomer;
use crate::hooks::{ComingUser, UserOrigin};
use crate::plane::{PlaneSql, planes};
use crate::{Auth, DisplayName, EmailAddress, Locale, Plane, Realm, RequestInfo, User};

/// Somebody who may become a user.
#[derive(Debug)]
pub(crate) struct Admitted(Newcomer);

const INSERT: PlaneSql = planes!(
    "INSERT INTO " p "_users (id, realm_id, email, name, password_hash, email_verified, \
    disabled, created_at, updated_at, image, locale, guest_id) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
);

impl Admitted {
    /// The same as another user beside the anonymous one he was.
    pub(crate) fn apart(self, id: UserId) -> Self {
        Self(self.0.apart(id))
    }

    pub(crate) fn into_user(self) -> User {
        self.0.user
    }

    /// Writes him down.
    pub(crate) fn insert<P: Plane>(&self, realm: Realm, password_hash: Option<&str>) -> Step {
        let user = &self.0.user;
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
            user.image.clone().into(),
            user.locale.as_ref().map(Locale::as_str).into(),
            user.guest.into(),
        ];
        Step::new(Statement::new(INSERT.of::<P>(), params))
    }
}

impl Deref for Admitted {
    type Target = Newcomer;

    fn deref(&self) -> &Newcomer {
        &self.0
    }
}

impl<P: Plane> Auth<P> {
    /// Somebody who wants to become a user, or is to.
    pub(crate) fn new_user(&self, email: &EmailAddress, name: &DisplayName) -> User {
        let now = self.now();
        User {
            id: UserId::new(self.inner.ids.next_id()),
            email: email.as_str().to_owned(),
            name: name.as_str().to_owned(),
            email_verified: false,
            disabled: false,
            created_at: now,
            updated_at: now,
            image: None,
            locale: None,
            guest: None,
        }
    }

    /// Asks the [hooks](crate::AuthHooks) whether somebody may become a user, or
    /// get an account, and what he is called then.
    ///
    /// # Errors
    ///
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) when one refuses.
    /// * [`Unavailable`](workeros_core::ErrorKind::Unavailable) with code
    ///   `HOOK_UNAVAILABLE` when one fails.
    pub(crate) async fn admit_newcomer(
        &self,
        mut newcomer: Newcomer,
        origin: UserOrigin,
        request: &RequestInfo,
    ) -> Result<Admitted> {
        let user = &newcomer.user;
        let coming = ComingUser {
            workspace: self.workspace.clone(),
            id: user.id,
            email: user.email.clone(),
            email_verified: user.email_verified,
            name: user.name.clone(),
            origin,
            was_anonymous: newcomer.was_anonymous(),
            ip: request.ip.or_else(|| self.caller_ip()),
        };
        newcomer.user.name = self.ask_before_user(coming).await?;
        Ok(Admitted(newcomer))
    }
}
