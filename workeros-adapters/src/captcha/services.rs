use std::sync::Arc;

use workeros_core::{Captcha, CaptchaOptions, CaptchaServices, Error, HttpClient, Result};

use super::{Hcaptcha, Recaptcha, Turnstile};

/// The services there are here, for workspaces to choose from: `turnstile`,
/// `hcaptcha`, `recaptcha_v2` and `recaptcha_v3`.
#[derive(Debug, Clone)]
pub struct KnownCaptchas(Arc<dyn HttpClient>);

impl KnownCaptchas {
    /// Asks the services by this client.
    #[must_use]
    pub fn new(client: Arc<dyn HttpClient>) -> Self {
        Self(client)
    }
}

impl CaptchaServices for KnownCaptchas {
    fn open(&self, options: &CaptchaOptions) -> Result<Arc<dyn Captcha>> {
        let (client, secret) = (Arc::clone(&self.0), options.secret.as_str());
        let (service, hostnames) = (options.service.as_str(), &options.hostnames);
        // What a service does not have must not look as if it was checked.
        if service != "hcaptcha" && options.site_key.is_some() {
            return Err(foreign("site_key"));
        }
        if !matches!(service, "turnstile" | "recaptcha_v3") && options.action.is_some() {
            return Err(foreign("action"));
        }
        if service != "recaptcha_v3" && options.min_score.is_some() {
            return Err(foreign("min_score"));
        }
        Ok(match service {
            "turnstile" => {
                let captcha = Turnstile::new(client, secret)?.with_hostnames(hostnames);
                Arc::new(match &options.action {
                    Some(action) => captcha.with_action(action),
                    None => captcha,
                })
            }
            "hcaptcha" => {
                let captcha = Hcaptcha::new(client, secret)?.with_hostnames(hostnames);
                Arc::new(match &options.site_key {
                    Some(key) => captcha.with_site_key(key),
                    None => captcha,
                })
            }
            "recaptcha_v2" => {
                let captcha = Recaptcha::v2(client, secret)?;
                Arc::new(captcha.with_hostnames(hostnames))
            }
            "recaptcha_v3" => {
                let mut captcha = Recaptcha::v3(client, secret)?.with_hostnames(hostnames);
                if let Some(action) = &options.action {
                    captcha = captcha.with_action(action);
                }
                if let Some(score) = options.min_score {
                    captcha = captcha.with_min_score(score)?;
                }
                Arc::new(captcha)
            }
            _ => {
                let message = "must be `turnstile`, `hcaptcha`, `recaptcha_v2` or `recaptcha_v3`";
                return Err(Error::validation("service", "not_a_choice", message));
            }
        })
    }
}

fn foreign(option: &str) -> Error {
    let message = "is nothing that this service has";
    Error::validation(option, "not_allowed", message)
}
