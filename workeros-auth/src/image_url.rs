use workeros_core::{Error, Result, Value};

/// Where a picture of a user is: an `https` URL. Nobody here ever asks for what it
/// leads to; browsers do that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUrl(String);

/// The longest accepted, in bytes.
const MAX_BYTES: usize = 2048;

impl ImageUrl {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `/image` unless it is
    /// an absolute `https` URL of at most 2048 bytes without a user.
    pub fn parse(text: &str) -> Result<Self> {
        let url: Option<http::Uri> = text.parse().ok().filter(|_| text.len() <= MAX_BYTES);
        let is_fit = url.is_some_and(|url| {
            let authority = url.authority().map(http::uri::Authority::as_str);
            url.scheme() == Some(&http::uri::Scheme::HTTPS)
                && authority.is_some_and(|authority| !authority.contains('@'))
        });
        if is_fit {
            return Ok(Self(text.to_owned()));
        }
        let message = "must be an `https` URL of at most 2048 bytes";
        Err(Error::validation("/image", "invalid_value", message))
    }
}

impl From<ImageUrl> for Value {
    fn from(url: ImageUrl) -> Self {
        Self::Text(url.0)
    }
}

impl From<ImageUrl> for String {
    fn from(url: ImageUrl) -> Self {
        url.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_an_https_url() {
        let long = format!("https://example.com/{}", "a".repeat(2028));
        assert!(ImageUrl::parse(&long).is_ok());
        assert!(ImageUrl::parse("https://cdn.example.com/a.png?s=64").is_ok());
        for text in [
            "",
            "a.png",
            "/a.png",
            "//example.com/a.png",
            "http://example.com/a.png",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "https://ann@example.com/a.png",
            "https:///a.png",
            "https://example.com/a b.png",
            "https://example.com/\u{1}",
            &format!("{long}a"),
        ] {
            assert!(ImageUrl::parse(text).is_err(), "{text}");
        }
    }
}
