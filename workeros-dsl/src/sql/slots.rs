use sea_query::{
    Expr, ExprTrait, Func, Keyword, PostgresQueryBuilder, Query, QueryStatementWriter,
    SqliteQueryBuilder, Value as SeaValue,
};

use super::{Sql, SqlError, Template};
use crate::scalar::Scalar;
use crate::term::Term;
use crate::types::Kind;
use crate::variable::Variable;
use crate::{Dialect, Type, Value, Variables};

/// The values of a statement under construction.
///
/// Each is put into the sea-query statement as a marker, so that the order of
/// the placeholders is known once the statement is written. On Postgres each
/// is cast to its type: a prepared statement is found by its text, and a NULL
/// must not change what the server inferred.
#[derive(Debug)]
pub struct Slots {
    dialect: Dialect,
    slots: Vec<Slot>,
}

/// Where the value of a placeholder comes from.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    Literal(Value),
    Argument(usize),
    Term(Term),
    List(&'static Variable, Kind),
}

impl Slot {
    pub(super) fn bind(&self, variables: &Variables, arguments: &[Value]) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Argument(index) => arguments.get(*index).cloned().unwrap_or_default(),
            Self::Term(term) => term.scalar(variables).map_or(Value::Null, Scalar::to_value),
            Self::List(variable, kind) => {
                variable.list(*kind, variables).map_or(Value::Null, |list| {
                    Value::TextList(list.map(Scalar::to_text).collect())
                })
            }
        }
    }
}

/// The first marker: far from any number a statement would hold by itself.
const MARKER: i64 = 0x574f_524b_4552_0000;

impl Slots {
    /// No values yet.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            slots: Vec::new(),
        }
    }

    /// The dialect of the statement.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// A value known now.
    pub fn value(&mut self, value: Value, ty: Type) -> Expr {
        self.slot(Slot::Literal(value), SqlType::One(ty.kind()))
    }

    /// A value given to [`Template::bind`], by its place there.
    pub fn argument(&mut self, index: usize, ty: Type) -> Expr {
        self.slot(Slot::Argument(index), SqlType::One(ty.kind()))
    }

    /// A variable by its name, such as `$user.id`, as a value of that type:
    /// NULL when it is absent or not a value of the type. `None` when there
    /// is no such variable, or it cannot be compared with the type.
    pub fn variable(&mut self, name: &str, ty: Type) -> Option<Expr> {
        Term::variable(name, ty).map(|term| self.slot(Slot::Term(term), SqlType::One(ty.kind())))
    }

    /// A list of texts known now, bound as one value.
    pub fn text_list(&mut self, texts: Vec<String>) -> Expr {
        self.slot(Slot::Literal(Value::TextList(texts)), SqlType::TextList)
    }

    /// A [`Value::TextList`] given to [`Template::bind`], by its place there.
    pub fn text_list_argument(&mut self, index: usize) -> Expr {
        self.slot(Slot::Argument(index), SqlType::TextList)
    }

    /// Whether the value is in a list from [`text_list`](Self::text_list) or
    /// [`text_list_argument`](Self::text_list_argument). A NULL list is
    /// unknown, an empty one is FALSE.
    #[must_use]
    pub fn is_any_of(&self, value: Expr, list: Expr) -> Expr {
        self.is_any_of_kind(value, list, Kind::Text)
    }

    /// The list is cast, not the column, which keeps its index.
    fn is_any_of_kind(&self, value: Expr, list: Expr, kind: Kind) -> Expr {
        match self.dialect {
            Dialect::Postgres => {
                let list = match array_name(kind) {
                    Some(name) => Func::cast_as(list, name).into(),
                    None => list,
                };
                value.eq(Func::cust("ANY").arg(list))
            }
            Dialect::Sqlite => {
                let element = match kind {
                    Kind::Integer => Func::cast_as(Expr::col("value"), "INTEGER").into(),
                    _ => Expr::col("value"),
                };
                let elements = Query::select()
                    .expr(element)
                    .from_function(Func::cust("json_each").arg(list.clone()), "list")
                    .take();
                Expr::case(list.is_null(), Keyword::Null)
                    .finally(value.in_subquery(elements))
                    .into()
            }
        }
    }

    pub(crate) fn text(&mut self, text: String) -> Expr {
        self.slot(Slot::Literal(Value::Text(text)), SqlType::One(Kind::Text))
    }

    pub(crate) fn term(&mut self, term: &Term) -> Expr {
        self.slot(Slot::Term(term.clone()), SqlType::One(term.kind()))
    }

    /// Whether the value is in the list a variable stands for, as values of
    /// that kind.
    pub(crate) fn is_in_variable(
        &mut self,
        value: Expr,
        variable: &'static Variable,
        kind: Kind,
    ) -> Expr {
        let list = self.slot(Slot::List(variable, kind), SqlType::TextList);
        self.is_any_of_kind(value, list, kind)
    }

    /// Writes the statement that these slots were made for.
    ///
    /// # Errors
    ///
    /// The statement holds a value that is neither one of these slots nor a
    /// `LIMIT` or `OFFSET`, or more values than the dialect allows.
    pub fn finish(self, statement: &impl QueryStatementWriter) -> Result<Template, SqlError> {
        let (text, values) = match self.dialect {
            Dialect::Sqlite => statement.build(SqliteQueryBuilder),
            Dialect::Postgres => statement.build(PostgresQueryBuilder),
        };
        if values.0.len() > self.dialect.max_values() {
            return Err(SqlError::TooManyValues);
        }
        let slots = values
            .0
            .iter()
            .map(|value| self.resolve(value))
            .collect::<Result<_, _>>()?;
        Ok(Template::new(Sql::built(text), slots))
    }

    fn slot(&mut self, slot: Slot, ty: SqlType) -> Expr {
        let marker = MARKER.saturating_add_unsigned(self.slots.len() as u64);
        self.slots.push(slot);
        let value = Expr::value(marker);
        match self.dialect {
            Dialect::Sqlite => value,
            Dialect::Postgres => Func::cast_as(value, ty.postgres_name()).into(),
        }
    }

    fn resolve(&self, value: &SeaValue) -> Result<Slot, SqlError> {
        match value {
            SeaValue::BigInt(Some(marker)) => self.marked(*marker),
            SeaValue::BigUnsigned(Some(count)) => i64::try_from(*count)
                .ok()
                .map(|count| Slot::Literal(Value::Integer(count))),
            _ => None,
        }
        .ok_or(SqlError::ForeignValue)
    }

    fn marked(&self, marker: i64) -> Option<Slot> {
        let index = usize::try_from(marker.checked_sub(MARKER)?).ok()?;
        self.slots.get(index).cloned()
    }
}

/// The SQL type a value is bound as.
#[derive(Debug, Clone, Copy)]
enum SqlType {
    One(Kind),
    TextList,
}

impl SqlType {
    fn postgres_name(self) -> &'static str {
        match self {
            Self::One(Kind::Text) => "text",
            Self::One(Kind::Integer) => "bigint",
            Self::One(Kind::Number) => "double precision",
            Self::One(Kind::Boolean) => "boolean",
            Self::One(Kind::Json) => "jsonb",
            Self::One(Kind::Timestamp) => "timestamptz",
            Self::One(Kind::Uuid) => "uuid",
            Self::TextList => "text[]",
        }
    }
}

/// What a list of texts is cast to on Postgres, where it is not to stay one.
fn array_name(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Text => None,
        Kind::Integer => Some("bigint[]"),
        Kind::Number => Some("double precision[]"),
        Kind::Boolean => Some("boolean[]"),
        Kind::Json => Some("jsonb[]"),
        Kind::Timestamp => Some("timestamptz[]"),
        Kind::Uuid => Some("uuid[]"),
    }
}
