use workeros_core::{
    Batch, Error, ErrorKind, Expect, Result, Runtime, Secret, Statement, Step, TenantId, migrate,
};

use crate::data_plane::DataPlane;

const SELECT_SECRET: &str = "SELECT value FROM workeros_settings WHERE key = 'secret'";
const INSERT_SECRET: &str = "INSERT INTO workeros_settings (key, value) VALUES ('secret', $1) \
     ON CONFLICT (key) DO NOTHING";
const SELECT_ROLE: &str = "SELECT 1 FROM workeros_roles WHERE tenant_id = $1 AND name = $2";

impl DataPlane {
    /// The secret kept in the database: made at random the first time it is
    /// asked for. Whoever reads the database knows it; an operator who wants it
    /// elsewhere brings one of his own.
    ///
    /// # Errors
    ///
    /// What the database and the source of random bytes answer.
    pub async fn stored_secret(runtime: &Runtime) -> Result<Secret> {
        let database = &*runtime.database;
        migrate(database, &*runtime.clock, Self::MIGRATIONS).await?;
        let mut bytes = [0; 32];
        runtime.random.fill(&mut bytes)?;
        let insert = Statement::new(INSERT_SECRET, vec![hex::encode(bytes).into()]);
        database.apply(Batch::new().step(Step::new(insert))).await?;
        let rows = database
            .fetch(Statement::new(SELECT_SECRET, vec![]))
            .await?;
        let row = rows
            .first()
            .ok_or_else(|| Error::internal("the secret was not kept"))?;
        Secret::new(row.text(0)?).map_err(Error::internal)
    }

    /// A step that fails unless the workspace has such a role: for whoever
    /// stores who has which role.
    #[must_use]
    pub fn role_guard(tenant: TenantId, role: &str) -> Step {
        let select = Statement::new(SELECT_ROLE, vec![tenant.into(), role.into()]);
        let why = format!("there is no role `{role}`");
        Step::new(select).expect(Expect::One, ErrorKind::Validation, why)
    }
}
