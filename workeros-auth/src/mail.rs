use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use workeros_core::{Batch, Error, ErrorKind, Mailer, Quota, RateKey, Result};

use crate::changes::NOBODY;
use crate::door::Passed;
use crate::flow::{self, NewFlow, Purpose};
use crate::outbox::{self, Outgoing};
use crate::template::{Contents, Template};
use crate::{App, Auth, EmailAddress, LinkToken, Plane, Platform, RequestInfo};
use crate::{activity, anonymous};

/// How mail is sent.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) mailer: Arc<dyn Mailer>,
    pub(crate) queued: Notify,
}

/// To one address, of one purpose.
const AT_ONCE: Quota = Quota::new(1, Duration::from_secs(30));
/// To one address.
const PER_ADDRESS: Quota = Quota::new(5, Duration::from_hours(1));
/// Asked for from one place.
const PER_CLIENT: Quota = Quota::new(20, Duration::from_hours(1));

impl Mail {
    pub(crate) fn new(mailer: Arc<dyn Mailer>) -> Self {
        Self {
            mailer,
            queued: Notify::new(),
        }
    }
}

impl<P: Plane> Auth<P> {
    /// Opens a flow for whoever has the address, and mails him its link: one
    /// batch, the same for an address that nobody has. Where too much is sent
    /// already it does nothing, and does not say so.
    pub(crate) async fn mail_link(
        &self,
        purpose: Purpose,
        address: &EmailAddress,
        request: &RequestInfo,
        passed: Passed,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<()> {
        self.require_mail()?;
        if !self.admits_mail(purpose, address, request, passed).await? {
            return Ok(());
        }
        let token = LinkToken::generate(self.inner.random.as_ref())?;
        let flow = NewFlow {
            id: self.inner.ids.next_id(),
            realm: self.realm,
            purpose,
            now: self.now(),
        };
        let contents = Contents::Link(&link(&token));
        let mail = self.compose_mail(Template::of(purpose)?, contents)?;
        let batch = Batch::new()
            .step(flow.open::<P>(address, token.hash()))
            .step(self.queue_mail(mail, flow.id));
        self.apply_and_mail(batch).await
    }

    /// Tells whoever has an address that somebody tried to sign up with it.
    /// Counted as the link is that would have gone there.
    pub(crate) async fn mail_existing(
        &self,
        address: &EmailAddress,
        request: &RequestInfo,
        passed: Passed,
        home: &str,
    ) -> Result<()> {
        self.require_mail()?;
        let counted = Purpose::VerifyEmail;
        if !self.admits_mail(counted, address, request, passed).await? {
            return Ok(());
        }
        let mail = self.compose_mail(Template::ExistingAccount, Contents::Link(home))?;
        let queue = self.queue_mail_to(mail, address);
        self.apply_and_mail(Batch::new().step(queue)).await
    }

    /// Refuses what takes mail where none is sent.
    pub(crate) fn require_mail(&self) -> Result<&Mail> {
        let mail = self.inner.mail.as_ref();
        mail.ok_or_else(|| Error::new(ErrorKind::Unsupported, "this instance sends no mail"))
    }

    /// A mail that brings something, to be queued.
    pub(crate) fn compose_mail(
        &self,
        template: Template,
        contents: Contents<'_>,
    ) -> Result<Outgoing> {
        let id = self.inner.ids.next_id();
        Outgoing::seal(id, template, contents, &self.sealer()?)
    }

    /// Runs a batch that queues a mail, and has the mail sent.
    pub(crate) async fn apply_and_mail(&self, batch: Batch) -> Result<()> {
        let mail = self.require_mail()?;
        self.apply(&NOBODY, batch).await?;
        mail.queued.notify_one();
        Ok(())
    }

    /// Whether so much mail may be sent: at most one in 30 seconds and five an
    /// hour to one address, and 20 an hour for one client.
    pub(crate) async fn admits_mail(
        &self,
        purpose: Purpose,
        address: &EmailAddress,
        request: &RequestInfo,
        _: Passed,
    ) -> Result<bool> {
        let Some(limiter) = &self.inner.limiter else {
            return Ok(true);
        };
        let to = |key: RateKey| key.with(self.realm.id().as_bytes()).with(address.as_str());
        let counts = [
            (
                RateKey::new("mail by client").with_address(request.ip),
                PER_CLIENT,
            ),
            (
                to(RateKey::new("mail at once").with(purpose.name())),
                AT_ONCE,
            ),
            (to(RateKey::new("mail to address")), PER_ADDRESS),
        ];
        for (key, quota) in counts {
            if !limiter.take(&key, quota).await?.is_admitted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Drops what is over: links that nobody followed, anonymous users whose
    /// session and time are over, activity of a year ago and, after 30 days, mails
    /// that were given up. Notes what nobody has noted of what is over: that
    /// somebody acts as a user no more. To be called every few minutes.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn drop_expired(&self) -> Result<()> {
        let now = self.now();
        let batch = Batch::new()
            .step(flow::sweep::<Platform>(now))
            .step(flow::sweep::<App>(now))
            .step(anonymous::sweep::<Platform>(now))
            .step(anonymous::sweep::<App>(now))
            .step(outbox::sweep(now))
            .step(activity::sweep(now));
        self.apply(&NOBODY, batch).await?;
        self.note_ended_impersonations().await
    }
}
