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

/// A value within plain text.
pub(super) fn as_it_is(value: &str) -> Cow<'_, str> {
    Cow::Borrowed(value)
}

/// A value within a header: nothing in it begins another one.
pub(super) fn in_one_line(value: &str) -> Cow<'_, str> {
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
            fill("{{a}} {{ b }} {{c}}{{n}}.", values, as_it_is),
            "<{{b}}&'\"> x ."
        );
        assert_eq!(
            fill("{{a}} {{b", values, html::escape),
            "&lt;{{b}}&amp;&#39;&quot;&gt; {{b"
        );
        assert_eq!(
            fill(
                "To {{a}}",
                json!({"a": "x\r\nBcc: y\u{85}"}).as_object().unwrap(),
                in_one_line
            ),
            "To x  Bcc: y "
        );
    }

    #[test]
    fn places_are_found() {
        assert_eq!(places("{{a}} b {{ c }}}}"), Some(vec!["a", "c"]));
        assert_eq!(places("a { b } }}"), Some(vec![]));
        assert_eq!(places("{{a}} {{b"), None);
    }
}
