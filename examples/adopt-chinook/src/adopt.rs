use serde_json::{Value as Json, json};
use workeros::{Error, ErrorKind, Result, Workeros};

/// The slugs and the tables they are of. A table comes after those it points
/// to: then its foreign keys are relations.
const COLLECTIONS: [(&str, &str); 6] = [
    ("artists", "artist"),
    ("albums", "album"),
    ("tracks", "track"),
    ("employees", "employee"),
    ("customers", "customer"),
    ("invoices", "invoice"),
];

/// Makes collections of the store's tables. No table changes: what is adopted
/// is written down in a table of the backend's own.
pub(crate) async fn adopt(backend: &Workeros) -> Result<()> {
    let adoption = backend.plane().adoption(backend.system());
    let tables = adoption.tables().await?;
    for (slug, table) in COLLECTIONS {
        let name = find(&tables, table).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no table `{table}`"))
        })?;
        // Every column is a field, named in lower case with underscores.
        adoption
            .adopt(&json!({"slug": slug, "table": name}))
            .await?;
    }
    Ok(())
}

/// The name a table has here: `Artist` in the SQLite file, `artist` on
/// Postgres.
fn find<'a>(tables: &'a Json, table: &str) -> Option<&'a str> {
    let tables = tables.as_array()?.iter();
    let mut names = tables.filter_map(|table| table["name"].as_str());
    names.find(|name| name.eq_ignore_ascii_case(table))
}
