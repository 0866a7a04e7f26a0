use serde_json::Value as Json;
use workeros::{Draft, HookContext, Result};

/// Changes: a post that comes without a slug gets one from its title.
pub(crate) async fn from_title(_: HookContext, mut draft: Draft) -> Result<Draft> {
    if draft.get("slug").is_none_or(Json::is_null)
        && let Some(title) = draft.get("title").and_then(Json::as_str)
    {
        let slug = slug(title);
        draft.set("slug", slug);
    }
    Ok(draft)
}

/// `Hello, World!` becomes `hello-world`.
fn slug(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|char: char| !char.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_slug_is_words_and_dashes() {
        for (title, slug) in [
            ("Hello, World!", "hello-world"),
            ("  2 + 2 = 4 ", "2-2-4"),
            ("Äpfel", "äpfel"),
            ("?!", ""),
        ] {
            assert_eq!(super::slug(title), slug);
        }
    }
}
