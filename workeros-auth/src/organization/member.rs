use workeros_core::{
    Batch, Cost, Error, Expect, OrganizationId, OrganizationMemberId, Result, Row, Statement, Step,
    Timestamp, UserId,
};

use super::refusal::{
    ALREADY_MEMBER, LAST_OWNER, NO_MEMBER, NOT_TO_CHANGE_MEMBER, NOT_TO_REMOVE, OVERTAKEN, Refusal,
    TOO_MANY_MEMBERS, TOO_MANY_ORGANIZATIONS, coded,
};
use super::role::{OrganizationRole, Rank};
use super::standing::{Standing, lock};
use super::{Organizer, invitation};
use crate::activity::ActivityKind;
use crate::changes::Affected;
use crate::{App, Auth, EmailAddress};

/// Somebody who is in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationMember {
    /// The id of his membership.
    pub id: OrganizationMemberId,
    /// The organization.
    pub organization: OrganizationId,
    /// Who he is.
    pub user_id: UserId,
    /// His address.
    pub email: String,
    /// The name he goes by.
    pub name: String,
    /// Where his picture is, if he has one.
    pub image: Option<String>,
    /// What he is in the organization.
    pub role: OrganizationRole,
    /// Since when he is in it.
    pub created_at: Timestamp,
}

/// What a member is named by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberName {
    /// The id of his membership.
    Id(OrganizationMemberId),
    /// His address.
    Email(EmailAddress),
}

pub(super) const LOCK_USER: &str = "UPDATE app_users SET updated_at = updated_at \
    WHERE id = $1 AND realm_id = $2 AND NOT disabled";
const HAS_ROOM_FOR_ANOTHER: &str = "SELECT u.id FROM app_users u WHERE u.id = $1 AND \
    (SELECT COUNT(*) FROM app_organization_members m WHERE m.user_id = u.id) < $2";
const HAS_ROOM: &str = "SELECT o.id FROM app_organizations o WHERE o.id = $1 AND \
    (SELECT COUNT(*) FROM app_organization_members m WHERE m.organization_id = o.id) < $2";
const INSERT: &str = "INSERT INTO app_organization_members \
    (id, organization_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (organization_id, user_id) DO NOTHING";
/// The member of an organization that fulfils a condition.
macro_rules! member {
    ($condition:literal) => {
        concat!(
            "SELECT m.id, m.organization_id, u.id, u.email, u.name, u.image, m.role, \
            m.created_at FROM app_organization_members m JOIN app_users u ON u.id = m.user_id \
            WHERE m.organization_id = $1 AND ",
            $condition
        )
    };
}

const FIND_BY_ID: &str = member!("m.id = $2");
const FIND_BY_USER: &str = member!("m.user_id = $2 AND u.realm_id = $3");
const FIND_BY_EMAIL: &str = member!("u.email = $2 AND u.realm_id = $3");
const SET_ROLE: &str = "UPDATE app_organization_members SET role = $1 \
    WHERE id = $2 AND organization_id = $3 AND role = $4";
const REMOVE: &str = "DELETE FROM app_organization_members \
    WHERE id = $1 AND organization_id = $2 AND role = $3";
const LEAVE: &str = "UPDATE app_sessions SET active_organization = NULL \
    WHERE user_id = $1 AND active_organization = $2";
/// One who can sign in.
const ANOTHER_OWNER: &str = "SELECT m.id FROM app_organization_members m \
    JOIN app_users u ON u.id = m.user_id WHERE m.organization_id = $1 AND m.role = 'owner' \
    AND m.id <> $2 AND NOT u.disabled LIMIT 1";

impl Auth<App> {
    /// What a user is in an organization, for one of its members.
    ///
    /// # Errors
    ///
    /// [`NotFound`](workeros_core::ErrorKind::NotFound) where there is no such
    /// organization or member, and for who is not in it.
    pub async fn organization_member(
        &self,
        organization: OrganizationId,
        by: Organizer,
        user: UserId,
    ) -> Result<OrganizationMember> {
        self.organization_standing(organization, by).await?;
        self.membership(organization, user).await
    }

    /// What a user is in an organization.
    pub(super) async fn membership(
        &self,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<OrganizationMember> {
        let params = vec![organization.into(), user.into(), self.realm.into()];
        self.find_member(Statement::new(FIND_BY_USER, params)).await
    }

    /// Makes an end user a member, who is not asked. For those who may: no
    /// permission is asked here.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) without such an
    ///   organization or user.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) when the organization
    ///   has as many members as it may have, or the user is in as many as one may
    ///   be in; with code `ANONYMOUS_USER` for one without an account.
    /// * [`Conflict`](workeros_core::ErrorKind::Conflict) for who is in it.
    pub async fn add_organization_member(
        &self,
        organization: OrganizationId,
        user: UserId,
        role: &OrganizationRole,
    ) -> Result<OrganizationMember> {
        self.user(self.home(), user).await?.user.require_account()?;
        let id = OrganizationMemberId::new(self.inner.ids.next_id());
        let insert = insert(id, organization, user, role, self.now());
        let mut batch = Batch::new().step(lock(self.realm, organization));
        batch.extend(self.admit_to_another(user));
        batch.push(self.expect_room_in(organization));
        batch.push(ALREADY_MEMBER.expect_one(insert));
        let kind = ActivityKind::OrganizationMemberAdded;
        batch.push(self.note_organization(kind, organization, |activity| {
            activity.about(user).with("role", role.as_str())
        }));
        let added = self.apply(&[Affected::User(user)], batch).await;
        added.map_err(coded)?;
        self.membership(organization, user).await
    }

    /// Sets what a member is, from his next request on.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) where there is no such
    ///   organization or member, and for who is not in it.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) for who is neither
    ///   owner nor admin; only an owner makes owners and says what they are.
    /// * [`Conflict`](workeros_core::ErrorKind::Conflict) when there would be no
    ///   owner left, or the organization was changed meanwhile.
    pub async fn set_organization_role(
        &self,
        organization: OrganizationId,
        by: Organizer,
        member: &MemberName,
        role: &OrganizationRole,
    ) -> Result<OrganizationMember> {
        let standing = self.organization_standing(organization, by).await?;
        standing.require(Rank::Admin, NOT_TO_CHANGE_MEMBER)?;
        let member = self.named_member(organization, member).await?;
        let concerns_owners = role.is_owner() || member.role.is_owner();
        spare_owners(&standing, concerns_owners, NOT_TO_CHANGE_MEMBER)?;
        let params = vec![
            role.as_str().into(),
            member.id.into(),
            organization.into(),
            member.role.as_str().into(),
        ];
        let mut batch = Batch::new();
        batch.extend(standing.hold(self.realm));
        if role.rank() < member.role.rank() {
            batch.extend(member.keep_an_owner());
            batch.push(invitation::end_all_by(organization, member.user_id));
        }
        batch.push(OVERTAKEN.unless(Expect::One, Statement::new(SET_ROLE, params)));
        batch.push(self.note_member(ActivityKind::OrganizationRoleChanged, &member, role));
        let affected = [Affected::User(member.user_id)];
        self.apply(&affected, batch).await.map_err(coded)?;
        Ok(OrganizationMember {
            role: role.clone(),
            ..member
        })
    }

    /// Takes a member out of an organization, with the invitations he made. He
    /// acts for it no more from his next request on.
    ///
    /// # Errors
    ///
    /// As [`set_organization_role`](Self::set_organization_role): only an owner
    /// removes owners.
    pub async fn remove_organization_member(
        &self,
        organization: OrganizationId,
        by: Organizer,
        member: &MemberName,
    ) -> Result<OrganizationMember> {
        let standing = self.organization_standing(organization, by).await?;
        standing.require(Rank::Admin, NOT_TO_REMOVE)?;
        let member = self.named_member(organization, member).await?;
        spare_owners(&standing, member.role.is_owner(), NOT_TO_REMOVE)?;
        self.take_out(&standing, member).await
    }

    /// Takes a user out of an organization who wants it.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) for who is not in it.
    /// * [`Conflict`](workeros_core::ErrorKind::Conflict) for its last owner, or
    ///   when it was changed meanwhile.
    pub async fn leave_organization(
        &self,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<OrganizationMember> {
        let standing = self
            .organization_standing(organization, Organizer::User(user))
            .await?;
        let member = self.membership(organization, user).await?;
        self.take_out(&standing, member).await
    }

    async fn take_out(
        &self,
        standing: &Standing,
        member: OrganizationMember,
    ) -> Result<OrganizationMember> {
        let organization = member.organization;
        let remove = vec![
            member.id.into(),
            organization.into(),
            member.role.as_str().into(),
        ];
        let leave = vec![member.user_id.into(), organization.into()];
        let mut batch = Batch::new();
        batch.extend(standing.hold(self.realm));
        batch.extend(member.keep_an_owner());
        batch.push(OVERTAKEN.unless(Expect::One, Statement::new(REMOVE, remove)));
        batch.push(Step::new(Statement::new(LEAVE, leave)));
        batch.push(invitation::end_all_by(organization, member.user_id));
        let kind = ActivityKind::OrganizationMemberRemoved;
        batch.push(self.note_member(kind, &member, &member.role));
        let affected = [Affected::User(member.user_id)];
        self.apply(&affected, batch).await.map_err(coded)?;
        Ok(member)
    }

    async fn named_member(
        &self,
        organization: OrganizationId,
        name: &MemberName,
    ) -> Result<OrganizationMember> {
        let statement = match name {
            MemberName::Id(id) => {
                Statement::new(FIND_BY_ID, vec![organization.into(), (*id).into()])
            }
            MemberName::Email(email) => {
                let params = vec![
                    organization.into(),
                    email.as_str().into(),
                    self.realm.into(),
                ];
                Statement::new(FIND_BY_EMAIL, params)
            }
        };
        self.find_member(statement).await
    }

    async fn find_member(&self, statement: Statement) -> Result<OrganizationMember> {
        let rows = self.fetch(statement.with_cost(Cost::Short)).await?;
        OrganizationMember::read(rows.first().ok_or_else(|| NO_MEMBER.error())?)
    }

    /// Fails where the user is in as many organizations as one may be in.
    pub(super) fn expect_room_for_another(&self, user: UserId) -> Step {
        let most = i64::from(self.settings.organizations.max_per_user);
        let statement = Statement::new(HAS_ROOM_FOR_ANOTHER, vec![user.into(), most.into()]);
        TOO_MANY_ORGANIZATIONS.unless(Expect::One, statement)
    }

    /// Fails where an organization has as many members as it may have.
    pub(super) fn expect_room_in(&self, organization: OrganizationId) -> Step {
        let most = i64::from(self.settings.organizations.max_members);
        let statement = Statement::new(HAS_ROOM, vec![organization.into(), most.into()]);
        TOO_MANY_MEMBERS.unless(Expect::One, statement)
    }

    fn note_member(
        &self,
        kind: ActivityKind,
        member: &OrganizationMember,
        role: &OrganizationRole,
    ) -> Step {
        self.note_organization(kind, member.organization, |activity| {
            activity.about(member.user_id).with("role", role.as_str())
        })
    }
}

impl OrganizationMember {
    /// The one answer for who is not in an organization.
    #[must_use]
    pub fn not_there() -> Error {
        NO_MEMBER.error()
    }

    /// Reads `id, organization, user, address, name, image, role, created_at`.
    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: OrganizationMemberId::new(row.uuid(0)?),
            organization: OrganizationId::new(row.uuid(1)?),
            user_id: UserId::new(row.uuid(2)?),
            email: row.text(3)?.to_owned(),
            name: row.text(4)?.to_owned(),
            image: row.optional_text(5)?.map(ToOwned::to_owned),
            role: OrganizationRole::stored(row.text(6)?),
            created_at: row.timestamp(7)?,
        })
    }

    /// Fails where he is the last owner.
    fn keep_an_owner(&self) -> Option<Step> {
        let params = vec![self.organization.into(), self.id.into()];
        let step = LAST_OWNER.unless(Expect::One, Statement::new(ANOTHER_OWNER, params));
        self.role.is_owner().then_some(step)
    }
}

/// Makes somebody a member who is none; writes nothing for who is one.
pub(super) fn insert(
    id: OrganizationMemberId,
    organization: OrganizationId,
    user: UserId,
    role: &OrganizationRole,
    now: Timestamp,
) -> Step {
    let params = vec![
        id.into(),
        organization.into(),
        user.into(),
        role.as_str().into(),
        now.into(),
    ];
    Step::new(Statement::new(INSERT, params))
}

fn spare_owners(standing: &Standing, concerns_owners: bool, refusal: Refusal) -> Result<()> {
    if concerns_owners && !standing.is_owner() {
        return Err(refusal.error());
    }
    Ok(())
}
