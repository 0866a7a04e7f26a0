//! Users without an account: somebody has an id, rows of his own, and nothing
//! to sign in by but the session he has.
//!
//! What marks one is his address, `<id>@anonymous.invalid`: no mail goes there,
//! and nobody can say that it is his. So whoever gives the user another address
//! has promoted him, and whatever is to happen only to an anonymous user
//! expects that address in its batch.

use std::time::Duration;

use workeros_core::{Batch, Error, ErrorKind, Expect, Result, Statement, Step, Timestamp, UserId};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::Affected;
use crate::door::Door;
use crate::entry::{Entry, Method};
use crate::hooks::UserOrigin;
use crate::migrations::tables;
use crate::plane::{PlaneSql, planes};
use crate::session::later;
use crate::{Auth, DisplayName, EmailAddress, Plane, RequestInfo, SignedIn, User};

mod link;
mod promotion;
mod waiting;

pub use link::AnonymousLink;
pub(crate) use link::LinkHook;
pub(crate) use promotion::Newcomer;
pub(crate) use waiting::keep_apart;

/// That there are anonymous users, and how long they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnonymousUsers {
    /// How old one is at least when he is removed whose session is over (30
    /// days).
    pub kept: Duration,
}

impl AnonymousUsers {
    /// Kept for 30 days.
    #[must_use]
    pub fn new() -> Self {
        Self {
            kept: Duration::from_hours(30 * 24),
        }
    }

    /// Sets how old one is at least when he is removed whose session is over.
    #[must_use]
    pub fn with_kept(mut self, kept: Duration) -> Self {
        self.kept = kept;
        self
    }
}

impl Default for AnonymousUsers {
    fn default() -> Self {
        Self::new()
    }
}

tables! {
    /// Until when a user is kept who does not become one with an account.
    PLATFORM_ANONYMOUS = "auth-0040-anonymous", APP_ANONYMOUS = "auth-app-0040-anonymous",
    sqlite: [
        ["CREATE TABLE " p "_anonymous (\
        user_id TEXT PRIMARY KEY NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        kept_until TEXT NOT NULL) STRICT"],
        ["CREATE INDEX " p "_anonymous_kept_until ON " p "_anonymous (kept_until)"],
    ],
    postgres: [
        ["CREATE TABLE " p "_anonymous (\
        user_id uuid PRIMARY KEY REFERENCES " p "_users (id) ON DELETE CASCADE, \
        kept_until timestamptz NOT NULL)"],
        ["CREATE INDEX " p "_anonymous_kept_until ON " p "_anonymous (kept_until)"],
    ],
}

const KEEP: PlaneSql = planes!("INSERT INTO " p "_anonymous (user_id, kept_until) VALUES ($1, $2)");
const DELETE: PlaneSql =
    planes!("DELETE FROM " p "_users WHERE id = $1 AND realm_id = $2 AND email = $3");
/// Who gets an address meanwhile stays: the row is looked at anew.
const SWEEP: PlaneSql = planes!(
    "DELETE FROM " p "_users WHERE email LIKE '%@anonymous.invalid' AND id IN (\
    SELECT a.user_id FROM " p "_anonymous a JOIN " p "_users u ON u.id = a.user_id \
    WHERE a.kept_until <= $1 AND u.email LIKE '%@anonymous.invalid' \
    AND NOT EXISTS (SELECT 1 FROM " p "_sessions s \
    WHERE s.user_id = a.user_id AND s.expires_at > $1) LIMIT 1000)"
);

/// What one is called.
const NAME: &str = "Anonymous";

impl<P: Plane> Auth<P> {
    /// Makes a user without an account, and signs it in. The first user of an
    /// instance is not made like this: it becomes admin only once it signs up.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](ErrorKind::NotFound) with code `ANONYMOUS_USERS_DISABLED`
    ///   where the [settings](crate::RealmSettings::with_anonymous) have none.
    /// * [`BadRequest`](ErrorKind::BadRequest) with code
    ///   `ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY` for who is one.
    /// * [`RateLimited`](ErrorKind::RateLimited) after 30 an hour for one
    ///   client.
    pub async fn sign_in_anonymous(&self, request: &RequestInfo) -> Result<SignedIn<P>> {
        let rules = self.settings.anonymous.ok_or_else(disabled)?;
        if self.guest_of(request).await?.is_some() {
            return Err(already());
        }
        let passed = self.pass(Door::Anonymous, request).await?;
        let id = UserId::new(self.inner.ids.next_id());
        let user = User {
            id,
            ..self.new_user(&EmailAddress::of_guest(id), &DisplayName::parse(NAME)?)
        };
        let kept_until = later(self.now(), rules.kept);
        let newcomer = Newcomer::from(user);
        let origin = UserOrigin::Anonymous;
        let admitted = self.admit_newcomer(newcomer, origin, request).await?;
        let proof = vec![
            admitted.insert::<P>(self.realm, None),
            Step::new(Statement::new(
                KEEP.of::<P>(),
                vec![id.into(), kept_until.into()],
            )),
        ];
        let entry = Entry::new_user(admitted, Method::Anonymous, passed, proof);
        self.complete(entry, request).await?.signed_in()
    }

    /// Deletes a user without an account, who wants it.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](ErrorKind::Forbidden) with code `USER_IS_NOT_ANONYMOUS`.
    pub async fn delete_anonymous_user(&self, user: UserId) -> Result<()> {
        let address = EmailAddress::of_guest(user);
        let params = vec![user.into(), self.realm.into(), address.into()];
        let delete = Step::new(Statement::new(DELETE.of::<P>(), params));
        let deleted = NewActivity::new(ActivityKind::UserDeleted).about(user);
        let batch = Batch::new()
            .step(delete.expect(Expect::One, ErrorKind::Forbidden, NOT_ANONYMOUS))
            .step(self.note_activity(deleted));
        let affected = [Affected::User(user)];
        let deleted = self.apply(&affected, batch).await;
        deleted.map_err(|error| match error.kind() {
            ErrorKind::Forbidden => error.with_code("USER_IS_NOT_ANONYMOUS"),
            _ => error,
        })
    }
}

/// Removes who is old enough, and whose session is over: nobody can act as him
/// any more.
pub(crate) fn sweep<P: Plane>(now: Timestamp) -> Step {
    Step::new(Statement::new(SWEEP.of::<P>(), vec![now.into()]))
}

const NOT_ANONYMOUS: &str = "this user has an account";

fn disabled() -> Error {
    let why = "there are no anonymous users here";
    Error::new(ErrorKind::NotFound, why).with_code("ANONYMOUS_USERS_DISABLED")
}

fn already() -> Error {
    let why = "an anonymous user is signed in already";
    Error::new(ErrorKind::BadRequest, why)
        .with_code("ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY")
}
