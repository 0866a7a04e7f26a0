//! Invitations to a workspace: of the team, to work in it, and of end users, to
//! be one.
//!
//! One is a [flow](crate::flow) whose realm is the workspace, in the tables of
//! the plane, so there is one for an address. What it gives stands in the row, not
//! in the link. One to work in a workspace goes with the user who made it; one for
//! an end user is the workspace's. Whoever becomes a user by what shows that he
//! reads mail at the address (the link, a magic link, a code, a provider that is
//! trusted) uses it up by that.

use serde_json::json;
use workeros_core::{
    Batch, Error, ErrorKind, Expect, InvitationId, Result, Statement, Step, TenantId, Timestamp,
    UserId, role,
};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::{Affected, NOBODY};
use crate::flow::Purpose;
use crate::plane::{PlaneSql, planes};
use crate::{Auth, DisplayName, EmailAddress, LinkToken, Locale, Plane, Realm};

mod invited;
mod letter;

pub(crate) use invited::{Acceptance, Invited, outdated};
pub(crate) use letter::{InvitedTo, Letter, NewInviteFlow};

/// Somebody to be invited.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewInvitation {
    /// Where to.
    pub email: EmailAddress,
    /// Names of the roles he is to have.
    pub roles: Vec<String>,
    /// What to call him if he does not say.
    pub name: Option<DisplayName>,
    /// The language of the mail, and of those to him from then on.
    pub locale: Option<Locale>,
    /// Who of the team invites him, if it is a user.
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
    /// What he is called if he does not say.
    pub name: Option<String>,
    /// The language of the mail.
    pub locale: Option<Locale>,
    /// Who of the team invited him, if it was a user.
    pub invited_by: Option<UserId>,
    /// When the link was mailed that holds.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

const PURPOSE: Purpose = Purpose::Invite;

/// Whoever has the address, if he is in the workspace.
const MEMBER: PlaneSql = planes!(
    "SELECT u.id FROM " p "_users u WHERE u.realm_id = $1 AND u.email = $2 \
    AND ($3 OR EXISTS (SELECT 1 FROM " p "_user_roles m \
    WHERE m.tenant_id = $4 AND m.user_id = u.id AND m.role = $5))"
);
const END_ALL_BY: PlaneSql = planes!(
    "DELETE FROM " p "_auth_flows WHERE realm_id = $1 AND purpose = $2 AND user_id = $3"
);
const END_OF_ADDRESS: PlaneSql = planes!(
    "DELETE FROM " p "_auth_flows WHERE realm_id = $1 AND purpose = $2 AND address = $3"
);

impl NewInvitation {
    /// An invitation that gives no roles but that of members.
    #[must_use]
    pub fn new(email: EmailAddress) -> Self {
        Self {
            email,
            roles: Vec::new(),
            name: None,
            locale: None,
            invited_by: None,
        }
    }

    /// Sets the roles.
    #[must_use]
    pub fn with_roles(mut self, roles: Vec<String>) -> Self {
        self.roles = roles;
        self
    }

    /// Sets what to call him if he does not say.
    #[must_use]
    pub fn with_name(mut self, name: Option<DisplayName>) -> Self {
        self.name = name;
        self
    }

    /// Sets the language of the mail.
    #[must_use]
    pub fn with_locale(mut self, locale: Option<Locale>) -> Self {
        self.locale = locale;
        self
    }

    /// Sets who invites.
    #[must_use]
    pub fn with_invited_by(mut self, user: Option<UserId>) -> Self {
        self.invited_by = user;
        self
    }
}

impl<P: Plane> Auth<P> {
    /// Mails somebody a link by which he can become a member of the workspace,
    /// or one of its end users, within seven days. It ends the one mailed to him
    /// before. `called` is what the mail calls the workspace, and `link` makes the
    /// URL. For those who may: no permission is asked here.
    ///
    /// # Errors
    ///
    /// * [`Validation`](ErrorKind::Validation) at `/roles`, as
    ///   [`set_roles`](Self::set_roles).
    /// * [`Conflict`](ErrorKind::Conflict) when the address is a member's, or an
    ///   end user's.
    /// * [`Forbidden`](ErrorKind::Forbidden) with code `SIGN_UP_CLOSED` where
    ///   nobody can become an end user, whoever invites him.
    /// * [`NotFound`](ErrorKind::NotFound) for end users of another workspace.
    /// * [`RateLimited`](ErrorKind::RateLimited) after 5 invitations an hour to
    ///   one address, or 100 to one workspace.
    /// * [`Unsupported`](ErrorKind::Unsupported) without
    ///   [mail](crate::AuthBuilder::with_mailer).
    pub async fn invite(
        &self,
        tenant: TenantId,
        new: NewInvitation,
        called: &str,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<Invitation> {
        let roles = Self::roles_to_give(&new.roles)?;
        let now = self.now();
        let invitation = Invitation {
            id: InvitationId::new(self.inner.ids.next_id()),
            tenant,
            email: new.email.as_str().to_owned(),
            roles: roles.iter().map(ToString::to_string).collect(),
            name: new.name.map(|name| name.as_str().to_owned()),
            locale: new.locale,
            invited_by: new.invited_by,
            created_at: now,
            expires_at: self.good_until(PURPOSE),
        };
        self.mail_invitation(&invitation, None, called, link)
            .await?;
        Ok(invitation)
    }

    /// Mails the link of an invitation anew, which is good for seven days from
    /// now; the one mailed before ends. Otherwise as [`invite`](Self::invite).
    ///
    /// # Errors
    ///
    /// As [`invite`](Self::invite), and [`NotFound`](ErrorKind::NotFound) without
    /// it in this workspace.
    pub async fn resend_invitation(
        &self,
        tenant: TenantId,
        id: InvitationId,
        called: &str,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<Invitation> {
        let before = self.find_by_id(tenant, id).await?;
        let invitation = Invitation {
            created_at: self.now(),
            expires_at: self.good_until(PURPOSE),
            ..before.invitation.clone()
        };
        self.mail_invitation(&invitation, Some(&before), called, link)
            .await?;
        Ok(invitation)
    }

    /// The invitations to a workspace that can be accepted, newest first, at
    /// most 1000.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn invitations(&self, tenant: TenantId) -> Result<Vec<Invitation>> {
        self.list_all(tenant).await
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) without it in this workspace.
    pub async fn revoke_invitation(&self, tenant: TenantId, id: InvitationId) -> Result<()> {
        let found = self.find_by_id(tenant, id).await?;
        let revoked = found.invitation.activity(ActivityKind::InvitationCanceled);
        let batch = Batch::new()
            .step(found.key.consume::<P>(self.now()))
            .step(self.note_activity(revoked));
        self.apply(&NOBODY, batch).await.map_err(not_there)
    }

    /// Checks the link of an invitation without using it up.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](ErrorKind::BadRequest) with code `INVALID_TOKEN` when it
    /// does not hold, or no longer.
    pub async fn check_invitation(&self, token: &LinkToken) -> Result<Invitation> {
        Ok(self.find_by_link(token).await?.invitation)
    }

    /// Gives a user what he was invited to by this link, once: makes him a member
    /// of the workspace, with the roles it names besides those he has. His address
    /// is verified from then on. The workspace comes back.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](ErrorKind::BadRequest) with code `INVALID_TOKEN` when
    ///   the link does not hold, or no longer.
    /// * [`Forbidden`](ErrorKind::Forbidden) with code `NOT_THE_RECIPIENT` when
    ///   it was mailed to another address than the user's.
    /// * [`Conflict`](ErrorKind::Conflict) with code `INVITATION_OUTDATED` when a
    ///   role is no longer there.
    pub async fn accept_invitation(&self, user: UserId, token: &LinkToken) -> Result<TenantId> {
        let invited = self.find_by_link(token).await?;
        let account = self.user(self.home(), user).await?;
        invited.check_recipient(&account.user.email)?;
        let mut batch = Batch::new();
        batch.extend(invited.accept(self, user));
        batch.push(invited.set_verified(self, user));
        let accepted = self.apply(&[Affected::User(user)], batch).await;
        accepted.map_err(outdated)?;
        Ok(invited.invitation.tenant)
    }

    async fn mail_invitation(
        &self,
        invitation: &Invitation,
        before: Option<&Invited>,
        called: &str,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<()> {
        let tenant = invitation.tenant;
        P::admit_inviting(self, tenant)?;
        let email = EmailAddress::stored(&invitation.email)?;
        let (place, locale) = (P::invited_to(called), invitation.locale.clone());
        let letter = self
            .write_letter(&email, tenant.uuid(), place, locale, link)
            .await?;
        let roles: Vec<&str> = invitation.roles.iter().map(String::as_str).collect();
        let mut batch = Batch::new();
        batch.extend(before.map(|before| before.key.consume::<P>(self.now())));
        batch.extend(self.guard_roles(tenant, &roles));
        batch.push(self.expect_stranger(tenant, &email));
        batch.push(invitation.open::<P>(&letter));
        batch.push(self.queue_mail(letter.mail, invitation.id.uuid()));
        batch.push(self.note_activity(invitation.activity(ActivityKind::Invited)));
        self.apply_and_mail(batch).await.map_err(not_there)
    }

    /// Fails when the address is a member's, or an end user's.
    fn expect_stranger(&self, tenant: TenantId, email: &EmailAddress) -> Step {
        let params = vec![
            self.realm.into(),
            email.as_str().into(),
            (tenant == self.home()).into(),
            tenant.into(),
            role::AUTHENTICATED.into(),
        ];
        let why = "whoever has this address is in the workspace already";
        let member = Step::new(Statement::new(MEMBER.of::<P>(), params));
        member.expect(Expect::None, ErrorKind::Conflict, why)
    }
}

impl Invitation {
    fn open<P: Plane>(&self, letter: &Letter) -> Step {
        let data = json!({
            "roles": self.roles,
            "name": self.name,
            "locale": self.locale.as_ref().map(Locale::as_str),
            "invited_by": self.invited_by.map(|user| user.to_string()),
        });
        let flow = NewInviteFlow {
            id: self.id.uuid(),
            realm: Realm::Workspace(self.tenant),
            purpose: PURPOSE,
            inviter: self.invited_by.and_then(P::goes_with),
            address: Some(self.email.clone()),
            data: Some(data.to_string()),
            secret_hash: letter.secret_hash,
            created_at: self.created_at,
            expires_at: self.expires_at,
        };
        flow.open::<P>()
    }

    fn activity(&self, kind: ActivityKind) -> NewActivity {
        NewActivity::new(kind)
            .with("workspace", self.tenant.to_string())
            .with("email", self.email.clone())
            .with("roles", self.roles.clone())
    }
}

/// Ends what somebody has invited others to a workspace by.
pub(crate) fn end_all_by<P: Plane>(tenant: TenantId, user: UserId) -> Step {
    let params = vec![tenant.into(), PURPOSE.name().into(), user.into()];
    Step::new(Statement::new(END_ALL_BY.of::<P>(), params))
}

/// Ends the invitation of somebody who is made a user otherwise.
pub(crate) fn end_of_address<P: Plane>(tenant: TenantId, email: &str) -> Step {
    let params = vec![tenant.into(), PURPOSE.name().into(), email.into()];
    Step::new(Statement::new(END_OF_ADDRESS.of::<P>(), params))
}

/// Says what it means to an admin that a [flow](crate::flow) was gone.
fn not_there(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Gone => Error::not_found(),
        _ => error,
    }
}
