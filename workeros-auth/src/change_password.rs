use workeros_core::{Batch, ErrorKind, Expect, Result, Statement, Step, Timestamp, UserId};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::Affected;
use crate::flow::end_of_password;
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
        let request = RequestInfo::new();
        let checked = self.check_change(user, change, &request).await?;
        let mut batch = Batch::new().step(checked.set::<P>());
        batch.extend(self.after_change(user)?);
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
        let checked = self.check_change(user, change, request).await?;
        let draft = self.draft_session(user, request);
        let mut new = self.new_session(&checked.user, draft).await?;
        let mut batch = Batch::new()
            .step(checked.set::<P>())
            .step(end_all::<P>(user))
            .step(new.insert(self.realm, Some(&checked.new_hash)));
        batch.extend(new.take_token_steps());
        batch.extend(self.after_change(user)?);
        self.apply_change(user, batch).await?;
        Ok(new.opened(checked.user))
    }

    async fn check_change(
        &self,
        user: UserId,
        change: &ChangePassword,
        request: &RequestInfo,
    ) -> Result<Checked> {
        let login = self.find_login(user).await?;
        let address = EmailAddress::stored(&login.user.email)?;
        self.check_new_password(&change.new, &address)?;
        let current = change.current.as_ref();
        self.confirm_password(&login, current, request).await?;
        let (user, old_hash) = login.with_password().ok_or_else(wrong_password)?;
        let now = self.now();
        Ok(Checked {
            old_hash,
            new_hash: self.inner.hasher.hash(&change.new).await?,
            user: User {
                updated_at: now,
                ..user
            },
            now,
        })
    }

    /// What goes with a change: whoever the account belongs to hears of it, and
    /// what the password before opened, or would have, does not hold any more.
    fn after_change(&self, user: UserId) -> Result<Vec<Step>> {
        let changed = NewActivity::new(ActivityKind::PasswordChanged).about(user);
        let mut steps = vec![self.note_activity(changed)];
        steps.extend(self.tell(user, News::PasswordChanged)?);
        steps.extend(end_of_password::<P>(self.realm, user));
        Ok(steps)
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
