//! What users do with the passkeys they have.

use workeros_core::{Batch, Error, ErrorKind, PasskeyId, Result, UserId};

use super::refusal::no_passkey;
use super::{FACTOR, Passkey};
use crate::activity::{ActivityKind, NewActivity};
use crate::changes::NOBODY;
use crate::news::News;
use crate::template::SignInMethod;
use crate::way_in::kept;
use crate::{Auth, DisplayName, Plane};

impl<P: Plane> Auth<P> {
    /// The passkeys of a user, oldest first.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn passkeys(&self, user: UserId) -> Result<Vec<Passkey>> {
        self.list_passkeys(user).await
    }

    /// Calls a passkey of a user something else.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) with code `PASSKEY_NOT_FOUND`, also
    /// when it is somebody else's.
    pub async fn rename_passkey(
        &self,
        user: UserId,
        id: PasskeyId,
        name: DisplayName,
    ) -> Result<Passkey> {
        let batch = Batch::new().step(self.rename_step(user, id, name));
        let rows = self.apply_and_read(&NOBODY, batch).await;
        let rows = rows.map_err(not_found)?;
        rows.first()
            .map_or_else(|| Err(no_passkey()), Passkey::read)
    }

    /// Forgets a passkey of a user. Whoever signed in by it stays so.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](ErrorKind::NotFound) with code `PASSKEY_NOT_FOUND`, also
    ///   when it is somebody else's.
    /// * [`Conflict`](ErrorKind::Conflict) with code `LAST_SIGN_IN_METHOD` when
    ///   there is no other way to sign in.
    pub async fn delete_passkey(&self, user: UserId, id: PasskeyId) -> Result<()> {
        let mut batch = Batch::new();
        batch.extend(self.delete_steps(user, id));
        let removed = NewActivity::new(ActivityKind::FactorRemoved)
            .about(user)
            .with("factor", FACTOR)
            .with("passkey_id", id.to_string());
        batch.push(self.note_activity(removed));
        batch.extend(self.tell(user, News::Removed(SignInMethod::Passkey))?);
        let removed = self.apply(&NOBODY, batch).await;
        removed.map_err(|error| kept(error, no_passkey))
    }
}

fn not_found(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => no_passkey(),
        _ => error,
    }
}
