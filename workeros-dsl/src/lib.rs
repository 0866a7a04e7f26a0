//! The filter and permission language of workeros: one meaning in memory, on
//! SQLite and on Postgres.
//!
//! A filter is JSON. It is read once against the fields its author may name,
//! and the [`Condition`] that comes out can be matched against a row, written
//! as SQL, or stored in its canonical form.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use sea_query::{Expr, Query};
//! use workeros_dsl::sql::{Columns, Slots};
//! use workeros_dsl::{Condition, Dialect, Type, Value, Variables};
//!
//! let fields = BTreeMap::from([
//!     ("owner".to_owned(), Type::Text),
//!     ("published".to_owned(), Type::Boolean),
//! ]);
//! let filter = r#"{"$or": [{"published": true}, {"owner": "$user.id"}]}"#;
//! let condition = Condition::parse_str(filter, &fields)?;
//!
//! // In memory.
//! let draft = BTreeMap::from([
//!     ("owner".to_owned(), Value::from("ann")),
//!     ("published".to_owned(), Value::from(false)),
//! ]);
//! let ann = Variables::default().with_user_id("ann".to_owned());
//! assert!(condition.matches(&draft, &ann));
//! assert!(!condition.matches(&draft, &Variables::default()));
//!
//! // In a database: the text is the same for everybody, the values are not.
//! struct Posts;
//!
//! impl Columns for Posts {
//!     fn column(&self, field: &str) -> Option<Expr> {
//!         Some(Expr::col(("posts", field.to_owned())))
//!     }
//! }
//!
//! let mut slots = Slots::new(Dialect::Postgres);
//! let mut select = Query::select();
//! select
//!     .column("id")
//!     .from("posts")
//!     .and_where(condition.to_sql(&Posts, &mut slots)?);
//! let template = slots.finish(&select)?;
//! assert_eq!(
//!     template.sql().as_str(),
//!     r#"SELECT "id" FROM "posts" WHERE "posts"."published" = CAST($1 AS boolean) OR "posts"."owner" = CAST($2 AS text)"#
//! );
//! assert_eq!(
//!     template.bind(&ann, &[]),
//!     [Value::from(true), Value::from("ann")]
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The language
//!
//! `{field: {operator: operand}}` is one condition. Everything in one object
//! is AND-ed; `$and`, `$or` and `$not` combine objects. `{}` as the whole
//! filter lets every row through; deeper it is an error, because it is what a
//! forgotten value becomes.
//!
//! | operators | on |
//! | --- | --- |
//! | `_eq` `_neq` `_in` `_nin` | everything but json |
//! | `_gt` `_gte` `_lt` `_lte` | text, longtext, integer, number, timestamp, uuid |
//! | `_contains` `_starts_with` `_ends_with` | text, longtext |
//! | `_null` | everything |
//!
//! Text is compared code point by code point, timestamps by instant in
//! microseconds, integers exactly. Nothing is coerced: `"10"` is no operand
//! for an integer. An operand that starts with `$` is a variable (`$user.id`,
//! `$user.email`, `$user.roles`, `$user.orgs`, `$org.id`, `$org.role`,
//! `$tenant.id`, `$now`, and `{"$now": {"sub": {"days": 30}}}`); `$$` stands
//! for a literal `$`.
//!
//! Accepted besides, and rewritten: `{field: value}`, `{field: [value, …]}`,
//! `_between`, `_empty`, `_nempty`, `_nnull`, `_and`, `_or`, `_not`, and for
//! relations nested objects (`{author: {name: "A"}}`) or dots (`author.name`).
//!
//! # What is unknown never grants
//!
//! A condition is [`True`](Truth::True), [`False`](Truth::False) or
//! [`Unknown`](Truth::Unknown), as in SQL, and only TRUE lets a row through.
//! A comparison is unknown when the column is NULL or the variable has no
//! usable value, and `$not` of it is unknown as well. So somebody who is not
//! signed in never sees a row that a user could not have been shown, and
//! `_neq` does not match rows without a value: ask for `_null` besides.
//!
//! # Features
//!
//! - `testkit`: the corpus and random cases, to hold another executor to the
//!   same meaning. Not covered by semver.

mod condition;
mod dialect;
mod error;
mod fields;
pub mod json;
mod offset;
mod ops;
mod path;
mod pointer;
mod row;
mod scalar;
pub mod sql;
mod term;
#[cfg(feature = "testkit")]
pub mod testkit;
mod timestamp;
mod truth;
mod types;
mod value;
mod variable;

pub use condition::Condition;
pub use dialect::Dialect;
pub use error::{FilterError, FilterErrorCode};
pub use fields::{Field, Fields};
pub use ops::Op;
pub use path::Path;
pub use row::Row;
pub use timestamp::Timestamp;
pub use truth::Truth;
pub use types::{Key, Type, ValueError};
pub use value::Value;
pub use variable::Variables;
