//! Places for values in texts, written `{{name}}`.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

/// Puts values in their places. A value is never looked through for places, and
/// what there is no value for is left out.
pub(super) fn fill(
    template: &str,
    values: &Map<String, Json>,
    write: impl Fn(&str) -> Cow<'_, str>,
) -> String {
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, name, behind)) = next_place(rest) {
        filled.push_str(before);
        let value = values.get(name).and_then(Json::as_str);
        filled.push_str(&write(value.unwrap_or_default()));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// The names that stand in a text; `None` when a place does not end.
pub(super) fn places(template: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((_, name, behind)) = next_place(rest) {
        names.push(name);
        rest = behind;
    }
    (!rest.contains("{{")).then_some(names)
}

fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, place) = text.split_once("{{")?;
    let (name, behind) = place.split_once("}}")?;
    Some((before, name.trim(), behind))
}

/// A value within plain text: nothing in it begins a line of its own.
pub(super) fn in_one_line(value: &str) -> Cow<'_, str> {
    if value.contains(char::is_control) {
        return Cow::Owned(value.replace(char::is_control, " "));
    }
    Cow::Borrowed(value)
}

/// A value within a subject, which has room for others, too.
pub(super) fn in_subject(value: &str) -> Cow<'_, str> {
    const MAX_CHARS: usize = 200;
    let char = |char: char| if char.is_control() { ' ' } else { char };
    Cow::Owned(value.chars().take(MAX_CHARS).map(char).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use workeros_core::html;

    use super::*;

    #[test]
    fn a_value_is_a_value() {
        let values = json!({"a": "<{{b}}&'\">", "b": "x", "n": 7});
        let values = values.as_object().unwrap();
        assert_eq!(
            fill("{{a}} {{ b }} {{c}}{{n}}.", values, in_one_line),
            "<{{b}}&'\"> x ."
        );
        assert_eq!(
            fill("{{a}} {{b", values, html::escape),
            "&lt;{{b}}&amp;&#39;&quot;&gt; {{b"
        );
        let broken = json!({"a": "x\r\nBcc: y\u{85}"});
        for write in [in_one_line, in_subject] {
            let filled = fill("To {{a}}", broken.as_object().unwrap(), write);
            assert_eq!(filled, "To x  Bcc: y ");
        }
        let long = "ä".repeat(300);
        assert_eq!(in_one_line(&long), long);
        assert_eq!(in_subject(&long), "ä".repeat(200));
    }

    #[test]
    fn places_are_found() {
        assert_eq!(places("{{a}} b {{ c }}}}"), Some(vec!["a", "c"]));
        assert_eq!(places("a { b } }}"), Some(vec![]));
        assert_eq!(places("{{a}} {{b"), None);
    }
}
