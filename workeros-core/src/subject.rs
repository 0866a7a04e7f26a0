use workeros_dsl::{Timestamp, Variables};

use crate::{Action, ApiKeyId, Decision, SessionId, TenantId};

/// Role names every workspace has from the start.
pub mod role {
    /// Everything, including collections, roles and users.
    pub const ADMIN: &str = "admin";
    /// Whoever is signed in.
    pub const AUTHENTICATED: &str = "authenticated";
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
    /// What the identity was proven by.
    pub credential: Credential,
    /// What that credential is narrowed to.
    pub scope: Scope,
    /// What is left, after this request, of the quotas the credential has.
    pub quotas: Vec<Decision>,
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
}

impl Scope {
    /// All a user may do.
    pub const FULL: Self = Self {
        collections: None,
        read_only: false,
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
            credential: Credential::Host,
            scope: Scope::FULL,
            quotas: Vec::new(),
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

    /// Sets what the identity was proven by.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
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
    Identified(Identity),
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

    /// Somebody known: roles `public`, `authenticated` and those of the
    /// identity.
    #[must_use]
    pub fn identified(tenant: TenantId, identity: Identity) -> Self {
        let mut roles = identity.roles.clone();
        roles.extend([role::PUBLIC.to_owned(), role::AUTHENTICATED.to_owned()]);
        roles.sort_unstable();
        roles.dedup();
        Self {
            tenant,
            actor: Actor::Identified(identity),
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

    /// Whether nobody is signed in. The host itself is not anonymous.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        matches!(self.actor, Actor::Anonymous)
    }

    /// Whether it is an end user of a workspace: never an admin, whatever his
    /// roles may do.
    #[must_use]
    pub fn is_end_user(&self) -> bool {
        let credential = self.identity().map(|identity| identity.credential);
        matches!(credential, Some(Credential::AppSession(_)))
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

    /// What the change log names as the actor.
    #[must_use]
    pub fn actor(&self) -> String {
        match &self.actor {
            Actor::System => "system".to_owned(),
            Actor::Anonymous => "anonymous".to_owned(),
            Actor::Identified(identity) => match identity.credential {
                Credential::ApiKey(key) => format!("key:{key}"),
                Credential::AppSession(_) => format!("app:{}", identity.user_id),
                Credential::Session(_) | Credential::Host => format!("user:{}", identity.user_id),
            },
        }
    }

    /// The values of the variables in conditions, with `$now` at that instant.
    #[must_use]
    pub fn variables(&self, now: Timestamp) -> Variables {
        let identity = self.identity();
        Variables::default()
            .with_user_id(identity.map(|identity| identity.user_id.clone()))
            .with_user_email(identity.and_then(|identity| identity.email.clone()))
            .with_user_roles(Some(self.roles.clone()))
            .with_tenant_id(Some(self.tenant.to_string()))
            .with_now(Some(now))
    }
}
