use std::io::Write as _;

use serde_json::{Value as Json, json};
use workeros::{Error, Result, Workeros};

use crate::options::Adopt;

/// Adopts a table, and says what became of it.
pub(crate) async fn adopt(options: Adopt) -> Result<()> {
    let backend = Workeros::builder()
        .shared_db(options.store.open().await?)
        .build()
        .await?;
    let adoption = backend.plane().adoption(backend.system());
    let inspected = adoption.inspect(&json!({"table": options.table})).await?;
    let mut body = json!({"slug": options.slug, "table": options.table});
    if let (Some(column), Some(body)) = (options.pk_column, body.as_object_mut()) {
        body.insert("pk_column".to_owned(), json!(column));
    }
    let collection = adoption.adopt(&body).await?;
    let mut out = std::io::stdout().lock();
    let mut say = |line: String| writeln!(out, "{line}").map_err(Error::internal);
    say(format!(
        "`{}` is the collection `{}` now, with the fields",
        options.table, collection.slug
    ))?;
    for field in &collection.fields {
        say(format!("  {} ({})", field.name, field.kind.name()))?;
    }
    for warning in inspected["warnings"].as_array().into_iter().flatten() {
        say(format!(
            "note: {}",
            warning
                .as_str()
                .map_or_else(|| Json::to_string(warning), str::to_owned)
        ))?;
    }
    backend.shutdown().await;
    Ok(())
}
