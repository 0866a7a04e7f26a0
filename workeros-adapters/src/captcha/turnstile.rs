use std::sync::Arc;

use async_trait::async_trait;
use workeros_core::{Captcha, CaptchaSolution, HttpClient, Result};

use super::site_verify::SiteVerify;

/// Turnstile, of Cloudflare. A response counts once, which the service sees to.
#[derive(Debug, Clone)]
pub struct Turnstile(SiteVerify);

impl Turnstile {
    /// With the secret key of a widget.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `secret` when it
    /// is empty or not printable ASCII.
    pub fn new(client: Arc<dyn HttpClient>, secret: impl Into<String>) -> Result<Self> {
        let endpoint = "https://challenges.cloudflare.com/turnstile/v0/siteverify";
        SiteVerify::new(client, secret, endpoint).map(Self)
    }

    /// Takes only what was solved on pages of these hosts.
    #[must_use]
    pub fn with_hostnames(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.hostnames = names.into_iter().map(Into::into).collect();
        self
    }

    /// Takes only what was solved for this action of the widget.
    #[must_use]
    pub fn with_action(mut self, action: impl Into<String>) -> Self {
        self.0.action = Some(action.into());
        self
    }

    /// Sets the URL of the service.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.0.endpoint = url.into();
        self
    }
}

#[async_trait]
impl Captcha for Turnstile {
    async fn verify(&self, solution: &CaptchaSolution) -> Result<()> {
        self.0.verify(solution).await.map(drop)
    }
}
