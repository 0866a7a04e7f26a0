use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, Result, Statement, Step, Timestamp, UserId,
};

use crate::activity::{ActivityKind, NewActivity};
use crate::attempts::Attempt;
use crate::changes::Affected;
use crate::flow::end_of_password;
use crate::hooks::{PasswordAttempt, PasswordUse};
use crate::news::News;
use crate::plane::{PlaneSql, planes};
use crate::refusal::{WRONG_PASSWORD, wrong_password};
use crate::session::end_all;
use crate::{Auth, EmailAddress, Password, Plane, RequestInfo, SignedIn, User};

/// A new password in place of the current one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ChangePassword {
    /// The one in use; to give none is as wrong as to give another.
    pub current: Option<Password>,
    /// The one to come.
    pub new: Password,
}

impl ChangePassword {
    /// A change from one to the other.
    #[must_use]
    pub fn new(current: Option<Password>, new: Password) -> Self {
        Self { current, new }
    }
}

const FIND: PlaneSql = planes!(
    "SELECT id, email, name, email_verified, disabled, created_at, updated_at, image, \
    password_hash \
    FROM " p "_users WHERE id = $1 AND realm_id = $2"
);
/// Only while the password is the one that was checked.
const SET: PlaneSql = planes!(
    "UPDATE " p "_users SET password_hash = $1, updated_at = $2 \
    WHERE id = $3 AND password_hash = $4 AND NOT disabled"
);

impl<P: Plane> Auth<P> {
    /// Changes the password of a user. Its sessions go on; a link to choose a
    /// new one does not hold any more.
    ///
    /// # Errors
    ///
    /// * [`Validation`](ErrorKind::Validation) with code `PASSWORD_TOO_SHORT`
    ///   or `PASSWORD_COMMON` at `/password` for the new one.
    /// * [`Forbidden`](ErrorKind::Forbidden) with code `INVALID_PASSWORD` when
    ///   the current one is another, or there is none.
    /// * [`NotFound`](ErrorKind::NotFound) without such a user.
    /// * [`RateLimited`](ErrorKind::RateLimited) after too many attempts.
    /// * [`Unavailable`](ErrorKind::Unavailable) when too many passwords are
    ///   being checked.
    pub async fn change_password(&self, user: UserId, change: &ChangePassword) -> Result<User> {
        let checked = self.check_change(user, change).await?;
        let mut batch = Batch::new()
            .step(checked.set::<P>())
            .step(self.note_activity(changed(user)));
        batch.extend(self.tell(user, News::PasswordChanged)?);
        batch.extend(end_of_password::<P>(self.realm, user));
        self.apply_change(user, batch).await?;
        Ok(checked.user)
    }

    /// Changes the password of a user and ends its sessions; a new one opens
    /// for whoever asked. It is not asked for a second factor again: he is
    /// signed in.
    ///
    /// # Errors
    ///
    /// As [`change_password`](Self::change_password).
    pub async fn change_password_everywhere(
        &self,
        user: UserId,
        change: &ChangePassword,
        request: &RequestInfo,
    ) -> Result<SignedIn<P>> {
        let checked = self.check_change(user, change).await?;
        let session = self.open_session(user, request);
        let claims = P::claims(self, &checked.user, &session).await?;
        let issued = P::issue(self, &session)?;
        let mut batch = Batch::new()
            .step(checked.set::<P>())
            .step(self.note_activity(changed(user)))
            .step(end_all::<P>(user))
            .step(session.insert::<P>(self.realm, &issued.key, Some(&checked.new_hash)));
        batch.extend(self.tell(user, News::PasswordChanged)?);
        batch.extend(end_of_password::<P>(self.realm, user));
        batch.extend(issued.steps);
        self.apply_change(user, batch).await?;
        Ok(SignedIn {
            token: issued.token,
            session,
            user: checked.user,
            claims,
        })
    }

    async fn check_change(&self, user: UserId, change: &ChangePassword) -> Result<Checked> {
        let statement = Statement::new(FIND.of::<P>(), vec![user.into(), self.realm.into()])
            .with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let row = rows.first().ok_or_else(Error::not_found)?;
        let (user, stored) = (User::read(row, 0)?, row.optional_text(8)?);
        self.check_new_password(&change.new, &EmailAddress::stored(&user.email)?)?;
        let (Some(current), Some(stored)) = (&change.current, stored) else {
            return Err(wrong_password());
        };
        let address = EmailAddress::stored(&user.email)?;
        self.admit(Attempt::Password, &address, &RequestInfo::new())
            .await?;
        let attempt = PasswordAttempt {
            password: current,
            user: Some(user.id),
            email: &user.email,
            stored: Some(stored),
            used_for: PasswordUse::Confirm,
            ip: None,
        };
        if !self.is_password(&attempt).await? {
            return Err(wrong_password());
        }
        self.forgive(&user.email).await;
        let now = self.now();
        Ok(Checked {
            old_hash: stored.to_owned(),
            new_hash: self.inner.hasher.hash(&change.new).await?,
            user: User {
                updated_at: now,
                ..user
            },
            now,
        })
    }

    async fn apply_change(&self, user: UserId, batch: Batch) -> Result<()> {
        self.apply(&[Affected::User(user)], batch)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Forbidden => wrong_password(),
                _ => error,
            })
    }
}

/// A change that may be made.
struct Checked {
    user: User,
    old_hash: String,
    new_hash: String,
    now: Timestamp,
}

impl Checked {
    fn set<P: Plane>(&self) -> Step {
        let params = vec![
            self.new_hash.clone().into(),
            self.now.into(),
            self.user.id.into(),
            self.old_hash.clone().into(),
        ];
        let statement = Statement::new(SET.of::<P>(), params);
        Step::new(statement).expect(Expect::One, ErrorKind::Forbidden, WRONG_PASSWORD)
    }
}

fn changed(user: UserId) -> NewActivity {
    NewActivity::new(ActivityKind::PasswordChanged).about(user)
}
