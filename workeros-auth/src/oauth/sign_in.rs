//! What becomes of somebody who is back from a provider.

use workeros_core::{Error, ErrorKind, LinkedAccountId, Result, Step};

use super::accounts::{FACTOR, is_taken};
use super::kept::Place;
use super::linking::{Decision, Local, decide};
use super::refusal::{
    account_exists, disabled, no_email, sign_up_disabled, state_mismatch, unverified,
};
use super::{Callback, ExternalIdentity, OAuthReturn};
use crate::activity::{ActivityKind, NewActivity};
use crate::admission::Admitted;
use crate::door::{Door, Passed};
use crate::entry::{Entry, Method};
use crate::invitation::{Acceptance, Invited, outdated};
use crate::{Arrival, Auth, DisplayName, EmailAddress, Plane, RequestInfo, User};

/// How often it is looked anew who somebody is, after somebody else was faster.
const ATTEMPTS: usize = 3;

/// An ID token that an app of ours was given.
#[derive(Debug, Clone, Copy)]
pub struct PresentedIdToken<'a> {
    /// The token.
    pub token: &'a str,
    /// What the app has asked with, if it has.
    pub nonce: Option<&'a str>,
    /// What the app was told besides, as JSON: a name, if it is Apple's.
    pub user: Option<&'a str>,
}

/// Who somebody is here.
pub(super) enum Known {
    /// Whose account is known.
    Linked(LinkedAccountId, User),
    /// The one with his address, who both sides say is he.
    Addressed(User),
    /// Nobody yet, with an address that counts as verified or not.
    Nobody { email: EmailAddress, verified: bool },
}

/// Somebody who may come in, before anything is written of him.
struct Recognized {
    entry: Entry,
    is_new: bool,
}

impl<P: Plane> Auth<P> {
    /// Signs somebody in who is back from a provider: the user whose account it
    /// is, or the one with the address if both sides have verified it, or a new
    /// one.
    ///
    /// # Errors
    ///
    /// * As [`OAuthClient::identify`](super::OAuthClient::identify).
    /// * [`Conflict`](ErrorKind::Conflict) with code `ACCOUNT_EXISTS` when the
    ///   address is a user's who has to add the account himself.
    /// * [`Forbidden`](ErrorKind::Forbidden) with code `SIGN_UP_CLOSED`,
    ///   `SETUP_REQUIRED` or `EMAIL_NOT_FOUND` when he is new, and cannot become
    ///   a user like this.
    /// * [`Forbidden`](ErrorKind::Forbidden) with code `USER_DISABLED`, or
    ///   `EMAIL_NOT_VERIFIED` where the address must be verified and is not.
    pub async fn finish_oauth(
        &self,
        back: &OAuthReturn,
        callback: &Callback,
        redirect_uri: &str,
        request: &RequestInfo,
    ) -> Result<Arrival<P>> {
        back.require_own_way()?;
        let identity = self.identify(back, callback, redirect_uri).await;
        let request = back.arriving(request);
        let arrival = match identity {
            Ok(identity) => self.arrive(&identity, None, &request).await,
            Err(error) => Err(error),
        };
        arrival.inspect_err(|error| self.note_refused(&back.provider, error))
    }

    /// Adds the account somebody is back from to the user who has set out.
    ///
    /// # Errors
    ///
    /// * As [`OAuthClient::identify`](super::OAuthClient::identify).
    /// * [`Conflict`](ErrorKind::Conflict) with code `ACCOUNT_ALREADY_LINKED`
    ///   when it is somebody else's.
    /// * [`Unauthorized`](ErrorKind::Unauthorized) when the session has ended by
    ///   which he set out.
    pub async fn finish_oauth_link(
        &self,
        back: &OAuthReturn,
        callback: &Callback,
        redirect_uri: &str,
    ) -> Result<()> {
        back.require_own_way()?;
        let missing = || Error::internal("a return that is not to link an account");
        let (user, session) = back.link.ok_or_else(missing)?;
        let identity = self.identify(back, callback, redirect_uri).await?;
        self.link_by_session(user, session, &identity, None).await
    }

    /// Signs somebody in by an ID token that an app of ours was given for him.
    ///
    /// # Errors
    ///
    /// As [`finish_oauth`](Self::finish_oauth).
    pub async fn sign_in_id_token(
        &self,
        provider: &str,
        presented: PresentedIdToken<'_>,
        request: &RequestInfo,
    ) -> Result<Arrival<P>> {
        let client = self.oauth_client(provider)?;
        self.admit_departure(request).await?;
        let identity = client
            .identify_by_id_token(presented.token, presented.nonce)
            .await?;
        let identity = client.named(identity, presented.user);
        self.arrive(&identity, None, request).await
    }

    pub(super) async fn identify(
        &self,
        back: &OAuthReturn,
        callback: &Callback,
        redirect_uri: &str,
    ) -> Result<ExternalIdentity> {
        let client = self.oauth_client(&back.provider)?;
        // It may be set up differently since.
        if client.provider().fingerprint() != back.client {
            return Err(state_mismatch());
        }
        client.identify(callback, redirect_uri, &back.pending).await
    }

    /// Notes that somebody did not get in who was back.
    pub(super) fn note_refused(&self, provider: &str, error: &Error) {
        let refused = NewActivity::new(ActivityKind::SignInFailed)
            .with("method", FACTOR)
            .with("provider", provider)
            .with("code", error.code());
        self.note_refusal(refused);
    }

    /// Lets somebody in who is known, and uses up what he was proven by.
    pub(super) async fn arrive(
        &self,
        identity: &ExternalIdentity,
        proof: Option<Place>,
        request: &RequestInfo,
    ) -> Result<Arrival<P>> {
        for _ in 0..ATTEMPTS {
            let Recognized { mut entry, is_new } = self.recognize(identity, request).await?;
            let used_up = proof.map(|place| self.use_up_kept(place));
            entry.proof.splice(0..0, used_up);
            match self.complete(entry, request).await {
                Ok(entered) => return Ok(Arrival { entered, is_new }),
                Err(error) if was_overtaken(&error) => {}
                Err(error) => return Err(outdated(error)),
            }
        }
        Err(overtaken())
    }

    async fn recognize(
        &self,
        identity: &ExternalIdentity,
        request: &RequestInfo,
    ) -> Result<Recognized> {
        let passed = self.pass(Door::Proof, request).await?;
        match self.look_up(identity).await? {
            Known::Linked(account, user) => {
                let step = self.use_account(account, user.id);
                Ok(Recognized::known(user, passed, vec![step]))
            }
            Known::Addressed(user) => {
                let mut proof = vec![self.link_by_address(&user, identity)];
                proof.extend(self.added(user.id, identity)?);
                Ok(Recognized::known(user, passed, proof))
            }
            Known::Nobody { email, verified } => {
                let name = identity.name.clone();
                let name = name.map_or_else(|| DisplayName::parse(""), Ok)?;
                let invited = self.admit_nobody(&email, verified).await?;
                let mut newcomer = self.newcomer(&email, &name, request).await?;
                newcomer.user.email_verified = verified;
                let invited = invited.map(|one| one.acceptance(self, newcomer.user.id));
                if let Some(invited) = &invited {
                    newcomer.follow(invited);
                }
                let origin = self.oauth_client(&identity.provider)?.provider().origin();
                let admitted = self.admit_newcomer(newcomer, origin, request).await?;
                Ok(self.sign_up_linked(admitted, passed, identity, invited))
            }
        }
    }

    /// Finds out who somebody is here, and whether he may come in as far as we
    /// can tell.
    pub(super) async fn look_up(&self, identity: &ExternalIdentity) -> Result<Known> {
        let known = self.find(identity).await?;
        let is_verified = match &known {
            Known::Linked(_, user) | Known::Addressed(user) if user.disabled => {
                return Err(disabled());
            }
            Known::Linked(_, user) | Known::Addressed(user) => user.email_verified,
            Known::Nobody { email, verified } => {
                self.admit_nobody(email, *verified).await?;
                *verified
            }
        };
        if self.settings.require_verified_email && !is_verified {
            return Err(unverified());
        }
        Ok(known)
    }

    /// Whether somebody new may come in, and by which invitation: an address that
    /// is not shown to be his was invited for somebody else.
    async fn admit_nobody(&self, email: &EmailAddress, verified: bool) -> Result<Option<Invited>> {
        if verified {
            return self.admit_proven(email).await;
        }
        P::admit_sign_up(self, None).await?;
        Ok(None)
    }

    async fn find(&self, identity: &ExternalIdentity) -> Result<Known> {
        if let Some((account, user)) = self.find_linked(identity).await? {
            return Ok(Known::Linked(account, user));
        }
        let email = identity.email.as_ref().ok_or_else(no_email)?;
        let found = self.find_by_address(email.as_str()).await?;
        let local = match &found {
            None => Local::Nobody,
            Some(user) if user.email_verified => Local::Verified,
            Some(_) => Local::Unverified,
        };
        let provider = self.oauth_client(&identity.provider)?.provider();
        let trusted = provider.is_trusted_for_linking();
        match (decide(local, identity.email_verified, trusted), found) {
            (Decision::SignUp { verified }, None) if provider.admits_sign_up() => {
                Ok(Known::Nobody {
                    email: email.clone(),
                    verified,
                })
            }
            (Decision::SignUp { .. }, _) => Err(sign_up_disabled()),
            (Decision::Link, Some(user)) => Ok(Known::Addressed(user)),
            (Decision::Link | Decision::AccountExists, _) => Err(account_exists()),
        }
    }

    fn sign_up_linked(
        &self,
        admitted: Admitted,
        passed: Passed,
        identity: &ExternalIdentity,
        invited: Option<Acceptance>,
    ) -> Recognized {
        let mut proof = self.sign_up_steps(&admitted, None, invited);
        proof.push(self.link_new(admitted.user.id, identity));
        Recognized {
            entry: Entry::new_user(admitted, Method::OAuth, passed, proof),
            is_new: true,
        }
    }
}

impl Known {
    /// Whether he would become a user.
    pub(super) fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody { .. })
    }
}

impl Recognized {
    fn known(user: User, passed: Passed, proof: Vec<Step>) -> Self {
        let mut entry = Entry::new(user, Method::OAuth, passed);
        entry.proof = proof;
        Self {
            entry,
            is_new: false,
        }
    }
}

/// Whether somebody changed what was read, so that it is to be read again.
fn was_overtaken(error: &Error) -> bool {
    is_taken(error) || error.kind() == ErrorKind::Conflict && error.code().is_none()
}

fn overtaken() -> Error {
    Error::new(ErrorKind::Unavailable, "others were faster; try again").with_retry_after(1)
}
