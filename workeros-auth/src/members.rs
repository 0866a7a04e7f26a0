//! Who is in which workspace.
//!
//! A user of the instance is in a workspace by a row of its roles there, that of
//! [`role::AUTHENTICATED`]; in the default one without it.

use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, Result, Row, SessionId, Statement, Step, TenantId,
    UserId, Workspace, role,
};

use crate::activity::ActivityKind;
use crate::changes::Affected;
use crate::page::Page;
use crate::plane::{PlaneSql, planes};
use crate::roles::{assignable, expect_account};
use crate::user::{holds, read_roles};
use crate::{Account, Auth, Platform, UserPage, api_keys, invitation, setup};

/// A workspace somebody is in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Membership {
    /// The workspace.
    pub tenant: TenantId,
    /// Names of his roles there, sorted.
    pub roles: Vec<String>,
}

const LIST: PlaneSql = planes!(
    "SELECT " user ", r.role FROM (\
    SELECT user_id FROM " p "_user_roles WHERE tenant_id = $1 AND role = $2 AND user_id < $3 \
    ORDER BY user_id DESC LIMIT $4) m \
    JOIN " p "_users u ON u.id = m.user_id \
    JOIN " p "_user_roles r ON r.tenant_id = $1 AND r.user_id = u.id \
    ORDER BY u.id DESC, r.role"
);
const FIND: PlaneSql = planes!(
    "SELECT " user ", r.role FROM " p "_user_roles m JOIN " p "_users u ON u.id = m.user_id \
    JOIN " p "_user_roles r ON r.tenant_id = m.tenant_id AND r.user_id = m.user_id \
    WHERE m.tenant_id = $1 AND m.user_id = $2 AND m.role = $3"
);
const WORKSPACES: &str = "SELECT tenant_id, role FROM workeros_user_roles WHERE user_id = $1 \
    ORDER BY tenant_id, role LIMIT 10000";
const REMOVE: &str = "DELETE FROM workeros_user_roles WHERE tenant_id = $1 AND user_id = $2";
const LEAVE: &str = "UPDATE workeros_sessions SET active_tenant = NULL \
    WHERE user_id = $1 AND active_tenant = $2";
/// To where the user is a member, or back to the default workspace.
const SWITCH: &str = "UPDATE workeros_sessions SET active_tenant = $1 \
    WHERE id = $2 AND user_id = $3 AND EXISTS (SELECT 1 FROM workeros_user_roles m \
    WHERE m.tenant_id = $1 AND m.user_id = $3 AND m.role = $4)";
const SWITCH_BACK: &str =
    "UPDATE workeros_sessions SET active_tenant = NULL WHERE id = $1 AND user_id = $2";

impl Auth {
    /// Lists the members of a workspace with their roles there, newest users
    /// first: at most `limit` (1 to 200) of those made before the one named.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) when the limit is out of range.
    pub async fn members(
        &self,
        tenant: TenantId,
        limit: u32,
        before: Option<UserId>,
    ) -> Result<UserPage> {
        if tenant == self.home() {
            return self.users(tenant, limit, before).await;
        }
        let page = Page::new(limit, before.map(UserId::uuid))?;
        let params = vec![
            tenant.into(),
            role::AUTHENTICATED.into(),
            page.before(),
            page.read_limit(),
        ];
        let statement = Statement::new(LIST.of::<Platform>(), params);
        UserPage::read(&self.fetch(statement).await?, page)
    }

    /// A member of a workspace with its roles there.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) for who is none.
    pub async fn member(&self, tenant: TenantId, user: UserId) -> Result<Account> {
        if tenant == self.home() {
            return self.user(tenant, user).await;
        }
        let params = vec![tenant.into(), user.into(), role::AUTHENTICATED.into()];
        let statement = Statement::new(FIND.of::<Platform>(), params).with_cost(Cost::Short);
        Account::read(&self.fetch(statement).await?.rows)
    }

    /// Makes a user a member of a workspace with these roles, and no others if
    /// it is one already. For those who may: no permission is asked here.
    ///
    /// # Errors
    ///
    /// As [`set_roles`](Self::set_roles), but that anybody can be made one.
    pub async fn add_member(&self, tenant: TenantId, user: UserId, roles: &[String]) -> Result<()> {
        let roles = assignable(roles)?;
        let mut batch = Batch::new();
        batch.extend(expect_account::<Platform>(self.realm, user));
        batch.extend(self.enrol(tenant, user));
        batch.extend(self.replace_roles(tenant, user, &roles));
        self.apply(&[Affected::User(user)], batch).await
    }

    /// The steps that make who founds a workspace its admin, for the batch that
    /// makes the workspace.
    #[must_use]
    pub fn founder_steps(&self, tenant: TenantId, user: UserId) -> Vec<Step> {
        self.add_roles(tenant, user, &[role::ADMIN])
    }

    /// Takes a user out of a workspace, with its roles and API keys there and
    /// the invitations it made. It acts there no more from its next request on.
    /// For those who may: no permission is asked here.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](ErrorKind::NotFound) for who is no member.
    /// * [`Conflict`](ErrorKind::Conflict) when the workspace would lose its
    ///   last admin, and in the default workspace, which everybody is in.
    pub async fn remove_member(&self, tenant: TenantId, user: UserId) -> Result<()> {
        if tenant == self.home() {
            let why = "everybody is in the default workspace; delete the user instead";
            return Err(Error::new(ErrorKind::Conflict, why));
        }
        let step = |sql, params| Step::new(Statement::new(sql, params));
        let mut batch = Batch::new().step(setup::lock());
        batch.extend(self.expect_member(tenant, user));
        batch.push(setup::keep_an_admin_of(tenant, user));
        batch.push(step(REMOVE, vec![tenant.into(), user.into()]));
        batch.push(step(LEAVE, vec![user.into(), tenant.into()]));
        batch.push(api_keys::revoke_all_in(tenant, user, self.now()));
        batch.push(invitation::end_all_by::<Platform>(tenant, user));
        batch.push(self.note_roles(ActivityKind::MemberRemoved, tenant, user, &[]));
        self.apply(&[Affected::User(user)], batch).await
    }

    /// The workspaces a user is in, the default one first.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn workspaces_of(&self, user: UserId) -> Result<Vec<Membership>> {
        let statement = Statement::new(WORKSPACES, vec![user.into()]).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let mut workspaces = vec![Membership {
            tenant: self.home(),
            roles: Vec::new(),
        }];
        for of_one in rows
            .rows
            .chunk_by(|one, next| one.value(0).ok() == next.value(0).ok())
        {
            let membership = Membership {
                tenant: tenant_of(of_one)?,
                roles: read_roles(of_one, 1)?,
            };
            if membership.tenant == self.home() {
                workspaces.splice(..1, [membership]);
            } else if holds(of_one, 1, role::AUTHENTICATED)? {
                workspaces.push(membership);
            }
        }
        Ok(workspaces)
    }

    /// Sets the workspace that a session of the user acts in where a request
    /// names none.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) for one that the user is no member of.
    pub async fn switch_workspace(
        &self,
        user: UserId,
        session: SessionId,
        tenant: TenantId,
    ) -> Result<()> {
        let statement = if tenant == self.home() {
            Statement::new(SWITCH_BACK, vec![session.into(), user.into()])
        } else {
            let member = role::AUTHENTICATED.into();
            let params = vec![tenant.into(), session.into(), user.into(), member];
            Statement::new(SWITCH, params)
        };
        let step =
            Step::new(statement).expect(Expect::One, ErrorKind::NotFound, Workspace::NOT_THERE);
        self.apply(&[Affected::User(user)], Batch::new().step(step))
            .await
    }
}

fn tenant_of(rows: &[Row]) -> Result<TenantId> {
    let first = rows.first().ok_or_else(Error::not_found)?;
    Ok(TenantId::new(first.uuid(0)?))
}
