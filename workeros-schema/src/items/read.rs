use std::sync::Arc;

use sea_query::{Alias, Expr, ExprTrait, SelectStatement};
use workeros_core::{
    Action, Cost, Dialect, Error, ErrorKind, Grant, Result, Statement, Subject, Type, Value,
};
use workeros_dsl::Variables;
use workeros_dsl::sql::{Slots, Template, ordered};

use super::columns::{Seen, and, no_sql, read};
use super::cursor::Cursors;
use super::plan::{ListPlan, PlanKey, Planner, TENANT, asked_field, tenant};
use super::query::Query;
use super::row::{ItemRow, parse_id};
use super::statements::Verb;
use super::{Item, Items, List, Meta};
use crate::collection::Collection;
use crate::ddl::VERSION_COLUMN;
use crate::field::{Field, System};
use crate::snapshot::Snapshot;

impl Items {
    /// One page of items.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) with the parameter
    /// it is about;
    /// [`Unauthorized`](workeros_core::ErrorKind::Unauthorized) or
    /// [`Forbidden`](workeros_core::ErrorKind::Forbidden) without permission.
    pub async fn list(&self, query: &Query) -> Result<List> {
        let query = query.validated()?;
        let snapshot = self.snapshot().await?;
        match self.list_at(&snapshot, &query).await {
            Err(error) => {
                let newer = self.overtaken(snapshot, error).await?;
                self.list_at(&newer, &query).await
            }
            list => list,
        }
    }

    async fn list_at(&self, snapshot: &Snapshot, query: &Query) -> Result<List> {
        let (collection, grant) = snapshot.granted(&self.subject, &self.slug, Action::Read)?;
        let variables = self.variables();
        let (plan, after) = self.plan(snapshot, &collection, &grant, query)?;
        let mut arguments = vec![tenant_value(&collection)];
        arguments.extend(after);
        let page = plan.page.bind(&variables, &arguments);
        let statement = Statement::new(plan.page.sql().clone(), page).with_cost(plan.cost);
        let database = &self.plane.runtime().database;
        // The counts first: they run on their way while the page is read.
        let (meta, page) = tokio::try_join!(
            self.meta(&plan, &variables, &arguments),
            database.fetch_json(statement, Arc::clone(&plan.shape)),
        )?;
        let next_cursor = (page.more && query.cursor.is_some())
            .then(|| self.cursors(&plan.scope).write(&page.carried));
        Ok(List {
            json: page.json,
            limit: plan.limit,
            offset: query.cursor.is_none().then(|| query.offset.unwrap_or(0)),
            next_cursor,
            has_more: page.more,
            meta,
        })
    }

    /// One item by its id.
    ///
    /// # Errors
    ///
    /// [`NotFound`](workeros_core::ErrorKind::NotFound) when there is none that
    /// the caller may read; else as [`list`](Self::list).
    pub async fn get(&self, id: &str, query: &Query) -> Result<Item> {
        let snapshot = self.snapshot().await?;
        match self.get_at(&snapshot, id, query).await {
            Err(error) => {
                let newer = self.overtaken(snapshot, error).await?;
                self.get_at(&newer, id, query).await
            }
            item => item,
        }
    }

    async fn get_at(&self, snapshot: &Snapshot, id: &str, query: &Query) -> Result<Item> {
        let (collection, grant) = snapshot.granted(&self.subject, &self.slug, Action::Read)?;
        let seen = Seen {
            collection: &collection,
            grant: &grant,
        };
        for name in query.fields.iter().flatten() {
            asked_field(&collection, seen, name)?;
        }
        let row = self
            .load(&collection, id)
            .await?
            .ok_or_else(Error::not_found)?;
        let visible = grant
            .fields_on(&row, &self.variables())
            .ok_or_else(Error::not_found)?;
        Ok(Item {
            json: row.shown(&visible, query.fields.as_deref()),
            etag: self.etag(&row),
        })
    }

    /// The state to read again at, when a statement failed because the tables
    /// changed under it; else the error.
    async fn overtaken(&self, snapshot: Arc<Snapshot>, error: Error) -> Result<Arc<Snapshot>> {
        if error.kind() != ErrorKind::Internal {
            return Err(error);
        }
        let version = snapshot.version;
        match self.plane.compared(snapshot).await {
            Ok(newer) if newer.version != version => Ok(newer),
            // The whole workspace was deleted.
            Err(gone) if gone.kind() == ErrorKind::NotFound => Err(gone),
            _ => Err(error),
        }
    }

    /// The item as the caller may read it after he wrote it; its id alone when
    /// he may not.
    pub(crate) fn readable(
        &self,
        snapshot: &Snapshot,
        row: &ItemRow,
        variables: &Variables,
    ) -> Item {
        let grant = snapshot.grant(&self.subject, &row.collection, Action::Read);
        let visible = grant.and_then(|grant| grant.fields_on(row, variables));
        let visible = visible
            .unwrap_or_else(|| workeros_core::FieldSet::Only(std::collections::BTreeSet::new()));
        Item {
            json: row.shown(&visible, None),
            etag: self.etag(row),
        }
    }

    /// The whole row with that id, whoever may see it.
    pub(crate) async fn load(
        &self,
        collection: &Arc<Collection>,
        id: &str,
    ) -> Result<Option<ItemRow>> {
        let Some(id) = parse_id(collection, id) else {
            return Ok(None);
        };
        let write = || select_by(collection, System::Id.name(), 1, self.dialect());
        let statements = &self.plane.0.statements;
        let template = statements.get_or_write(collection, Verb::SelectById, write)?;
        let params = template.bind(&Variables::default(), &[tenant_value(collection), id]);
        let statement = Statement::new(template.sql().clone(), params).with_cost(Cost::Short);
        let rows = self.plane.runtime().database.fetch(statement).await?;
        rows.first()
            .map(|row| ItemRow::read(collection, row))
            .transpose()
    }

    fn plan(
        &self,
        snapshot: &Snapshot,
        collection: &Collection,
        grant: &Grant,
        query: &Query,
    ) -> Result<(Arc<ListPlan>, Vec<Value>)> {
        let key = |nulls| PlanKey {
            collection: collection.id,
            state: snapshot.version,
            roles: roles(&self.subject),
            query: Query {
                cursor: query.cursor.as_ref().map(|_| String::new()),
                ..query.clone()
            },
            nulls,
        };
        let make = |key: &PlanKey| {
            let nulls = key.nulls.as_deref();
            let query = &key.query;
            Planner {
                dialect: self.dialect(),
                collection,
                grant,
                query,
                nulls,
            }
            .plan()
        };
        let plans = &self.plane.0.plans;
        let first = plans.get_or_make(key(None), make)?;
        let Some(cursor) = query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else {
            return Ok((first, Vec::new()));
        };
        let after = self.cursors(&first.scope).read(cursor, first.keys)?;
        let nulls = after.iter().map(Value::is_null).collect();
        let plan = plans.get_or_make(key(Some(nulls)), make)?;
        Ok((plan, after))
    }

    async fn meta(
        &self,
        plan: &ListPlan,
        variables: &Variables,
        arguments: &[Value],
    ) -> Result<Option<Meta>> {
        let Some(counts) = &plan.counts else {
            return Ok(None);
        };
        let params = counts.template.bind(variables, arguments);
        let statement = Statement::new(counts.template.sql().clone(), params).reusable();
        let rows = self.plane.runtime().database.fetch(statement).await?;
        let row = rows
            .first()
            .ok_or_else(|| Error::internal("a count returned no row"))?;
        let count = |column: Option<usize>| -> Result<Option<u64>> {
            let count = column.map(|column| row.integer(column)).transpose()?;
            Ok(count.and_then(|count| u64::try_from(count).ok()))
        };
        Ok(Some(Meta {
            filter_count: count(counts.filter)?,
            total_count: count(counts.total)?,
        }))
    }

    /// The validator of a row.
    pub(crate) fn etag(&self, row: &ItemRow) -> String {
        row.etag(&self.plane.0.etag_keys)
    }

    fn cursors<'a>(&'a self, scope: &'a str) -> Cursors<'a> {
        Cursors::new(&self.plane.0.cursor_keys, scope)
    }
}

/// Selects whole rows by one field, which is argument 1; so many at most.
pub(crate) fn select_by(
    collection: &Collection,
    field: &str,
    limit: u64,
    dialect: Dialect,
) -> Result<Template> {
    let mut slots = Slots::new(dialect);
    let mut select = SelectStatement::new();
    select
        .from(Alias::new(&collection.table))
        .exprs(whole_row(collection))
        .limit(limit);
    let by = collection.field(field).ok_or_else(Error::not_found)?;
    let same = by_code_point(by, dialect).eq(slots.argument(TENANT + 1, by.ty));
    // The index on the column has the column's own collation.
    let alike = read(by).eq(slots.argument(TENANT + 1, by.ty));
    let same = if by.encoding.is_plain() {
        same
    } else {
        alike.and(same)
    };
    if let Some(condition) = and(Some(same), tenant(collection, &mut slots)) {
        select.and_where(condition);
    }
    slots.finish(&select).map_err(no_sql)
}

/// A column as it is compared for being the same: on SQLite an adopted one may
/// have a collation that ignores case.
pub(crate) fn by_code_point(field: &Field, dialect: Dialect) -> Expr {
    match dialect {
        Dialect::Sqlite if !field.encoding.is_plain() => ordered(read(field), field.ty, dialect),
        Dialect::Sqlite | Dialect::Postgres => read(field),
    }
}

/// Every field in order, then the row version of a managed table.
pub(crate) fn whole_row(collection: &Collection) -> Vec<Expr> {
    let mut columns: Vec<Expr> = collection.fields.iter().map(read).collect();
    if collection.is_managed() {
        columns.push(Expr::col(Alias::new(VERSION_COLUMN)));
    }
    columns
}

/// The workspace as the collection's table holds it.
pub(crate) fn tenant_value(collection: &Collection) -> Value {
    match collection.tenant_column() {
        Some(tenant) if tenant.ty == Type::Text => Value::Text(collection.tenant.to_string()),
        _ => Value::Uuid(collection.tenant.uuid()),
    }
}

/// What a grant depends on.
fn roles(subject: &Subject) -> Option<Vec<String>> {
    (!subject.is_system()).then(|| subject.roles().to_vec())
}
