//! What all invitations are made of, whatever they invite to: so and so many are
//! mailed, each with a link of its own, and the flow behind the link is opened by
//! somebody else than who will use it up.

use std::time::Duration;

use uuid::Uuid;
use workeros_core::{Quota, RateKey, Result, Statement, Step, Timestamp, UserId, Value};

use crate::changes::SecretHash;
use crate::flow::Purpose;
use crate::outbox::Outgoing;
use crate::plane::{PlaneSql, planes};
use crate::session::later;
use crate::template::{Contents, Template};
use crate::{Auth, EmailAddress, LinkToken, Locale, Plane, Realm};

/// What somebody is invited to, by what it is called.
#[derive(Debug, Clone, Copy)]
pub enum InvitedTo<'a> {
    /// A workspace, to work in it.
    Workspace(&'a str),
    /// A workspace, as one of its end users.
    Users(&'a str),
    /// An organization of end users.
    Organization(&'a str),
}

/// What is mailed to somebody who is invited.
#[derive(Debug)]
pub(crate) struct Letter {
    /// What its link proves.
    pub(crate) secret_hash: SecretHash,
    pub(crate) mail: Outgoing,
}

/// A flow that is about to be opened for somebody else.
#[derive(Debug)]
pub(crate) struct NewInviteFlow {
    pub(crate) id: Uuid,
    pub(crate) realm: Realm,
    pub(crate) purpose: Purpose,
    /// With whom it goes.
    pub(crate) inviter: Option<UserId>,
    /// The address, where there is one invitation for each.
    pub(crate) address: Option<String>,
    pub(crate) data: Option<String>,
    pub(crate) secret_hash: SecretHash,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

const OPEN: PlaneSql = planes!(
    "INSERT INTO " p "_auth_flows \
    (id, realm_id, purpose, user_id, address, data, secret_hash, attempts, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9) \
    ON CONFLICT (realm_id, purpose, address) DO UPDATE SET id = excluded.id, \
    user_id = excluded.user_id, data = excluded.data, secret_hash = excluded.secret_hash, \
    attempts = 0, created_at = excluded.created_at, expires_at = excluded.expires_at"
);

/// To one address.
const PER_ADDRESS: Quota = Quota::new(5, Duration::from_hours(1)).named("address");
/// To the same.
const PER_PLACE: Quota = Quota::new(100, Duration::from_hours(1)).named("invitations");

impl InvitedTo<'_> {
    const fn template(self) -> Template {
        match self {
            Self::Workspace(_) => Template::Invitation,
            Self::Users(_) => Template::UserInvitation,
            Self::Organization(_) => Template::OrganizationInvitation,
        }
    }
}

impl<'a> InvitedTo<'a> {
    const fn contents(self, url: &'a str) -> Contents<'a> {
        match self {
            Self::Workspace(workspace) | Self::Users(workspace) => {
                Contents::Invitation { url, workspace }
            }
            Self::Organization(organization) => Contents::Organization { url, organization },
        }
    }
}

impl NewInviteFlow {
    /// Opens it, and ends the one before for the address.
    pub(crate) fn open<P: Plane>(self) -> Step {
        let params = vec![
            self.id.into(),
            self.realm.into(),
            self.purpose.name().into(),
            self.inviter.into(),
            self.address.into(),
            self.data.into(),
            Value::Bytes(self.secret_hash.to_vec()),
            self.created_at.into(),
            self.expires_at.into(),
        ];
        Step::new(Statement::new(OPEN.of::<P>(), params))
    }
}

impl<P: Plane> Auth<P> {
    /// Writes to somebody whom a place (a workspace, an organization) invites,
    /// unless too much is sent already: at most five an hour to one address, and
    /// a hundred of one place. `link` makes the URL.
    ///
    /// # Errors
    ///
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) for too many.
    /// * [`Unsupported`](workeros_core::ErrorKind::Unsupported) without
    ///   [mail](crate::AuthBuilder::with_mailer).
    pub(crate) async fn write_letter(
        &self,
        to: &EmailAddress,
        place: Uuid,
        invited_to: InvitedTo<'_>,
        locale: Option<Locale>,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<Letter> {
        self.require_mail()?;
        self.count_letter(to, place).await?;
        let token = LinkToken::generate(self.inner.random.as_ref())?;
        let url = link(&token);
        let mail = self.compose_mail(invited_to.template(), invited_to.contents(&url))?;
        Ok(Letter {
            secret_hash: token.hash(),
            mail: mail.with_locale(locale),
        })
    }

    /// Until when what is opened now can be accepted.
    pub(crate) fn good_until(&self, purpose: Purpose) -> Timestamp {
        later(self.now(), purpose.lifetime())
    }

    async fn count_letter(&self, to: &EmailAddress, place: Uuid) -> Result<()> {
        let Some(limiter) = &self.inner.limiter else {
            return Ok(());
        };
        let key = |what| RateKey::new(what).with(self.realm.id().as_bytes());
        let to = key("invitations to address").with(to.as_str());
        limiter.take(&to, PER_ADDRESS).await?.check()?;
        let of = key("invitations of place").with(place.as_bytes());
        limiter.take(&of, PER_PLACE).await?.check()?;
        Ok(())
    }
}
