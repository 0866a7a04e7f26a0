use workeros_core::{Detail, Error, ErrorKind, Violation};

/// The code of a finding about a relation that does not hold.
pub(crate) const FOREIGN_KEY: &str = "foreign_key";

/// Says what a constraint of the database means for who writes an item, in the
/// names of fields. `named` gives the field a column is, if the writer may be
/// told of it. Values are never told.
pub(crate) fn explain(error: Error, named: impl Fn(&str) -> Option<String>) -> Error {
    let Some(violation) = error.violation() else {
        return error;
    };
    let explained = match violation {
        Violation::Unique { columns } => {
            let names: Vec<String> = columns.iter().filter_map(|column| named(column)).collect();
            unique(names)
        }
        Violation::ForeignKey => Error::validation(
            "",
            FOREIGN_KEY,
            "a relation names an item that does not exist, or one that others point to",
        ),
        Violation::NotNull { column } => match column.as_deref().and_then(named) {
            Some(name) => Error::validation(format!("/{name}"), "required", "is required"),
            None => Error::validation("", "required", "the table requires a value that has none"),
        },
        Violation::Check => Error::validation(
            "",
            "invalid_value",
            "the table does not accept such a value",
        ),
    };
    explained.with_source(error)
}

fn unique(names: Vec<String>) -> Error {
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
