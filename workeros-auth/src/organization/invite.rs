use std::time::Duration;

use workeros_core::{
    Batch, Expect, InvitationId, OrganizationId, Quota, RateKey, Result, Statement, Step,
};

use super::invitation::{OrganizationInvitation, PURPOSE};
use super::refusal::{ALREADY_MEMBER, NOT_TO_INVITE, NOT_TO_INVITE_AS, coded};
use super::role::{OrganizationRole, Rank};
use super::{Organization, Organizer};
use crate::activity::ActivityKind;
use crate::changes::SecretHash;
use crate::invitation::{InvitedTo, NewInviteFlow};
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
const INSERT: &str = "INSERT INTO app_organization_invitations \
    (id, organization_id, email, role) VALUES ($1, $2, $3, $4)";

/// Of one user, who may make many organizations.
const PER_USER: Quota = Quota::new(100, Duration::from_hours(1)).named("invitations");

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
    ///   invitations an hour to one address, or 100 of one organization or user.
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
        self.count_inviter(by).await?;
        let organization = self.find_organization(organization).await?;
        let (place, called) = (organization.id.uuid(), organization.name.clone());
        let invited_to = InvitedTo::Organization(&called);
        let letter = self.write_letter(&new.email, place, invited_to, None, link);
        let letter = letter.await?;
        let invitation = self.new_invitation(organization, by, &new).await?;
        let mut batch = Batch::new();
        batch.extend(standing.hold(self.realm));
        batch.extend(self.open_invitation(&invitation, letter.secret_hash));
        batch.push(self.queue_mail_to(letter.mail, &new.email));
        let kind = ActivityKind::OrganizationInvited;
        batch.push(self.note_invitation(kind, &invitation, None));
        self.apply_and_mail(batch).await.map_err(coded)?;
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
        Ok(OrganizationInvitation {
            id: InvitationId::new(self.inner.ids.next_id()),
            organization: organization.id,
            organization_name: organization.name,
            organization_slug: organization.slug,
            email: new.email.as_str().to_owned(),
            role: new.role.clone(),
            invited_by: inviter.as_ref().map(|user| user.id),
            inviter_email: inviter.map(|user| user.email),
            created_at: self.now(),
            expires_at: self.good_until(PURPOSE),
        })
    }

    async fn count_inviter(&self, by: Organizer) -> Result<()> {
        let (Some(limiter), Organizer::User(user)) = (&self.inner.limiter, by) else {
            return Ok(());
        };
        let key = RateKey::new("organization invitations by user");
        let key = key.with(user.uuid().as_bytes());
        limiter.take(&key, PER_USER).await?.check().map(drop)
    }

    /// Fails when the address is a member's.
    fn open_invitation(&self, new: &OrganizationInvitation, secret_hash: SecretHash) -> [Step; 4] {
        let whom = || vec![new.organization.into(), new.email.clone().into()];
        let flow = NewInviteFlow {
            id: new.id.uuid(),
            realm: self.realm,
            purpose: PURPOSE,
            inviter: new.invited_by,
            address: None,
            data: None,
            secret_hash,
            created_at: new.created_at,
            expires_at: new.expires_at,
        };
        let mut beside = vec![new.id.into()];
        beside.extend(whom());
        beside.push(new.role.as_str().into());
        [
            ALREADY_MEMBER.unless(Expect::None, Statement::new(MEMBER, whom())),
            Step::new(Statement::new(END_FORMER, whom())),
            flow.open::<App>(),
            Step::new(Statement::new(INSERT, beside)),
        ]
    }
}
