//! Somebody who was invited, and comes.

use serde_json::Value as Json;
use workeros_core::{
    Cost, Error, ErrorKind, Expect, InvitationId, Result, Row, Statement, Step, TenantId, UserId,
    Value,
};

use super::{Invitation, PURPOSE};
use crate::activity::ActivityKind;
use crate::flow::FlowKey;
use crate::plane::{PlaneSql, planes};
use crate::refusal::{INVALID_TOKEN, invalid_token, used_up};
use crate::verify_email::verified;
use crate::{Auth, EmailAddress, LinkToken, Locale, Plane, Realm, SignUp};

/// An invitation with what it is used up by.
#[derive(Debug)]
pub(crate) struct Invited {
    pub(super) invitation: Invitation,
    pub(super) key: FlowKey,
}

/// What becomes of somebody who becomes a user by an invitation: his address is
/// verified.
#[derive(Debug)]
pub struct Acceptance {
    /// Uses the invitation up, and gives him what it gives. Of several batches
    /// with these steps one is applied.
    pub(crate) steps: Vec<Step>,
    /// What to call him if he does not say.
    pub(crate) name: Option<String>,
    /// The language of mails to him.
    pub(crate) locale: Option<Locale>,
}

/// The invitations that hold, and one condition more.
macro_rules! invitations {
    ($condition:literal) => {
        planes!(
            "SELECT f.id, f.realm_id, f.address, f.data, f.created_at, f.expires_at, \
            f.secret_hash FROM " p "_auth_flows f \
            WHERE f.purpose = $1 AND f.expires_at > $2 AND " $condition
        )
    };
}

const BY_LINK: PlaneSql = invitations!("f.secret_hash = $3");
const BY_ID: PlaneSql = invitations!("f.realm_id = $3 AND f.id = $4");
const BY_ADDRESS: PlaneSql = invitations!("f.realm_id = $3 AND f.address = $4");
const ALL: PlaneSql = invitations!("f.realm_id = $3 ORDER BY f.id DESC LIMIT 1000");

impl Invited {
    fn read(row: &Row) -> Result<Self> {
        let invitation = Invitation::read(row)?;
        let realm = Realm::Workspace(invitation.tenant);
        let secret_hash = row.bytes(6)?.try_into().map_err(Error::internal)?;
        let key = FlowKey::new(realm, PURPOSE, invitation.id.uuid(), secret_hash);
        Ok(Self { invitation, key })
    }

    pub(super) fn check_recipient(&self, email: &str) -> Result<()> {
        if self.invitation.email == email {
            return Ok(());
        }
        let why = "the invitation was sent to another address";
        Err(Error::new(ErrorKind::Forbidden, why).with_code("NOT_THE_RECIPIENT"))
    }

    /// The steps that use the invitation up and give the user what it gives. Of
    /// several batches that begin with them one is applied.
    pub(super) fn accept<P: Plane>(&self, auth: &Auth<P>, user: UserId) -> Vec<Step> {
        let Invitation { tenant, roles, .. } = &self.invitation;
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        let mut steps = vec![self.key.consume::<P>(auth.now())];
        steps.extend(auth.add_roles(*tenant, user, &roles));
        let activity = self.invitation.activity(ActivityKind::InvitationAccepted);
        steps.push(auth.note_activity(activity.about(user)));
        steps
    }

    /// What becomes of somebody new by it.
    pub(crate) fn acceptance<P: Plane>(&self, auth: &Auth<P>, user: UserId) -> Acceptance {
        Acceptance {
            steps: self.accept(auth, user),
            name: self.invitation.name.clone(),
            locale: self.invitation.locale.clone(),
        }
    }

    /// Notes the address as the user's, as long as it is.
    pub(super) fn set_verified<P: Plane>(&self, auth: &Auth<P>, user: UserId) -> Step {
        let set = verified::<P>(user, &self.invitation.email, auth.now());
        Step::new(set).expect(Expect::One, ErrorKind::Gone, INVALID_TOKEN)
    }
}

impl<P: Plane> Auth<P> {
    /// The invitation that a sign-up presents, if there is such a one.
    pub(crate) async fn invitation_of(&self, sign_up: &SignUp) -> Result<Option<Invited>> {
        let Some(token) = &sign_up.invitation else {
            return Ok(None);
        };
        self.settings.admit_invited()?;
        let invited = self.look_for_link(token).await?;
        if let Some(invited) = &invited {
            invited.check_recipient(sign_up.email.as_str())?;
        }
        Ok(invited)
    }

    /// Lets somebody become a user who has shown that he reads mail at an
    /// address: whoever was invited by it, and where everybody may, anybody.
    pub(crate) async fn admit_proven(&self, address: &EmailAddress) -> Result<Option<Invited>> {
        let whose = [self.realm.into(), address.as_str().into()];
        let invited = self.look_for(&BY_ADDRESS, whose).await?;
        match invited {
            Some(_) => self.settings.admit_invited()?,
            None => P::admit_sign_up(self, None).await?,
        }
        Ok(invited)
    }

    pub(super) async fn find_by_link(&self, token: &LinkToken) -> Result<Invited> {
        self.look_for_link(token).await?.ok_or_else(invalid_token)
    }

    pub(super) async fn find_by_id(&self, tenant: TenantId, id: InvitationId) -> Result<Invited> {
        let found = self.look_for(&BY_ID, [tenant.into(), id.into()]).await?;
        found.ok_or_else(Error::not_found)
    }

    pub(super) async fn list_all(&self, tenant: TenantId) -> Result<Vec<Invitation>> {
        let rows = self.fetch(self.select(&ALL, [tenant.into()])).await?;
        rows.iter().map(Invitation::read).collect()
    }

    /// An end user's link is good in his workspace alone.
    async fn look_for_link(&self, token: &LinkToken) -> Result<Option<Invited>> {
        let hash = Value::Bytes(token.hash().to_vec());
        let found = self.look_for(&BY_LINK, [hash]).await?;
        let own = self.realm.workspace();
        Ok(found.filter(|invited| own.is_none_or(|own| own == invited.invitation.tenant)))
    }

    async fn look_for<const N: usize>(
        &self,
        sql: &PlaneSql,
        named: [Value; N],
    ) -> Result<Option<Invited>> {
        let statement = self.select(sql, named).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        rows.first().map(Invited::read).transpose()
    }

    fn select<const N: usize>(&self, sql: &PlaneSql, named: [Value; N]) -> Statement {
        let mut params = vec![PURPOSE.name().into(), self.now().into()];
        params.extend(named);
        Statement::new(sql.of::<P>(), params)
    }
}

impl Invitation {
    /// Reads `id, realm_id, address, data, created_at, expires_at`.
    fn read(row: &Row) -> Result<Self> {
        let data: Json = serde_json::from_str(row.text(3)?).map_err(Error::internal)?;
        let text = |name: &str| data.get(name).and_then(Json::as_str);
        let roles = data.get("roles").cloned().unwrap_or_default();
        let invited_by = text("invited_by").map(str::parse).transpose();
        let locale = text("locale").map(Locale::parse).transpose();
        Ok(Self {
            id: InvitationId::new(row.uuid(0)?),
            tenant: TenantId::new(row.uuid(1)?),
            email: row.text(2)?.to_owned(),
            roles: serde_json::from_value(roles).map_err(Error::internal)?,
            name: text("name").map(ToOwned::to_owned),
            locale: locale.map_err(Error::internal)?,
            invited_by: invited_by.map_err(Error::internal)?,
            created_at: row.timestamp(4)?,
            expires_at: row.timestamp(5)?,
        })
    }
}

/// Says what it means that the batch of an invitation was not applied: it was
/// used up, or a role it gives was deleted.
pub(crate) fn outdated(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Validation => {
            let why = "a role of the invitation is no longer there; ask for another one";
            Error::new(ErrorKind::Conflict, why)
                .with_code("INVITATION_OUTDATED")
                .with_source(error)
        }
        _ => used_up(error),
    }
}
