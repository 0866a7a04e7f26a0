use sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait, InsertStatement, SelectStatement,
    SubQueryStatement, WithClause, WithQuery,
};
use serde_json::Value as Json;
use workeros_core::{
    Action, Change, Dialect, Error, ErrorKind, Expect, Result, Row, Runtime, Statement, Step,
    Subject, TenantId, Timestamp, Type, Value,
};
use workeros_dsl::sql::Slots;

use crate::collection::Collection;
use crate::data_plane::DataPlane;
use crate::snapshot::Snapshot;

const INSERT: &str = "INSERT INTO workeros_changes \
     (tenant_id, collection, item, action, before, after, actor, request_id, at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

// An entry of a write is appended only if the workspace is still as it was when
// the write was checked: a write that was under way when a permission was taken
// back or a definition changed starts over.
const APPEND_SQLITE: &str = "INSERT INTO workeros_changes \
     (tenant_id, collection, item, action, before, after, actor, request_id, at) \
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 \
     WHERE EXISTS (SELECT 1 FROM workeros_tenants WHERE id = $1 AND version = $10)";
const APPEND_POSTGRES: &str = "INSERT INTO workeros_changes \
     (tenant_id, collection, item, action, before, after, actor, request_id, at) \
     SELECT CAST($1 AS uuid), CAST($2 AS text), CAST($3 AS text), CAST($4 AS text), \
     CAST($5 AS jsonb), CAST($6 AS jsonb), CAST($7 AS text), CAST($8 AS text), \
     CAST($9 AS timestamptz) \
     WHERE EXISTS (SELECT 1 FROM workeros_tenants WHERE id = $1 AND version = CAST($10 AS bigint))";

/// The columns of an entry.
const COLUMNS: [(&str, Type); 9] = [
    ("tenant_id", Type::Uuid),
    ("collection", Type::Text),
    ("item", Type::Text),
    ("action", Type::Text),
    ("before", Type::Json),
    ("after", Type::Json),
    ("actor", Type::Text),
    ("request_id", Type::Text),
    ("at", Type::Timestamp),
];
/// How many arguments an entry takes: its columns, and the version.
pub(crate) const ARGUMENTS: usize = COLUMNS.len() + 1;

// On Postgres a transaction that began earlier may commit later, with a lower
// number. A reader goes by transaction, and stops before the oldest one that
// is still open: what it has passed is complete.
const READ_SQLITE: &str = "SELECT 0, seq, tenant_id, collection, item, action, before, after, \
     actor, request_id, at FROM workeros_changes WHERE seq > $1 ORDER BY seq LIMIT $2";
const READ_POSTGRES: &str = "SELECT CAST(CAST(tx AS text) AS bigint), seq, tenant_id, collection, \
     item, action, before, after, actor, request_id, at FROM workeros_changes \
     WHERE (tx, seq) > (CAST(CAST(CAST($1 AS bigint) AS text) AS xid8), $2) \
     AND tx < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY tx, seq LIMIT $3";
const END_SQLITE: &str = "SELECT 0, COALESCE(MAX(seq), 0) FROM workeros_changes";
const END_POSTGRES: &str = "SELECT COALESCE(CAST(CAST(tx AS text) AS bigint), 0), seq \
     FROM workeros_changes WHERE tx < pg_snapshot_xmin(pg_current_snapshot()) \
     ORDER BY tx DESC, seq DESC LIMIT 1";

/// The names under which definitions and access stand in the log; no
/// collection can have one of them.
const DEFINITIONS: &str = "_collections";
pub(crate) const ROLES: &str = "_roles";
pub(crate) const PERMISSIONS: &str = "_permissions";

/// A place in the change log. Entries are read in its order, which is one in
/// which no entry appears behind a reader that has passed its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    pub(crate) transaction: i64,
    pub(crate) sequence: i64,
}

/// The change log, for readers inside the host.
#[derive(Debug, Clone)]
pub struct Changes {
    plane: DataPlane,
}

impl DataPlane {
    /// The change log of all workspaces.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes {
            plane: self.clone(),
        }
    }
}

impl Changes {
    /// The entries after a position, at most `limit`, each with its own.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn read(&self, after: Position, limit: u32) -> Result<Vec<(Position, Change)>> {
        let database = &self.plane.runtime().database;
        let limit = Value::Integer(limit.into());
        let statement = match database.dialect() {
            Dialect::Sqlite => Statement::new(READ_SQLITE, vec![after.sequence.into(), limit]),
            Dialect::Postgres => Statement::new(
                READ_POSTGRES,
                vec![after.transaction.into(), after.sequence.into(), limit],
            ),
        };
        database
            .fetch(statement)
            .await?
            .iter()
            .map(read_change)
            .collect()
    }

    /// The position of the last entry.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn end(&self) -> Result<Position> {
        let database = &self.plane.runtime().database;
        let sql = match database.dialect() {
            Dialect::Sqlite => END_SQLITE,
            Dialect::Postgres => END_POSTGRES,
        };
        let rows = database.fetch(Statement::new(sql, vec![])).await?;
        rows.first().map_or(Ok(Position::default()), read_position)
    }
}

/// What an entry of the log says beside what was written.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) tenant: TenantId,
    pub(crate) collection: String,
    pub(crate) action: Action,
    pub(crate) actor: String,
    pub(crate) request_id: Option<String>,
    pub(crate) at: Timestamp,
}

impl Entry {
    /// What [`append`] and [`append_with`] take: the entry, and the version at
    /// which the workspace must be for it to be appended.
    pub(crate) fn arguments(
        &self,
        snapshot: &Snapshot,
        item: String,
        before: Option<String>,
        after: Option<String>,
    ) -> Vec<Value> {
        let mut values = self.values(item, before, after);
        values.push(snapshot.version.into());
        values
    }

    fn values(&self, item: String, before: Option<String>, after: Option<String>) -> Vec<Value> {
        let image = |image: Option<String>| image.map_or(Value::Null, Value::Json);
        vec![
            self.tenant.into(),
            self.collection.clone().into(),
            item.into(),
            self.action.as_str().into(),
            image(before),
            image(after),
            self.actor.clone().into(),
            self.request_id.clone().into(),
            self.at.into(),
        ]
    }
}

/// The statement that appends an entry, to be [checked](at_version): it appends
/// none if the workspace is at another version by now.
pub(crate) fn append(arguments: Vec<Value>, dialect: Dialect) -> Statement {
    let sql = match dialect {
        Dialect::Sqlite => APPEND_SQLITE,
        Dialect::Postgres => APPEND_POSTGRES,
    };
    Statement::new(sql, arguments)
}

/// The statement that does a write and appends an entry for each row it
/// returns. `first` is where the entry stands among the arguments.
pub(crate) fn append_with(
    write: SubQueryStatement,
    first: usize,
    slots: &mut Slots,
) -> Result<WithQuery> {
    const WRITTEN: &str = "written";
    let mut select = SelectStatement::new();
    select.from(Alias::new(WRITTEN));
    for (index, (_, ty)) in COLUMNS.into_iter().enumerate() {
        select.expr(slots.argument(first + index, ty));
    }
    let mut append = InsertStatement::new();
    append
        .into_table(Alias::new("workeros_changes"))
        .columns(COLUMNS.map(|(column, _)| Alias::new(column)))
        .select_from(select)
        .map_err(Error::internal)?;
    let mut written = CommonTableExpression::new();
    written.table_name(Alias::new(WRITTEN)).query(write);
    let mut with = WithClause::new();
    with.cte(written);
    Ok(append.with(with))
}

/// That the workspace is at the version that belongs to the entry at `first`.
pub(crate) fn is_at_version(first: usize, slots: &mut Slots) -> Expr {
    let workspace = slots.argument(first, Type::Uuid);
    let version = slots.argument(first + COLUMNS.len(), Type::Integer);
    let mut select = SelectStatement::new();
    select
        .expr(Expr::cust("1"))
        .from(Alias::new("workeros_tenants"))
        .and_where(Expr::col(Alias::new("id")).eq(workspace))
        .and_where(Expr::col(Alias::new("version")).eq(version));
    Expr::exists(select)
}

/// A step that appends an entry of a write.
pub(crate) fn at_version(step: Step) -> Step {
    let why = "what may be done here was changed meanwhile; try again";
    step.expect(Expect::One, ErrorKind::PreconditionFailed, why)
}

/// Appends the change of a definition.
pub(crate) fn definition_step(
    runtime: &Runtime,
    subject: &Subject,
    before: Option<&Collection>,
    after: Option<&Collection>,
) -> Step {
    let item = before.or(after).map(|collection| collection.id.to_string());
    let image = |collection: &Collection| collection.to_json();
    let item = item.unwrap_or_default();
    admin_step(
        runtime,
        subject,
        DEFINITIONS,
        item,
        before.map(image),
        after.map(image),
    )
}

/// Appends what an admin changed; `kind` is the name it stands under.
pub(crate) fn admin_step(
    runtime: &Runtime,
    subject: &Subject,
    kind: &'static str,
    item: String,
    before: Option<Json>,
    after: Option<Json>,
) -> Step {
    let action = match (&before, &after) {
        (None, _) => Action::Create,
        (Some(_), Some(_)) => Action::Update,
        (Some(_), None) => Action::Delete,
    };
    let entry = Entry {
        tenant: subject.tenant(),
        collection: kind.to_owned(),
        action,
        actor: subject.actor(),
        request_id: None,
        at: runtime.now(),
    };
    let image = |json: Option<Json>| json.map(|json| json.to_string());
    let values = entry.values(item, image(before), image(after));
    Step::new(Statement::new(INSERT, values))
}

fn read_position(row: &Row) -> Result<Position> {
    Ok(Position {
        transaction: row.integer(0)?,
        sequence: row.integer(1)?,
    })
}

fn read_change(row: &Row) -> Result<(Position, Change)> {
    let text =
        |index| -> Result<Option<String>> { Ok(row.optional_text(index)?.map(ToOwned::to_owned)) };
    let action = Action::parse(row.text(5)?)
        .ok_or_else(|| Error::internal("the log holds an unknown action"))?;
    let change = Change::new(
        TenantId::new(row.uuid(2)?),
        row.text(3)?,
        row.text(4)?,
        action,
        row.text(8)?,
        row.timestamp(10)?,
    )
    .with_images(text(6)?, text(7)?)
    .with_request_id(text(9)?);
    Ok((read_position(row)?, change))
}
