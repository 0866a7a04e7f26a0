//! What becomes of an anonymous user who turns out to have an account: he is
//! that user from now on, and the other one goes. What belonged to it is for the
//! host to move, or not: nothing of it is looked at here.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use workeros_core::{Result, Statement, Step, UserId};

use super::promotion::Guest;
use crate::plane::{PlaneSql, planes};
use crate::{Auth, Plane, Realm};

/// That somebody who was anonymous has signed in to an account he has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnonymousLink {
    /// Among which users.
    pub realm: Realm,
    /// Who he was: a user that is gone, and whose id rows may hold.
    pub anonymous: UserId,
    /// Who he is.
    pub user: UserId,
}

const REMOVE: PlaneSql = planes!(
    "DELETE FROM " p "_users WHERE id = $1 AND realm_id = $2 AND email = $3 RETURNING id"
);

type Pending = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// What the host does then.
pub(crate) struct LinkHook(Box<dyn Fn(AnonymousLink) -> Pending + Send + Sync>);

impl LinkHook {
    pub(crate) fn new<F>(hook: impl Fn(AnonymousLink) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        Self(Box::new(move |link| Box::pin(hook(link))))
    }
}

impl fmt::Debug for LinkHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkHook(..)")
    }
}

impl<P: Plane> Auth<P> {
    /// Removes an anonymous user who is signed in as somebody else now, and notes
    /// both. Who got an account meanwhile stays, and the last step gives nothing.
    pub(crate) fn leave_guest(&self, guest: &Guest, user: UserId) -> [Step; 2] {
        let (id, address) = (guest.user.id, guest.user.email.clone());
        let params = vec![id.into(), self.realm.into(), address.clone().into()];
        [
            self.note_link(user, id, &address),
            Step::new(Statement::new(REMOVE.of::<P>(), params)),
        ]
    }

    /// Tells the host. That it failed keeps nobody from being signed in: the
    /// activity names both users.
    pub(crate) async fn tell_of_link(&self, anonymous: UserId, user: UserId) {
        let Some(LinkHook(hook)) = &self.inner.anonymous_link else {
            return;
        };
        let realm = self.realm;
        let link = AnonymousLink {
            realm,
            anonymous,
            user,
        };
        if let Err(error) = hook(link).await {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, %anonymous, %user, "the hook of an anonymous user failed");
        }
    }
}
