use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use workeros_core::{
    Batch, Error, ErrorKind, Mailer, Quota, Random, RateKey, RateLimiter, Result, Sealer, Secret,
};

use crate::changes::NOBODY;
use crate::flow::{self, NewFlow, Purpose};
use crate::outbox::{self, Outgoing};
use crate::template::Template;
use crate::{Auth, EmailAddress, LinkToken, RequestInfo};

/// What it takes to send mail; see
/// [`AuthBuilder::with_mail`](crate::AuthBuilder::with_mail).
#[derive(Debug, Clone)]
pub struct MailOptions {
    mailer: Arc<dyn Mailer>,
    secret: Secret,
    limiter: Arc<dyn RateLimiter>,
}

impl MailOptions {
    /// Mail goes out by `mailer`. What it says is kept sealed by `secret` until
    /// then; instances on one database need the same. `limiter` counts how
    /// much is sent to whom.
    #[must_use]
    pub fn new(mailer: Arc<dyn Mailer>, secret: Secret, limiter: Arc<dyn RateLimiter>) -> Self {
        Self {
            mailer,
            secret,
            limiter,
        }
    }
}

/// How mail is sent.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) mailer: Arc<dyn Mailer>,
    pub(crate) sealer: Sealer,
    pub(crate) queued: Notify,
    limiter: Arc<dyn RateLimiter>,
}

/// To one address, of one purpose.
const AT_ONCE: Quota = Quota::new(1, Duration::from_secs(30));
/// To one address.
const PER_ADDRESS: Quota = Quota::new(5, Duration::from_hours(1));
/// Asked for from one place.
const PER_CLIENT: Quota = Quota::new(20, Duration::from_hours(1));

impl Mail {
    pub(crate) fn new(options: MailOptions, random: Arc<dyn Random>) -> Self {
        Self {
            mailer: options.mailer,
            sealer: Sealer::new(options.secret, random),
            queued: Notify::new(),
            limiter: options.limiter,
        }
    }

    async fn admits(
        &self,
        purpose: Purpose,
        address: &EmailAddress,
        ip: Option<IpAddr>,
    ) -> Result<bool> {
        let address = address.as_str();
        let counts = [
            (RateKey::new("mail by client").with_address(ip), PER_CLIENT),
            (
                RateKey::new("mail at once")
                    .with(purpose.name())
                    .with(address),
                AT_ONCE,
            ),
            (RateKey::new("mail to address").with(address), PER_ADDRESS),
        ];
        for (key, quota) in counts {
            if !self.limiter.take(&key, quota).await?.is_admitted {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Auth {
    /// Opens a flow for whoever has the address, and mails him its link: one
    /// batch, the same for an address that nobody has. Where too much is sent
    /// already it does nothing, and does not say so.
    pub(crate) async fn mail_link(
        &self,
        purpose: Purpose,
        address: &EmailAddress,
        request: &RequestInfo,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<()> {
        let mail = self.inner.mail.as_ref().ok_or_else(without_mail)?;
        if !mail.admits(purpose, address, request.ip).await? {
            return Ok(());
        }
        let token = LinkToken::generate(self.inner.random.as_ref())?;
        let flow = NewFlow {
            id: self.inner.ids.next_id(),
            purpose,
            now: self.now(),
        };
        let id = self.inner.ids.next_id();
        let url = link(&token);
        let outgoing = Outgoing::seal(id, Template::of(purpose), &url, &mail.sealer)?;
        let batch = Batch::new()
            .step(flow.open(address, &token))
            .step(outgoing.queue(flow.id));
        self.apply(&NOBODY, batch).await?;
        mail.queued.notify_one();
        Ok(())
    }

    /// Drops what is over: links that nobody followed, and, after 30 days,
    /// mails that were given up. To be called every few minutes.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn drop_expired(&self) -> Result<()> {
        let now = self.now();
        let batch = Batch::new().step(flow::sweep(now)).step(outbox::sweep(now));
        self.apply(&NOBODY, batch).await
    }
}

fn without_mail() -> Error {
    Error::new(ErrorKind::Unsupported, "this instance sends no mail")
}
