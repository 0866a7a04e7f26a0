use workeros_core::{Detail, Error, ErrorKind, Violation};

use crate::snapshot::Snapshot;

/// Says what a constraint of the database means for who writes an item, in the
/// names of fields. Values are never told.
pub(crate) fn explain(error: Error, snapshot: &Snapshot) -> Error {
    let Some(violation) = error.violation() else {
        return error;
    };
    let explained = match violation {
        Violation::Unique { columns } => unique(columns, snapshot),
        Violation::ForeignKey => Error::validation(
            "",
            "foreign_key",
            "a relation names an item that does not exist, or one that others point to",
        ),
        Violation::NotNull { column } => {
            let path = column
                .as_deref()
                .map(|column| format!("/{column}"))
                .unwrap_or_default();
            Error::validation(path, "required", "is required")
        }
        Violation::Check => Error::validation(
            "",
            "invalid_value",
            "the table does not accept such a value",
        ),
    };
    explained.with_source(error)
}

fn unique(columns: &[String], snapshot: &Snapshot) -> Error {
    // The database names columns, a client knows fields; they differ in
    // adopted tables only.
    let name = |column: &String| {
        let fields = snapshot
            .collections
            .values()
            .flat_map(|collection| &collection.fields);
        let mut matching = fields.filter(|field| field.column == *column);
        matching
            .next()
            .map_or(column.clone(), |field| field.name.clone())
    };
    let names: Vec<String> = columns.iter().map(name).collect();
    let why = match names.as_slice() {
        [] => "there is such an item already".to_owned(),
        names => format!(
            "there is an item with this `{}` already",
            names.join("`, `")
        ),
    };
    let mut error = Error::new(ErrorKind::Conflict, why);
    for name in names {
        error = error.with_detail(Detail {
            path: format!("/{name}"),
            code: "not_unique".into(),
            message: "is taken".to_owned(),
        });
    }
    error
}
