//! Invitations to an organization.
//!
//! One is a [flow](crate::flow) whose user is who invited, so it goes with him.
//! A flow knows one address for a purpose; there may be one of each organization
//! for an address, so both stand in a row beside it.

use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, InvitationId, OrganizationId, OrganizationMemberId,
    Result, Row, SessionId, Statement, Step, Timestamp, UserId, Value,
};

use super::Organizer;
use super::member::{self, OrganizationMember};
use super::refusal::{
    ALREADY_MEMBER, NO_INVITATION, NOT_THE_RECIPIENT, NOT_TO_CANCEL, NOT_TO_LIST, UNVERIFIED, coded,
};
use super::role::{OrganizationRole, Rank};
use super::standing::lock;
use crate::activity::ActivityKind;
use crate::changes::{Affected, NOBODY};
use crate::flow::{FlowKey, Purpose};
use crate::invitation::Acceptance;
use crate::verify_email::verified;
use crate::{App, Auth, LinkToken, SignUp};

/// An invitation to an organization that was not answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationInvitation {
    /// Its id, which proves nothing.
    pub id: InvitationId,
    /// The organization.
    pub organization: OrganizationId,
    /// What that is called.
    pub organization_name: String,
    /// What that is called in URLs.
    pub organization_slug: String,
    /// Whom it was mailed to.
    pub email: String,
    /// What he will be.
    pub role: OrganizationRole,
    /// Who invited him, if it was a user.
    pub invited_by: Option<UserId>,
    /// The address of who did.
    pub inviter_email: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// What an invitation is named by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvitationName {
    /// Its id: good for who has its address, and has shown it.
    Id(InvitationId),
    /// What the link in the mail proves: good for who has its address.
    Link(LinkToken),
}

impl InvitationName {
    /// Reads the token of a link or an id; `None` when it cannot be either.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let link = LinkToken::parse(text).ok().map(Self::Link);
        link.or_else(|| text.parse().ok().map(Self::Id))
    }
}

/// An invitation with what it is used up by.
#[derive(Debug)]
struct Found {
    invitation: OrganizationInvitation,
    key: FlowKey,
}

/// The invitations that hold, and one condition more.
macro_rules! invitations {
    ($condition:literal) => {
        concat!(
            "SELECT i.id, o.id, o.name, o.slug, i.email, i.role, f.user_id, v.email, \
            f.created_at, f.expires_at, f.secret_hash FROM app_organization_invitations i \
            JOIN app_auth_flows f ON f.id = i.id \
            JOIN app_organizations o ON o.id = i.organization_id \
            LEFT JOIN app_users v ON v.id = f.user_id \
            WHERE o.realm_id = $2 AND f.expires_at > $3 AND ",
            $condition
        )
    };
}

const BY_LINK: &str = invitations!("f.secret_hash = $1");
const BY_ID: &str = invitations!("i.id = $1");
const OF_ORGANIZATION: &str = invitations!("i.organization_id = $1 ORDER BY i.id DESC LIMIT 1000");
const OF_ADDRESS: &str = invitations!("i.email = $1 ORDER BY i.id DESC LIMIT 1000");
const CANCEL: &str = "DELETE FROM app_auth_flows WHERE id = $1 AND realm_id = $2 AND purpose = $3";
const END_ALL_BY: &str = "DELETE FROM app_auth_flows WHERE user_id = $1 AND id IN \
    (SELECT i.id FROM app_organization_invitations i WHERE i.organization_id = $2)";
const EXPECT_VERIFIED: &str = "UPDATE app_users SET updated_at = updated_at \
    WHERE id = $1 AND realm_id = $2 AND email = $3 AND email_verified AND NOT disabled";

pub(super) const PURPOSE: Purpose = Purpose::OrganizationInvite;

impl Auth<App> {
    /// The invitation of a link, or of an id that is the user's, without using
    /// it up.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) with code
    ///   `INVITATION_NOT_FOUND` when it does not hold, or no longer, and for an
    ///   id of somebody else's.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) when the link was
    ///   mailed to another address than the user's, and for an id as long as he
    ///   has not shown that he has the address.
    pub async fn organization_invitation(
        &self,
        user: UserId,
        name: &InvitationName,
    ) -> Result<OrganizationInvitation> {
        Ok(self.find_own_invitation(user, name).await?.invitation)
    }

    /// Checks the link of an invitation, for somebody who is not signed in yet.
    ///
    /// # Errors
    ///
    /// [`NotFound`](workeros_core::ErrorKind::NotFound) with code
    /// `INVITATION_NOT_FOUND` when it does not hold, or no longer.
    pub async fn check_organization_invitation(
        &self,
        link: &LinkToken,
    ) -> Result<OrganizationInvitation> {
        let name = InvitationName::Link(link.clone());
        Ok(self.find_organization_invitation(&name).await?.invitation)
    }

    /// Makes a user a member of the organization he was invited to, once. The
    /// link shows that he has its address, which is verified from then on. The
    /// session, if one is named, acts for the organization.
    ///
    /// # Errors
    ///
    /// * As [`organization_invitation`](Self::organization_invitation).
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) when the organization
    ///   has as many members as it may have, or the user is in as many as one
    ///   may be in.
    /// * [`Conflict`](workeros_core::ErrorKind::Conflict) for who is in it.
    pub async fn accept_organization_invitation(
        &self,
        user: UserId,
        name: &InvitationName,
        session: Option<SessionId>,
    ) -> Result<(OrganizationInvitation, OrganizationMember)> {
        let found = self.find_own_invitation(user, name).await?;
        let organization = found.invitation.organization;
        let mut batch = Batch::new();
        batch.push(lock(self.realm, organization));
        batch.push(found.key.consume::<App>(self.now()));
        batch.push(self.expect_address(user, &found.invitation.email, name));
        batch.extend(self.join(user, &found.invitation));
        batch.extend(session.map(|session| self.switch(user, session, organization)));
        let accepted = self.apply(&[Affected::User(user)], batch).await;
        accepted.map_err(used_up)?;
        let member = self.membership(organization, user).await?;
        Ok((found.invitation, member))
    }

    /// What makes a new user a member of the organization whose invitation his
    /// sign-up presents, if it does.
    pub(crate) async fn organization_invitation_of(
        &self,
        sign_up: &SignUp,
        user: UserId,
    ) -> Result<Option<Acceptance>> {
        let Some(link) = &sign_up.invitation else {
            return Ok(None);
        };
        self.settings.admit_invited()?;
        let name = InvitationName::Link(link.clone());
        let found = self.find_organization_invitation(&name).await?;
        if found.invitation.email != sign_up.email.as_str() {
            return Err(NOT_THE_RECIPIENT.error());
        }
        let mut steps = vec![
            lock(self.realm, found.invitation.organization),
            found.key.consume::<App>(self.now()),
        ];
        steps.extend(self.join(user, &found.invitation));
        Ok(Some(Acceptance {
            steps,
            name: None,
            locale: None,
        }))
    }

    /// Declines an invitation for the user it is for.
    ///
    /// # Errors
    ///
    /// As [`organization_invitation`](Self::organization_invitation).
    pub async fn reject_organization_invitation(
        &self,
        user: UserId,
        name: &InvitationName,
    ) -> Result<OrganizationInvitation> {
        let found = self.find_own_invitation(user, name).await?;
        let mut batch = Batch::new().step(found.key.consume::<App>(self.now()));
        let kind = ActivityKind::OrganizationInvitationRejected;
        batch.push(self.note_invitation(kind, &found.invitation, Some(user)));
        self.apply(&NOBODY, batch).await.map_err(used_up)?;
        Ok(found.invitation)
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) without it in this
    ///   workspace, and for who is not in its organization.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) for who is neither
    ///   owner nor admin there.
    pub async fn cancel_organization_invitation(
        &self,
        by: Organizer,
        id: InvitationId,
    ) -> Result<OrganizationInvitation> {
        let name = InvitationName::Id(id);
        let found = self.find_organization_invitation(&name).await?;
        let standing = self
            .organization_standing(found.invitation.organization, by)
            .await;
        let standing = standing.map_err(|error| match error.code() {
            Some("ORGANIZATION_NOT_FOUND") => NO_INVITATION.error(),
            _ => error,
        })?;
        standing.require(Rank::Admin, NOT_TO_CANCEL)?;
        let params = vec![id.into(), self.realm.into(), PURPOSE.name().into()];
        let cancel = Statement::new(CANCEL, params);
        let mut batch = Batch::new();
        batch.extend(standing.hold(self.realm));
        batch.push(NO_INVITATION.unless(Expect::One, cancel));
        let kind = ActivityKind::OrganizationInvitationCanceled;
        batch.push(self.note_invitation(kind, &found.invitation, None));
        self.apply(&NOBODY, batch).await.map_err(coded)?;
        Ok(found.invitation)
    }

    /// The invitations to an organization that can be accepted, newest first, at
    /// most 1000. Those of owners are shown to owners.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) where there is no such
    ///   organization, and for who is not in it.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) for who is neither
    ///   owner nor admin.
    pub async fn organization_invitations(
        &self,
        organization: OrganizationId,
        by: Organizer,
    ) -> Result<Vec<OrganizationInvitation>> {
        let standing = self.organization_standing(organization, by).await?;
        standing.require(Rank::Admin, NOT_TO_LIST)?;
        let list = self.list_invitations(OF_ORGANIZATION, organization.into());
        let mut list = list.await?;
        list.retain(|invitation| standing.is_owner() || !invitation.role.is_owner());
        Ok(list)
    }

    /// The invitations to organizations that a user can accept, newest first, at
    /// most 1000.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](workeros_core::ErrorKind::Forbidden) as long as he has not
    /// shown that he has his address.
    pub async fn organization_invitations_of(
        &self,
        user: UserId,
    ) -> Result<Vec<OrganizationInvitation>> {
        let user = self.user(self.home(), user).await?.user;
        if !user.email_verified {
            return Err(UNVERIFIED.error());
        }
        self.list_invitations(OF_ADDRESS, user.email.into()).await
    }

    /// The steps that make somebody a member who was invited, where there is
    /// room. They stand behind the lock of the organization and of the user.
    fn join(&self, user: UserId, invitation: &OrganizationInvitation) -> Vec<Step> {
        let organization = invitation.organization;
        let id = OrganizationMemberId::new(self.inner.ids.next_id());
        let insert = member::insert(id, organization, user, &invitation.role, self.now());
        let kind = ActivityKind::OrganizationInvitationAccepted;
        vec![
            self.expect_room_in(organization),
            self.expect_room_for_another(user),
            ALREADY_MEMBER.expect_one(insert),
            self.note_invitation(kind, invitation, Some(user)),
        ]
    }

    /// Fails where the address is no longer the user's, and, without the link,
    /// where he has not shown that it is.
    fn expect_address(&self, user: UserId, email: &str, name: &InvitationName) -> Step {
        let statement = match name {
            InvitationName::Link(_) => verified::<App>(user, email, self.now()),
            InvitationName::Id(_) => {
                let params = vec![user.into(), self.realm.into(), email.into()];
                Statement::new(EXPECT_VERIFIED, params)
            }
        };
        NO_INVITATION.unless(Expect::One, statement)
    }

    /// An invitation for the user who presents it.
    async fn find_own_invitation(&self, user: UserId, name: &InvitationName) -> Result<Found> {
        let found = self.find_organization_invitation(name).await?;
        let user = self.user(self.home(), user).await?.user;
        let is_his = found.invitation.email == user.email;
        match name {
            InvitationName::Link(_) if !is_his => Err(NOT_THE_RECIPIENT.error()),
            InvitationName::Id(_) if !is_his => Err(NO_INVITATION.error()),
            InvitationName::Id(_) if !user.email_verified => Err(UNVERIFIED.error()),
            InvitationName::Link(_) | InvitationName::Id(_) => Ok(found),
        }
    }

    async fn find_organization_invitation(&self, name: &InvitationName) -> Result<Found> {
        let (sql, named): (_, Value) = match name {
            InvitationName::Link(link) => (BY_LINK, Value::Bytes(link.hash().to_vec())),
            InvitationName::Id(id) => (BY_ID, (*id).into()),
        };
        let params = vec![named, self.realm.into(), self.now().into()];
        let statement = Statement::new(sql, params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let row = rows.first().ok_or_else(|| NO_INVITATION.error())?;
        let secret_hash = row.bytes(10)?.try_into().map_err(Error::internal)?;
        let invitation = OrganizationInvitation::read(row)?;
        let key = FlowKey::new(self.realm, PURPOSE, invitation.id.uuid(), secret_hash);
        Ok(Found { invitation, key })
    }

    async fn list_invitations(
        &self,
        sql: &'static str,
        of: Value,
    ) -> Result<Vec<OrganizationInvitation>> {
        let params = vec![of, self.realm.into(), self.now().into()];
        let rows = self.fetch(Statement::new(sql, params)).await?;
        rows.iter().map(OrganizationInvitation::read).collect()
    }

    pub(super) fn note_invitation(
        &self,
        kind: ActivityKind,
        invitation: &OrganizationInvitation,
        user: Option<UserId>,
    ) -> Step {
        self.note_organization(kind, invitation.organization, |activity| {
            let activity = activity
                .with("email", invitation.email.clone())
                .with("role", invitation.role.as_str());
            user.into_iter()
                .fold(activity, |activity, user| activity.about(user))
        })
    }
}

impl OrganizationInvitation {
    /// The one answer for an invitation that is not there, was answered,
    /// replaced or taken back, is too old, or is somebody else's.
    #[must_use]
    pub fn not_there() -> Error {
        NO_INVITATION.error()
    }

    /// Reads `id, organization, name, slug, email, role, inviter, his address,
    /// created_at, expires_at`.
    fn read(row: &Row) -> Result<Self> {
        let invited_by = if row.is_null(6) {
            None
        } else {
            Some(UserId::new(row.uuid(6)?))
        };
        Ok(Self {
            id: InvitationId::new(row.uuid(0)?),
            organization: OrganizationId::new(row.uuid(1)?),
            organization_name: row.text(2)?.to_owned(),
            organization_slug: row.text(3)?.to_owned(),
            email: row.text(4)?.to_owned(),
            role: OrganizationRole::stored(row.text(5)?),
            invited_by,
            inviter_email: row.optional_text(7)?.map(ToOwned::to_owned),
            created_at: row.timestamp(8)?,
            expires_at: row.timestamp(9)?,
        })
    }
}

/// Ends what somebody has invited others to an organization by.
pub(super) fn end_all_by(organization: OrganizationId, user: UserId) -> Step {
    Step::new(Statement::new(
        END_ALL_BY,
        vec![user.into(), organization.into()],
    ))
}

/// Says what it means that a [flow](crate::flow) was gone.
fn used_up(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Gone => NO_INVITATION.error(),
        _ => coded(error),
    }
}
