//! What becomes of users, keys and sessions when a workspace is deleted.
//!
//! What somebody acts there by ends in the batch that deletes it. Its end users
//! are too many for that: they are nobody because the workspace is not there, and
//! are removed afterwards. What was noted of them stays as long as all activity.

use workeros_core::{Batch, Result, Statement, Step, TenantId, Workspace};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::{Affected, NOBODY};
use crate::{Auth, Platform};

/// What of the team acts there, and what is on its way there.
const AT_ONCE: [&str; 4] = [
    "DELETE FROM workeros_user_roles WHERE tenant_id = $1",
    "DELETE FROM workeros_api_keys WHERE tenant_id = $1",
    "DELETE FROM workeros_auth_flows WHERE realm_id = $1",
    "DELETE FROM workeros_mail_queue WHERE realm_id = $1",
];
/// With their sessions and all they sign in by, which refer to them.
const SOME_USERS: &str = "DELETE FROM app_users WHERE id IN \
    (SELECT id FROM app_users WHERE realm_id = $1 LIMIT 200) RETURNING id";
/// What is there without a user. Each table with a column that names a realm or
/// a workspace has a line here or above, which a test holds.
const REST: [&str; 6] = [
    "DELETE FROM app_user_roles WHERE tenant_id = $1",
    "DELETE FROM app_auth_flows WHERE realm_id = $1",
    "DELETE FROM app_organizations WHERE realm_id = $1",
    "DELETE FROM app_settings WHERE realm_id = $1",
    "DELETE FROM app_origins WHERE realm_id = $1",
    "DELETE FROM workeros_signing_keys WHERE realm = $1",
];

impl Auth {
    /// Ends what users of the team act by in a workspace that is deleted: their
    /// membership and roles, keys, invitations. `delete` gets the steps for the
    /// batch that deletes it, from which on they count for nothing. For those who
    /// may: no permission is asked here.
    ///
    /// # Errors
    ///
    /// What `delete` answers.
    pub async fn end_workspace<T, F>(
        &self,
        workspace: &Workspace,
        delete: impl FnOnce(Vec<Step>) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let everybody = &[Affected::All];
        let (_change, mut steps) = self.inner.store.begin::<Platform>(everybody);
        steps.extend(AT_ONCE.map(|sql| about(sql, workspace.id)));
        let activity = NewActivity::new(ActivityKind::WorkspaceDeleted)
            .with("workspace", workspace.id.to_string())
            .with("slug", workspace.slug.clone());
        steps.push(self.note_activity(activity));
        delete(steps).await
    }

    /// Removes what is left of a workspace that was deleted: its end users with
    /// all that is theirs, its settings, and what came to be meanwhile. It may be
    /// cut off anywhere and begun anew.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn remove_workspace(&self, tenant: TenantId) -> Result<()> {
        loop {
            let batch = Batch::new().step(about(SOME_USERS, tenant));
            if self.apply_and_read(&NOBODY, batch).await?.first().is_none() {
                break;
            }
        }
        let mut batch = Batch::new();
        batch.extend(
            AT_ONCE
                .into_iter()
                .chain(REST)
                .map(|sql| about(sql, tenant)),
        );
        self.apply(&NOBODY, batch).await
    }
}

fn about(sql: &'static str, tenant: TenantId) -> Step {
    Step::new(Statement::new(sql, vec![tenant.into()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MIGRATIONS;

    /// Of whom nothing is left, or who goes with the users or organizations he
    /// refers to.
    #[test]
    fn every_table_of_a_workspace_is_thought_of() {
        // What was done, and what is still to be noted of it.
        let kept = ["workeros_auth_activity", "workeros_impersonations"];
        let statements = [&AT_ONCE[..], &REST[..], &[SOME_USERS]].concat();
        for migration in MIGRATIONS {
            for sql in migration.sqlite.iter().chain(migration.postgres) {
                let Some(table) = sql.strip_prefix("CREATE TABLE ") else {
                    continue;
                };
                let (table, columns) = table.split_once(' ').unwrap();
                let names = ["realm_id ", "tenant_id ", "realm "];
                // Of the instance, and of nobody else.
                let is_of_instance = table.starts_with("workeros_")
                    && columns.contains("realm_id ")
                    && columns.contains("REFERENCES workeros_users");
                let goes_along = ["REFERENCES app_users", "REFERENCES app_organizations"]
                    .iter()
                    .any(|reference| columns.contains(reference));
                if !names.iter().any(|name| columns.contains(name)) || goes_along {
                    continue;
                }
                let is_deleted = statements.iter().any(|sql| {
                    let rest = sql.strip_prefix("DELETE FROM ");
                    rest.is_some_and(|rest| rest.split(' ').next() == Some(table))
                });
                let is_users = ["workeros_users"].contains(&table);
                assert!(
                    is_deleted || is_of_instance || is_users || kept.contains(&table),
                    "what becomes of {table}?"
                );
            }
        }
    }
}
