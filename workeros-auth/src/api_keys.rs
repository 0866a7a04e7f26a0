use workeros_core::{
    ApiKeyId, Batch, Cost, Credential, Error, ErrorKind, Expect, Identity, Result, Scope,
    SessionId, Statement, Step, TenantId, Timestamp, UserId, Value, role,
};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::{Affected, NOBODY};
use crate::news::News;
use crate::page::Page;
use crate::template::SignInMethod;
use crate::{ApiKey, ApiKeySecret, Auth, KeyLimits};

/// An API key to be made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// The roles it is narrowed to; `None` for all its owner has.
    pub roles: Option<Vec<String>>,
    /// What else it is narrowed to.
    pub scope: Scope,
    /// How often it may be used.
    pub limits: KeyLimits,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl NewApiKey {
    /// A key that does not end, with all roles of its owner.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            roles: None,
            scope: Scope::FULL,
            limits: KeyLimits::default(),
            expires_at: None,
        }
    }

    /// Narrows it to collections, to reading, or to MCP tools.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets how often it may be used.
    #[must_use]
    pub fn with_limits(mut self, limits: KeyLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Narrows it to these roles.
    #[must_use]
    pub fn with_roles(mut self, roles: Option<Vec<String>>) -> Self {
        self.roles = roles;
        self
    }

    /// Sets when it ends.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: Option<Timestamp>) -> Self {
        self.expires_at = expires_at;
        self
    }
}

/// The one moment an API key is known.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreatedApiKey {
    /// What can be shown of it later.
    pub key: ApiKey,
    /// The key itself.
    pub secret: ApiKeySecret,
}

/// A part of the list of API keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiKeyPage {
    /// The keys, newest first.
    pub keys: Vec<ApiKey>,
    /// Whether there are older ones: ask for those before the last one here.
    pub has_more: bool,
}

const INSERT: &str = "INSERT INTO workeros_api_keys \
    (id, tenant_id, user_id, name, prefix, last4, roles, created_at, expires_at, token_hash, \
    collections, read_only, per_minute, per_day, tools) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
const LIST: &str = "SELECT id, tenant_id, user_id, name, prefix, last4, roles, created_at, \
    expires_at, last_used_at, collections, read_only, per_minute, per_day, tools FROM workeros_api_keys \
    WHERE tenant_id = $1 AND id < $2 AND (user_id = $3 OR $4) AND revoked_at IS NULL \
    ORDER BY id DESC LIMIT $5";
const FIND: &str = "SELECT id, tenant_id, user_id, name, prefix, last4, roles, created_at, \
    expires_at, last_used_at, collections, read_only, per_minute, per_day, tools FROM workeros_api_keys \
    WHERE tenant_id = $1 AND id = $2 AND (user_id = $3 OR $4) AND revoked_at IS NULL";
const REVOKE: &str =
    "UPDATE workeros_api_keys SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";

/// Whoever used an address before it was verified need not be who has it.
const REVOKE_IF_UNVERIFIED: &str = "UPDATE workeros_api_keys SET revoked_at = $1 \
    WHERE user_id = $2 AND revoked_at IS NULL AND EXISTS (\
    SELECT 1 FROM workeros_users u WHERE u.id = $2 AND NOT u.email_verified)";

const REVOKE_ALL: &str = "UPDATE workeros_api_keys SET revoked_at = $1 \
    WHERE user_id = $2 AND revoked_at IS NULL";
const REVOKE_ALL_IN: &str = "UPDATE workeros_api_keys SET revoked_at = $1 \
    WHERE tenant_id = $2 AND user_id = $3 AND revoked_at IS NULL";

const MAX_NAME_CHARS: usize = 100;
const MAX_COLLECTIONS: usize = 100;
const MAX_TOOLS: usize = 100;
/// How often another prefix is drawn when one is taken.
const ATTEMPTS: usize = 5;

impl Auth {
    /// Makes a key that acts as `owner` in the workspace. This is the only
    /// time it is shown.
    ///
    /// # Errors
    ///
    /// * [`Forbidden`](ErrorKind::Forbidden) unless the owner is signed in by
    ///   a session, and when the key is to have a role the owner has not; with
    ///   code `REAUTH_REQUIRED` when he has not [just](Self::require_fresh)
    ///   signed in.
    /// * [`Validation`](ErrorKind::Validation) at `/name`, `/expires_at`,
    ///   `/collections`, `/mcp_tools` or one of the limits.
    pub async fn create_api_key(
        &self,
        owner: &Identity,
        tenant: TenantId,
        new: NewApiKey,
    ) -> Result<CreatedApiKey> {
        let keeper = Keeper::of(owner)?;
        self.check_new_key(owner, &new)?;
        self.require_fresh(keeper.session).await?;
        for _ in 0..ATTEMPTS {
            let secret = ApiKeySecret::generate(self.inner.random.as_ref())?;
            let key = self.api_key(&secret, keeper.user, tenant, &new);
            match self.insert_key(&key, &secret).await {
                Ok(()) => return Ok(CreatedApiKey { key, secret }),
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            "no free prefix was found; try again",
        ))
    }

    /// Lists keys that are not revoked, newest first: at most `limit` (1 to
    /// 200) of those made before the one named. An admin sees all of the
    /// workspace, others their own.
    ///
    /// # Errors
    ///
    /// [`Forbidden`](ErrorKind::Forbidden) unless `caller` is signed in by a
    /// session, [`Validation`](ErrorKind::Validation) when the limit is out of
    /// range.
    pub async fn api_keys(
        &self,
        caller: &Identity,
        tenant: TenantId,
        limit: u32,
        before: Option<ApiKeyId>,
    ) -> Result<ApiKeyPage> {
        let keeper = Keeper::of(caller)?;
        let page = Page::new(limit, before.map(ApiKeyId::uuid))?;
        let params = vec![
            tenant.into(),
            page.before(),
            keeper.user.into(),
            keeper.is_admin.into(),
            page.read_limit(),
        ];
        let rows = self.fetch(Statement::new(LIST, params)).await?;
        let mut keys = rows.iter().map(ApiKey::read).collect::<Result<Vec<_>>>()?;
        let has_more = page.cut(&mut keys);
        Ok(ApiKeyPage { keys, has_more })
    }

    /// A key that is not revoked.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) also when it is somebody else's and
    /// the caller is no admin; [`Forbidden`](ErrorKind::Forbidden) unless the
    /// caller is signed in by a session.
    pub async fn api_key_by_id(
        &self,
        caller: &Identity,
        tenant: TenantId,
        id: ApiKeyId,
    ) -> Result<ApiKey> {
        let keeper = Keeper::of(caller)?;
        let params = vec![
            tenant.into(),
            id.into(),
            keeper.user.into(),
            keeper.is_admin.into(),
        ];
        let rows = self
            .fetch(Statement::new(FIND, params).with_cost(Cost::Short))
            .await?;
        ApiKey::read(rows.first().ok_or_else(Error::not_found)?)
    }

    /// Revokes a key: the next request with it is refused.
    ///
    /// # Errors
    ///
    /// As [`api_key_by_id`](Self::api_key_by_id).
    pub async fn revoke_api_key(
        &self,
        caller: &Identity,
        tenant: TenantId,
        id: ApiKeyId,
    ) -> Result<()> {
        let key = self.api_key_by_id(caller, tenant, id).await?;
        let params = vec![self.now().into(), id.into()];
        let step = Step::new(Statement::new(REVOKE, params)).expect(
            Expect::One,
            ErrorKind::NotFound,
            "not found",
        );
        let activity = NewActivity::new(ActivityKind::KeyRevoked)
            .about(key.user_id)
            .with("key_id", id.to_string())
            .with("name", key.name);
        let batch = Batch::new().step(step).step(self.note_activity(activity));
        self.apply(&[Affected::Key(id)], batch).await
    }

    fn check_new_key(&self, owner: &Identity, new: &NewApiKey) -> Result<()> {
        let chars = new.name.trim().chars().count();
        if !(1..=MAX_NAME_CHARS).contains(&chars) || new.name.chars().any(char::is_control) {
            let message = "must be one line of 1 to 100 characters";
            return Err(Error::validation("/name", "invalid_value", message));
        }
        if new.expires_at.is_some_and(|at| at <= self.now()) {
            return Err(Error::validation(
                "/expires_at",
                "out_of_range",
                "must lie ahead",
            ));
        }
        let slugs = new.scope.collections.as_ref();
        if slugs.is_some_and(|slugs| slugs.len() > MAX_COLLECTIONS) {
            let message = "must be at most 100 slugs";
            return Err(Error::validation("/collections", "too_long", message));
        }
        if new.scope.tools.iter().flatten().any(|name| !is_tool(name)) {
            let message = "must be names of 1 to 128 letters, digits, `_`, `-`, `.` and `/`";
            return Err(Error::validation("/mcp_tools", "invalid_value", message));
        }
        if new
            .scope
            .tools
            .as_ref()
            .is_some_and(|names| names.len() > MAX_TOOLS)
        {
            let message = "must be at most 100 names";
            return Err(Error::validation("/mcp_tools", "too_long", message));
        }
        for (path, limit) in [
            ("/requests_per_minute", new.limits.per_minute),
            ("/requests_per_day", new.limits.per_day),
        ] {
            if limit == Some(0) {
                return Err(Error::validation(
                    path,
                    "out_of_range",
                    "must be at least 1",
                ));
            }
        }
        let implied = [role::AUTHENTICATED, role::PUBLIC];
        let held = |role: &String| owner.roles.contains(role) || implied.contains(&role.as_str());
        if !new.roles.iter().flatten().all(held) {
            return Err(Error::new(
                ErrorKind::Forbidden,
                "a key cannot have a role you do not have",
            ));
        }
        Ok(())
    }

    fn api_key(
        &self,
        secret: &ApiKeySecret,
        user: UserId,
        tenant: TenantId,
        new: &NewApiKey,
    ) -> ApiKey {
        ApiKey {
            id: ApiKeyId::new(self.inner.ids.next_id()),
            tenant,
            user_id: user,
            name: new.name.trim().to_owned(),
            prefix: secret.prefix().to_owned(),
            last4: secret.last4().to_owned(),
            roles: new.roles.clone(),
            scope: new.scope.clone(),
            limits: new.limits,
            created_at: self.now(),
            expires_at: new.expires_at,
            last_used_at: None,
        }
    }

    async fn insert_key(&self, key: &ApiKey, secret: &ApiKeySecret) -> Result<()> {
        let params = vec![
            key.id.into(),
            key.tenant.into(),
            key.user_id.into(),
            key.name.clone().into(),
            key.prefix.clone().into(),
            key.last4.clone().into(),
            names(key.roles.as_ref())?.into(),
            key.created_at.into(),
            key.expires_at.into(),
            Value::Bytes(secret.hash().to_vec()),
            names(key.scope.collections.as_ref())?.into(),
            key.scope.read_only.into(),
            key.limits.per_minute.map(i64::from).into(),
            key.limits.per_day.map(i64::from).into(),
            names(key.scope.tools.as_ref())?.into(),
        ];
        let activity = NewActivity::new(ActivityKind::KeyCreated)
            .about(key.user_id)
            .with("key_id", key.id.to_string())
            .with("name", key.name.clone());
        let mut batch = Batch::new();
        batch.extend(self.expect_member(key.tenant, key.user_id));
        batch.push(Step::new(Statement::new(INSERT, params)));
        batch.push(self.note_activity(activity));
        batch.extend(self.tell(key.user_id, News::Added(SignInMethod::ApiKey))?);
        self.apply(&NOBODY, batch).await
    }
}

/// Whether it can be the name of an MCP tool.
fn is_tool(name: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(fit)
}

/// A list of names as it is stored.
fn names(names: Option<&Vec<String>>) -> Result<Option<String>> {
    let stored = names.map(serde_json::to_string).transpose();
    stored.map_err(Error::internal)
}

/// Somebody who may have to do with keys at all.
#[derive(Debug, Clone, Copy)]
struct Keeper {
    session: SessionId,
    user: UserId,
    is_admin: bool,
}

impl Keeper {
    /// A key must not make or see keys: a leaked one would never end.
    fn of(identity: &Identity) -> Result<Self> {
        let refused = || Error::new(ErrorKind::Forbidden, "sign in to manage API keys");
        let Credential::Session(session) = identity.credential else {
            return Err(refused());
        };
        identity.require_account()?;
        identity.require_himself()?;
        let user = identity.user_id.parse().map_err(|_| refused())?;
        Ok(Self {
            session,
            user,
            is_admin: identity.roles.iter().any(|role| role == role::ADMIN),
        })
    }
}

/// Revokes the keys of a user whose address was never verified: they need not be
/// of the one who has it.
pub(crate) fn revoke_if_unverified(user: UserId, now: Timestamp) -> Step {
    let params = vec![now.into(), user.into()];
    Step::new(Statement::new(REVOKE_IF_UNVERIFIED, params))
}

/// Revokes all keys of a user.
pub(crate) fn revoke_all(user: UserId, now: Timestamp) -> Step {
    Step::new(Statement::new(REVOKE_ALL, vec![now.into(), user.into()]))
}

/// Revokes the keys of a user in a workspace.
pub(crate) fn revoke_all_in(tenant: TenantId, user: UserId, now: Timestamp) -> Step {
    let params = vec![now.into(), tenant.into(), user.into()];
    Step::new(Statement::new(REVOKE_ALL_IN, params))
}
