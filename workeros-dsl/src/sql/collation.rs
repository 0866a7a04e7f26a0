//! Text is compared by code point, whatever collation a column has.

use sea_query::{BinOper, Expr, ExprTrait, IntoIden, Keyword};

use crate::Dialect;
use crate::types::Kind;

/// The column as it is compared for equality. Every deterministic collation
/// of Postgres agrees on it, and naming one there would cost an adopted
/// table its index.
pub(crate) fn equal(column: Expr, kind: Kind, dialect: Dialect) -> Expr {
    match (kind, dialect) {
        (Kind::Text, Dialect::Sqlite) => collate(column, "BINARY"),
        _ => column,
    }
}

/// The column as its order or its parts are compared.
pub(crate) fn ordered(column: Expr, kind: Kind, dialect: Dialect) -> Expr {
    match (kind, dialect) {
        (Kind::Text, Dialect::Sqlite) => collate(column, "BINARY"),
        (Kind::Text, Dialect::Postgres) => collate(column, "\"C\""),
        _ => column,
    }
}

fn collate(column: Expr, name: &'static str) -> Expr {
    let name = Expr::Keyword(Keyword::Custom(name.into_iden()));
    column.binary(BinOper::Custom("COLLATE"), name)
}
