use workeros_dsl::{Timestamp, Variables};

use crate::{Action, ApiKeyId, Decision, Error, ErrorKind, Result, SessionId, TenantId, UserId};

/// Role names every workspace has from the start.
pub mod role {
    /// Everything, including collections, roles and users.
    pub const ADMIN: &str = "admin";
    /// Whoever is signed in.
    pub const AUTHENTICATED: &str = "authenticated";
    /// Who is signed in without an account, in place of `authenticated`. No
    /// workspace has it from the start; without it a guest may do what
    /// everybody may.
    pub const GUEST: &str = "guest";
    /// Everybody, signed in or not.
    pub const PUBLIC: &str = "public";
}

/// Who somebody is, as an [`Authenticator`](crate::Authenticator) found out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The user's id: what `$user.id` and `owner_id` hold.
    pub user_id: String,
    /// The e-mail address, if one is known: `$user.email`.
    pub email: Option<String>,
    /// Names of the roles this user has in the workspace, beyond `public` and
    /// `authenticated`, which follow from being signed in.
    pub roles: Vec<String>,
    /// The workspace this identity acts in; `None` for the default one.
    pub tenant: Option<TenantId>,
    /// The organization it acts for within the workspace, if it does: `$org.id`
    /// and `$org.role`.
    pub organization: Option<ActiveOrganization>,
    /// Ids of the organizations it is in: `$user.orgs`. `None` where that is
    /// not known.
    pub organizations: Option<Vec<String>>,
    /// What the identity was proven by.
    pub credential: Credential,
    /// What that credential is narrowed to.
    pub scope: Scope,
    /// What is left, after this request, of the quotas the credential has.
    pub quotas: Vec<Decision>,
    /// Whether it is an anonymous user: somebody with an id, and no account.
    pub is_guest: bool,
    /// Who of the team acts as this user, if it is not himself.
    pub impersonated_by: Option<UserId>,
}

/// An organization of end users that somebody acts for, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActiveOrganization {
    /// Its id: `$org.id`.
    pub id: String,
    /// His role there: `$org.role`.
    pub role: String,
}

impl ActiveOrganization {
    /// The organization with this id, for somebody with this role there.
    #[must_use]
    pub fn new(id: impl Into<String>, role: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            role: role.into(),
        }
    }
}

/// What a credential is narrowed to, of all its user may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Scope {
    /// Slugs of the collections it is good for; `None` for everything, the
    /// definitions of the workspace included.
    pub collections: Option<Vec<String>>,
    /// Whether it changes nothing, by whatever way.
    pub read_only: bool,
    /// Names of the MCP tools it is good for; `None` for all. With a list it is
    /// good for nothing but those tools: what is not asked for through them is
    /// refused before anybody looks at it.
    pub tools: Option<Vec<String>>,
}

impl Scope {
    /// All a user may do.
    pub const FULL: Self = Self {
        collections: None,
        read_only: false,
        tools: None,
    };

    /// Narrows it to these collections.
    #[must_use]
    pub fn with_collections(mut self, slugs: Option<Vec<String>>) -> Self {
        self.collections = slugs;
        self
    }

    /// Sets whether it changes nothing.
    #[must_use]
    pub fn with_read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Narrows it to these MCP tools, and to asking through MCP.
    #[must_use]
    pub fn with_tools(mut self, names: Option<Vec<String>>) -> Self {
        self.tools = names;
        self
    }

    /// Whether it is good for an MCP tool.
    #[must_use]
    pub fn allows_tool(&self, name: &str) -> bool {
        let names = self.tools.as_ref();
        names.is_none_or(|names| names.iter().any(|known| known == name))
    }

    /// Asserts that it is good for more than MCP tools.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](ErrorKind::Forbidden) when it is not.
    pub fn require_all_tools(&self) -> Result<()> {
        if self.tools.is_none() {
            return Ok(());
        }
        let why = "this credential is good for some MCP tools alone";
        Err(Error::new(ErrorKind::Forbidden, why))
    }

    /// Whether it is good for an action on a collection.
    #[must_use]
    pub fn covers(&self, slug: &str, action: Action) -> bool {
        let slugs = self.collections.as_ref();
        slugs.is_none_or(|slugs| slugs.iter().any(|known| known == slug))
            && (!self.read_only || action == Action::Read)
    }
}

/// What an identity was proven by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// A session of the bundled auth, of somebody of the team.
    Session(SessionId),
    /// A session of the bundled auth, of an end user of a workspace.
    AppSession(SessionId),
    /// A token of an issuer whom the host trusts about end users: there is no
    /// session.
    TrustedToken,
    /// An API key.
    ApiKey(ApiKeyId),
    /// Something the host knows.
    Host,
}

impl Identity {
    /// A user of the host, by its id.
    #[must_use]
    pub fn host(user_id: impl Into<String>) -> Self {
        Self {
            user_id: user_id.into(),
            email: None,
            roles: Vec::new(),
            tenant: None,
            organization: None,
            organizations: None,
            credential: Credential::Host,
            scope: Scope::FULL,
            quotas: Vec::new(),
            is_guest: false,
            impersonated_by: None,
        }
    }

    /// Sets the e-mail address.
    #[must_use]
    pub fn with_email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Adds a role by name.
    #[must_use]
    pub fn with_role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Binds the identity to a workspace.
    #[must_use]
    pub fn with_tenant(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Sets the organization it acts for, with its role there. It is not added
    /// to [those it is in](Self::with_organizations).
    #[must_use]
    pub fn with_organization(mut self, organization: ActiveOrganization) -> Self {
        self.organization = Some(organization);
        self
    }

    /// Sets the ids of the organizations it is in. None is a known none.
    #[must_use]
    pub fn with_organizations(mut self, ids: Vec<String>) -> Self {
        self.organizations = Some(ids);
        self
    }

    /// Narrows what the identity may do.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets what is left of the quotas the credential has.
    #[must_use]
    pub fn with_quotas(mut self, quotas: Vec<Decision>) -> Self {
        self.quotas = quotas;
        self
    }

    /// Sets whether it is somebody without an account.
    #[must_use]
    pub fn with_guest(mut self, is_guest: bool) -> Self {
        self.is_guest = is_guest;
        self
    }

    /// Names who of the team acts as this user.
    #[must_use]
    pub fn with_impersonator(mut self, admin: Option<UserId>) -> Self {
        self.impersonated_by = admin;
        self
    }

    /// Asserts that it is the user himself, and not somebody of the team who
    /// acts as him.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](ErrorKind::Forbidden) with code `IMPERSONATED`.
    pub fn require_himself(&self) -> Result<()> {
        if self.impersonated_by.is_none() {
            return Ok(());
        }
        let why = "nobody does this for a user he impersonates";
        Err(Error::new(ErrorKind::Forbidden, why).with_code("IMPERSONATED"))
    }

    /// Asserts that it is somebody with an account.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](ErrorKind::Forbidden) with code `ANONYMOUS_USER`.
    pub fn require_account(&self) -> Result<()> {
        if !self.is_guest {
            return Ok(());
        }
        let why = "this takes an account; sign up first";
        Err(Error::new(ErrorKind::Forbidden, why).with_code("ANONYMOUS_USER"))
    }

    /// Sets what the identity was proven by.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }
}

impl Identity {
    fn actor(&self) -> String {
        let user = &self.user_id;
        let seen = match self.credential {
            Credential::ApiKey(key) => format!("key:{key}"),
            Credential::AppSession(_) | Credential::TrustedToken => format!("app:{user}"),
            Credential::Session(_) | Credential::Host => format!("user:{user}"),
        };
        match self.impersonated_by {
            Some(admin) => format!("user:{admin} as {seen}"),
            None => seen,
        }
    }
}

/// Who acts, and where: what every permission is decided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    tenant: TenantId,
    actor: Actor,
    /// Sorted, without duplicates: equal sets of roles are equal grants.
    roles: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Actor {
    System,
    Anonymous,
    Identified(Box<Identity>),
}

impl Subject {
    /// The host itself: no permission is asked. There is no way from a request
    /// to this subject.
    #[must_use]
    pub fn system(tenant: TenantId) -> Self {
        Self {
            tenant,
            actor: Actor::System,
            roles: Vec::new(),
        }
    }

    /// Somebody without credentials: role `public`.
    #[must_use]
    pub fn anonymous(tenant: TenantId) -> Self {
        Self {
            tenant,
            actor: Actor::Anonymous,
            roles: vec![role::PUBLIC.to_owned()],
        }
    }

    /// Somebody known: roles `public`, `authenticated` (for a guest `guest`) and
    /// those of the identity.
    #[must_use]
    pub fn identified(tenant: TenantId, identity: Identity) -> Self {
        let mut roles = identity.roles.clone();
        let standing = if identity.is_guest {
            role::GUEST
        } else {
            role::AUTHENTICATED
        };
        roles.extend([role::PUBLIC.to_owned(), standing.to_owned()]);
        roles.sort_unstable();
        roles.dedup();
        Self {
            tenant,
            actor: Actor::Identified(Box::new(identity)),
            roles,
        }
    }

    /// The workspace acted in.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Whether this is the host itself.
    #[must_use]
    pub fn is_system(&self) -> bool {
        matches!(self.actor, Actor::System)
    }

    /// Whether nobody is signed in. The host itself is not anonymous, nor is an
    /// anonymous *user*, who [is known](Identity::is_guest) by his session.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        matches!(self.actor, Actor::Anonymous)
    }

    /// Whether it is an end user of a workspace: never an admin, whatever his
    /// roles may do.
    #[must_use]
    pub fn is_end_user(&self) -> bool {
        let credential = self.identity().map(|identity| identity.credential);
        matches!(
            credential,
            Some(Credential::AppSession(_) | Credential::TrustedToken)
        )
    }

    /// Who it is, if known.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        match &self.actor {
            Actor::Identified(identity) => Some(identity),
            Actor::System | Actor::Anonymous => None,
        }
    }

    /// What it is narrowed to.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        self.identity()
            .map_or(&Scope::FULL, |identity| &identity.scope)
    }

    /// The user's id, if known.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.identity().map(|identity| identity.user_id.as_str())
    }

    /// Names of all roles, sorted.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// What the change log names as the actor: `user:<id>` of the team, `app:<id>`
    /// of the end users, `key:<id>`, `system`, `anonymous`; `user:<id> as …` for
    /// who acts as somebody else.
    #[must_use]
    pub fn actor(&self) -> String {
        match &self.actor {
            Actor::System => "system".to_owned(),
            Actor::Anonymous => "anonymous".to_owned(),
            Actor::Identified(identity) => identity.actor(),
        }
    }

    /// The values of the variables in conditions, with `$now` at that instant.
    #[must_use]
    pub fn variables(&self, now: Timestamp) -> Variables {
        let identity = self.identity();
        let organization = identity.and_then(|identity| identity.organization.as_ref());
        Variables::default()
            .with_user_id(identity.map(|identity| identity.user_id.clone()))
            .with_user_email(identity.and_then(|identity| identity.email.clone()))
            .with_user_roles(Some(self.roles.clone()))
            .with_user_orgs(identity.and_then(|identity| identity.organizations.clone()))
            .with_org_id(organization.map(|organization| organization.id.clone()))
            .with_org_role(organization.map(|organization| organization.role.clone()))
            .with_tenant_id(Some(self.tenant.to_string()))
            .with_now(Some(now))
    }
}
