//! What somebody is given who is back and may sign in: a session on the
//! platform; in an app what his page changes for tokens, which do not belong
//! in a URL.

use serde_json::{Value as Json, json};
use workeros_auth::oauth::{Callback, OAuthReturn};
use workeros_auth::{App, Auth, BrowserToken, Entered, Platform};
use workeros_core::Result;

use super::{departures, page};
use crate::call::Call;
use crate::cookie::Keep;
use crate::plane::Wired;
use crate::reply::Reply;
use crate::routes::auth::{arrival, enter};

/// Somebody who is back from a provider.
pub(crate) struct Landing<'a> {
    pub(super) back: &'a OAuthReturn,
    pub(super) callback: Callback,
    pub(super) redirect_uri: String,
    pub(super) browser: &'a BrowserToken,
}

/// Somebody who is about to leave for a provider.
pub(crate) struct Leaving {
    pub(super) url: String,
    pub(super) browser: BrowserToken,
    /// Whether the page is to send him there by itself.
    pub(super) redirects: bool,
    /// Whether it is to sign in, and not to add an account.
    pub(super) is_sign_in: bool,
}

/// A plane whose users come back from providers.
pub(crate) trait Lands: Wired {
    /// What a page is told that sends its browser away.
    ///
    /// # Errors
    ///
    /// When there are no random bytes.
    fn depart(_: &Call, _: &Auth<Self>, leaving: Leaving) -> Result<Json> {
        Ok(json!({"url": leaving.url, "redirect": leaving.redirects}))
    }

    /// Sends somebody on who is back.
    fn land(
        call: &Call,
        auth: &Auth<Self>,
        landing: Landing<'_>,
    ) -> impl Future<Output = Result<Reply>> + Send;
}

impl Landing<'_> {
    fn destination(&self, is_new: bool) -> Option<&str> {
        let pages = &self.back.pages;
        let first = pages.new_user.as_deref().filter(|_| is_new);
        first.or(pages.done.as_deref())
    }
}

impl Lands for Platform {
    async fn land(call: &Call, auth: &Auth, landing: Landing<'_>) -> Result<Reply> {
        let request = arrival(call, auth).await?;
        let Landing {
            back,
            callback,
            redirect_uri,
            ..
        } = &landing;
        let arrived = auth
            .finish_oauth(back, callback, redirect_uri, &request)
            .await?;
        let page = page(call, landing.destination(arrived.is_new))?;
        let target = match &arrived.entered {
            Entered::SignedIn(_) => page.as_str().to_owned(),
            // His page asks for the second factor.
            _ => page.with("twoFactorRedirect", "true"),
        };
        let entered = enter(auth, arrived.entered, json!({}), Keep::Session).await?;
        entered.redirected(&target)
    }
}

impl Lands for App {
    fn depart(call: &Call, auth: &Auth<Self>, leaving: Leaving) -> Result<Json> {
        let token = leaving.browser.expose().to_owned();
        let url = if leaving.is_sign_in && !call.is_of_our_site() {
            departures::link_to(call, auth, leaving.url, leaving.browser)?
        } else {
            leaving.url
        };
        Ok(json!({"url": url, "redirect": leaving.redirects, "browserToken": token}))
    }

    async fn land(call: &Call, auth: &Auth<Self>, landing: Landing<'_>) -> Result<Reply> {
        let Landing {
            back,
            callback,
            redirect_uri,
            browser,
        } = &landing;
        let handover = auth
            .hand_over_oauth(back, callback, redirect_uri, browser)
            .await?;
        let page = page(call, landing.destination(handover.is_new))?;
        Reply::redirect(&page.with("token", handover.token.expose()))
    }
}
