//! The one way to a session.

use workeros_core::{Batch, ErrorKind, Result, Step};

use crate::changes::Affected;
use crate::refusal::invalid_login;
use crate::session::end;
use crate::{Auth, Plane, Platform, RequestInfo, SignedIn, User};

/// What somebody proved who he is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// His password.
    Password,
}

/// Somebody who has proved who he is.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) user: User,
    pub(crate) method: Method,
    /// The hash of the password he proved it by: he gets in only while it is
    /// still his.
    pub(crate) password_hash: Option<String>,
    /// Uses up what he proved it by, and makes of it what is to be made. Stands
    /// first in the batch: of many who come by the same proof one gets in.
    pub(crate) proof: Vec<Step>,
    /// What the proof changes.
    pub(crate) affected: Vec<Affected>,
}

/// What came of proving who one is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Entered<P: Plane = Platform> {
    /// Somebody is signed in.
    SignedIn(SignedIn<P>),
}

impl Entry {
    /// Somebody, by a method.
    pub(crate) fn new(user: User, method: Method) -> Self {
        Self {
            user,
            method,
            password_hash: None,
            proof: Vec::new(),
            affected: Vec::new(),
        }
    }
}

impl<P: Plane> Auth<P> {
    /// Lets somebody in who has proved who he is: opens a session in the place
    /// of the one the request came with, in one batch with the steps of the
    /// proof.
    ///
    /// # Errors
    ///
    /// * [`Unauthorized`](ErrorKind::Unauthorized) with code
    ///   `INVALID_EMAIL_OR_PASSWORD` when the user is disabled, or was changed
    ///   meanwhile.
    /// * What the steps of the proof answer.
    pub(crate) async fn complete(&self, entry: Entry, request: &RequestInfo) -> Result<Entered<P>> {
        if entry.user.disabled {
            return Err(invalid_login());
        }
        let session = self.open_session(entry.user.id, request);
        let issued = P::issue(self, &session)?;
        let password_hash = entry.password_hash.as_deref();
        let mut batch = Batch::new();
        batch.extend(entry.proof);
        batch.extend(request.replaces.as_ref().map(end::<P>));
        batch.push(self.sweep(entry.user.id));
        batch.push(session.insert::<P>(self.realm, &issued.key, password_hash));
        batch.extend(issued.steps);
        let mut affected = request.ends();
        affected.extend(entry.affected);
        self.apply(&affected, batch)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Unauthorized => invalid_login(),
                _ => error,
            })?;
        tracing::debug!(user = %entry.user.id, method = ?entry.method, "signed in");
        Ok(Entered::SignedIn(SignedIn {
            token: issued.token,
            session,
            user: entry.user,
        }))
    }
}
