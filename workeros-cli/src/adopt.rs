use std::io::Write as _;

use serde_json::{Map, Value as Json, json};
use workeros::{Collection, Error, Result, Subject, Workeros};

use crate::options::Adopt;

/// Adopts a table, and says what became of it.
pub(crate) async fn adopt(options: Adopt) -> Result<()> {
    let builder = Workeros::builder().shared_db(options.store.open().await?);
    // A server may run beside: its mails and whatever else waits are its own.
    let plane = builder.open().await?;
    let adoption = plane.adoption(Subject::system(plane.default_tenant()));
    let inspected = adoption.inspect(&json!({"table": options.table})).await?;
    let collection = adoption.adopt(&body(&options)).await?;
    let mut lines = vec![format!(
        "`{}` is the collection `{}` now, with the fields",
        options.table, collection.slug
    )];
    lines.extend(fields(&collection));
    lines.extend(notes(&inspected));
    writeln!(std::io::stdout(), "{}", lines.join("\n")).map_err(Error::internal)
}

fn body(options: &Adopt) -> Json {
    let members = [
        ("slug", Some(&options.slug)),
        ("table", Some(&options.table)),
        ("pk_column", options.pk_column.as_ref()),
        ("created_column", options.created_column.as_ref()),
        ("updated_column", options.updated_column.as_ref()),
        ("owner_column", options.owner_column.as_ref()),
        ("tenant_column", options.tenant_column.as_ref()),
    ];
    let given = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    Json::Object(given.collect::<Map<String, Json>>())
}

fn fields(collection: &Collection) -> impl Iterator<Item = String> {
    let fields = collection.fields.iter();
    fields.map(|field| format!("  {} ({})", field.name, field.kind.name()))
}

/// What the operator may not expect, such as columns that are left out.
fn notes(inspected: &Json) -> impl Iterator<Item = String> {
    let warnings = inspected.get("warnings").and_then(Json::as_array);
    let texts = warnings.into_iter().flatten().filter_map(Json::as_str);
    texts.map(|text| format!("note: {text}"))
}
