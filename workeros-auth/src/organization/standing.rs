use workeros_core::{Cost, Expect, OrganizationId, Result, Statement, Step, UserId};

use super::refusal::{NOT_THERE, OVERTAKEN, Refusal};
use super::role::{OrganizationRole, Rank};
use crate::activity::{ActivityKind, NewActivity};
use crate::{App, Auth, Realm};

/// Who asks for something of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Organizer {
    /// An end user, who may do what his role in the organization gives him.
    User(UserId),
    /// The host itself, which may do everything.
    Host,
}

/// As what somebody stands to an organization.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) organization: OrganizationId,
    pub(super) by: Organizer,
    role: OrganizationRole,
}

const IS_THERE: &str = "SELECT id FROM app_organizations WHERE id = $1 AND realm_id = $2";
const FIND_ROLE: &str = "SELECT m.role FROM app_organization_members m \
    JOIN app_organizations o ON o.id = m.organization_id \
    WHERE o.id = $1 AND o.realm_id = $2 AND m.user_id = $3";
/// What changes who is in an organization runs one after the other.
const LOCK: &str = "UPDATE app_organizations SET slug = slug WHERE id = $1 AND realm_id = $2";
const HAS_ROLE: &str = "SELECT id FROM app_organization_members \
    WHERE organization_id = $1 AND user_id = $2 AND role = $3";

impl Auth<App> {
    /// As what somebody stands to an organization; it is not there for who is
    /// not in it.
    pub(super) async fn organization_standing(
        &self,
        organization: OrganizationId,
        by: Organizer,
    ) -> Result<Standing> {
        let mut params = vec![organization.into(), self.realm.into()];
        let statement = match by {
            Organizer::User(user) => {
                params.push(user.into());
                Statement::new(FIND_ROLE, params)
            }
            Organizer::Host => Statement::new(IS_THERE, params),
        };
        let rows = self.fetch(statement.with_cost(Cost::Short)).await?;
        let row = rows.first().ok_or_else(|| NOT_THERE.error())?;
        let role = match by {
            Organizer::User(_) => OrganizationRole::stored(row.text(0)?),
            Organizer::Host => OrganizationRole::owner(),
        };
        Ok(Standing {
            organization,
            by,
            role,
        })
    }

    /// Notes what becomes of an organization.
    pub(super) fn note_organization(
        &self,
        kind: ActivityKind,
        organization: OrganizationId,
        with: impl FnOnce(NewActivity) -> NewActivity,
    ) -> Step {
        let activity = NewActivity::new(kind).with("organization", organization.to_string());
        self.note_activity(with(activity))
    }
}

impl Standing {
    pub(super) fn is_owner(&self) -> bool {
        self.role.is_owner()
    }

    /// Refuses who is less than that.
    pub(super) fn require(&self, rank: Rank, refusal: Refusal) -> Result<()> {
        if self.role.rank() >= rank {
            return Ok(());
        }
        Err(refusal.error())
    }

    /// What a batch begins with that goes by what was read of who asks.
    pub(super) fn hold(&self, realm: Realm) -> Vec<Step> {
        let mut steps = vec![lock(realm, self.organization)];
        if let Organizer::User(user) = self.by {
            let role = self.role.as_str().into();
            let params = vec![self.organization.into(), user.into(), role];
            steps.push(OVERTAKEN.unless(Expect::One, Statement::new(HAS_ROLE, params)));
        }
        steps
    }
}

/// Fails where there is no such organization.
pub(super) fn lock(realm: Realm, organization: OrganizationId) -> Step {
    let params = vec![organization.into(), realm.into()];
    NOT_THERE.unless(Expect::One, Statement::new(LOCK, params))
}
