//! Who becomes the first admin, and that there is always one.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use workeros_core::{
    Cost, Error, ErrorKind, Expect, Result, Statement, Step, TenantId, Timestamp, UserId, role,
};

use crate::{Auth, SignUpPolicy};

/// What the first sign-up must present where the host asks for it. Only its
/// hash is kept.
#[derive(Clone)]
pub struct SetupToken([u8; 32]);

impl SetupToken {
    pub(crate) const MIN_BYTES: usize = 16;

    /// The token with this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SetupToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupToken(..)")
    }
}

/// How the instance gets its first admin.
#[derive(Debug, Clone)]
pub(crate) enum FirstAdmin {
    /// Whoever signs up first.
    Anybody,
    /// Whoever signs up first, and has this token.
    WithToken(SetupToken),
    /// Nobody by signing up: the host knows who runs the instance.
    Nobody,
}

const IS_SET_UP: &str = "SELECT user_id FROM workeros_bootstrap WHERE id = 1";
const CLAIM: &str = "INSERT INTO workeros_bootstrap (id, user_id, created_at) VALUES (1, $1, $2) \
    ON CONFLICT DO NOTHING";
const GRANT_FIRST: &str = "INSERT INTO workeros_user_roles (tenant_id, user_id, role) \
    SELECT $1, user_id, $2 FROM workeros_bootstrap WHERE user_id = $3";
const LOCK: &str = "UPDATE workeros_bootstrap SET user_id = user_id WHERE id = 1";
const ADMIN: &str = "SELECT u.id FROM workeros_user_roles r \
    JOIN workeros_users u ON u.id = r.user_id \
    WHERE r.tenant_id = $1 AND r.role = $2 AND NOT u.disabled LIMIT 1";
/// The user, unless some workspace would be left without an admin.
const NOT_SOLE_ADMIN: &str = "SELECT u.id FROM workeros_users u WHERE u.id = $1 AND NOT EXISTS (\
    SELECT 1 FROM workeros_user_roles mine WHERE mine.user_id = u.id AND mine.role = $2 AND NOT EXISTS (\
    SELECT 1 FROM workeros_user_roles other JOIN workeros_users o ON o.id = other.user_id \
    WHERE other.tenant_id = mine.tenant_id AND other.role = mine.role \
    AND other.user_id <> u.id AND NOT o.disabled))";
const NOT_SOLE_ADMIN_OF: &str = "SELECT u.id FROM workeros_users u WHERE u.id = $1 AND NOT EXISTS (\
    SELECT 1 FROM workeros_user_roles mine WHERE mine.user_id = u.id AND mine.role = $2 \
    AND mine.tenant_id = $3 AND NOT EXISTS (\
    SELECT 1 FROM workeros_user_roles other JOIN workeros_users o ON o.id = other.user_id \
    WHERE other.tenant_id = mine.tenant_id AND other.role = mine.role \
    AND other.user_id <> u.id AND NOT o.disabled))";

impl Auth {
    /// Logs a warning when nobody is admin of the default workspace: whoever
    /// signs up first will be. For the start of a server. Says whether it did.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn warn_without_admin(&self) -> Result<bool> {
        let why = match &self.inner.first_admin {
            FirstAdmin::Anybody => "there is no admin yet: whoever signs up first becomes it",
            FirstAdmin::WithToken(_) => {
                "there is no admin yet: sign up with the setup token to become it"
            }
            FirstAdmin::Nobody => return Ok(false),
        };
        let params = vec![self.inner.default_tenant.into(), role::ADMIN.into()];
        let admins = self
            .fetch(Statement::new(ADMIN, params).with_cost(Cost::Short))
            .await?;
        if admins.first().is_some() {
            return Ok(false);
        }
        tracing::warn!("{why}");
        Ok(true)
    }

    /// Lets a sign-up pass: the first one with the setup token, if there is
    /// one, the others if everybody may. Once an instance is set up it stays
    /// so: this needs no place in the batch.
    pub(crate) async fn admit_sign_up(&self, presented: Option<&SetupToken>) -> Result<()> {
        let proven = match &self.inner.first_admin {
            FirstAdmin::Anybody => true,
            FirstAdmin::WithToken(wanted) => presented.is_some_and(|token| token.is(wanted)),
            FirstAdmin::Nobody => return self.settings.admit_sign_up(),
        };
        if proven && self.settings.sign_up == SignUpPolicy::Open {
            return Ok(());
        }
        let claimed = self
            .fetch(Statement::new(IS_SET_UP, vec![]).with_cost(Cost::Short))
            .await?;
        if claimed.first().is_some() {
            return self.settings.admit_sign_up();
        }
        if proven {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Forbidden,
            "the first sign-up needs the setup token",
        )
        .with_code("SETUP_REQUIRED"))
    }
}

/// Notes the user as the first one, if nobody was.
pub(crate) fn claim(user: UserId, now: Timestamp) -> Step {
    Step::new(Statement::new(CLAIM, vec![user.into(), now.into()]))
}

/// What goes with whoever signs up by himself.
pub(crate) fn welcome(auth: &Auth, user: UserId, now: Timestamp) -> Vec<Step> {
    let mut steps = vec![claim(user, now)];
    match auth.inner.first_admin {
        FirstAdmin::Anybody | FirstAdmin::WithToken(_) => {
            steps.push(grant_first(auth.inner.default_tenant, user));
        }
        FirstAdmin::Nobody => {}
    }
    steps
}

/// Makes the user admin if [`claim`] noted it.
fn grant_first(tenant: TenantId, user: UserId) -> Step {
    let params = vec![tenant.into(), role::ADMIN.into(), user.into()];
    Step::new(Statement::new(GRANT_FIRST, params))
}

/// Two admins who remove each other at once must see one another: batches that
/// may remove an admin run one after the other.
pub(crate) fn lock() -> Step {
    Step::new(Statement::new(LOCK, vec![]))
}

/// Fails when the user is the last admin of any workspace who can sign in.
pub(crate) fn keep_an_admin(user: UserId) -> Step {
    expect_another(Statement::new(
        NOT_SOLE_ADMIN,
        vec![user.into(), role::ADMIN.into()],
    ))
}

/// Fails when the user is the last admin of that workspace who can sign in.
pub(crate) fn keep_an_admin_of(tenant: TenantId, user: UserId) -> Step {
    let params = vec![user.into(), role::ADMIN.into(), tenant.into()];
    expect_another(Statement::new(NOT_SOLE_ADMIN_OF, params))
}

fn expect_another(statement: Statement) -> Step {
    Step::new(statement).expect(Expect::One, ErrorKind::Conflict, "the last admin must stay")
}
