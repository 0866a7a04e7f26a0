use serde_json::{Value as Json, json};
use workeros::{Draft, Error, ErrorKind, HookContext, Query, Result};

/// How many drafts somebody may have.
pub const MAX_DRAFTS: u64 = 3;

/// Refuses: one draft too many. The hook reads as the writer, so it counts
/// what he may see; two posts that come at once may both pass.
pub(crate) async fn drafts(context: HookContext, draft: Draft) -> Result<Draft> {
    let published = draft.get("published") == Some(&Json::Bool(true));
    let Some(user) = context.subject.user_id().filter(|_| !published) else {
        return Ok(draft);
    };
    let his = json!({"owner_id": user, "published": false});
    let query = Query::new().filter(his).limit(1).counted();
    let list = context.items("posts").list(&query).await?;
    let count = list.meta.and_then(|meta| meta.filter_count);
    if count.unwrap_or_default() >= MAX_DRAFTS {
        let why = format!("nobody has more than {MAX_DRAFTS} drafts; publish one first");
        return Err(Error::new(ErrorKind::Conflict, why));
    }
    Ok(draft)
}
