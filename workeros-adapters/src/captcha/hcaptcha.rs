use std::sync::Arc;

use async_trait::async_trait;
use workeros_core::{Captcha, CaptchaSolution, HttpClient, Result};

use super::site_verify::SiteVerify;

/// hCaptcha. A response counts once, which the service sees to.
#[derive(Debug, Clone)]
pub struct Hcaptcha(SiteVerify);

impl Hcaptcha {
    /// With the secret key of an account.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `secret` when it
    /// is empty or not printable ASCII.
    pub fn new(client: Arc<dyn HttpClient>, secret: impl Into<String>) -> Result<Self> {
        let endpoint = "https://api.hcaptcha.com/siteverify";
        SiteVerify::new(client, secret, endpoint).map(Self)
    }

    /// Takes only what was solved in the widget of this site key. An account has
    /// one secret for all its sites, so without it a response of any of them
    /// counts.
    #[must_use]
    pub fn with_site_key(mut self, key: impl Into<String>) -> Self {
        self.0.site_key = Some(key.into());
        self
    }

    /// Takes only what was solved on pages of these hosts.
    #[must_use]
    pub fn with_hostnames(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.0.hostnames = names.into_iter().map(Into::into).collect();
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
impl Captcha for Hcaptcha {
    async fn verify(&self, solution: &CaptchaSolution) -> Result<()> {
        self.0.verify(solution).await.map(drop)
    }
}
