use workeros::{Draft, Error, HookContext, Result};

/// What the blog does not want to read.
const FORBIDDEN: [&str; 2] = ["casino", "lottery"];

/// Refuses: a post with a word that is forbidden, and says where it stands.
/// Before an update the draft holds what changes.
pub(crate) async fn check(_: HookContext, draft: Draft) -> Result<Draft> {
    for (name, value) in draft.iter() {
        let text = value.as_str().unwrap_or_default().to_lowercase();
        if let Some(word) = FORBIDDEN.into_iter().find(|word| text.contains(word)) {
            let why = format!("must not say `{word}`");
            return Err(Error::validation(format!("/{name}"), "forbidden_word", why));
        }
    }
    Ok(draft)
}
