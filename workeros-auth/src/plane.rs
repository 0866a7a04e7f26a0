//! The two kinds of users, as types.

use std::fmt::Debug;

use serde_json::{Map, Value as Json};
use workeros_core::{Credential, Error, Identity, Result, Step, TenantId, Timestamp, UserId, role};

use crate::invitation::{Acceptance, InvitedTo};
use crate::key::SessionKey;
use crate::refusal::invalid_token;
use crate::{
    ActiveSession, Auth, RealmSettings, RefreshToken, Session, SessionToken, SetupToken, SignUp,
    User, api_keys, organization, setup,
};

/// The team that runs an instance: users who act in its workspaces, by a
/// session's cookie or token, or an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {}

/// The end users of one workspace, who act in it alone, by access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {}

/// One of the two kinds of users, [`Platform`] and [`App`]. Each has tables of
/// its own, and there is no way from one into the other.
pub trait Plane: sealed::Sealed {
    /// What whoever signed in proves his session by.
    type Token: Clone + Debug + Send + Sync;
}

impl Plane for Platform {
    type Token = SessionToken;
}

impl Plane for App {
    type Token = RefreshToken;
}

/// One of something for each plane.
#[derive(Debug, Clone, Copy, Default)]
pub struct PerPlane<T> {
    pub(crate) platform: T,
    pub(crate) app: T,
}

impl<T> PerPlane<T> {
    /// That of a plane.
    pub(crate) fn get<P: Plane>(&self) -> &T {
        P::pick(self)
    }
}

impl PerPlane<&'static str> {
    /// The statement in the tables of a plane.
    pub(crate) fn of<P: Plane>(&self) -> &'static str {
        self.get::<P>()
    }
}

/// What a new session is proven by.
#[derive(Debug)]
pub struct Issued<T> {
    pub(crate) token: T,
    pub(crate) key: SessionKey,
    /// What has to be stored besides the session.
    pub(crate) steps: Vec<Step>,
}

pub(crate) mod sealed {
    use super::{
        Acceptance, ActiveSession, App, Auth, Credential, Debug, Error, Identity, InvitedTo,
        Issued, Json, Map, PerPlane, Plane, Platform, RealmSettings, RefreshToken, Result, Session,
        SessionToken, SetupToken, SignUp, Step, TenantId, Timestamp, User, UserId, api_keys,
        invalid_token, organization, role, setup,
    };

    /// What differs between the planes below the surface.
    pub trait Sealed: Debug + Clone + Copy + Send + Sync + Unpin + Sized + 'static {
        fn pick<T>(both: &PerPlane<T>) -> &T;

        /// Adds to who acts by a session what he acts by and as what.
        fn identify(identity: Identity, active: &ActiveSession) -> Identity;

        /// Whether somebody with these roles runs the instance.
        fn runs_the_instance(_: &[String]) -> bool {
            false
        }

        /// Makes what a new session is proven by.
        fn issue(auth: &Auth<Self>, session: &Session) -> Result<Issued<Self::Token>>
        where
            Self: Plane;

        /// What the access tokens of a session say besides.
        fn claims(
            _: &Auth<Self>,
            _: &User,
            _: &Session,
        ) -> impl Future<Output = Result<Map<String, Json>>> + Send
        where
            Self: Plane,
        {
            std::future::ready(Ok(Map::new()))
        }

        /// Lets a sign-up pass, or not.
        fn admit_sign_up(
            auth: &Auth<Self>,
            presented: Option<&SetupToken>,
        ) -> impl Future<Output = Result<()>> + Send
        where
            Self: Plane;

        /// Uses up the invitation that a sign-up follows, if it does.
        fn accept_invitation(
            auth: &Auth<Self>,
            sign_up: &SignUp,
            user: UserId,
        ) -> impl Future<Output = Result<Option<Acceptance>>> + Send
        where
            Self: Plane;

        /// Whether somebody can be given a role of this name.
        fn may_hold(_: &str) -> bool {
            true
        }

        /// Whether somebody can be invited to a workspace.
        fn admit_inviting(_: &Auth<Self>, _: TenantId) -> Result<()>
        where
            Self: Plane,
        {
            Ok(())
        }

        /// As what somebody is invited to a workspace that is called so.
        fn invited_to(called: &str) -> InvitedTo<'_>;

        /// With which user an invitation goes that somebody of the team made.
        fn goes_with(_: UserId) -> Option<UserId> {
            None
        }

        /// What goes with a new user who signed up by himself.
        fn welcome(_: &Auth<Self>, _: UserId, _: Timestamp) -> Vec<Step>
        where
            Self: Plane,
        {
            Vec::new()
        }

        /// Takes away what a user who never verified its address can still act
        /// by, besides sessions: it need not be the one who has the address.
        fn distrust(_: UserId, _: Timestamp) -> Vec<Step> {
            Vec::new()
        }

        /// Takes away what somebody acts by besides sessions, where the settings
        /// say that a new password does so.
        fn reset(_: &RealmSettings, _: UserId, _: Timestamp) -> Vec<Step> {
            Vec::new()
        }

        /// What goes with making somebody an admin.
        fn appoint(_: UserId, _: Timestamp) -> Vec<Step> {
            Vec::new()
        }

        /// What stands first in a batch that may remove an admin.
        fn lock() -> Vec<Step> {
            Vec::new()
        }

        /// Fails when the user is the last admin of a workspace.
        fn spare_the_last_admin(_: UserId) -> Vec<Step> {
            Vec::new()
        }

        /// What goes with deleting a user, besides what is deleted with his row.
        fn leave_behind(_: UserId) -> Vec<Step> {
            Vec::new()
        }

        /// Gives one user what another one has besides roles, who is about to go.
        fn hand_down(_: UserId, _: UserId) -> Vec<Step> {
            Vec::new()
        }

        /// Fails when the user is the last admin of this workspace.
        fn spare_the_last_admin_of(_: TenantId, _: UserId) -> Vec<Step> {
            Vec::new()
        }
    }

    impl Sealed for Platform {
        fn pick<T>(both: &PerPlane<T>) -> &T {
            &both.platform
        }

        fn identify(identity: Identity, active: &ActiveSession) -> Identity {
            let identity = identity.with_credential(Credential::Session(active.session.id));
            active.held_roles().fold(identity, Identity::with_role)
        }

        fn runs_the_instance(roles: &[String]) -> bool {
            roles.iter().any(|name| name == role::ADMIN)
        }

        fn issue(auth: &Auth<Self>, _: &Session) -> Result<Issued<SessionToken>> {
            auth.issue_token()
        }

        async fn admit_sign_up(auth: &Auth<Self>, presented: Option<&SetupToken>) -> Result<()> {
            auth.admit_sign_up(presented).await
        }

        async fn accept_invitation(
            auth: &Auth<Self>,
            sign_up: &SignUp,
            user: UserId,
        ) -> Result<Option<Acceptance>> {
            match auth.invitation_of(sign_up).await? {
                Some(invited) => Ok(Some(invited.acceptance(auth, user))),
                None if sign_up.invitation.is_some() => Err(invalid_token()),
                None => Ok(None),
            }
        }

        fn invited_to(called: &str) -> InvitedTo<'_> {
            InvitedTo::Workspace(called)
        }

        fn goes_with(inviter: UserId) -> Option<UserId> {
            Some(inviter)
        }

        fn welcome(auth: &Auth<Self>, user: UserId, now: Timestamp) -> Vec<Step> {
            setup::welcome(auth, user, now)
        }

        fn distrust(user: UserId, now: Timestamp) -> Vec<Step> {
            vec![api_keys::revoke_if_unverified(user, now)]
        }

        fn reset(settings: &RealmSettings, user: UserId, now: Timestamp) -> Vec<Step> {
            match settings.reset_revokes_keys {
                true => vec![api_keys::revoke_all(user, now)],
                false => Vec::new(),
            }
        }

        fn appoint(user: UserId, now: Timestamp) -> Vec<Step> {
            vec![setup::claim(user, now)]
        }

        fn lock() -> Vec<Step> {
            vec![setup::lock()]
        }

        fn spare_the_last_admin(user: UserId) -> Vec<Step> {
            vec![setup::keep_an_admin(user)]
        }

        fn spare_the_last_admin_of(tenant: TenantId, user: UserId) -> Vec<Step> {
            vec![setup::keep_an_admin_of(tenant, user)]
        }
    }

    impl Sealed for App {
        fn pick<T>(both: &PerPlane<T>) -> &T {
            &both.app
        }

        /// An end user is never an admin, whatever his roles are called.
        fn identify(identity: Identity, active: &ActiveSession) -> Identity {
            let identity = identity.with_credential(Credential::AppSession(active.session.id));
            let acting_for = active.session.active_organization;
            let identity = organization::affiliate(identity, &active.affiliations, acting_for);
            let roles = active.held_roles().filter(|name| *name != role::ADMIN);
            roles.fold(identity, Identity::with_role)
        }

        fn issue(auth: &Auth<Self>, session: &Session) -> Result<Issued<RefreshToken>> {
            auth.issue_refresh_token(session.id)
        }

        async fn claims(
            auth: &Auth<Self>,
            user: &User,
            session: &Session,
        ) -> Result<Map<String, Json>> {
            auth.ask_for_claims(user, session).await
        }

        async fn admit_sign_up(auth: &Auth<Self>, _: Option<&SetupToken>) -> Result<()> {
            auth.settings.admit_sign_up()
        }

        fn leave_behind(user: UserId) -> Vec<Step> {
            organization::leave_behind(user)
        }

        fn hand_down(from: UserId, to: UserId) -> Vec<Step> {
            vec![organization::hand_down(from, to)]
        }

        async fn accept_invitation(
            auth: &Auth<Self>,
            sign_up: &SignUp,
            user: UserId,
        ) -> Result<Option<Acceptance>> {
            match auth.invitation_of(sign_up).await? {
                Some(invited) => Ok(Some(invited.acceptance(auth, user))),
                None => auth.organization_invitation_of(sign_up, user).await,
            }
        }

        fn may_hold(name: &str) -> bool {
            name != role::ADMIN
        }

        fn admit_inviting(auth: &Auth<Self>, tenant: TenantId) -> Result<()> {
            if auth.realm.workspace() != Some(tenant) {
                return Err(Error::not_found());
            }
            auth.settings.admit_invited()
        }

        fn invited_to(called: &str) -> InvitedTo<'_> {
            InvitedTo::Users(called)
        }
    }
}

/// A text for each plane, from literals and `p`, which stands for the prefix of
/// its tables: `planes!("SELECT id FROM " p "_users WHERE id = $1")`. What differs
/// stands in brackets: `["NULL", "active_organization"]`, the platform first.
///
/// `user` stands for the columns of a table called `u` that [`User::read`] reads,
/// and `session` for those of `s` that [`Session::read`] does.
macro_rules! planes {
    ($($part:tt)+) => {
        $crate::plane::PerPlane {
            platform: concat!($($crate::plane::part!("workeros" $part)),+),
            app: concat!($($crate::plane::part!("app" $part)),+),
        }
    };
}

macro_rules! part {
    ($prefix:literal p) => {
        $prefix
    };
    ($prefix:literal user) => {
        "u.id, u.email, u.name, u.email_verified, u.disabled, u.created_at, u.updated_at, \
        u.image, u.locale, u.guest_id"
    };
    ($prefix:tt session) => {
        concat!(
            "s.id, s.user_id, s.created_at, s.expires_at, s.last_seen_at, s.ip, s.user_agent, \
            s.active_tenant, s.admin_id, s.admin_session, s.admin_tenant, s.admin_roles, \
            s.read_only, ",
            $crate::plane::part!($prefix ["NULL", "s.active_organization"])
        )
    };
    ("workeros" [$platform:literal, $app:literal]) => {
        $platform
    };
    ("app" [$platform:literal, $app:literal]) => {
        $app
    };
    ($prefix:literal $text:literal) => {
        $text
    };
}

pub(crate) use {part, planes};

/// A statement for each plane.
pub(crate) type PlaneSql = PerPlane<&'static str>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_names_the_tables_of_its_plane() {
        const FIND: PlaneSql = planes!("SELECT u.id FROM " p "_users u JOIN " p "_sessions s");
        assert_eq!(
            FIND.of::<Platform>(),
            "SELECT u.id FROM workeros_users u JOIN workeros_sessions s"
        );
        assert_eq!(
            FIND.of::<App>(),
            "SELECT u.id FROM app_users u JOIN app_sessions s"
        );
    }

    #[test]
    fn what_is_read_of_a_session_is_written_once() {
        const FIND: PlaneSql = planes!("SELECT " session " FROM " p "_sessions s");
        assert!(
            FIND.of::<Platform>()
                .ends_with("s.read_only, NULL FROM workeros_sessions s")
        );
        assert!(
            FIND.of::<App>()
                .ends_with("s.read_only, s.active_organization FROM app_sessions s")
        );
    }
}
