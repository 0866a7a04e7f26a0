use std::time::Duration;

use workeros_core::{
    Batch, Expect, InvitationId, OrganizationId, Quota, RateKey, Result, Statement, Step, UserId,
    Value,
};

use super::invitation::{OrganizationInvitation, PURPOSE};
use super::refusal::{ALREADY_MEMBER, NOT_TO_INVITE, NOT_TO_INVITE_AS, coded};
use super::role::{OrganizationRole, Rank};
use super::{Organization, Organizer};
use crate::activity::ActivityKind;
use crate::changes::{NOBODY, SecretHash};
use crate::mail::without_mail;
use crate::outbox::Outgoing;
use crate::session::later;
use crate::template::{Contents, Template};
use crate::{App, Auth, EmailAddress, LinkToken};

/// Somebody to be invited to an organization.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewOrganizationInvitation {
    /// Where to.
    pub email: EmailAddress,
    /// What he is to be.
    pub role: OrganizationRole,
}

impl NewOrganizationInvitation {
    /// An invitation to be that.
    #[must_use]
    pub fn new(email: EmailAddress, role: OrganizationRole) -> Self {
        Self { email, role }
    }
}

/// Whoever has the address, if he is in the organization.
const MEMBER: &str = "SELECT m.id FROM app_organization_members m \
    JOIN app_users u ON u.id = m.user_id WHERE m.organization_id = $1 AND u.email = $2";
const END_FORMER: &str = "DELETE FROM app_auth_flows WHERE id IN \
    (SELECT i.id FROM app_organization_invitations i \
    WHERE i.organization_id = $1 AND i.email = $2)";
const OPEN: &str = "INSERT INTO app_auth_flows \
    (id, realm_id, purpose, user_id, secret_hash, attempts, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, 0, $6, $7)";
const INSERT: &str = "INSERT INTO app_organization_invitations \
    (id, organization_id, email, role) VALUES ($1, $2, $3, $4)";

/// To one address, whoever asks.
const PER_ADDRESS: Quota = Quota::new(5, Duration::from_hours(1));
/// Of one organization.
const PER_ORGANIZATION: Quota = Quota::new(100, Duration::from_hours(1));

impl Auth<App> {
    /// Mails somebody a link by which he can become a member of the
    /// organization, within seven days. It ends the one mailed to him for it
    /// before. `link` makes the URL.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) where there is no such
    ///   organization, and for who is not in it.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) for who is neither
    ///   owner nor admin; only an owner invites owners.
    /// * [`Conflict`](workeros_core::ErrorKind::Conflict) when the address is a
    ///   member's.
    /// * [`RateLimited`](workeros_core::ErrorKind::RateLimited) after 5
    ///   invitations an hour to one address, or 100 of one organization.
    /// * [`Unsupported`](workeros_core::ErrorKind::Unsupported) without
    ///   [mail](crate::AuthBuilder::with_mailer).
    pub async fn invite_to_organization(
        &self,
        organization: OrganizationId,
        by: Organizer,
        new: NewOrganizationInvitation,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<OrganizationInvitation> {
        let standing = self.organization_standing(organization, by).await?;
        standing.require(Rank::Admin, NOT_TO_INVITE)?;
        if new.role.is_owner() && !standing.is_owner() {
            return Err(NOT_TO_INVITE_AS.error());
        }
        let mail = self.inner.mail.as_ref().ok_or_else(without_mail)?;
        self.count_invitation(organization, &new.email).await?;
        let organization = self.find_organization(organization).await?;
        let token = LinkToken::generate(self.inner.random.as_ref())?;
        let url = link(&token);
        let contents = Contents::Organization {
            url: &url,
            organization: &organization.name,
        };
        let mail_id = self.inner.ids.next_id();
        let template = Template::OrganizationInvitation;
        let outgoing = Outgoing::seal(mail_id, template, contents, &self.sealer()?)?;
        let invitation = self.new_invitation(organization, by, &new).await?;
        let mut batch = Batch::new();
        batch.extend(standing.hold(self.realm));
        batch.extend(self.open_invitation(&invitation, token.hash()));
        batch.push(self.queue_mail_to(outgoing, &new.email));
        let kind = ActivityKind::OrganizationInvited;
        batch.push(self.note_invitation(kind, &invitation, None));
        self.apply(&NOBODY, batch).await.map_err(coded)?;
        mail.queued.notify_one();
        Ok(invitation)
    }

    async fn new_invitation(
        &self,
        organization: Organization,
        by: Organizer,
        new: &NewOrganizationInvitation,
    ) -> Result<OrganizationInvitation> {
        let inviter = match by {
            Organizer::User(user) => Some(self.user(self.home(), user).await?.user),
            Organizer::Host => None,
        };
        let now = self.now();
        Ok(OrganizationInvitation {
            id: InvitationId::new(self.inner.ids.next_id()),
            organization: organization.id,
            organization_name: organization.name,
            organization_slug: organization.slug,
            email: new.email.as_str().to_owned(),
            role: new.role.clone(),
            invited_by: inviter.as_ref().map(|user| user.id),
            inviter_email: inviter.map(|user| user.email),
            created_at: now,
            expires_at: later(now, PURPOSE.lifetime()),
        })
    }

    /// Fails when the address is a member's.
    fn open_invitation(&self, new: &OrganizationInvitation, secret_hash: SecretHash) -> [Step; 4] {
        let whom = || vec![new.organization.into(), new.email.clone().into()];
        let inviter: Option<UserId> = new.invited_by;
        let flow = vec![
            new.id.into(),
            self.realm.into(),
            PURPOSE.name().into(),
            inviter.into(),
            Value::Bytes(secret_hash.to_vec()),
            new.created_at.into(),
            new.expires_at.into(),
        ];
        let mut beside = vec![new.id.into()];
        beside.extend(whom());
        beside.push(new.role.as_str().into());
        [
            ALREADY_MEMBER.unless(Expect::None, Statement::new(MEMBER, whom())),
            Step::new(Statement::new(END_FORMER, whom())),
            Step::new(Statement::new(OPEN, flow)),
            Step::new(Statement::new(INSERT, beside)),
        ]
    }

    async fn count_invitation(
        &self,
        organization: OrganizationId,
        email: &EmailAddress,
    ) -> Result<()> {
        let Some(limiter) = &self.inner.limiter else {
            return Ok(());
        };
        let to = RateKey::new("organization invitations to address");
        let to = to.with(self.realm.id().as_bytes()).with(email.as_str());
        limiter.take(&to, PER_ADDRESS).await?.check()?;
        let of = RateKey::new("invitations of organization");
        let of = of.with(organization.uuid().as_bytes());
        limiter.take(&of, PER_ORGANIZATION).await?.check()?;
        Ok(())
    }
}
