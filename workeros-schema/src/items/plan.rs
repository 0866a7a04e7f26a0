use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use lru::LruCache;
use sea_query::{
    Alias, Expr, ExprTrait, Func, NullOrdering, Order, SelectStatement, SubQueryStatement,
};
use workeros_core::{
    CollectionId, Column, Cost, Dialect, Error, Grant, Result, Shape, Type, Value,
};
use workeros_dsl::Condition;
use workeros_dsl::sql::{Slots, Template, ordered};

use super::columns::{Bare, Seen, and, no_sql, read};
use super::keyset::{self, Key};
use super::query::{DEFAULT_LIMIT, Direction, Query, SortKey};
use crate::collection::Collection;
use crate::field::{Field, System};

/// How many plans are kept.
const CAPACITY: usize = 4096;

/// The longest query whose plan is kept, in bytes: so many times the capacity
/// is what a client can make of them.
const MAX_KEPT: usize = 4096;

/// The position of the workspace among the arguments of every statement; the
/// values of a cursor follow it.
pub(crate) const TENANT: usize = 0;

/// Everything about a list that does not depend on who asks beyond his roles,
/// nor on where he is in it.
#[derive(Debug)]
pub(crate) struct ListPlan {
    pub(crate) page: Template,
    pub(crate) shape: Arc<Shape>,
    pub(crate) cost: Cost,
    /// By how many keys the list is sorted, the id last.
    pub(crate) keys: usize,
    /// What a cursor of this list is bound to.
    pub(crate) scope: String,
    pub(crate) limit: usize,
    pub(crate) counts: Option<Counts>,
}

/// The statement of the counts that go with a list: one row, a column for each.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) template: Template,
    /// The column that holds what the filter lets through.
    pub(crate) filter: Option<usize>,
    /// The column that holds all that the caller may read.
    pub(crate) total: Option<usize>,
}

/// What a plan is found by. The version of the workspace's state is part of
/// it, so a plan made under a grant that is gone is never found again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PlanKey {
    pub(crate) collection: CollectionId,
    pub(crate) state: i64,
    /// `None` for the host itself, which has no roles.
    pub(crate) roles: Option<Vec<String>>,
    /// Without the cursor.
    pub(crate) query: Query,
    /// For a page after a cursor: which of its values are null.
    pub(crate) nulls: Option<Vec<bool>>,
}

/// Plans by what they were made for, the least recently used going first.
#[derive(Debug)]
pub(crate) struct PlanCache(Mutex<LruCache<PlanKey, Arc<ListPlan>>>);

impl Default for PlanCache {
    fn default() -> Self {
        let capacity = NonZeroUsize::new(CAPACITY).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(capacity)))
    }
}

impl PlanCache {
    /// The plan for a key; made if it is not there.
    pub(crate) fn get_or_make(
        &self,
        key: PlanKey,
        make: impl FnOnce(&PlanKey) -> Result<ListPlan>,
    ) -> Result<Arc<ListPlan>> {
        if let Some(plan) = self.lock().get(&key) {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(make(&key)?);
        if key.query.weight() <= MAX_KEPT {
            self.lock().put(key, Arc::clone(&plan));
        }
        Ok(plan)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<PlanKey, Arc<ListPlan>>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Makes the plan of a list.
pub(crate) struct Planner<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) collection: &'a Collection,
    pub(crate) grant: &'a Grant,
    pub(crate) query: &'a Query,
    pub(crate) nulls: Option<&'a [bool]>,
}

/// A sort key with the field it stands for.
struct Sort<'a> {
    field: &'a Field,
    direction: Direction,
}

impl<'a> Planner<'a> {
    pub(crate) fn plan(&self) -> Result<ListPlan> {
        let shown = self.shown()?;
        let sort = self.sort()?;
        let filter = self.filter()?;
        let limit = self.query.limit.unwrap_or(DEFAULT_LIMIT);
        let (page, shape) = self.page(&shown, &sort, filter.as_ref(), limit)?;
        Ok(ListPlan {
            page,
            shape: Arc::new(shape),
            cost: self.cost(&sort),
            keys: sort.len(),
            scope: self.scope(&sort),
            limit,
            counts: self.counts(filter.as_ref())?,
        })
    }

    fn seen(&self) -> Seen<'a> {
        Seen {
            collection: self.collection,
            grant: self.grant,
        }
    }

    /// The fields to show: those asked for, or all that are visible.
    fn shown(&self) -> Result<Vec<&'a Field>> {
        let Some(asked) = &self.query.fields else {
            return Ok(self.seen().all().collect());
        };
        let mut shown: Vec<&Field> = Vec::new();
        for name in asked {
            let field = asked_field(self.collection, self.seen(), name)?;
            if !shown.iter().any(|other| other.name == field.name) {
                shown.push(field);
            }
        }
        Ok(shown)
    }

    /// The order: what was asked for, or the collection's, or the newest first.
    /// The id comes last, so that the order is total.
    fn sort(&self) -> Result<Vec<Sort<'a>>> {
        let keys = match &self.query.sort {
            Some(text) => SortKey::parse_list(text, "sort")?,
            None => self.default_sort(),
        };
        let seen = self.seen();
        let mut sort: Vec<Sort<'a>> = Vec::with_capacity(keys.len() + 1);
        for key in keys {
            let field = seen
                .field(&key.field)
                .ok_or_else(|| unknown_field("sort", &key.field))?;
            if field.ty == Type::Json {
                let message = format!("`{}` is json, which has no order", key.field);
                return Err(Error::validation("sort", "operator_not_allowed", message));
            }
            sort.push(Sort {
                field,
                direction: key.direction,
            });
        }
        if !sort.iter().any(|key| key.field.system == Some(System::Id)) {
            let id = self.collection.system(System::Id);
            let field = id.ok_or_else(|| Error::internal("a collection has no id"))?;
            let direction = sort
                .last()
                .map_or(Direction::Descending, |key| key.direction);
            sort.push(Sort { field, direction });
        }
        Ok(sort)
    }

    fn default_sort(&self) -> Vec<SortKey> {
        let seen = self.seen();
        let declared = &self.collection.settings.default_sort;
        if !declared.is_empty() && declared.iter().all(|key| seen.field(&key.field).is_some()) {
            return declared.clone();
        }
        let newest = SortKey::new(System::CreatedAt.name(), Direction::Descending);
        if seen.field(&newest.field).is_some() {
            vec![newest]
        } else {
            Vec::new()
        }
    }

    fn filter(&self) -> Result<Option<Condition>> {
        let Some(filter) = &self.query.filter else {
            return Ok(None);
        };
        let condition = Condition::parse_str(filter, &self.seen()).map_err(|error| {
            Error::validation(
                format!("filter{}", error.pointer),
                error.code.as_str(),
                error.message.clone(),
            )
        })?;
        Ok(Some(condition))
    }

    fn page(
        &self,
        shown: &[&Field],
        sort: &[Sort<'_>],
        filter: Option<&Condition>,
        limit: usize,
    ) -> Result<(Template, Shape)> {
        let mut slots = Slots::new(self.dialect);
        let mut select = SelectStatement::new();
        select.from(Alias::new(&self.collection.table));
        let mut columns = Vec::with_capacity(shown.len());
        let mut position = 0;
        let mut add = |select: &mut SelectStatement, expr: Expr, is_column: bool| {
            if is_column {
                select.expr(expr);
            } else {
                // Left to itself Postgres would name it after a column or a
                // keyword, and take that for what is to be sorted by.
                select.expr_as(expr, Alias::new(format!("workeros_{position}")));
            }
            position += 1;
            position - 1
        };
        for field in shown {
            let index = add(&mut select, read(field), field.encoding.is_plain());
            let guard = self.seen().guard_of(field, &mut slots).map_err(no_sql)?;
            let guard = guard.map(|guard| add(&mut select, guard, false));
            columns.push(Column::new(index, &field.name, field.ty).with_guard(guard));
        }
        let mut carry = Vec::new();
        let mut keys = Vec::with_capacity(sort.len());
        for key in sort {
            let value = self.seen().value(key.field, &mut slots).map_err(no_sql)?;
            let key = self.key(key, value);
            if self.query.cursor.is_some() {
                let (value, ty) = key.carried();
                carry.push((add(&mut select, value, false), ty));
            }
            keys.push(key);
        }
        let mut condition = self.condition(filter, self.query.q.as_deref(), &mut slots)?;
        if let Some(nulls) = self.nulls {
            condition = and(
                condition,
                Some(keyset::after(&keys, nulls, TENANT + 1, &mut slots)),
            );
        }
        if let Some(condition) = condition {
            select.and_where(condition);
        }
        for key in keys {
            order(&mut select, key);
        }
        select.limit(limit as u64 + 1);
        if let Some(offset) = self.query.offset.filter(|offset| *offset > 0) {
            select.offset(offset);
        }
        let template = slots.finish(&select).map_err(no_sql)?;
        Ok((
            template,
            Shape::new(columns).with_limit(limit).with_carry(carry),
        ))
    }

    fn key(&self, sort: &Sort<'_>, value: Expr) -> Key {
        // A native column has the right collation already, and its index.
        let value = if sort.field.encoding.is_plain() {
            value
        } else {
            ordered(value, sort.field.ty, self.dialect)
        };
        let guarded = self.seen().visibility(sort.field) != workeros_core::Visibility::Everywhere;
        let foreign = self.dialect == Dialect::Postgres && !self.collection.is_managed();
        Key {
            value,
            ty: sort.field.ty,
            direction: sort.direction,
            nullable: sort.field.nullable || guarded,
            as_text: foreign && sort.field.ty == Type::Timestamp,
        }
    }

    /// `tenant AND grant AND filter AND search`.
    fn condition(
        &self,
        filter: Option<&Condition>,
        q: Option<&str>,
        slots: &mut Slots,
    ) -> Result<Option<Expr>> {
        let mut all = and(tenant(self.collection, slots), self.reachable());
        let granted = self.grant.condition();
        if !granted.is_all() {
            let granted = granted
                .to_sql(&Bare(self.collection), slots)
                .map_err(no_sql)?;
            all = and(all, Some(granted));
        }
        if let Some(filter) = filter.filter(|filter| !filter.is_all()) {
            all = and(
                all,
                Some(filter.to_sql(&self.seen(), slots).map_err(no_sql)?),
            );
        }
        if let Some(q) = q.filter(|q| !q.is_empty()) {
            all = and(all, Some(self.search(q, slots)?));
        }
        Ok(all)
    }

    /// A key of SQLite that is no integer may be null, which is nobody's id.
    fn reachable(&self) -> Option<Expr> {
        let adopted = !self.collection.is_managed() && self.dialect == Dialect::Sqlite;
        let id = self.collection.system(System::Id).filter(|_| adopted)?;
        Some(read(id).is_not_null())
    }

    /// Any searchable field this caller sees contains the text. ASCII case is
    /// folded on both sides, which is what `lower` does on either engine when
    /// the collation is by code point.
    fn search(&self, q: &str, slots: &mut Slots) -> Result<Expr> {
        let mut any: Option<Expr> = None;
        let searched = |field: &&Field| field.system.is_none() && field.kind.searchable();
        for field in self.seen().all().filter(searched) {
            let text = self.seen().value(field, slots).map_err(no_sql)?;
            let text = ordered(text, Type::Text, self.dialect);
            let wanted = slots.value(Value::Text(q.to_ascii_lowercase()), Type::Text);
            let place = match self.dialect {
                Dialect::Sqlite => Func::cust("instr"),
                Dialect::Postgres => Func::cust("strpos"),
            };
            let found = Expr::from(place.arg(Func::lower(text)).arg(wanted)).gt(Expr::cust("0"));
            any = Some(match any {
                Some(any) => any.or(found),
                None => found,
            });
        }
        Ok(any.unwrap_or_else(|| Expr::cust("1 = 0")))
    }

    /// The counts asked for, in one statement; where nothing is filtered they
    /// are one count.
    fn counts(&self, filter: Option<&Condition>) -> Result<Option<Counts>> {
        let q = self.query.q.as_deref().filter(|q| !q.is_empty());
        let filter = filter.filter(|filter| !filter.is_all());
        let mut slots = Slots::new(self.dialect);
        let mut select = SelectStatement::new();
        let mut columns = 0;
        let mut add = |filter: Option<&Condition>, q: Option<&str>, slots: &mut Slots| {
            let count = Expr::from(SubQueryStatement::from(self.count(filter, q, slots)?));
            select.expr(count);
            columns += 1;
            Ok::<usize, Error>(columns - 1)
        };
        let filtered = self.query.filter_count.then(|| add(filter, q, &mut slots));
        let filtered = filtered.transpose()?;
        let total = match filtered {
            _ if !self.query.total_count => None,
            Some(same) if filter.is_none() && q.is_none() => Some(same),
            _ => Some(add(None, None, &mut slots)?),
        };
        if filtered.is_none() && total.is_none() {
            return Ok(None);
        }
        Ok(Some(Counts {
            template: slots.finish(&select).map_err(no_sql)?,
            filter: filtered,
            total,
        }))
    }

    fn count(
        &self,
        filter: Option<&Condition>,
        q: Option<&str>,
        slots: &mut Slots,
    ) -> Result<SelectStatement> {
        let mut select = SelectStatement::new();
        select
            .from(Alias::new(&self.collection.table))
            .expr(Expr::cust("COUNT(*)"));
        if let Some(condition) = self.condition(filter, q, slots)? {
            select.and_where(condition);
        }
        Ok(select)
    }

    /// A page read in the order of an index is short, whatever the size of the
    /// table; a search or a large offset never is.
    fn cost(&self, sort: &[Sort<'_>]) -> Cost {
        let indexed = |field: &Field| field.indexed || field.unique || field.system.is_some();
        let by_index = sort.first().is_some_and(|key| indexed(key.field));
        let near = self.query.offset.unwrap_or(0) <= 1000;
        if by_index && near && self.query.q.is_none() {
            Cost::Short
        } else {
            Cost::Long
        }
    }

    fn scope(&self, sort: &[Sort<'_>]) -> String {
        let mut scope = format!("{}/{}", self.collection.tenant, self.collection.id);
        for key in sort {
            scope.push('/');
            scope.push_str(&SortKey::new(&key.field.name, key.direction).to_string());
        }
        scope
    }
}

/// The restriction to the workspace, where the table holds one.
pub(crate) fn tenant(collection: &Collection, slots: &mut Slots) -> Option<Expr> {
    let tenant = collection.tenant_column()?;
    Some(Expr::col(Alias::new(&tenant.column)).eq(slots.argument(TENANT, tenant.ty)))
}

/// A field that was asked for by name.
pub(crate) fn asked_field<'a>(
    collection: &Collection,
    seen: Seen<'a>,
    name: &str,
) -> Result<&'a Field> {
    if let Some(field) = seen.field(name) {
        return Ok(field);
    }
    match collection.field(name) {
        Some(field) if !field.private => {
            let message = format!("you may not read `{name}`");
            Err(Error::new(workeros_core::ErrorKind::Forbidden, message))
        }
        _ => Err(unknown_field("fields", name)),
    }
}

fn unknown_field(parameter: &str, name: &str) -> Error {
    Error::validation(
        parameter,
        "unknown_field",
        format!("there is no field `{name}`"),
    )
}

/// Null is the smallest value on both engines. Where there is none, nothing is
/// said of it, so that any index serves.
fn order(select: &mut SelectStatement, key: Key) {
    let (order, nulls) = match key.direction {
        Direction::Ascending => (Order::Asc, NullOrdering::First),
        Direction::Descending => (Order::Desc, NullOrdering::Last),
    };
    if key.nullable {
        select.order_by_expr_with_nulls(key.value, order, nulls);
    } else {
        select.order_by_expr(key.value, order);
    }
}
