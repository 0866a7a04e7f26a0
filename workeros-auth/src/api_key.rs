use std::sync::Arc;
use std::time::Duration;

use subtle::ConstantTimeEq as _;
use workeros_core::{
    ApiKeyId, Cost, Credential, Decision, Error, ErrorKind, Identity, Quota, RateKey, Result, Row,
    Rows, Scope, Statement, Step, TenantId, Timestamp, UserId, role,
};

use crate::cache::{CacheKey, Known, TOUCH_INTERVAL};
use crate::changes::{Place, SecretHash};
use crate::email::is_placeholder;
use crate::session::earlier;
use crate::user::{holds, read_roles};
use crate::{ApiKeySecret, Auth};

/// An API key, as it can be shown: the key itself is known only to its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The workspace it acts in.
    pub tenant: TenantId,
    /// Its owner, as who it acts.
    pub user_id: UserId,
    /// What it is for.
    pub name: String,
    /// The eight characters after `pak_`.
    pub prefix: String,
    /// Its last four characters.
    pub last4: String,
    /// The roles it is narrowed to; `None` for all its owner has.
    pub roles: Option<Vec<String>>,
    /// What else it is narrowed to.
    pub scope: Scope,
    /// How often it may be used.
    pub limits: KeyLimits,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to a minute.
    pub last_used_at: Option<Timestamp>,
}

/// How often a key may be used; `None` as often as anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct KeyLimits {
    /// Requests in a minute.
    pub per_minute: Option<u32>,
    /// Requests in 24 hours.
    pub per_day: Option<u32>,
}

impl KeyLimits {
    /// At most so many requests in a minute, and in 24 hours.
    #[must_use]
    pub fn new(per_minute: Option<u32>, per_day: Option<u32>) -> Self {
        Self {
            per_minute,
            per_day,
        }
    }
}

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// Who acts by a key that is not revoked, and until when.
#[derive(Debug)]
pub(crate) struct KnownKey {
    id: ApiKeyId,
    expires_at: Option<Timestamp>,
    limits: KeyLimits,
    identity: Identity,
}

type Found = Arc<Known<KnownKey>>;

const FIND: &str = "SELECT k.id, k.tenant_id, k.token_hash, k.roles, k.expires_at, k.last_used_at, \
    k.revoked_at, u.id, u.email, u.disabled, r.role, k.collections, k.read_only, k.per_minute, \
    k.per_day, k.tools \
    FROM workeros_api_keys k JOIN workeros_users u ON u.id = k.user_id \
    LEFT JOIN workeros_user_roles r ON r.tenant_id = k.tenant_id AND r.user_id = k.user_id \
    WHERE k.prefix = $1";
const TOUCH: &str = "UPDATE workeros_api_keys SET last_used_at = $1 \
    WHERE id = $2 AND (last_used_at IS NULL OR last_used_at <= $3)";

impl Auth {
    /// Who acts by a key: its owner, in the key's workspace, with those of the
    /// owner's roles the key is not narrowed from. `None` when there is no
    /// such key, or it has ended. What is remembered, or one indexed read.
    pub(crate) async fn identity_of_key(&self, key: &ApiKeySecret) -> Result<Option<Identity>> {
        let found = self.find_key(key).await?;
        let Some(known) = found.filter(|known| !self.has_expired(&known.value)) else {
            return Ok(None);
        };
        let quotas = self.spend(&known.value).await?;
        self.touch_key(&known);
        Ok(Some(known.value.identity.clone().with_quotas(quotas)))
    }

    /// Counts a use of a key, where it has limits, and answers what is left of
    /// them.
    async fn spend(&self, key: &KnownKey) -> Result<Vec<Decision>> {
        let mut quotas = Vec::new();
        let Some(limiter) = &self.inner.limiter else {
            return Ok(quotas);
        };
        let of_key = |rule| RateKey::new(rule).with(key.id.uuid().as_bytes());
        if let Some(limit) = key.limits.per_minute {
            let quota = Quota::new(limit, MINUTE).named("minute");
            let taken = limiter.take(&of_key("key by minute"), quota).await?;
            quotas.push(taken.check()?);
        }
        if let Some(limit) = key.limits.per_day {
            let quota = Quota::new(limit, DAY).named("day");
            let taken = limiter.take(&of_key("key by day"), quota).await?;
            quotas.push(taken);
            if !taken.is_admitted {
                let error = Error::new(ErrorKind::QuotaExceeded, "the key is used up for today");
                let error = error.with_retry_after(taken.resets_in_seconds());
                return Err(error.with_quotas(quotas));
            }
        }
        Ok(quotas)
    }

    async fn find_key(&self, key: &ApiKeySecret) -> Result<Option<Found>> {
        let hash = key.hash();
        let place = CacheKey { hash, named: None };
        let remembered = self.inner.keys.get(&place, &self.inner.store, self.now());
        if remembered.is_some() {
            return Ok(remembered);
        }
        let found = self.read_key(key.prefix(), &hash).await?;
        if let Some(known) = &found {
            self.inner.keys.put(place, known);
        }
        Ok(found)
    }

    async fn read_key(&self, prefix: &str, hash: &SecretHash) -> Result<Option<Found>> {
        let (moment, now) = (self.inner.store.moment(), self.now());
        let statement = Statement::new(FIND, vec![prefix.into()]);
        let rows = self.fetch(statement.with_cost(Cost::Short)).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        // In constant time: the row was found by the public part alone.
        let proven: bool = hash.ct_eq(first.bytes(2)?).into();
        let is_revoked = !first.is_null(6);
        let is_disabled = first.boolean(9)?;
        let tenant = TenantId::new(first.uuid(1)?);
        let is_member = tenant == self.home() || holds(&rows, 10, role::AUTHENTICATED)?;
        if !proven || is_revoked || is_disabled || !is_member {
            return Ok(None);
        }
        let known = KnownKey {
            id: ApiKeyId::new(first.uuid(0)?),
            expires_at: first.optional_timestamp(4)?,
            limits: read_limits(first, 13)?,
            identity: identity(first, &rows)?,
        };
        let about = [first.uuid(7)?, first.uuid(0)?].map(|id| Place::of(id.as_bytes()));
        let used_at = first.optional_timestamp(5)?;
        let known = Known::new(known, about, moment, now, used_at);
        Ok(Some(Arc::new(known)))
    }

    fn has_expired(&self, key: &KnownKey) -> bool {
        key.expires_at.is_some_and(|at| at <= self.now())
    }

    fn touch_key(&self, known: &Known<KnownKey>) {
        let now = self.now();
        if known.touch(now) {
            let before = earlier(now, TOUCH_INTERVAL);
            let params = vec![now.into(), known.value.id.into(), before.into()];
            self.note(Step::new(Statement::new(TOUCH, params)));
        }
    }
}

fn identity(first: &Row, rows: &Rows) -> Result<Identity> {
    let mut roles = read_roles(rows, 10)?;
    if let Some(scope) = read_scope(first, 3)? {
        roles.retain(|role| scope.contains(role));
    }
    let identity = Identity::host(UserId::new(first.uuid(7)?).to_string());
    let address = first.text(8)?;
    let identity = match is_placeholder(address) {
        true => identity,
        false => identity.with_email(address),
    };
    let identity = identity
        .with_tenant(TenantId::new(first.uuid(1)?))
        .with_scope(read_narrowing(first, 11, 15)?)
        .with_credential(Credential::ApiKey(ApiKeyId::new(first.uuid(0)?)));
    Ok(roles.into_iter().fold(identity, Identity::with_role))
}

impl ApiKey {
    /// Reads `id, tenant_id, user_id, name, prefix, last4, roles, created_at,
    /// expires_at, last_used_at, collections, read_only, per_minute, per_day,
    /// tools`.
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: ApiKeyId::new(row.uuid(0)?),
            tenant: TenantId::new(row.uuid(1)?),
            user_id: UserId::new(row.uuid(2)?),
            name: row.text(3)?.to_owned(),
            prefix: row.text(4)?.to_owned(),
            last4: row.text(5)?.to_owned(),
            roles: read_scope(row, 6)?,
            created_at: row.timestamp(7)?,
            expires_at: row.optional_timestamp(8)?,
            last_used_at: row.optional_timestamp(9)?,
            scope: read_narrowing(row, 10, 14)?,
            limits: read_limits(row, 12)?,
        })
    }
}

/// Reads `collections, read_only`, and `tools` where they stand.
fn read_narrowing(row: &Row, at: usize, tools: usize) -> Result<Scope> {
    let scope = Scope::default()
        .with_read_only(row.boolean(at + 1)?)
        .with_tools(read_scope(row, tools)?);
    Ok(scope.with_collections(read_scope(row, at)?))
}

/// Reads `per_minute, per_day`.
fn read_limits(row: &Row, at: usize) -> Result<KeyLimits> {
    let limit = |at| -> Result<Option<u32>> {
        if row.is_null(at) {
            return Ok(None);
        }
        u32::try_from(row.integer(at)?)
            .map(Some)
            .map_err(Error::internal)
    };
    Ok(KeyLimits::new(limit(at)?, limit(at + 1)?))
}

fn read_scope(row: &Row, at: usize) -> Result<Option<Vec<String>>> {
    row.optional_text(at)?
        .map(serde_json::from_str)
        .transpose()
        .map_err(Error::internal)
}
