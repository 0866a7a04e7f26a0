use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value as Json;
use workeros_core::{Captcha, CaptchaSolution, Error, HttpClient, Result};

use super::site_verify::{SiteVerify, refused};

/// reCAPTCHA, of Google. A response counts once, which the service sees to.
#[derive(Debug, Clone)]
pub struct Recaptcha {
    service: SiteVerify,
    /// The least score; `None` for version 2, which has none.
    min_score: Option<f64>,
}

const MIN_SCORE: f64 = 0.5;

impl Recaptcha {
    /// Version 2, which shows a puzzle, with the secret key of a site.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `secret` when it
    /// is empty or not printable ASCII.
    pub fn v2(client: Arc<dyn HttpClient>, secret: impl Into<String>) -> Result<Self> {
        let endpoint = "https://www.google.com/recaptcha/api/siteverify";
        Ok(Self {
            service: SiteVerify::new(client, secret, endpoint)?,
            min_score: None,
        })
    }

    /// Version 3, which shows nothing and gives a score from 0 (a program) to 1
    /// (a person), with the secret key of a site. Whoever has less than 0.5 is
    /// refused, and so is an answer without a score.
    ///
    /// # Errors
    ///
    /// As [`v2`](Self::v2).
    pub fn v3(client: Arc<dyn HttpClient>, secret: impl Into<String>) -> Result<Self> {
        let v2 = Self::v2(client, secret)?;
        Ok(Self {
            min_score: Some(MIN_SCORE),
            ..v2
        })
    }

    /// Sets the least score, 0 to 1.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `min_score` when it
    /// is out of range, or there is no score.
    pub fn with_min_score(mut self, score: f64) -> Result<Self> {
        if self.min_score.is_none() {
            let message = "there is none in version 2";
            return Err(Error::validation("min_score", "invalid_value", message));
        }
        if !(0.0..=1.0).contains(&score) {
            let message = "must be 0 to 1";
            return Err(Error::validation("min_score", "out_of_range", message));
        }
        self.min_score = Some(score);
        Ok(self)
    }

    /// Takes only what was solved on pages of these hosts.
    #[must_use]
    pub fn with_hostnames(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.service.hostnames = names.into_iter().map(Into::into).collect();
        self
    }

    /// Takes only what was solved for this action, of which version 3 tells.
    #[must_use]
    pub fn with_action(mut self, action: impl Into<String>) -> Self {
        self.service.action = Some(action.into());
        self
    }

    /// Sets the URL of the service.
    #[must_use]
    pub fn with_endpoint(mut self, url: impl Into<String>) -> Self {
        self.service.endpoint = url.into();
        self
    }
}

#[async_trait]
impl Captcha for Recaptcha {
    async fn verify(&self, solution: &CaptchaSolution) -> Result<()> {
        let answer = self.service.verify(solution).await?;
        let Some(least) = self.min_score else {
            return Ok(());
        };
        match answer.get("score").and_then(Json::as_f64) {
            Some(score) if score >= least => Ok(()),
            _ => Err(refused("it was more likely a program")),
        }
    }
}
