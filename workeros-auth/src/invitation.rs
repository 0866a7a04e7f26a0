//! Invitations to a workspace.
//!
//! One is a [flow](crate::flow) whose realm is the workspace and whose user is who
//! invited, so it goes with him. What it gives stands in the row, not in the link.

use std::time::Duration;

use serde_json::{Value as Json, json};
use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, InvitationId, Quota, RateKey, Result, Row, Statement,
    Step, TenantId, Timestamp, UserId, Value, role,
};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::{Affected, NOBODY, SecretHash};
use crate::flow::{FlowKey, Purpose};
use crate::mail::without_mail;
use crate::outbox::Outgoing;
use crate::refusal::{INVALID_TOKEN, invalid_token, used_up};
use crate::roles::assignable;
use crate::session::later;
use crate::template::{Contents, Template};
use crate::{Auth, EmailAddress, LinkToken, Platform, Realm, SignUp};

/// Somebody to be invited.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewInvitation {
    /// Where to.
    pub email: EmailAddress,
    /// Names of the roles he is to have.
    pub roles: Vec<String>,
    /// Who invites him, if it is a user.
    pub invited_by: Option<UserId>,
}

/// An invitation that was not accepted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// Its id, which proves nothing.
    pub id: InvitationId,
    /// The workspace.
    pub tenant: TenantId,
    /// Whom it was mailed to.
    pub email: String,
    /// Names of the roles he will have, sorted.
    pub roles: Vec<String>,
    /// Who invited him, if it was a user.
    pub invited_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// An invitation whose link was presented.
#[derive(Debug)]
pub(crate) struct Invited {
    invitation: Invitation,
    key: FlowKey,
}

const OPEN: &str = "INSERT INTO workeros_auth_flows \
    (id, realm_id, purpose, user_id, address, data, secret_hash, attempts, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9) \
    ON CONFLICT (realm_id, purpose, address) DO UPDATE SET id = excluded.id, \
    user_id = excluded.user_id, data = excluded.data, secret_hash = excluded.secret_hash, \
    attempts = 0, created_at = excluded.created_at, expires_at = excluded.expires_at";
/// Whoever has the address, if he is in the workspace.
const MEMBER: &str = "SELECT u.id FROM workeros_users u WHERE u.realm_id = $1 AND u.email = $2 \
    AND ($3 OR EXISTS (SELECT 1 FROM workeros_user_roles m \
    WHERE m.tenant_id = $4 AND m.user_id = u.id AND m.role = $5))";
const LIST: &str = "SELECT id, realm_id, address, data, user_id, created_at, expires_at \
    FROM workeros_auth_flows WHERE realm_id = $1 AND purpose = $2 AND expires_at > $3 \
    ORDER BY id DESC LIMIT 1000";
const FIND: &str = "SELECT id, realm_id, address, data, user_id, created_at, expires_at \
    FROM workeros_auth_flows WHERE secret_hash = $1 AND purpose = $2 AND expires_at > $3";
const REVOKE: &str =
    "DELETE FROM workeros_auth_flows WHERE realm_id = $1 AND purpose = $2 AND id = $3";
const END_ALL_BY: &str =
    "DELETE FROM workeros_auth_flows WHERE realm_id = $1 AND purpose = $2 AND user_id = $3";
/// Only while the address is the user's.
const SET_VERIFIED: &str = "UPDATE workeros_users SET email_verified = $1, updated_at = $2 \
    WHERE id = $3 AND email = $4 AND NOT disabled";

/// To one address, whoever asks.
const PER_ADDRESS: Quota = Quota::new(5, Duration::from_hours(1)).named("address");
/// Of one workspace.
const PER_WORKSPACE: Quota = Quota::new(100, Duration::from_hours(1)).named("workspace");

impl NewInvitation {
    /// An invitation that gives no roles but that of members.
    #[must_use]
    pub fn new(email: EmailAddress) -> Self {
        Self {
            email,
            roles: Vec::new(),
            invited_by: None,
        }
    }

    /// Sets the roles.
    #[must_use]
    pub fn with_roles(mut self, roles: Vec<String>) -> Self {
        self.roles = roles;
        self
    }

    /// Sets who invites.
    #[must_use]
    pub fn with_invited_by(mut self, user: Option<UserId>) -> Self {
        self.invited_by = user;
        self
    }
}

impl Auth {
    /// Mails somebody a link by which he can become a member of the workspace,
    /// within seven days. It ends the one mailed to him before. `called` is what
    /// the mail calls the workspace, and `link` makes the URL. For those who may:
    /// no permission is asked here.
    ///
    /// # Errors
    ///
    /// * [`Validation`](ErrorKind::Validation) at `/roles`, as
    ///   [`set_roles`](Self::set_roles).
    /// * [`Conflict`](ErrorKind::Conflict) when the address is a member's.
    /// * [`RateLimited`](ErrorKind::RateLimited) after 5 invitations an hour to
    ///   one address, or 100 of one workspace.
    /// * [`Unsupported`](ErrorKind::Unsupported) without
    ///   [mail](crate::AuthBuilder::with_mailer).
    pub async fn invite(
        &self,
        tenant: TenantId,
        new: NewInvitation,
        called: &str,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<Invitation> {
        let mail = self.inner.mail.as_ref().ok_or_else(without_mail)?;
        let roles = assignable(&new.roles)?;
        self.check_number(tenant, &new.email).await?;
        let token = LinkToken::generate(self.inner.random.as_ref())?;
        let invitation = self.invitation(tenant, &new, &roles);
        let url = link(&token);
        let contents = Contents::Invitation {
            url: &url,
            workspace: called,
        };
        let mail_id = self.inner.ids.next_id();
        let outgoing = Outgoing::seal(mail_id, Template::Invitation, contents, &self.sealer()?)?;
        let mut batch = Batch::new();
        batch.extend(self.guard_roles(tenant, &roles));
        batch.push(self.expect_stranger(tenant, &new.email));
        batch.push(invitation.open(token.hash()));
        batch.push(self.queue_mail(outgoing, invitation.id.uuid()));
        batch.push(self.note_activity(invitation.activity(ActivityKind::Invited)));
        self.apply(&NOBODY, batch).await?;
        mail.queued.notify_one();
        Ok(invitation)
    }

    /// The invitations of a workspace that can be accepted, newest first, at
    /// most 1000.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn invitations(&self, tenant: TenantId) -> Result<Vec<Invitation>> {
        let params = vec![tenant.into(), PURPOSE.name().into(), self.now().into()];
        let rows = self.fetch(Statement::new(LIST, params)).await?;
        rows.iter().map(Invitation::read).collect()
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) without it in this workspace.
    pub async fn revoke_invitation(&self, tenant: TenantId, id: InvitationId) -> Result<()> {
        let params = vec![tenant.into(), PURPOSE.name().into(), id.into()];
        let step = Step::new(Statement::new(REVOKE, params));
        let step = step.expect(Expect::One, ErrorKind::NotFound, "not found");
        self.apply(&NOBODY, Batch::new().step(step)).await
    }

    /// Checks the link of an invitation without using it up.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](ErrorKind::BadRequest) with code `INVALID_TOKEN` when it
    /// does not hold, or no longer.
    pub async fn check_invitation(&self, token: &LinkToken) -> Result<Invitation> {
        Ok(self.find_invitation(token).await?.invitation)
    }

    /// Makes a user a member of the workspace it was invited to by this link,
    /// once, and notes its address as verified. The workspace comes back.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](ErrorKind::BadRequest) with code `INVALID_TOKEN` when
    ///   the link does not hold, or no longer.
    /// * [`Forbidden`](ErrorKind::Forbidden) with code `NOT_THE_RECIPIENT` when
    ///   it was mailed to another address than the user's.
    /// * [`Conflict`](ErrorKind::Conflict) when a role is no longer there.
    pub async fn accept_invitation(&self, user: UserId, token: &LinkToken) -> Result<TenantId> {
        let invited = self.find_invitation(token).await?;
        let account = self.user(self.home(), user).await?;
        invited.check_recipient(&account.user.email)?;
        let mut batch = Batch::new();
        batch.extend(invited.accept(self, user));
        batch.push(invited.set_verified(user, self.now()));
        let accepted = self.apply(&[Affected::User(user)], batch).await;
        accepted.map_err(outdated)?;
        Ok(invited.invitation.tenant)
    }

    /// The invitation that a sign-up presents, if it does.
    pub(crate) async fn invitation_of(&self, sign_up: &SignUp) -> Result<Option<Invited>> {
        let Some(token) = &sign_up.invitation else {
            return Ok(None);
        };
        self.settings.admit_invited()?;
        let invited = self.find_invitation(token).await?;
        invited.check_recipient(sign_up.email.as_str())?;
        Ok(Some(invited))
    }

    async fn find_invitation(&self, token: &LinkToken) -> Result<Invited> {
        let hash = token.hash();
        let params = vec![
            Value::Bytes(hash.to_vec()),
            PURPOSE.name().into(),
            self.now().into(),
        ];
        let statement = Statement::new(FIND, params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let invitation = Invitation::read(rows.first().ok_or_else(invalid_token)?)?;
        let realm = Realm::Workspace(invitation.tenant);
        let key = FlowKey::new(realm, PURPOSE, invitation.id.uuid(), hash);
        Ok(Invited { invitation, key })
    }

    fn invitation(&self, tenant: TenantId, new: &NewInvitation, roles: &[&str]) -> Invitation {
        let now = self.now();
        Invitation {
            id: InvitationId::new(self.inner.ids.next_id()),
            tenant,
            email: new.email.as_str().to_owned(),
            roles: roles.iter().map(ToString::to_string).collect(),
            invited_by: new.invited_by,
            created_at: now,
            expires_at: later(now, PURPOSE.lifetime()),
        }
    }

    /// Fails when the address is a member's.
    fn expect_stranger(&self, tenant: TenantId, email: &EmailAddress) -> Step {
        let params = vec![
            self.realm.into(),
            email.as_str().into(),
            (tenant == self.home()).into(),
            tenant.into(),
            role::AUTHENTICATED.into(),
        ];
        let why = "whoever has this address is in the workspace already";
        Step::new(Statement::new(MEMBER, params)).expect(Expect::None, ErrorKind::Conflict, why)
    }

    async fn check_number(&self, tenant: TenantId, email: &EmailAddress) -> Result<()> {
        let Some(limiter) = &self.inner.limiter else {
            return Ok(());
        };
        let to = RateKey::new("invitations to address").with(email.as_str());
        limiter.take(&to, PER_ADDRESS).await?.check()?;
        let of = RateKey::new("invitations of workspace").with_tenant(tenant);
        limiter.take(&of, PER_WORKSPACE).await?.check()?;
        Ok(())
    }
}

const PURPOSE: Purpose = Purpose::Invite;

impl Invitation {
    /// Reads `id, realm_id, address, data, user_id, created_at, expires_at`.
    fn read(row: &Row) -> Result<Self> {
        let data: Json = serde_json::from_str(row.text(3)?).map_err(Error::internal)?;
        let roles = data.get("roles").cloned().unwrap_or_default();
        let invited_by = if row.is_null(4) {
            None
        } else {
            Some(UserId::new(row.uuid(4)?))
        };
        Ok(Self {
            id: InvitationId::new(row.uuid(0)?),
            tenant: TenantId::new(row.uuid(1)?),
            email: row.text(2)?.to_owned(),
            roles: serde_json::from_value(roles).map_err(Error::internal)?,
            invited_by,
            created_at: row.timestamp(5)?,
            expires_at: row.timestamp(6)?,
        })
    }

    fn open(&self, secret_hash: SecretHash) -> Step {
        let params = vec![
            self.id.into(),
            self.tenant.into(),
            PURPOSE.name().into(),
            self.invited_by.into(),
            self.email.clone().into(),
            json!({"roles": self.roles}).to_string().into(),
            Value::Bytes(secret_hash.to_vec()),
            self.created_at.into(),
            self.expires_at.into(),
        ];
        Step::new(Statement::new(OPEN, params))
    }

    fn activity(&self, kind: ActivityKind) -> NewActivity {
        NewActivity::new(kind)
            .with("workspace", self.tenant.to_string())
            .with("email", self.email.clone())
            .with("roles", self.roles.clone())
    }
}

impl Invited {
    /// The steps that make the user a member and use the invitation up. Of
    /// several batches that begin with them one is applied.
    pub(crate) fn accept(&self, auth: &Auth, user: UserId) -> Vec<Step> {
        let roles: Vec<&str> = self.invitation.roles.iter().map(String::as_str).collect();
        let mut steps = vec![self.key.consume::<Platform>(auth.now())];
        steps.extend(auth.add_roles(self.invitation.tenant, user, &roles));
        let activity = self.invitation.activity(ActivityKind::InvitationAccepted);
        steps.push(auth.note_activity(activity.about(user)));
        steps
    }

    fn check_recipient(&self, email: &str) -> Result<()> {
        if self.invitation.email == email {
            return Ok(());
        }
        let why = "the invitation was sent to another address";
        Err(Error::new(ErrorKind::Forbidden, why).with_code("NOT_THE_RECIPIENT"))
    }

    fn set_verified(&self, user: UserId, now: Timestamp) -> Step {
        let email = self.invitation.email.clone();
        let params = vec![true.into(), now.into(), user.into(), email.into()];
        Step::new(Statement::new(SET_VERIFIED, params)).expect(
            Expect::One,
            ErrorKind::Gone,
            INVALID_TOKEN,
        )
    }
}

/// Ends what somebody has invited others to a workspace by.
pub(crate) fn end_all_by(tenant: TenantId, user: UserId) -> Step {
    let params = vec![tenant.into(), PURPOSE.name().into(), user.into()];
    Step::new(Statement::new(END_ALL_BY, params))
}

/// Says what it means that the batch of an invitation was not applied: it was
/// used up, or a role it gives was deleted.
pub(crate) fn outdated(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Validation => {
            let why = "a role of the invitation is no longer there; ask for another one";
            Error::new(ErrorKind::Conflict, why).with_source(error)
        }
        _ => used_up(error),
    }
}
