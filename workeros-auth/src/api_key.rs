use subtle::ConstantTimeEq as _;
use workeros_core::{
    ApiKeyId, Cost, Credential, Error, Identity, Result, Row, Rows, Statement, TenantId, Timestamp,
    UserId,
};

use crate::session::{TOUCH_INTERVAL, earlier};
use crate::user::read_roles;
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
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to a minute.
    pub last_used_at: Option<Timestamp>,
}

const FIND: &str = "SELECT k.id, k.tenant_id, k.token_hash, k.roles, k.expires_at, k.last_used_at, \
    k.revoked_at, u.id, u.email, u.disabled, r.role \
    FROM workeros_api_keys k JOIN workeros_users u ON u.id = k.user_id \
    LEFT JOIN workeros_user_roles r ON r.tenant_id = k.tenant_id AND r.user_id = k.user_id \
    WHERE k.prefix = $1";
const TOUCH: &str = "UPDATE workeros_api_keys SET last_used_at = $1 \
    WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $3)";

impl Auth {
    /// Who acts by a key: its owner, in the key's workspace, with those of the
    /// owner's roles the key is not narrowed from. `None` when there is no
    /// such key, or it has ended. One indexed read.
    pub(crate) async fn identity_of_key(&self, key: &ApiKeySecret) -> Result<Option<Identity>> {
        let params = vec![key.prefix().into()];
        let rows = self
            .fetch(Statement::new(FIND, params).with_cost(Cost::Short))
            .await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        // In constant time: the row was found by the public part alone.
        let proven: bool = key.hash().ct_eq(first.bytes(2)?).into();
        if !proven || !self.is_alive(first)? {
            return Ok(None);
        }
        let id = ApiKeyId::new(first.uuid(0)?);
        self.touch_key(id, first.optional_timestamp(5)?);
        identity(id, first, &rows).map(Some)
    }

    fn is_alive(&self, row: &Row) -> Result<bool> {
        let expired = row
            .optional_timestamp(4)?
            .is_some_and(|at| at <= self.now());
        Ok(!expired && row.is_null(6) && !row.boolean(9)?)
    }

    fn touch_key(&self, id: ApiKeyId, last_used_at: Option<Timestamp>) {
        let now = self.now();
        let before = earlier(now, TOUCH_INTERVAL);
        if last_used_at.is_none_or(|at| at <= before) {
            let params = vec![now.into(), id.into(), before.into()];
            self.note(Statement::new(TOUCH, params));
        }
    }
}

fn identity(id: ApiKeyId, first: &Row, rows: &Rows) -> Result<Identity> {
    let mut roles = read_roles(rows, 10)?;
    if let Some(scope) = read_scope(first, 3)? {
        roles.retain(|role| scope.contains(role));
    }
    let identity = Identity::host(UserId::new(first.uuid(7)?).to_string())
        .with_email(first.text(8)?)
        .with_tenant(TenantId::new(first.uuid(1)?))
        .with_credential(Credential::ApiKey(id));
    Ok(roles.into_iter().fold(identity, Identity::with_role))
}

impl ApiKey {
    /// Reads `id, tenant_id, user_id, name, prefix, last4, roles, created_at,
    /// expires_at, last_used_at`.
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
        })
    }
}

fn read_scope(row: &Row, at: usize) -> Result<Option<Vec<String>>> {
    row.optional_text(at)?
        .map(serde_json::from_str)
        .transpose()
        .map_err(Error::internal)
}
