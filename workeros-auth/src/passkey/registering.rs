//! Another passkey for a user who is signed in.

use serde_json::Value as Json;
use workeros_core::{Batch, Error, PasskeyId, Result, UserId, Violation};

use super::challenge::{Asked, Ceremony, Taken};
use super::presented::Presented;
use super::refusal::{no_challenge, previously_registered, registration_failed, too_many};
use super::table::MAX_PASSKEYS;
use super::{Attachment, FACTOR, Passkey};
use crate::activity::{ActivityKind, NewActivity};
use crate::anonymous::Newcomer;
use crate::changes::{Affected, NOBODY};
use crate::hooks::UserOrigin;
use crate::news::News;
use crate::template::SignInMethod;
use crate::{Auth, BrowserToken, DisplayName, FreshSession, Plane, RequestInfo, User};

impl<P: Plane> Auth<P> {
    /// Asks for a passkey for a user. Nothing is there until the answer to it
    /// is [checked](Self::finish_passkey_registration), which it must be
    /// within five minutes.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) with code `PASSKEYS_DISABLED` where
    ///   there are none.
    /// * [`Conflict`](workeros_core::ErrorKind::Conflict) with code `TOO_MANY_PASSKEYS` for
    ///   one who has 50.
    pub async fn begin_passkey_registration(
        &self,
        who: FreshSession,
        attachment: Option<Attachment>,
        browser: Option<&BrowserToken>,
        request: &RequestInfo,
    ) -> Result<Json> {
        let (party, user) = (self.relying_party()?, who.user());
        let existing = self.list_passkeys(user).await?;
        if existing.len() >= MAX_PASSKEYS {
            return Err(too_many());
        }
        let owner = self.find_user(user).await?;
        self.admit_passkey(&owner).await?;
        let begun = party.begin_registration(&owner, &existing, attachment)?;
        self.ask(registration(user, browser), begun, request).await
    }

    /// Checks what a device answered, and gives the user the passkey. An anonymous
    /// user has an account by it.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code `CHALLENGE_NOT_FOUND`
    ///   when this user was not asked for it by this browser, it was answered
    ///   before, or it is too late.
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    ///   `FAILED_TO_VERIFY_REGISTRATION` when it does not hold.
    /// * [`Conflict`](workeros_core::ErrorKind::Conflict) with code `PREVIOUSLY_REGISTERED`
    ///   when it is somebody's already.
    pub async fn finish_passkey_registration(
        &self,
        who: FreshSession,
        browser: Option<&BrowserToken>,
        response: &Json,
        name: Option<DisplayName>,
    ) -> Result<Passkey> {
        let (party, user) = (self.relying_party()?, who.user());
        let malformed = || registration_failed("it is no answer of a device");
        let presented = Presented::read(response).ok_or_else(malformed)?;
        let asked = registration(user, browser);
        let taken_up = self.take_up(asked, presented.challenge()).await?;
        let Taken::Now(state) = taken_up else {
            return Err(no_challenge());
        };
        let registered = party.finish_registration(&state, &presented)?;
        let passkey = Passkey {
            id: PasskeyId::new(self.inner.ids.next_id()),
            user_id: user,
            name: name
                .map(|name| name.as_str().to_owned())
                .filter(|name| !name.is_empty()),
            credential_id: registered.credential_id,
            counter: registered.counter,
            backup_eligible: registered.backup_eligible,
            backed_up: registered.backed_up,
            transports: registered.transports,
            model: registered.model,
            created_at: self.now(),
            last_used_at: None,
            public_key: registered.public_key,
        };
        let added = NewActivity::new(ActivityKind::FactorAdded)
            .about(user)
            .with("factor", FACTOR)
            .with("passkey_id", passkey.id.to_string());
        let owner = self.find_user(user).await?;
        self.admit_passkey(&owner).await?;
        let mut batch = Batch::new()
            .step(self.insert_passkey(&passkey))
            .step(self.note_activity(added));
        batch.extend(self.tell(user, News::Added(SignInMethod::Passkey))?);
        let mut affected = Vec::from(NOBODY);
        if owner.is_anonymous() {
            let (origin, request) = (UserOrigin::Passkey, RequestInfo::new());
            let newcomer = Newcomer::settling(owner);
            let admitted = self.admit_newcomer(newcomer, origin, &request).await?;
            batch.extend(self.settle(&admitted));
            affected.push(Affected::User(user));
        }
        self.apply(&affected, batch).await.map_err(already_there)?;
        Ok(passkey)
    }

    /// Who has no account signs up by his first passkey.
    async fn admit_passkey(&self, owner: &User) -> Result<()> {
        if owner.is_anonymous() {
            P::admit_sign_up(self, None).await?;
        }
        Ok(())
    }
}

fn registration(user: UserId, browser: Option<&BrowserToken>) -> Asked<'_> {
    Asked {
        ceremony: Ceremony::Registration,
        user: Some(user),
        browser,
    }
}

/// Says what a unique violation on the table of passkeys means.
fn already_there(error: Error) -> Error {
    match error.violation() {
        Some(Violation::Unique { .. }) => previously_registered(error),
        _ => error,
    }
}
