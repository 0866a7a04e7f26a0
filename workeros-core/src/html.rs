//! Writing HTML.

use std::borrow::Cow;

/// The text as it stands in HTML, between tags or within a quoted attribute.
///
/// ```
/// use workeros_core::html;
///
/// assert_eq!(html::escape("<b title='x'>"), "&lt;b title=&#39;x&#39;&gt;");
/// assert_eq!(html::escape("Ann & \"Bob\""), "Ann &amp; &quot;Bob&quot;");
/// ```
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() * 2);
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}
