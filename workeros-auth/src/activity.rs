//! What users and admins did that others may have to explain later.
//!
//! A row is written in the batch of what it tells of, by the one function
//! [`Auth::note_activity`]; who did it, and from where, the handle knows
//! ([`Auth::for_caller`]). Nothing changes a row; it is dropped after a year.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Map, Value as Json};
use uuid::Uuid;
use workeros_core::{Cost, Error, Result, Row, Statement, Step, Timestamp, UserId, Value};

use crate::key::SessionKey;
use crate::page::Page;
use crate::plane::{PlaneSql, planes};
use crate::session::earlier;
use crate::{Auth, Languages, Plane, Realm};

mod refusal;

/// Who asks for something, as far as a row of activity tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// As the change log names him: `user:<id>`, `key:<id>`, `app:<id>`,
    /// `system` or `anonymous`.
    pub actor: String,
    /// The address he asks from.
    pub ip: Option<IpAddr>,
    /// His `User-Agent`, cut where it is too long.
    pub user_agent: Option<String>,
    /// The request he asks by.
    pub request_id: Option<String>,
    /// The languages he reads: of mails to users who have chosen none.
    pub languages: Languages,
}

impl Caller {
    /// Whoever the change log names so.
    #[must_use]
    pub fn new(actor: impl Into<String>) -> Self {
        Self {
            actor: actor.into(),
            ..Self::default()
        }
    }

    /// Sets where he asks from.
    #[must_use]
    pub fn with_origin(mut self, ip: Option<IpAddr>, user_agent: Option<&str>) -> Self {
        self.ip = ip;
        self.user_agent = user_agent.map(one_line);
        self
    }

    /// Sets the languages he reads.
    #[must_use]
    pub fn with_languages(mut self, languages: Languages) -> Self {
        self.languages = languages;
        self
    }

    /// Sets the request he asks by.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActivityKind {
    /// Somebody signed in; the detail names the method.
    SignIn,
    /// Somebody did not get in.
    SignInFailed,
    /// Something is refused so often that no more of it is noted for a while; the
    /// detail names it.
    RefusalsOmitted,
    /// Too many did not get in: an account is locked for a while.
    Locked,
    /// Somebody signed up.
    SignUp,
    /// A session was ended by its user.
    SignOut,
    /// Sessions of a user were ended.
    SessionsRevoked,
    /// A password was changed.
    PasswordChanged,
    /// A password was set by a link or a code.
    PasswordReset,
    /// An address was verified.
    EmailVerified,
    /// Somebody has another address; the detail names both.
    EmailChanged,
    /// Something to sign in by was added; the detail names it.
    FactorAdded,
    /// Something to sign in by was taken away; the detail names it.
    FactorRemoved,
    /// An API key was made.
    KeyCreated,
    /// An API key was revoked.
    KeyRevoked,
    /// A user was made by an admin.
    UserCreated,
    /// A user was changed by an admin.
    UserChanged,
    /// A user was deleted.
    UserDeleted,
    /// The roles of a user in a workspace were set.
    RolesChanged,
    /// A user was taken out of a workspace.
    MemberRemoved,
    /// Somebody was invited to a workspace, to work in it or to be an end user.
    Invited,
    /// Somebody accepted an invitation.
    InvitationAccepted,
    /// An invitation was taken back.
    InvitationCanceled,
    /// Somebody of the team began to act as a user; the detail says why.
    ImpersonationStarted,
    /// Somebody of the team ceased to act as a user.
    ImpersonationStopped,
    /// An anonymous user signed in to an account he has; the detail names the user
    /// he was, who is gone.
    AnonymousLinked,
    /// An organization was made.
    OrganizationCreated,
    /// An organization was changed; the detail names what of it.
    OrganizationChanged,
    /// An organization was deleted.
    OrganizationDeleted,
    /// Somebody was invited to an organization.
    OrganizationInvited,
    /// Somebody accepted an invitation to an organization.
    OrganizationInvitationAccepted,
    /// Somebody declined an invitation to an organization.
    OrganizationInvitationRejected,
    /// An invitation to an organization was taken back.
    OrganizationInvitationCanceled,
    /// Somebody was made a member of an organization by the host.
    OrganizationMemberAdded,
    /// What somebody is in an organization was set.
    OrganizationRoleChanged,
    /// Somebody left an organization, or was removed from it.
    OrganizationMemberRemoved,
    /// Somebody was let pass whose captcha could not be verified; the detail
    /// names where.
    CaptchaSkipped,
    /// A refresh token was used twice.
    RefreshReuse,
    /// A passkey counted backwards: there may be two of it.
    PasskeyCloneSuspected,
    /// The settings of a workspace were changed; the detail names which.
    SettingsChanged,
    /// A workspace was deleted; the detail names it.
    WorkspaceDeleted,
}

impl ActivityKind {
    /// Its name in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "auth.sign_in",
            Self::SignInFailed => "auth.sign_in_failed",
            Self::RefusalsOmitted => "auth.refusals_omitted",
            Self::Locked => "auth.locked",
            Self::SignUp => "auth.sign_up",
            Self::SignOut => "auth.sign_out",
            Self::SessionsRevoked => "auth.sessions_revoked",
            Self::PasswordChanged => "auth.password_changed",
            Self::PasswordReset => "auth.password_reset",
            Self::EmailVerified => "auth.email_verified",
            Self::EmailChanged => "auth.email_changed",
            Self::FactorAdded => "auth.factor_added",
            Self::FactorRemoved => "auth.factor_removed",
            Self::KeyCreated => "auth.key_created",
            Self::KeyRevoked => "auth.key_revoked",
            Self::UserCreated => "auth.user_created",
            Self::UserChanged => "auth.user_changed",
            Self::UserDeleted => "auth.user_deleted",
            Self::RolesChanged => "auth.roles_changed",
            Self::MemberRemoved => "auth.member_removed",
            Self::Invited => "auth.invited",
            Self::InvitationAccepted => "auth.invitation_accepted",
            Self::InvitationCanceled => "auth.invitation_canceled",
            Self::ImpersonationStarted => "auth.impersonation_started",
            Self::ImpersonationStopped => "auth.impersonation_stopped",
            Self::AnonymousLinked => "auth.anonymous_linked",
            Self::OrganizationCreated => "auth.organization_created",
            Self::OrganizationChanged => "auth.organization_changed",
            Self::OrganizationDeleted => "auth.organization_deleted",
            Self::OrganizationInvited => "auth.organization_invited",
            Self::OrganizationInvitationAccepted => "auth.organization_invitation_accepted",
            Self::OrganizationInvitationRejected => "auth.organization_invitation_rejected",
            Self::OrganizationInvitationCanceled => "auth.organization_invitation_canceled",
            Self::OrganizationMemberAdded => "auth.organization_member_added",
            Self::OrganizationRoleChanged => "auth.organization_role_changed",
            Self::OrganizationMemberRemoved => "auth.organization_member_removed",
            Self::CaptchaSkipped => "auth.captcha_skipped",
            Self::RefreshReuse => "auth.refresh_reuse",
            Self::PasskeyCloneSuspected => "auth.passkey_clone_suspected",
            Self::SettingsChanged => "auth.settings_changed",
            Self::WorkspaceDeleted => "auth.workspace_deleted",
        }
    }
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Activity {
    /// Its id; those of later rows are greater.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// What; see [`ActivityKind::name`].
    pub action: String,
    /// By whom; see [`Caller::actor`].
    pub actor: String,
    /// The user it was done to, if it was to one.
    pub user_id: Option<UserId>,
    /// Where it was asked from.
    pub ip: Option<String>,
    /// What it was asked with.
    pub user_agent: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// What else there is to say: never a secret.
    pub detail: Map<String, Json>,
}

/// A part of the activity, newest first.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ActivityPage {
    /// The rows.
    pub rows: Vec<Activity>,
    /// Whether there are older ones: ask for those before the last one here.
    pub has_more: bool,
}

/// A row to be written.
#[derive(Debug)]
pub(crate) struct NewActivity {
    kind: ActivityKind,
    user: Option<UserId>,
    /// Who of the team did it, where the request does not say.
    by: Option<UserId>,
    detail: Map<String, Json>,
}

impl NewActivity {
    pub(crate) fn new(kind: ActivityKind) -> Self {
        Self {
            kind,
            user: None,
            by: None,
            detail: Map::new(),
        }
    }

    /// Names whom it was done to.
    pub(crate) fn about(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// Names who of the team did it.
    pub(crate) fn by(mut self, admin: UserId) -> Self {
        self.by = Some(admin);
        self
    }

    /// Adds something to say.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}

const INSERT: &str = "INSERT INTO workeros_auth_activity \
    (id, realm_id, at, action, actor, user_id, ip, user_agent, request_id, detail) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
/// Of a session that is not there nothing is said.
const INSERT_SIGN_OUT: PlaneSql = planes!(
    "INSERT INTO workeros_auth_activity \
    (id, realm_id, at, action, actor, user_id, ip, user_agent, request_id, detail) \
    SELECT $1, s.realm_id, $2, $3, $4, s.user_id, $5, $6, $7, $8 FROM " p "_sessions s \
    WHERE s.key = $9"
);
/// Of an anonymous user who has an account by now, or is gone, nothing is said.
const INSERT_LINK: PlaneSql = planes!(
    "INSERT INTO workeros_auth_activity \
    (id, realm_id, at, action, actor, user_id, ip, user_agent, request_id, detail) \
    SELECT $1, u.realm_id, $2, $3, $4, $5, $6, $7, $8, $9 FROM " p "_users u \
    WHERE u.id = $10 AND u.email = $11"
);
const LIST: &str = "SELECT id, at, action, actor, user_id, ip, user_agent, request_id, detail \
    FROM workeros_auth_activity WHERE realm_id = $1 AND id < $2 AND (user_id = $3 OR $4) \
    ORDER BY id DESC LIMIT $5";
const SWEEP: &str = "DELETE FROM workeros_auth_activity WHERE at <= $1";

/// As long rows are kept.
const KEPT: Duration = Duration::from_hours(365 * 24);
const MAX_CHARS: usize = 512;
/// What a caller is called whom nobody knows.
const ANONYMOUS: &str = "anonymous";

impl<P: Plane> Auth<P> {
    /// The same users, asked for something by this caller: what is done by this
    /// handle is noted as his.
    #[must_use]
    pub fn for_caller(&self, caller: Caller) -> Self {
        let mut handle = self.clone();
        handle.caller = Some(std::sync::Arc::new(caller));
        handle
    }

    /// What was done among these users, newest first: at most `limit` (1 to
    /// 200) rows older than the one named, of all users or of one.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) when the limit is
    /// out of range.
    pub async fn activity(
        &self,
        limit: u32,
        before: Option<Uuid>,
        user: Option<UserId>,
    ) -> Result<ActivityPage> {
        let page = Page::new(limit, before)?;
        let params = vec![
            self.realm.into(),
            page.before(),
            user.map_or(Uuid::nil(), UserId::uuid).into(),
            user.is_none().into(),
            page.read_limit(),
        ];
        let statement = Statement::new(LIST, params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let mut rows = rows
            .iter()
            .map(Activity::read)
            .collect::<Result<Vec<_>>>()?;
        let has_more = page.cut(&mut rows);
        Ok(ActivityPage { rows, has_more })
    }

    /// A step that notes what the others of its batch do.
    pub(crate) fn note_activity(&self, new: NewActivity) -> Step {
        self.note_activity_in(self.realm, new)
    }

    /// The same among what is done in another realm.
    pub(crate) fn note_activity_in(&self, realm: Realm, new: NewActivity) -> Step {
        let (realm, user) = (realm.into(), new.user.into());
        let [id, at, kind, actor, ip, user_agent, request_id, detail] = self.columns(new);
        let params = vec![
            id, realm, at, kind, actor, user, ip, user_agent, request_id, detail,
        ];
        Step::new(Statement::new(INSERT, params))
    }

    /// A step that notes that a session is about to be ended by its user, if
    /// it is there.
    pub(crate) fn note_sign_out(&self, key: &SessionKey) -> Step {
        let columns = self.columns(NewActivity::new(ActivityKind::SignOut));
        let mut params = Vec::from(columns);
        params.push((*key).into());
        Step::new(Statement::new(INSERT_SIGN_OUT.of::<P>(), params))
    }

    /// A step that notes that an anonymous user, who is about to be removed, turned
    /// out to be another one.
    pub(crate) fn note_link(&self, user: UserId, anonymous: UserId, address: &str) -> Step {
        let linked = NewActivity::new(ActivityKind::AnonymousLinked)
            .about(user)
            .with("anonymous_user_id", anonymous.to_string());
        let [id, at, kind, actor, ip, user_agent, request_id, detail] = self.columns(linked);
        let params = vec![
            id,
            at,
            kind,
            actor,
            user.into(),
            ip,
            user_agent,
            request_id,
            detail,
            anonymous.into(),
            address.into(),
        ];
        Step::new(Statement::new(INSERT_LINK.of::<P>(), params))
    }

    fn columns(&self, new: NewActivity) -> [Value; 8] {
        let caller = self.caller.as_deref();
        let named = caller.map(|caller| caller.actor.clone());
        let named = new.by.map(|admin| format!("user:{admin}")).or(named);
        let himself = || new.user.map(|user| format!("user:{user}"));
        let actor = named.filter(|actor| actor != ANONYMOUS).or_else(himself);
        [
            self.inner.ids.next_id().into(),
            self.now().into(),
            new.kind.name().into(),
            actor.unwrap_or_else(|| ANONYMOUS.to_owned()).into(),
            caller
                .and_then(|caller| caller.ip)
                .map(|ip| ip.to_string())
                .into(),
            caller.and_then(|caller| caller.user_agent.clone()).into(),
            caller.and_then(|caller| caller.request_id.clone()).into(),
            Json::Object(new.detail).to_string().into(),
        ]
    }
}

impl Activity {
    fn read(row: &Row) -> Result<Self> {
        let text =
            |at| -> Result<Option<String>> { Ok(row.optional_text(at)?.map(ToOwned::to_owned)) };
        Ok(Self {
            id: row.uuid(0)?,
            at: row.timestamp(1)?,
            action: row.text(2)?.to_owned(),
            actor: row.text(3)?.to_owned(),
            user_id: row.optional_uuid(4)?.map(UserId::new),
            ip: text(5)?,
            user_agent: text(6)?,
            request_id: text(7)?,
            detail: serde_json::from_str(row.text(8)?).map_err(Error::internal)?,
        })
    }
}

/// Drops what is older than a year.
pub(crate) fn sweep(now: Timestamp) -> Step {
    Step::new(Statement::new(SWEEP, vec![earlier(now, KEPT).into()]))
}

/// What a client says of itself cannot begin another line.
fn one_line(text: &str) -> String {
    text.chars()
        .filter(|char| !char.is_control())
        .take(MAX_CHARS)
        .collect()
}
