//! The rows of a second factor.

use uuid::Uuid;
use workeros_core::{Cost, Error, ErrorKind, Expect, Result, Row, Statement, Step, UserId, Value};

use super::refusal::{ALREADY_ENABLED, INVALID_CODE, invalid_backup_code, invalid_code};
use crate::backup_code::{BackupCode, BackupKeys};
use crate::migrations::tables;
use crate::plane::{PlaneSql, planes};
use crate::totp::{TimeStep, TotpSecret};
use crate::{Auth, OneTimeCode, Plane};

/// What secrets are sealed for.
const PURPOSE: &str = "authenticator app";

const FIND: PlaneSql = planes!(
    "SELECT t.secret, t.last_step, t.confirmed_at FROM " p "_two_factor t \
    WHERE t.user_id = $1 AND t.realm_id = $2"
);
const IN_USE: PlaneSql = planes!(
    "SELECT user_id FROM " p "_two_factor \
    WHERE user_id = $1 AND realm_id = $2 AND confirmed_at IS NOT NULL"
);
/// One that is in use stays.
const BEGIN: PlaneSql = planes!(
    "INSERT INTO " p "_two_factor AS t (user_id, realm_id, secret, last_step, created_at) \
    SELECT u.id, u.realm_id, $1, 0, $2 FROM " p "_users u \
    WHERE u.id = $3 AND u.realm_id = $4 AND NOT u.disabled \
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, \
    last_step = excluded.last_step, created_at = excluded.created_at \
    WHERE t.confirmed_at IS NULL"
);
/// Of several who show the same code one finds it unused.
const USE: PlaneSql = planes!(
    "UPDATE " p "_two_factor SET last_step = $1, confirmed_at = COALESCE(confirmed_at, $2) \
    WHERE user_id = $3 AND realm_id = $4 AND secret = $5 AND last_step < $1"
);
const DROP: PlaneSql = planes!("DELETE FROM " p "_two_factor WHERE user_id = $1 AND realm_id = $2");
const FIND_CODES: PlaneSql =
    planes!("SELECT code_hash FROM " p "_backup_codes WHERE user_id = $1 AND realm_id = $2");
const ADD_CODE: PlaneSql = planes!(
    "INSERT INTO " p "_backup_codes (user_id, realm_id, code_hash) VALUES ($1, $2, $3)"
);
const USE_CODE: PlaneSql = planes!(
    "DELETE FROM " p "_backup_codes WHERE user_id = $1 AND realm_id = $2 AND code_hash = $3"
);
const DROP_CODES: PlaneSql =
    planes!("DELETE FROM " p "_backup_codes WHERE user_id = $1 AND realm_id = $2");

/// The authenticator app of a user.
#[derive(Debug)]
pub(super) struct AuthenticatorApp {
    pub(super) secret: TotpSecret,
    /// Whether a code of it was shown. Until then nothing asks for one.
    pub(super) is_confirmed: bool,
    sealed: String,
    last_step: TimeStep,
}

impl<P: Plane> Auth<P> {
    /// The authenticator app of a user, if one was set up.
    pub(super) async fn find_app(&self, user: UserId) -> Result<Option<AuthenticatorApp>> {
        let params = vec![user.into(), self.realm.into()];
        let statement = Statement::new(FIND.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        rows.first().map(|row| self.read_app(user, row)).transpose()
    }

    fn read_app(&self, user: UserId, row: &Row) -> Result<AuthenticatorApp> {
        let sealed = row.text(0)?.to_owned();
        let bytes = self
            .sealer()?
            .open(PURPOSE, &self.bound_to(user), &sealed)?;
        let secret = TotpSecret::of_bytes(&bytes);
        Ok(AuthenticatorApp {
            secret: secret.ok_or_else(|| Error::internal("a secret of another length"))?,
            is_confirmed: !row.is_null(2),
            last_step: row.integer(1)?,
            sealed,
        })
    }

    /// Keeps a new secret for a user who has no app in use.
    pub(super) fn begin_app(&self, user: UserId, secret: &TotpSecret) -> Result<Step> {
        let sealer = self.sealer()?;
        let sealed = sealer.seal(PURPOSE, &self.bound_to(user), secret.bytes())?;
        let now = self.now().into();
        let params = vec![sealed.into(), now, user.into(), self.realm.into()];
        let step = Step::new(Statement::new(BEGIN.of::<P>(), params));
        Ok(step.expect(Expect::One, ErrorKind::Conflict, ALREADY_ENABLED))
    }

    /// Uses a code up, and with it those of before. The first one puts the app
    /// in use.
    pub(super) fn use_code_of_app(
        &self,
        user: UserId,
        app: &AuthenticatorApp,
        code: &OneTimeCode,
    ) -> Result<Step> {
        let now = self.now();
        let step = app.secret.find_step(code, now, app.last_step);
        let params = vec![
            step.ok_or_else(invalid_code)?.into(),
            now.into(),
            user.into(),
            self.realm.into(),
            app.sealed.clone().into(),
        ];
        let step = Step::new(Statement::new(USE.of::<P>(), params));
        Ok(step.expect(Expect::One, ErrorKind::Gone, INVALID_CODE))
    }

    /// Whether a second factor is asked for.
    pub(crate) async fn has_second_factor(&self, user: UserId) -> Result<bool> {
        let params = vec![user.into(), self.realm.into()];
        let statement = Statement::new(IN_USE.of::<P>(), params).with_cost(Cost::Short);
        Ok(self.fetch(statement).await?.first().is_some())
    }

    /// Fails if a second factor was put in use meanwhile.
    pub(crate) fn expect_no_second_factor(&self, user: UserId) -> Step {
        let params = vec![user.into(), self.realm.into()];
        let step = Step::new(Statement::new(IN_USE.of::<P>(), params));
        let why = "a second factor was put in use meanwhile; sign in again";
        step.expect(Expect::None, ErrorKind::Conflict, why)
    }

    /// Takes the second factor from a user.
    pub(super) fn drop_app(&self, user: UserId) -> [Step; 2] {
        [DROP, DROP_CODES].map(|sql| {
            let params = vec![user.into(), self.realm.into()];
            Step::new(Statement::new(sql.of::<P>(), params))
        })
    }

    /// Gives a user these backup codes in place of those it had.
    pub(super) fn replace_backup_codes(
        &self,
        user: UserId,
        codes: &[BackupCode],
    ) -> Result<Vec<Step>> {
        let keys = BackupKeys::new(self.secret()?);
        let params = vec![user.into(), self.realm.into()];
        let mut steps = vec![Step::new(Statement::new(DROP_CODES.of::<P>(), params))];
        steps.extend(codes.iter().map(|code| {
            let tag = keys.tag(self.realm.id(), user, code);
            let params = vec![user.into(), self.realm.into(), Value::Bytes(tag.to_vec())];
            Step::new(Statement::new(ADD_CODE.of::<P>(), params))
        }));
        Ok(steps)
    }

    /// Uses a backup code up.
    pub(super) async fn use_backup_code(&self, user: UserId, code: &BackupCode) -> Result<Step> {
        let params = vec![user.into(), self.realm.into()];
        let statement = Statement::new(FIND_CODES.of::<P>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let keys = BackupKeys::new(self.secret()?);
        let mut found = None;
        for row in &rows {
            let tag = row.bytes(0)?;
            if keys.verify(self.realm.id(), user, code, tag) {
                found = Some(tag.to_vec());
            }
        }
        let tag = found.ok_or_else(invalid_backup_code)?;
        let params = vec![user.into(), self.realm.into(), Value::Bytes(tag)];
        let step = Step::new(Statement::new(USE_CODE.of::<P>(), params));
        Ok(step.expect(Expect::One, ErrorKind::Gone, INVALID_CODE))
    }

    /// What a sealed secret is bound to.
    fn bound_to(&self, user: UserId) -> Vec<u8> {
        [self.realm.id(), user.uuid()]
            .map(Uuid::into_bytes)
            .concat()
    }
}

tables! {
    /// Secrets are sealed. Until the first code was shown they are not
    /// confirmed, and nothing asks for one.
    PLATFORM_TWO_FACTOR = "auth-0030-two-factor", APP_TWO_FACTOR = "auth-app-0030-two-factor",
    sqlite: [
        ["CREATE TABLE " p "_two_factor (\
        user_id TEXT PRIMARY KEY NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        realm_id TEXT NOT NULL, \
        secret TEXT NOT NULL, \
        last_step INTEGER NOT NULL, \
        created_at TEXT NOT NULL, \
        confirmed_at TEXT) STRICT"],
        ["CREATE TABLE " p "_backup_codes (\
        user_id TEXT NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        realm_id TEXT NOT NULL, \
        code_hash BLOB NOT NULL, \
        PRIMARY KEY (user_id, code_hash)) STRICT"],
    ],
    postgres: [
        ["CREATE TABLE " p "_two_factor (\
        user_id uuid PRIMARY KEY REFERENCES " p "_users (id) ON DELETE CASCADE, \
        realm_id uuid NOT NULL, \
        secret text NOT NULL, \
        last_step bigint NOT NULL, \
        created_at timestamptz NOT NULL, \
        confirmed_at timestamptz)"],
        ["CREATE TABLE " p "_backup_codes (\
        user_id uuid NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        realm_id uuid NOT NULL, \
        code_hash bytea NOT NULL, \
        PRIMARY KEY (user_id, code_hash))"],
    ],
}
