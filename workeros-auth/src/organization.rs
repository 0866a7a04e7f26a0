//! Organizations: how the end users of a workspace form groups of their own.
//!
//! Who asks is read first, and what he may do is decided by it; the batch then
//! begins with a lock on the organization and with what was read. So of two who
//! change who its members are at once, the second sees what the first has done.

use serde_json::{Map, Value as Json};
use workeros_core::{Cost, Error, OrganizationId, Result, Row, Statement, Timestamp, UserId};

use crate::{App, Auth};

mod affiliation;
mod invitation;
mod invite;
mod manage;
mod member;
mod member_list;
mod new;
mod refusal;
mod role;
mod rules;
mod standing;
mod tables;
mod user;

pub use affiliation::Affiliation;
pub(crate) use affiliation::affiliate;
pub use invitation::{InvitationName, OrganizationInvitation};
pub use invite::NewOrganizationInvitation;
pub use member::{MemberName, OrganizationMember};
pub use member_list::{MemberField, MemberFilter, MemberQuery, OrganizationMemberPage};
pub use new::{NewOrganization, OrganizationPatch, OrganizationSlug};
pub(crate) use refusal::coded;
pub use role::OrganizationRole;
pub use rules::{OrganizationCreation, OrganizationRules};
pub use standing::Organizer;
pub(crate) use tables::APP_ORGANIZATIONS;
pub(crate) use user::{hand_down, leave_behind};

/// A group of end users.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Organization {
    /// Its id: what `$org.id` stands for.
    pub id: OrganizationId,
    /// What it is called.
    pub name: String,
    /// What it is called in URLs, once in a workspace.
    pub slug: String,
    /// Where its logo is, if it has one.
    pub logo: Option<String>,
    /// What the application keeps of it.
    pub metadata: Option<Map<String, Json>>,
    /// When it was made.
    pub created_at: Timestamp,
}

const FIND: &str = "SELECT id, name, slug, logo, metadata, created_at FROM app_organizations \
    WHERE id = $1 AND realm_id = $2";
const FIND_ID: &str = "SELECT id FROM app_organizations WHERE slug = $1 AND realm_id = $2";
const LIST: &str = "SELECT o.id, o.name, o.slug, o.logo, o.metadata, o.created_at \
    FROM app_organization_members m JOIN app_organizations o ON o.id = m.organization_id \
    WHERE m.user_id = $1 AND o.realm_id = $2 ORDER BY o.id LIMIT 10000";

impl Auth<App> {
    /// The organizations a user is in, oldest first.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn organizations_of(&self, user: UserId) -> Result<Vec<Organization>> {
        let params = vec![user.into(), self.realm.into()];
        let rows = self.fetch(Statement::new(LIST, params)).await?;
        rows.iter().map(Organization::read).collect()
    }

    /// An organization, for one of its members.
    ///
    /// # Errors
    ///
    /// [`NotFound`](workeros_core::ErrorKind::NotFound) with code
    /// `ORGANIZATION_NOT_FOUND` where there is none in this workspace, and for
    /// who is not in it.
    pub async fn organization(&self, id: OrganizationId, by: Organizer) -> Result<Organization> {
        self.organization_standing(id, by).await?;
        self.find_organization(id).await
    }

    /// The id of the organization with a slug. It says nothing about who may
    /// know of it: ask for the [organization](Self::organization).
    ///
    /// # Errors
    ///
    /// As [`organization`](Self::organization).
    pub async fn organization_by_slug(&self, slug: &str) -> Result<OrganizationId> {
        let found = self.find_slug(slug).await?;
        found.ok_or_else(Organization::not_there)
    }

    /// Whether an organization could have that slug.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn is_organization_slug_free(&self, slug: &OrganizationSlug) -> Result<bool> {
        Ok(self.find_slug(slug.as_str()).await?.is_none())
    }

    async fn find_slug(&self, slug: &str) -> Result<Option<OrganizationId>> {
        let statement = Statement::new(FIND_ID, vec![slug.into(), self.realm.into()]);
        let rows = self.fetch(statement.with_cost(Cost::Short)).await?;
        let id = rows.first().map(|row| row.uuid(0)).transpose()?;
        Ok(id.map(OrganizationId::new))
    }

    async fn find_organization(&self, id: OrganizationId) -> Result<Organization> {
        let statement = Statement::new(FIND, vec![id.into(), self.realm.into()]);
        let rows = self.fetch(statement.with_cost(Cost::Short)).await?;
        Organization::read(rows.first().ok_or_else(Organization::not_there)?)
    }
}

impl Organization {
    /// The one answer for an organization that is not there, one of another
    /// workspace, and one that somebody is not in.
    #[must_use]
    pub fn not_there() -> Error {
        refusal::NOT_THERE.error()
    }

    /// Reads `id, name, slug, logo, metadata, created_at`.
    fn read(row: &Row) -> Result<Self> {
        let metadata = row.optional_text(4)?.map(serde_json::from_str);
        Ok(Self {
            id: OrganizationId::new(row.uuid(0)?),
            name: row.text(1)?.to_owned(),
            slug: row.text(2)?.to_owned(),
            logo: row.optional_text(3)?.map(ToOwned::to_owned),
            metadata: metadata.transpose().map_err(Error::internal)?,
            created_at: row.timestamp(5)?,
        })
    }
}
