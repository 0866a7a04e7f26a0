use workeros_core::{
    Batch, Error, Expect, OrganizationId, OrganizationMemberId, Result, SessionId, Statement, Step,
    UserId, Violation,
};

use super::member::{self, OrganizationMember};
use super::new::write_metadata;
use super::refusal::{CREATION_CLOSED, NO_USER, NOT_THERE, NOT_TO_DELETE, NOT_TO_UPDATE, coded};
use super::role::{OrganizationRole, Rank};
use super::{NewOrganization, Organization, OrganizationCreation, OrganizationPatch, Organizer};
use crate::activity::ActivityKind;
use crate::changes::{Affected, NOBODY};
use crate::{App, Auth};

const INSERT: &str = "INSERT INTO app_organizations \
    (id, realm_id, name, slug, logo, metadata, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const SET_NAME: &str = "UPDATE app_organizations SET name = $1 WHERE id = $2";
const SET_SLUG: &str = "UPDATE app_organizations SET slug = $1 WHERE id = $2";
const SET_LOGO: &str = "UPDATE app_organizations SET logo = $1 WHERE id = $2";
const SET_METADATA: &str = "UPDATE app_organizations SET metadata = $1 WHERE id = $2";
/// Sessions are found by the users they are of.
const FORGET: &str = "UPDATE app_sessions SET active_organization = NULL \
    WHERE active_organization = $1 AND user_id IN \
    (SELECT m.user_id FROM app_organization_members m WHERE m.organization_id = $1)";
const END_INVITATIONS: &str = "DELETE FROM app_auth_flows WHERE id IN \
    (SELECT i.id FROM app_organization_invitations i WHERE i.organization_id = $1)";
const DELETE: &str = "DELETE FROM app_organizations WHERE id = $1 AND realm_id = $2";
/// To where the user is a member.
const SWITCH: &str = "UPDATE app_sessions SET active_organization = $1 \
    WHERE id = $2 AND user_id = $3 AND EXISTS (SELECT 1 FROM app_organization_members m \
    JOIN app_organizations o ON o.id = m.organization_id \
    WHERE m.organization_id = $1 AND m.user_id = $3 AND o.realm_id = $4)";
const SWITCH_OFF: &str = "UPDATE app_sessions SET active_organization = NULL \
    WHERE id = $1 AND user_id = $2 AND realm_id = $3";

impl Auth<App> {
    /// Makes an organization for an end user, who is its owner from then on, if
    /// the [rules](crate::OrganizationRules) let users make some. The session,
    /// if one is named, acts for it.
    ///
    /// # Errors
    ///
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) where users make
    ///   none.
    /// * What [`found_organization`](Self::found_organization) answers.
    pub async fn create_organization(
        &self,
        user: UserId,
        new: NewOrganization,
        session: Option<SessionId>,
    ) -> Result<(Organization, OrganizationMember)> {
        match self.settings.organizations.creation {
            OrganizationCreation::Everybody => self.found(user, new, session).await,
            OrganizationCreation::Nobody => Err(CREATION_CLOSED.error()),
        }
    }

    /// Makes an organization with this end user as its owner. For those who may:
    /// no permission is asked here.
    ///
    /// # Errors
    ///
    /// * [`Validation`](workeros_core::ErrorKind::Validation) for what it cannot
    ///   be called, with code `ORGANIZATION_SLUG_ALREADY_TAKEN` at `/slug` for a
    ///   slug that another one has.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) when the user is in
    ///   as many organizations as one may be in.
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) without such a user.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code
    ///   `ANONYMOUS_USER` for one without an account.
    pub async fn found_organization(
        &self,
        owner: UserId,
        new: NewOrganization,
    ) -> Result<Organization> {
        let (organization, _) = self.found(owner, new, None).await?;
        Ok(organization)
    }

    async fn found(
        &self,
        owner: UserId,
        new: NewOrganization,
        session: Option<SessionId>,
    ) -> Result<(Organization, OrganizationMember)> {
        new.check()?;
        let user = self.user(self.home(), owner).await?.user;
        user.require_account()?;
        let id = OrganizationId::new(self.inner.ids.next_id());
        let member = OrganizationMemberId::new(self.inner.ids.next_id());
        let now = self.now();
        let params = vec![
            id.into(),
            self.realm.into(),
            new.name.into(),
            new.slug.into(),
            new.logo.into(),
            write_metadata(new.metadata),
            now.into(),
        ];
        let mut batch = Batch::new();
        batch.extend(self.admit_to_another(owner));
        batch.push(Step::new(Statement::new(INSERT, params)));
        batch.push(member::insert(
            member,
            id,
            owner,
            &OrganizationRole::owner(),
            now,
        ));
        batch.extend(session.map(|session| self.switch(owner, session, id)));
        let note = self.note_organization(ActivityKind::OrganizationCreated, id, |activity| {
            activity.about(owner)
        });
        batch.push(note);
        let made = self.apply(&[Affected::User(owner)], batch).await;
        made.map_err(coded).map_err(taken_slug)?;
        let organization = self.find_organization(id).await?;
        Ok((organization, self.membership(id, owner).await?))
    }

    /// Changes what an organization is called and what is kept of it.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) where there is none, and
    ///   for who is not in it.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) for who is neither
    ///   owner nor admin.
    /// * [`Validation`](workeros_core::ErrorKind::Validation), as
    ///   [`found_organization`](Self::found_organization).
    pub async fn update_organization(
        &self,
        id: OrganizationId,
        by: Organizer,
        patch: OrganizationPatch,
    ) -> Result<Organization> {
        let standing = self.organization_standing(id, by).await?;
        standing.require(Rank::Admin, NOT_TO_UPDATE)?;
        patch.check()?;
        let mut batch = Batch::new();
        batch.extend(standing.hold(self.realm));
        let changed = patch.members();
        let set = |sql, value| Step::new(Statement::new(sql, vec![value, id.into()]));
        batch.extend(patch.name.map(|name| set(SET_NAME, name.into())));
        batch.extend(patch.slug.map(|slug| set(SET_SLUG, slug.into())));
        batch.extend(patch.logo.map(|logo| set(SET_LOGO, logo.into())));
        let metadata = patch.metadata.map(write_metadata);
        batch.extend(metadata.map(|metadata| set(SET_METADATA, metadata)));
        let note = self.note_organization(ActivityKind::OrganizationChanged, id, |activity| {
            activity.with("changed", changed)
        });
        batch.push(note);
        let applied = self.apply(&NOBODY, batch).await;
        applied.map_err(coded).map_err(taken_slug)?;
        self.find_organization(id).await
    }

    /// Deletes an organization with its members and invitations; the users
    /// stay. What it was comes back.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) where there is none, and
    ///   for who is not in it.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) for who is no owner.
    pub async fn delete_organization(
        &self,
        id: OrganizationId,
        by: Organizer,
    ) -> Result<Organization> {
        let standing = self.organization_standing(id, by).await?;
        standing.require(Rank::Owner, NOT_TO_DELETE)?;
        let organization = self.find_organization(id).await?;
        let of_it = |sql| Step::new(Statement::new(sql, vec![id.into()]));
        let delete = Statement::new(DELETE, vec![id.into(), self.realm.into()]);
        let mut batch = Batch::new();
        batch.extend(standing.hold(self.realm));
        batch.push(of_it(FORGET));
        batch.push(of_it(END_INVITATIONS));
        batch.push(NOT_THERE.unless(Expect::One, delete));
        let slug = organization.slug.clone();
        let note = self.note_organization(ActivityKind::OrganizationDeleted, id, |activity| {
            activity.with("slug", slug)
        });
        batch.push(note);
        // Who joins until the lock is taken is not known before. Others than the
        // users of this workspace have nothing to do with it.
        let deleted = self.apply(&[Affected::Realm(self.realm)], batch).await;
        deleted.map_err(coded)?;
        Ok(organization)
    }

    /// Sets which organization a session of the user acts for: what `$org.id`
    /// and `$org.role` stand for from its next request on.
    ///
    /// # Errors
    ///
    /// [`NotFound`](workeros_core::ErrorKind::NotFound) for one that the user is
    /// not in.
    pub async fn switch_organization(
        &self,
        user: UserId,
        session: SessionId,
        organization: Option<OrganizationId>,
    ) -> Result<()> {
        let step = match organization {
            Some(organization) => self.switch(user, session, organization),
            None => {
                let params = vec![session.into(), user.into(), self.realm.into()];
                Step::new(Statement::new(SWITCH_OFF, params))
            }
        };
        let batch = Batch::new().step(step);
        let switched = self.apply(&[Affected::User(user)], batch).await;
        switched.map_err(coded)
    }

    /// Fails where the user is not in the organization.
    pub(super) fn switch(
        &self,
        user: UserId,
        session: SessionId,
        organization: OrganizationId,
    ) -> Step {
        let params = vec![
            organization.into(),
            session.into(),
            user.into(),
            self.realm.into(),
        ];
        NOT_THERE.unless(Expect::One, Statement::new(SWITCH, params))
    }

    /// Fails where there is no such user, and where he is in as many
    /// organizations as one may be in. What adds to them runs one after the
    /// other.
    pub(super) fn admit_to_another(&self, user: UserId) -> [Step; 2] {
        let lock = Statement::new(member::LOCK_USER, vec![user.into(), self.realm.into()]);
        [
            NO_USER.unless(Expect::One, lock),
            self.expect_room_for_another(user),
        ]
    }
}

/// Says what a unique violation on the table of organizations means.
fn taken_slug(error: Error) -> Error {
    let code = "ORGANIZATION_SLUG_ALREADY_TAKEN";
    match error.violation() {
        Some(Violation::Unique { .. }) => Error::validation("/slug", code, "is already in use")
            .with_code(code)
            .with_source(error),
        _ => error,
    }
}
