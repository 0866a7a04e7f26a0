//! Mails on their way out: rows that are written together with what causes
//! them, and sent later, by whichever instance comes first.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use uuid::Uuid;
use workeros_core::{
    Batch, Cost, Email, Error, ErrorKind, Mailer, Result, Row, Sealer, Statement, Step, TenantId,
    Timestamp, UserId, Workspace,
};

use crate::changes::NOBODY;
use crate::hooks::{RenderedMail, send_mail};
use crate::mail::Mail;
use crate::plane::{PlaneSql, planes};
use crate::session::{earlier, later};
use crate::template::{Contents, Template, Templates};
use crate::{Auth, EmailAddress, Languages, Locale, Plane, Realm, RealmSettings};

/// Goes to the address of a flow and is not sent after its end. Without the
/// flow there is no mail.
const QUEUE: PlaneSql = planes!(
    "INSERT INTO workeros_mail_queue \
    (id, realm_id, to_address, template, data, languages, attempts, next_at, created_at, \
    expires_at) \
    SELECT $1, f.realm_id, f.address, $2, $3, COALESCE((SELECT u.locale FROM " p "_users u \
    WHERE u.realm_id = $4 AND u.email = f.address), $5), 0, f.created_at, f.created_at, \
    f.expires_at FROM " p "_auth_flows f WHERE f.id = $6"
);
const QUEUE_TO: PlaneSql = planes!(
    "INSERT INTO workeros_mail_queue \
    (id, realm_id, to_address, template, data, languages, attempts, next_at, created_at, \
    expires_at) \
    VALUES ($1, $2, $3, $4, $5, COALESCE((SELECT u.locale FROM " p "_users u \
    WHERE u.realm_id = $2 AND u.email = $3), $6), 0, $7, $7, $8)"
);
/// Only to an address that is known to be the user's.
const QUEUE_NEWS: PlaneSql = planes!(
    "INSERT INTO workeros_mail_queue \
    (id, realm_id, to_address, template, data, languages, attempts, next_at, created_at, \
    expires_at) \
    SELECT $1, u.realm_id, u.email, $2, $3, COALESCE(u.locale, $4), 0, $5, $5, $6 \
    FROM " p "_users u WHERE u.id = $7 AND u.realm_id = $8 AND u.email_verified"
);
const DUE: &str = "SELECT id FROM workeros_mail_queue WHERE next_at <= $1 ORDER BY next_at LIMIT 1";
/// Of several who see a mail due, one gets it.
const CLAIM: &str = "UPDATE workeros_mail_queue SET attempts = attempts + 1, next_at = $1 \
    WHERE id = $2 AND next_at <= $3 \
    RETURNING id, to_address, template, data, attempts, expires_at, realm_id, languages";
const SENT: &str = "DELETE FROM workeros_mail_queue WHERE id = $1";
const POSTPONE: &str = "UPDATE workeros_mail_queue SET next_at = $1, last_error = $2 \
    WHERE id = $3 AND attempts = $4";
const GIVE_UP: &str = "UPDATE workeros_mail_queue SET next_at = NULL, data = '', last_error = $1 \
    WHERE id = $2 AND attempts = $3";
const SWEEP: &str = "DELETE FROM workeros_mail_queue WHERE created_at <= $1";

const PURPOSE: &str = "outgoing mail";
/// How often a mail is tried.
const ATTEMPTS: i64 = 8;
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// How long handing a mail over may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// As long a mail is left to the instance that claimed it: longer than it has
/// patience, so that only one that died is overtaken.
const LEASE: Duration = Duration::from_mins(2);
/// As long a mail is worth sending that leads to no flow.
const NEWS: Duration = Duration::from_hours(24);
/// As long mails that were given up can be looked at: longer than any is worth
/// sending.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// A mail to be queued.
#[derive(Debug)]
pub(crate) struct Outgoing {
    id: Uuid,
    template: Template,
    sealed: String,
    locale: Option<Locale>,
}

impl Outgoing {
    /// A mail that brings something.
    pub(crate) fn seal(
        id: Uuid,
        template: Template,
        contents: Contents<'_>,
        sealer: &Sealer,
    ) -> Result<Self> {
        let data = contents.write().to_string();
        let sealed = sealer.seal(PURPOSE, id.as_bytes(), data.as_bytes())?;
        Ok(Self {
            id,
            template,
            sealed,
            locale: None,
        })
    }

    /// Sets the language it is to be in, whatever whoever asks for it reads.
    pub(crate) fn with_locale(mut self, locale: Option<Locale>) -> Self {
        self.locale = locale;
        self
    }
}

impl<P: Plane> Auth<P> {
    /// Queues a mail for the address of a flow, if that was opened.
    pub(crate) fn queue_mail(&self, mail: Outgoing, flow: Uuid) -> Step {
        let languages = self.languages_of(&mail);
        let params = vec![
            mail.id.into(),
            mail.template.name().into(),
            mail.sealed.into(),
            self.realm.into(),
            languages.into(),
            flow.into(),
        ];
        Step::new(Statement::new(QUEUE.of::<P>(), params))
    }

    /// Queues a mail for an address, with no flow behind it.
    pub(crate) fn queue_mail_to(&self, mail: Outgoing, to: &EmailAddress) -> Step {
        let (now, languages) = (self.now(), self.languages_of(&mail));
        let params = vec![
            mail.id.into(),
            self.realm.into(),
            to.as_str().into(),
            mail.template.name().into(),
            mail.sealed.into(),
            languages.into(),
            now.into(),
            later(now, NEWS).into(),
        ];
        Step::new(Statement::new(QUEUE_TO.of::<P>(), params))
    }

    /// Queues a mail for a user, where his address is verified.
    pub(crate) fn queue_news(&self, mail: Outgoing, user: UserId) -> Step {
        let (now, languages) = (self.now(), self.languages_of(&mail));
        let params = vec![
            mail.id.into(),
            mail.template.name().into(),
            mail.sealed.into(),
            languages.into(),
            now.into(),
            later(now, NEWS).into(),
            user.into(),
            self.realm.into(),
        ];
        Step::new(Statement::new(QUEUE_NEWS.of::<P>(), params))
    }

    /// The language a mail is to be in, or those that whoever asks reads.
    fn languages_of(&self, mail: &Outgoing) -> Option<String> {
        if let Some(locale) = &mail.locale {
            return Some(locale.as_str().to_owned());
        }
        let caller = self.caller.as_ref()?;
        let languages = &caller.languages;
        (!languages.is_empty()).then(|| languages.to_string())
    }
}

/// A mail that this instance has to send.
#[derive(Debug)]
struct Claimed {
    id: Uuid,
    to: String,
    template: String,
    sealed: String,
    attempts: i64,
    expires_at: Timestamp,
    realm: Uuid,
    languages: Languages,
}

impl Auth {
    /// Hands over the mails that are due, one after the other, and says how
    /// many. What fails is tried again, up to eight times, after 30 seconds at
    /// first and twice as long each time; what cannot be sent is given up. To
    /// be called whenever there [is mail](Self::mail_queued), and every few
    /// seconds for what other instances left.
    ///
    /// # Errors
    ///
    /// What the database answers. That a mail could not be sent is logged.
    pub async fn deliver_mail(&self) -> Result<usize> {
        let Some(mail) = &self.inner.mail else {
            return Ok(0);
        };
        let sealer = self.sealer()?;
        let mut sent = 0;
        while let Some(due) = self.next_due().await? {
            let Some(claimed) = self.claim(due).await? else {
                continue;
            };
            let outcome = self.hand_over(&claimed, mail, &sealer).await;
            sent += usize::from(outcome.is_ok());
            let step = claimed.settle(outcome, self.now());
            self.apply(&NOBODY, Batch::new().step(step)).await?;
        }
        Ok(sent)
    }

    /// Waits until this instance has queued a mail since the last time.
    pub async fn mail_queued(&self) {
        match &self.inner.mail {
            Some(mail) => mail.queued.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Lets the hooks of whoever the mail is to send it, or else the mailer.
    async fn hand_over(&self, claimed: &Claimed, mail: &Mail, sealer: &Sealer) -> Result<()> {
        if claimed.expires_at <= self.now() {
            return Err(Error::new(ErrorKind::Gone, "what it leads to is over"));
        }
        // Nobody came to say what became of it the last time.
        if claimed.attempts > ATTEMPTS {
            let why = "whoever tried to send it did not come back";
            return Err(Error::new(ErrorKind::Gone, why));
        }
        let (workspace, settings) = self.rules_for(claimed).await?;
        let email = claimed.compose(sealer, &settings.templates)?;
        let rendered = RenderedMail {
            id: claimed.id,
            workspace,
            template: claimed.template.clone(),
            email,
        };
        if send_mail(&settings.hooks, &rendered).await? {
            return Ok(());
        }
        send(&mail.mailer, rendered.email).await
    }

    /// Whose end user a mail is to, and the rules for him. Who is invited to a
    /// workspace is to be a user of the instance.
    async fn rules_for(
        &self,
        claimed: &Claimed,
    ) -> Result<(Option<Workspace>, Arc<RealmSettings>)> {
        let is_to_the_team = claimed.template == Template::Invitation.name();
        if claimed.realm == Realm::Instance.id() || is_to_the_team {
            return Ok((None, Arc::clone(&self.settings)));
        }
        let Some(apps) = &self.inner.apps else {
            return Ok((None, Arc::clone(&self.inner.app_settings)));
        };
        let known = apps.workspace(TenantId::new(claimed.realm)).await?;
        let gone = || Error::new(ErrorKind::Gone, "the workspace is no more");
        let workspace = known.ok_or_else(gone)?;
        let app = self.app(workspace.clone()).await?;
        Ok((Some(workspace), app.settings))
    }

    async fn next_due(&self) -> Result<Option<Uuid>> {
        let statement = Statement::new(DUE, vec![self.now().into()]);
        let rows = self.fetch(statement.with_cost(Cost::Short)).await?;
        rows.first().map(|row| row.uuid(0)).transpose()
    }

    async fn claim(&self, due: Uuid) -> Result<Option<Claimed>> {
        let now = self.now();
        let params = vec![later(now, LEASE).into(), due.into(), now.into()];
        let batch = Batch::new().step(Step::new(Statement::new(CLAIM, params)));
        let rows = self.apply_and_read(&NOBODY, batch).await?;
        rows.first().map(Claimed::read).transpose()
    }
}

/// Hands a mail over, in a task of its own: a mailer that panics takes nobody
/// along who waits for the next one.
async fn send(mailer: &Arc<dyn Mailer>, email: Email) -> Result<()> {
    let unavailable = |why| Error::new(ErrorKind::Unavailable, why);
    let mailer = Arc::clone(mailer);
    let mut task = JoinSet::new();
    task.spawn(async move { mailer.send(email).await });
    match tokio::time::timeout(PATIENCE, task.join_next()).await {
        Ok(Some(Ok(sent))) => sent,
        Ok(Some(Err(panicked))) => Err(unavailable("the mailer has failed").with_source(panicked)),
        Ok(None) => Err(Error::internal("a mailer that was never called")),
        Err(_) => Err(unavailable("the mailer took too long")),
    }
}

impl Claimed {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.uuid(0)?,
            to: row.text(1)?.to_owned(),
            template: row.text(2)?.to_owned(),
            sealed: row.text(3)?.to_owned(),
            attempts: row.integer(4)?,
            expires_at: row.timestamp(5)?,
            realm: row.uuid(6)?,
            languages: Languages::read(row.optional_text(7)?.unwrap_or_default()),
        })
    }

    fn compose(&self, sealer: &Sealer, templates: &Templates) -> Result<Email> {
        let template = Template::parse(&self.template)
            .ok_or_else(|| Error::internal("a template that is not known here"))?;
        let data = sealer.open(PURPOSE, self.id.as_bytes(), &self.sealed)?;
        let values = serde_json::from_slice(&data).map_err(Error::internal)?;
        let mail = templates.write(template, &self.languages, &values)?;
        let email = Email::new(&self.to, mail.subject, mail.text)?
            .with_header("Auto-Submitted", "auto-generated")?;
        let email = match mail.sender_name {
            Some(name) => email.with_sender_name(name)?,
            None => email,
        };
        let email = match mail.reply_to {
            Some(address) => email.with_reply_to(address)?,
            None => email,
        };
        Ok(match mail.html {
            Some(html) => email.with_html(html),
            None => email,
        })
    }

    /// What becomes of the row.
    fn settle(&self, outcome: Result<()>, now: Timestamp) -> Step {
        let Err(error) = outcome else {
            return Step::new(Statement::new(SENT, vec![self.id.into()]));
        };
        let next_at = later(now, self.pause(&error));
        let is_lost = matches!(error.kind(), ErrorKind::Validation | ErrorKind::Gone)
            || self.attempts >= ATTEMPTS
            || next_at >= self.expires_at;
        let (id, template) = (self.id, self.template.as_str());
        let logged = &error as &dyn std::error::Error;
        let mut params = vec![
            error.message().to_owned().into(),
            id.into(),
            self.attempts.into(),
        ];
        if is_lost {
            tracing::error!(error = logged, %id, template, "a mail was given up");
            return Step::new(Statement::new(GIVE_UP, params));
        }
        tracing::warn!(error = logged, %id, template, "a mail could not be sent and is tried again");
        params.insert(0, next_at.into());
        Step::new(Statement::new(POSTPONE, params))
    }

    fn pause(&self, error: &Error) -> Duration {
        let doublings = u32::try_from(self.attempts.clamp(1, ATTEMPTS) - 1).unwrap_or_default();
        let pause = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
        let asked = error.retry_after_seconds().map(Duration::from_secs);
        asked.map_or(pause, |asked| asked.max(pause))
    }
}

/// Drops what was given up long ago, and what nobody came for.
pub(crate) fn sweep(now: Timestamp) -> Step {
    Step::new(Statement::new(SWEEP, vec![earlier(now, KEPT).into()]))
}
