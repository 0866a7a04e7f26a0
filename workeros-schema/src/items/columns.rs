use sea_query::{Alias, CaseStatement, Expr, ExprTrait};
use workeros_core::{Error, FieldSet, Grant, Visibility};
use workeros_dsl::sql::{Columns, Slots, SqlError};
use workeros_dsl::{Condition, Field as DslField, Fields};

use crate::collection::Collection;
use crate::field::{Field, System};

/// The columns of a collection as its own conditions see them: permission rows
/// may speak of every column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bare<'a>(pub(crate) &'a Collection);

impl Columns for Bare<'_> {
    fn column(&self, field: &str) -> Option<Expr> {
        self.0.field(field).map(read)
    }
}

/// A column in the form the language compares.
pub(crate) fn read(field: &Field) -> Expr {
    field.encoding.read(Expr::col(Alias::new(&field.column)))
}

/// The columns of a collection as one caller sees them. A column he may not
/// see on a row does not count on that row: whatever he compares it with is
/// unknown there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) collection: &'a Collection,
    pub(crate) grant: &'a Grant,
}

impl<'a> Seen<'a> {
    /// The field of that name, if this caller may speak of it.
    pub(crate) fn field(&self, name: &str) -> Option<&'a Field> {
        let field = self.collection.field(name).filter(|field| !field.private)?;
        (self.visibility(field) != Visibility::Nowhere).then_some(field)
    }

    /// On which rows the field is visible. The id always is.
    pub(crate) fn visibility(&self, field: &Field) -> Visibility {
        if field.system == Some(System::Id) {
            return Visibility::Everywhere;
        }
        self.grant.visibility(&field.name)
    }

    /// Every field this caller may speak of.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'a Field> {
        self.collection
            .fields
            .iter()
            .filter(|field| self.field(&field.name).is_some())
    }

    /// The truth value that says on which rows the field is visible; `None`
    /// when on all.
    pub(crate) fn guard_of(
        &self,
        field: &Field,
        slots: &mut Slots,
    ) -> Result<Option<Expr>, SqlError> {
        match self.visibility(field) {
            Visibility::Everywhere => Ok(None),
            Visibility::Nowhere => self.sql(&Condition::none(), slots).map(Some),
            Visibility::Where(condition) => self.sql(&condition, slots).map(Some),
        }
    }

    /// The field's value where it is visible, null elsewhere.
    pub(crate) fn value(&self, field: &Field, slots: &mut Slots) -> Result<Expr, SqlError> {
        Ok(match self.guard_of(field, slots)? {
            None => read(field),
            Some(guard) => CaseStatement::new().case(guard, read(field)).into(),
        })
    }

    fn sql(&self, condition: &Condition, slots: &mut Slots) -> Result<Expr, SqlError> {
        condition.to_sql(&Bare(self.collection), slots)
    }
}

impl Fields for Seen<'_> {
    fn field(&self, name: &str) -> Option<DslField<'_>> {
        Seen::field(self, name).map(|field| DslField::new(field.ty))
    }
}

impl Columns for Seen<'_> {
    fn column(&self, field: &str) -> Option<Expr> {
        Seen::field(self, field).map(read)
    }

    fn guard(&self, field: &str, slots: &mut Slots) -> Result<Option<Expr>, SqlError> {
        match Seen::field(self, field) {
            Some(field) => self.guard_of(field, slots),
            None => Ok(None),
        }
    }
}

/// Whether a field is in what is shown of a row on which these are visible.
pub(crate) fn is_shown(field: &Field, visible: &FieldSet) -> bool {
    !field.private && (field.system == Some(System::Id) || visible.contains(&field.name))
}

/// A condition that has no SQL was one the caller could not have written.
pub(crate) fn no_sql(error: SqlError) -> Error {
    match error {
        SqlError::RelationPath(path) => {
            let message = format!("`{path}` lies behind a relation, which a filter cannot reach");
            Error::validation("filter", "unknown_field", message)
        }
        SqlError::TooManyValues => Error::validation("filter", "limit_exceeded", error.to_string()),
        other => Error::internal(other),
    }
}

/// `a AND b`, where either may be missing.
pub(crate) fn and(a: Option<Expr>, b: Option<Expr>) -> Option<Expr> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.and(b)),
        (a, b) => a.or(b),
    }
}
