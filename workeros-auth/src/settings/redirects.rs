use http::Uri;
use serde_json::{Value as Json, json};
use workeros_core::{Error, Origin, Result};

use super::origins::is_local;
use super::setting::{Said, Setting};
use crate::RealmSettings;

/// The URLs end users may be sent to besides pages of the allowed origins: each
/// as it is, up to its query. Those of an installed app too, whose scheme is a
/// domain of its maker's backwards (RFC 8252, 7.1).
#[derive(Debug)]
pub(super) struct AllowedRedirectUrls;

const MOST: usize = 100;
const MAX_BYTES: usize = 2000;

impl Setting for AllowedRedirectUrls {
    fn name(&self) -> &'static str {
        "allowed_redirect_urls"
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let mut urls = Vec::new();
        for (index, text) in said.strings(MOST)?.into_iter().enumerate() {
            let url = place(text).filter(|_| !text.contains(['?', '#']));
            let refused = || {
                let pointer = format!("{}/{index}", said.pointer);
                let message = "must be a URL such as `https://app.example.com/signed-in` or \
                    `com.example.app://signed-in`, without query and fragment";
                Error::validation(pointer, "invalid_value", message)
            };
            urls.push(url.ok_or_else(refused)?);
        }
        rules.allowed_redirect_urls.extend(urls);
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        json!(rules.allowed_redirect_urls)
    }
}

impl RealmSettings {
    /// Whether these users may be sent to a URL: to a page of an allowed origin,
    /// or to a URL that is allowed by itself.
    #[must_use]
    pub fn allows_redirect(&self, url: &str) -> bool {
        let origin = url.parse().ok().and_then(|uri: Uri| Origin::of(&uri));
        origin.is_some_and(|origin| self.allows_origin(&origin))
            || place(url).is_some_and(|place| self.allowed_redirect_urls.contains(&place))
    }
}

/// A URL without its query and fragment, in one spelling; `None` for what nobody
/// may be sent to.
fn place(text: &str) -> Option<String> {
    let plain = text.len() <= MAX_BYTES
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let uri: Uri = plain.then(|| text.parse().ok())??;
    let authority = uri.authority()?;
    if authority.as_str().contains('@') {
        return None;
    }
    match uri.scheme_str()? {
        "http" | "https" => {
            let safe = uri.scheme_str() == Some("https") || is_local(&uri);
            let origin = Origin::of(&uri).filter(|_| safe)?;
            Some(format!("{origin}{}", uri.path()))
        }
        scheme if scheme.contains('.') => {
            let scheme = scheme.to_ascii_lowercase();
            Some(format!("{scheme}://{authority}{}", uri.path()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn otp_4_only_what_is_listed_is_a_place_to_be_sent_to() {
        let mut rules = RealmSettings::new();
        rules
            .allowed_origins
            .insert("https://app.example.com".to_owned());
        for url in [
            "https://example.com/signed-in",
            "com.example.app://signed-in",
        ] {
            rules.allowed_redirect_urls.push(place(url).unwrap());
        }
        for (url, allowed) in [
            ("https://app.example.com", true),
            ("https://app.example.com/any?page=1#here", true),
            ("https://APP.example.com:443/any", true),
            ("https://app.example.com:444/any", false),
            ("http://app.example.com/any", false),
            ("https://app.example.com.evil.com/any", false),
            ("https://good@app.example.com/any", false),
            ("https://example.com/signed-in", true),
            ("https://example.com/signed-in?new=1#x", true),
            ("https://example.com/signed-in/", false),
            ("https://example.com/signed-in/../evil", false),
            ("https://example.com/Signed-in", false),
            ("https://example.com/", false),
            ("https://evil@example.com/signed-in", false),
            ("com.example.app://signed-in", true),
            ("COM.example.app://signed-in?a=b", true),
            ("com.example.app://elsewhere", false),
            ("com.example.app:signed-in", false),
            ("javascript:alert(1)", false),
            ("javascript://app.example.com/%0aalert(1)", false),
            ("data:text/html,x", false),
            ("//app.example.com", false),
            ("", false),
        ] {
            assert_eq!(rules.allows_redirect(url), allowed, "{url}");
        }
    }

    #[test]
    fn what_nobody_should_be_sent_to_cannot_be_listed() {
        for url in [
            "javascript://x/%0aalert(1)",
            "data://x",
            "file:///etc/passwd",
            "ftp://example.com/x",
            "http://example.com/x",
            "https://a@example.com/x",
            "https://example.com\\x",
            "/x",
            "*",
        ] {
            assert_eq!(place(url), None, "{url}");
        }
        let local = place("http://localhost:3000/x");
        assert_eq!(local.as_deref(), Some("http://localhost:3000/x"));
    }
}
