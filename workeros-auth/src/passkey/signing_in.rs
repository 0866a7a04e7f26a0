//! Signing in by a passkey.

use serde_json::Value as Json;
use workeros_core::{Error, ErrorKind, Result};

use super::Passkey;
use super::assertion::Rejected;
use super::challenge::{Asked, Ceremony};
use super::presented::Presented;
use super::refusal::assertion_failed;
use crate::entry::{Entry, Method};
use crate::{Auth, BrowserToken, Entered, Plane, RequestInfo};

impl<P: Plane> Auth<P> {
    /// Asks for any passkey of a user's. Who it will be, nobody knows before
    /// the answer is [checked](Self::finish_passkey_sign_in), which it must be
    /// within five minutes.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) with code `PASSKEYS_DISABLED` where
    /// there are none.
    pub async fn begin_passkey_sign_in(
        &self,
        browser: Option<&BrowserToken>,
        request: &RequestInfo,
    ) -> Result<Json> {
        let begun = self.relying_party()?.begin_assertion()?;
        self.ask(sign_in(browser), begun, request).await
    }

    /// Checks what a device answered, and signs its user in. Its device has
    /// verified him, so there is no second factor to come.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](ErrorKind::BadRequest) with code `CHALLENGE_NOT_FOUND`
    ///   when this browser was not asked for it, it was answered before, or it
    ///   is too late.
    /// * [`Unauthorized`](ErrorKind::Unauthorized) with code
    ///   `AUTHENTICATION_FAILED`, the same for a passkey that nobody has, an
    ///   answer that does not hold, and a disabled user.
    pub async fn finish_passkey_sign_in(
        &self,
        browser: Option<&BrowserToken>,
        response: &Json,
        request: &RequestInfo,
    ) -> Result<Entered<P>> {
        let party = self.relying_party()?;
        let malformed = || assertion_failed("it is no answer of a device");
        let presented = Presented::read(response).ok_or_else(malformed)?;
        let state = self
            .take_up(sign_in(browser), presented.challenge())
            .await?;
        let found = self.find_passkey(presented.credential_id()).await?;
        let (passkey, user) = found.ok_or_else(|| assertion_failed("nobody has the passkey"))?;
        let asserted = match party.finish_assertion(&state, &presented, passkey.key()) {
            Ok(asserted) => asserted,
            Err(Rejected::Failed(error)) => return Err(error),
            Err(Rejected::Invalid(why)) => return Err(assertion_failed(why)),
            Err(Rejected::Cloned) => return Err(suspect_clone(&passkey)),
        };
        let mut entry = Entry::new(user, Method::Passkey);
        entry
            .proof
            .push(self.use_passkey(passkey.id, asserted, self.now()));
        self.complete(entry, request)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Unauthorized => assertion_failed(error),
                _ => error,
            })
    }
}

/// Somebody has signed with the right key, and yet the device has counted
/// further than that.
fn suspect_clone(passkey: &Passkey) -> Error {
    let (passkey, user) = (passkey.id, passkey.user_id);
    tracing::warn!(%passkey, %user, "a passkey may have been copied: its counter went back");
    assertion_failed("the counter went back")
}

fn sign_in(browser: Option<&BrowserToken>) -> Asked<'_> {
    Asked {
        ceremony: Ceremony::SignIn,
        user: None,
        browser,
    }
}
