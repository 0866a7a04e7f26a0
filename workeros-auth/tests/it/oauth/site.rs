//! Users of a realm, and the providers they come from.

use std::sync::Arc;

use workeros_auth::oauth::{AuthorizationRequest, OAuthProvider, OAuthStart};
use workeros_auth::{
    App, Arrival, Auth, AuthBuilder, BrowserToken, FreshSession, Plane, RequestInfo, SignedIn,
};
use workeros_core::{Error, Result};

use super::provider::{ISSUER, Provider, REDIRECT, Script, parameter, staff};
use crate::support::{World, secret, signed_in, worlds};

/// Users who may come from two providers: `staff`, which is believed, and
/// `partner`, which is not.
pub(super) struct Site<P: Plane> {
    pub(super) auth: Auth<P>,
    pub(super) provider: Provider,
}

/// Somebody on his way, as his browser knows it.
pub(super) struct Away {
    pub(super) url: String,
    pub(super) browser: BrowserToken,
    /// What only the page knows that has sent him away.
    pub(super) page: BrowserToken,
}

/// The provider nobody believes.
pub(super) fn partner() -> OAuthProvider {
    OAuthProvider::oidc("partner", ISSUER, "client-7", "secret").unwrap()
}

pub(super) fn with_providers(provider: &Provider) -> impl Fn(AuthBuilder) -> AuthBuilder + use<> {
    let http = Arc::new(provider.clone());
    move |builder| {
        builder
            .danger_weak_hashing()
            .with_secret(secret())
            .with_http_client(Arc::clone(&http) as _)
            .with_oauth_provider(staff().with_trust_for_linking())
            .with_oauth_provider(partner())
            .with_app_oauth_provider(staff().with_trust_for_linking())
            .with_app_oauth_provider(partner())
    }
}

/// A world with its platform and its app, on each database.
pub(super) async fn sites() -> Vec<(World, Site<workeros_auth::Platform>, Site<App>)> {
    let mut sites = Vec::new();
    for mut world in worlds().await {
        let provider = Provider::new(Script::default());
        world.auth = world.auth_with(with_providers(&provider));
        let platform = Site {
            auth: world.auth.clone(),
            provider: provider.clone(),
        };
        let app = Site {
            auth: world.app().await,
            provider,
        };
        sites.push((world, platform, app));
    }
    sites
}

impl<P: Plane> Site<P> {
    pub(super) async fn depart(&self, provider: &str) -> Away {
        let browser = self.auth.new_browser_token().unwrap();
        self.depart_in(browser, start(provider)).await
    }

    pub(super) async fn depart_in(&self, browser: BrowserToken, start: OAuthStart) -> Away {
        let page = self.auth.new_browser_token().unwrap();
        let start = start.with_page(&page);
        let begun = self
            .auth
            .begin_oauth(&start, &browser, &RequestInfo::new())
            .await;
        Away {
            url: begun.unwrap(),
            browser,
            page,
        }
    }

    /// Signs in at the provider, and comes back.
    pub(super) async fn arrive(&self, provider: &str, away: &Away) -> Result<Arrival<P>> {
        let callback = self.provider.visit(&away.url);
        let state = parameter(&away.url, "state").unwrap();
        let back = self
            .auth
            .resume_oauth(provider, &state, &away.browser)
            .await?;
        self.auth
            .finish_oauth(&back, &callback, REDIRECT, &RequestInfo::new())
            .await
    }

    pub(super) async fn sign_in(&self, provider: &str) -> Result<Arrival<P>> {
        let away = self.depart(provider).await;
        self.arrive(provider, &away).await
    }

    /// The same as somebody.
    pub(super) async fn sign_in_as(
        &self,
        provider: &str,
        subject: &str,
        email: &str,
    ) -> Result<SignedIn<P>> {
        self.provider.tell(|script| {
            script.claims["sub"] = subject.into();
            script.claims["email"] = email.into();
        });
        let arrival = self.sign_in(provider).await?;
        Ok(signed_in(arrival.entered))
    }

    /// Somebody who has just signed in.
    pub(super) async fn fresh(&self, who: &SignedIn<P>) -> FreshSession {
        self.auth.require_fresh(who.session.id).await.unwrap()
    }

    /// Adds an account to whoever has just signed in.
    pub(super) async fn link(&self, who: &SignedIn<P>, provider: &str) -> Result<()> {
        self.link_by(self.fresh(who).await, provider).await
    }

    /// Adds an account to whose session that is.
    pub(super) async fn link_by(&self, who: FreshSession, provider: &str) -> Result<()> {
        let browser = self.auth.new_browser_token()?;
        let start = start(provider).with_link(who);
        let away = self.depart_in(browser, start).await;
        let callback = self.provider.visit(&away.url);
        let state = parameter(&away.url, "state").unwrap();
        let back = self
            .auth
            .resume_oauth(provider, &state, &away.browser)
            .await?;
        assert!(back.is_link());
        self.auth
            .finish_oauth_link(&back, &callback, REDIRECT)
            .await
    }
}

pub(super) fn start(provider: &str) -> OAuthStart {
    OAuthStart::new(provider, AuthorizationRequest::new(REDIRECT))
}

#[track_caller]
pub(super) fn refused<T>(result: Result<T>) -> Error {
    match result {
        Ok(_) => panic!("not refused"),
        Err(error) => error,
    }
}
