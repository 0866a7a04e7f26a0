use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, Result, Statement, Step, TenantId, UserId, role,
};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::Affected;
use crate::plane::{PlaneSql, planes};
use crate::user::read_roles;
use crate::{Auth, Plane, Realm, invitation};

const SELECT: PlaneSql = planes!(
    "SELECT r.role FROM " p "_user_roles r JOIN " p "_users u ON u.id = r.user_id \
    WHERE r.tenant_id = $1 AND r.user_id = $2 AND u.realm_id = $3 ORDER BY r.role"
);
/// All but what makes a member.
const DELETE: PlaneSql = planes!(
    "DELETE FROM " p "_user_roles WHERE tenant_id = $1 AND user_id = $2 AND role <> $3"
);
const INSERT: PlaneSql = planes!(
    "INSERT INTO " p "_user_roles (tenant_id, user_id, role) VALUES ($1, $2, $3) \
    ON CONFLICT DO NOTHING"
);
/// Never the admins and the members: these roles cannot be removed.
const DELETE_ROLE: PlaneSql = planes!(
    "DELETE FROM " p "_user_roles WHERE tenant_id = $1 AND role = $2 AND role NOT IN ($3, $4)"
);
const IS_MEMBER: PlaneSql = planes!(
    "SELECT user_id FROM " p "_user_roles WHERE tenant_id = $1 AND user_id = $2 AND role = $3"
);
const EXISTS: PlaneSql = planes!("SELECT id FROM " p "_users WHERE id = $1 AND realm_id = $2");

const IS_ANONYMOUS: PlaneSql = planes!(
    "SELECT id FROM " p "_users WHERE id = $1 AND realm_id = $2 \
    AND email LIKE '%@anonymous.invalid'"
);

const MAX_ROLES: usize = 100;
const MAX_NAME_BYTES: usize = 100;

impl<P: Plane> Auth<P> {
    /// Names of the user's roles in the workspace, sorted, without `public`
    /// and `authenticated`, which follow from being signed in. Empty for an
    /// unknown user.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn roles_of(&self, tenant: TenantId, user: UserId) -> Result<Vec<String>> {
        let params = vec![tenant.into(), user.into(), self.realm.into()];
        let statement = Statement::new(SELECT.of::<P>(), params);
        read_roles(&self.fetch(statement.with_cost(Cost::Short)).await?, 0)
    }

    /// Sets which roles a member has in the workspace, from its next request
    /// on. Invitations to it that were made by somebody who is no admin any more
    /// end.
    ///
    /// # Errors
    ///
    /// * [`Validation`](ErrorKind::Validation) at `/roles` for names that
    ///   cannot be roles; what the
    ///   [role guard](crate::AuthBuilder::with_role_guard) answers for
    ///   unknown ones.
    /// * [`NotFound`](ErrorKind::NotFound) without such a user, and for one who
    ///   is no member.
    /// * [`Conflict`](ErrorKind::Conflict) when the workspace would lose its
    ///   last admin, and for an anonymous user.
    pub async fn set_roles(&self, tenant: TenantId, user: UserId, roles: &[String]) -> Result<()> {
        let roles = Self::roles_to_give(roles)?;
        let mut batch = Batch::new();
        batch.extend(expect_account::<P>(self.realm, user));
        batch.extend(self.expect_member(tenant, user));
        batch.extend(self.replace_roles(tenant, user, &roles));
        self.apply(&[Affected::User(user)], batch).await
    }

    /// The roles that somebody on this plane can be given, of these.
    pub(crate) fn roles_to_give(roles: &[String]) -> Result<Vec<&str>> {
        let roles = assignable(roles)?;
        if roles.iter().all(|role| P::may_hold(role)) {
            return Ok(roles);
        }
        let message = "an end user is never an admin";
        Err(Error::validation("/roles", "invalid_value", message))
    }

    /// The steps that give a member these roles and no others.
    pub(crate) fn replace_roles(
        &self,
        tenant: TenantId,
        user: UserId,
        roles: &[&str],
    ) -> Vec<Step> {
        let mut steps = self.guard_roles(tenant, roles);
        if roles.contains(&role::ADMIN) {
            steps.extend(self.appoint(tenant, user));
        } else {
            steps.extend(P::lock());
            steps.extend(P::spare_the_last_admin_of(tenant, user));
        }
        let params = vec![tenant.into(), user.into(), role::AUTHENTICATED.into()];
        steps.push(Step::new(Statement::new(DELETE.of::<P>(), params)));
        if !roles.contains(&role::ADMIN) {
            // What he has offered others as an admin he offers no more.
            steps.push(invitation::end_all_by::<P>(tenant, user));
        }
        steps.extend(insert_roles::<P>(tenant, user, roles));
        steps.push(self.note_roles(ActivityKind::RolesChanged, tenant, user, roles));
        steps
    }

    /// The steps that give somebody roles besides those he has, and make him a
    /// member where that takes one.
    pub(crate) fn add_roles(&self, tenant: TenantId, user: UserId, roles: &[&str]) -> Vec<Step> {
        let mut steps = self.guard_roles(tenant, roles);
        if roles.contains(&role::ADMIN) {
            steps.extend(self.appoint(tenant, user));
        }
        steps.extend(self.enrol(tenant, user));
        steps.extend(insert_roles::<P>(tenant, user, roles));
        steps
    }

    /// Makes somebody a member where it takes a step: in the workspace they all
    /// act in, everybody is.
    pub(crate) fn enrol(&self, tenant: TenantId, user: UserId) -> Option<Step> {
        (tenant != self.home()).then(|| insert_role::<P>(tenant, user, role::AUTHENTICATED))
    }

    /// Fails when somebody is no member.
    pub(crate) fn expect_member(&self, tenant: TenantId, user: UserId) -> Option<Step> {
        let params = vec![tenant.into(), user.into(), role::AUTHENTICATED.into()];
        let step = Step::new(Statement::new(IS_MEMBER.of::<P>(), params));
        let step = step.expect(Expect::One, ErrorKind::NotFound, "not found");
        (tenant != self.home()).then_some(step)
    }

    /// Notes what became of somebody in a workspace.
    pub(crate) fn note_roles(
        &self,
        kind: ActivityKind,
        tenant: TenantId,
        user: UserId,
        roles: &[&str],
    ) -> Step {
        let activity = NewActivity::new(kind)
            .about(user)
            .with("workspace", tenant.to_string())
            .with("roles", roles.to_vec());
        self.note_activity(activity)
    }

    /// What goes with making somebody an admin of the workspace.
    fn appoint(&self, tenant: TenantId, user: UserId) -> Vec<Step> {
        if tenant == self.home() {
            P::appoint(user, self.now())
        } else {
            Vec::new()
        }
    }

    /// Takes a role from everybody in the workspace, of either plane, together with what else
    /// goes with it: `delete` gets the steps for the batch that deletes the
    /// role. They leave `admin` alone.
    ///
    /// # Errors
    ///
    /// What `delete` answers.
    pub async fn remove_role_everywhere<T, F>(
        &self,
        tenant: TenantId,
        role: &str,
        delete: impl FnOnce(Vec<Step>) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let (_change, mut steps) = self.inner.store.begin::<P>(&[Affected::All]);
        for sql in [DELETE_ROLE.platform, DELETE_ROLE.app] {
            let params = vec![
                tenant.into(),
                role.into(),
                role::ADMIN.into(),
                role::AUTHENTICATED.into(),
            ];
            steps.push(Step::new(Statement::new(sql, params)));
        }
        delete(steps).await
    }

    /// The steps that hold these roles to be there.
    pub(crate) fn guard_roles(&self, tenant: TenantId, roles: &[&str]) -> Vec<Step> {
        let Some(guard) = &self.inner.role_guard else {
            return Vec::new();
        };
        let named = roles.iter().filter(|role| **role != role::ADMIN);
        named.map(|role| guard(tenant, role)).collect()
    }
}

/// The roles without those that nobody needs to be given, sorted, each once.
pub(crate) fn assignable(roles: &[String]) -> Result<Vec<&str>> {
    let fit = |role: &String| {
        (1..=MAX_NAME_BYTES).contains(&role.len()) && !role.chars().any(char::is_control)
    };
    if roles.len() > MAX_ROLES || !roles.iter().all(fit) {
        let message = "must be at most 100 names of roles";
        return Err(Error::validation("/roles", "invalid_value", message));
    }
    let implied = [role::AUTHENTICATED, role::PUBLIC];
    let mut roles: Vec<&str> = roles
        .iter()
        .map(String::as_str)
        .filter(|role| !implied.contains(role))
        .collect();
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}

fn insert_roles<P: Plane>(tenant: TenantId, user: UserId, roles: &[&str]) -> Vec<Step> {
    let insert = |role: &&str| insert_role::<P>(tenant, user, role);
    roles.iter().map(insert).collect()
}

fn insert_role<P: Plane>(tenant: TenantId, user: UserId, role: &str) -> Step {
    let params = vec![tenant.into(), user.into(), role.into()];
    Step::new(Statement::new(INSERT.of::<P>(), params))
}

/// Fails when there is no such user, and when it has no account.
pub(crate) fn expect_account<P: Plane>(realm: Realm, user: UserId) -> [Step; 2] {
    let statement = Statement::new(IS_ANONYMOUS.of::<P>(), vec![user.into(), realm.into()]);
    let why = "the user has no account";
    let account = Step::new(statement).expect(Expect::None, ErrorKind::Conflict, why);
    [expect_user::<P>(realm, user), account]
}

/// Fails when there is no such user.
pub(crate) fn expect_user<P: Plane>(realm: Realm, user: UserId) -> Step {
    let statement = Statement::new(EXISTS.of::<P>(), vec![user.into(), realm.into()]);
    Step::new(statement).expect(Expect::One, ErrorKind::NotFound, "not found")
}
