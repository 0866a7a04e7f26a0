//! Signing in by a passkey.

use serde_json::Value as Json;
use workeros_core::{Batch, Error, ErrorKind, Result, UserId};

use super::assertion::{Asserted, Rejected};
use super::challenge::{Asked, Ceremony, Taken};
use super::presented::Presented;
use super::refusal::{Source, assertion_failed};
use super::{FACTOR, Passkey};
use crate::activity::{ActivityKind, NewActivity};
use crate::changes::NOBODY;
use crate::door::Door;
use crate::entry::{Entry, Method};
use crate::{Auth, BrowserToken, Entered, Plane, RequestInfo, User};

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
    ///   when this browser was not asked for it, or it is too late.
    /// * [`Unauthorized`](ErrorKind::Unauthorized) with code
    ///   `AUTHENTICATION_FAILED`, the same for a passkey that nobody has, an
    ///   answer that does not hold or was given before, and a disabled user.
    pub async fn finish_passkey_sign_in(
        &self,
        browser: Option<&BrowserToken>,
        response: &Json,
        request: &RequestInfo,
    ) -> Result<Entered<P>> {
        let party = self.relying_party()?;
        let malformed = || assertion_failed("it is no answer of a device");
        let presented = Presented::read(response).ok_or_else(malformed)?;
        let taken = self.take_up(sign_in(browser), presented.challenge());
        let Taken::Now(state) = taken.await? else {
            return Err(assertion_failed("it was answered before"));
        };
        let Some((passkey, user)) = self.find_passkey(presented.credential_id()).await? else {
            return Err(self.refuse_passkey(None, "nobody has the passkey"));
        };
        match party.finish_assertion(&state, &presented, passkey.key()) {
            Ok(asserted) => self.enter_by(&passkey, user, asserted, request).await,
            Err(Rejected::Failed(error)) => Err(error),
            Err(Rejected::Invalid(why)) => Err(self.refuse_passkey(Some(user.id), why)),
            Err(Rejected::Cloned) => Err(self.suspect_clone(&passkey).await?),
        }
    }

    async fn enter_by(
        &self,
        passkey: &Passkey,
        user: User,
        asserted: Asserted,
        request: &RequestInfo,
    ) -> Result<Entered<P>> {
        let used = self.use_passkey(passkey.id, asserted, self.now());
        let passed = self.pass(Door::Proof, request).await?;
        let mut entry = Entry::new(user, Method::Passkey, passed);
        entry.proof.push(used);
        self.complete(entry, request)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::Unauthorized => assertion_failed(error),
                _ => error,
            })
    }

    fn refuse_passkey(&self, user: Option<UserId>, why: impl Into<Source>) -> Error {
        let refused = NewActivity::new(ActivityKind::SignInFailed).with("method", FACTOR);
        self.note_refusal(match user {
            Some(user) => refused.about(user),
            None => refused,
        });
        assertion_failed(why)
    }

    /// Somebody has signed with the right key, and yet the device has counted
    /// further than that.
    async fn suspect_clone(&self, passkey: &Passkey) -> Result<Error> {
        let suspected = NewActivity::new(ActivityKind::PasskeyCloneSuspected)
            .about(passkey.user_id)
            .with("passkey_id", passkey.id.to_string());
        let batch = Batch::new().step(self.note_activity(suspected));
        self.apply(&NOBODY, batch).await?;
        Ok(assertion_failed("the counter went back"))
    }
}

fn sign_in(browser: Option<&BrowserToken>) -> Asked<'_> {
    Asked {
        ceremony: Ceremony::SignIn,
        user: None,
        browser,
    }
}
