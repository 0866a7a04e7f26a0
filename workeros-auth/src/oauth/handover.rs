//! How an end user gets on who is back from a provider: not by a URL. Who he is
//! there is kept; the page he is sent to is given a code, and changes it for
//! tokens, or for an account of his more.
//!
//! The code alone is of no use: it takes what the page was told that has sent the
//! browser away. So whoever is made to follow somebody else's link gets nowhere,
//! and neither does the other. Nothing is written before: nobody becomes a user
//! because he was sent to a provider, and the anonymous user who gets an account
//! is the one whose page asks for it.

use std::time::Duration;

use workeros_core::{Error, Result, SessionId, UserId};

use super::kept::{Kept, Place};
use super::refusal::state_mismatch;
use super::{Callback, ExternalIdentity, OAuthReturn};
use crate::changes::SecretHash;
use crate::refusal::{invalid_token, used_up};
use crate::{App, Auth, BrowserToken, Entered, LinkToken, RequestInfo, SessionKey};

/// How long a page may take to load.
const LIFETIME: Duration = Duration::from_mins(1);

const SIGN_IN: &str = "one-time-token";
const LINK: &str = "oauth-link";

/// What an end user is sent on with who is back from a provider.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OAuthHandover {
    /// What his page changes for tokens, or for an account more.
    pub token: LinkToken,
    /// Whether he becomes a user by it.
    pub is_new: bool,
}

impl Auth<App> {
    /// Recognizes somebody who is back from a provider, and gives what his page
    /// can [change for tokens](Self::sign_in_one_time_token), or [for an
    /// account](Self::complete_oauth_link) if that is what he went for, once and
    /// within a minute.
    ///
    /// # Errors
    ///
    /// As [`finish_oauth`](Self::finish_oauth), but for what hooks say.
    pub async fn hand_over_oauth(
        &self,
        back: &OAuthReturn,
        callback: &Callback,
        redirect_uri: &str,
    ) -> Result<OAuthHandover> {
        let handover = self.hand_over(back, callback, redirect_uri).await;
        handover.inspect_err(|error| self.note_refused(&back.provider, error))
    }

    async fn hand_over(
        &self,
        back: &OAuthReturn,
        callback: &Callback,
        redirect_uri: &str,
    ) -> Result<OAuthHandover> {
        let missing = || Error::internal("a return to no page");
        let page = back.page.ok_or_else(missing)?;
        let identity = self.identify(back, callback, redirect_uri).await?;
        let token = LinkToken::generate(self.inner.random.as_ref())?;
        let kept = Kept::of_members(identity.write())
            .with("provider", Some(back.provider.clone()))
            .with("client", Some(back.client.clone()));
        let (place, kept, is_new) = match back.link {
            Some((user, session)) => {
                let place = of_link(&token, page, session);
                (place, kept.of_user(Some(user)), false)
            }
            None => {
                let known = self.look_up(&identity).await?;
                (of_sign_in(&token, page), kept, known.is_nobody())
            }
        };
        self.keep(place, &kept, LIFETIME).await?;
        Ok(OAuthHandover { token, is_new })
    }

    /// Signs somebody in by what his page was given.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    ///   `INVALID_TOKEN` when it does not hold, or no longer, or the page is not
    ///   the one that has asked.
    /// * As [`finish_oauth`](Self::finish_oauth).
    pub async fn sign_in_one_time_token(
        &self,
        token: &LinkToken,
        page: &BrowserToken,
        request: &RequestInfo,
    ) -> Result<Entered<App>> {
        let place = of_sign_in(token, page.hash());
        let kept = self.find_kept(place).await?.ok_or_else(invalid_token)?;
        let identity = self.proven(kept)?;
        let arrival = self.arrive(&identity, Some(place), request).await;
        let arrival = arrival.inspect_err(|error| self.note_refused(&identity.provider, error));
        arrival.map(|arrival| arrival.entered).map_err(used_up)
    }

    /// Adds the account somebody is back from to the user who has asked for it,
    /// by the session that he has asked by. That he has it already is fine.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code
    ///   `INVALID_TOKEN` when the token does not hold, or no longer, or page or
    ///   session are not those that have asked.
    /// * [`Conflict`](workeros_core::ErrorKind::Conflict) with code
    ///   `ACCOUNT_ALREADY_LINKED` when it is somebody else's.
    pub async fn complete_oauth_link(
        &self,
        token: &LinkToken,
        page: &BrowserToken,
        user: UserId,
        session: SessionId,
    ) -> Result<()> {
        let place = of_link(token, page.hash(), session);
        let kept = self.find_kept(place).await?;
        let kept = kept.filter(|kept| kept.user == Some(user));
        let identity = self.proven(kept.ok_or_else(invalid_token)?)?;
        let linked = self.link_by_session(user, session, &identity, Some(place));
        linked.await.map_err(used_up)
    }

    /// Who somebody was found to be, as long as the provider is what it was.
    fn proven(&self, mut kept: Kept) -> Result<ExternalIdentity> {
        let broken = || Error::internal("an identity that cannot be read");
        let (client, provider) = (kept.take("client"), kept.take("provider"));
        let provider = provider.ok_or_else(broken)?;
        let provider = self.oauth_client(&provider)?.provider();
        if client != Some(provider.fingerprint()) {
            return Err(state_mismatch());
        }
        ExternalIdentity::restore(provider, kept.rest())
    }
}

fn of_sign_in(token: &LinkToken, page: SecretHash) -> Place {
    Place::new(SIGN_IN, &[page, token.hash()])
}

fn of_link(token: &LinkToken, page: SecretHash, session: SessionId) -> Place {
    let session = SessionKey::of_id(session);
    Place::new(LINK, &[page, token.hash(), session.0])
}
