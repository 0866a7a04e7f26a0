use std::fmt;

use workeros_core::{Error, Result};

/// What stands in an audience for the slug of a workspace.
const SLUG: &str = "{workspace}";
const MAX_BYTES: usize = 500;

/// Whom tokens have to be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Audience {
    /// Exactly this.
    Fixed(String),
    /// What stands before and behind the slug of a workspace.
    OfWorkspace(String, String),
}

/// The one of a token's audiences that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Addressed {
    pub(super) audience: String,
    /// The workspace it names, if it does.
    pub(super) slug: Option<String>,
}

impl Audience {
    pub(super) fn parse(text: String) -> Result<Self> {
        let is_fit = (1..=MAX_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        let message = "must be printable ascii, with `{workspace}` in it at most once";
        let refuse = || Error::validation("audience", "invalid_value", message);
        if !is_fit {
            return Err(refuse());
        }
        match text.split_once(SLUG) {
            None => Ok(Self::Fixed(text)),
            Some((_, behind)) if behind.contains(SLUG) => Err(refuse()),
            Some((before, behind)) => Ok(Self::OfWorkspace(before.into(), behind.into())),
        }
    }

    /// The only one of these that is ours; `None` also where there are several:
    /// nobody is to guess which workspace is meant.
    pub(super) fn find(&self, audiences: &[String]) -> Option<Addressed> {
        let mut ours = audiences
            .iter()
            .filter_map(|audience| self.address(audience));
        match (ours.next(), ours.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    fn address(&self, audience: &str) -> Option<Addressed> {
        let slug = match self {
            Self::Fixed(ours) => (ours == audience).then_some(None)?,
            Self::OfWorkspace(before, behind) => {
                let slug = audience.strip_prefix(before.as_str())?;
                let slug = slug.strip_suffix(behind.as_str())?;
                (!slug.is_empty()).then(|| Some(slug.to_owned()))?
            }
        };
        Some(Addressed {
            audience: audience.to_owned(),
            slug,
        })
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(text) => f.write_str(text),
            Self::OfWorkspace(before, behind) => write!(f, "{before}{SLUG}{behind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(pattern: &str, audiences: &[&str]) -> Option<Option<String>> {
        let audiences: Vec<String> = audiences.iter().map(ToString::to_string).collect();
        let found = Audience::parse(pattern.to_owned())
            .unwrap()
            .find(&audiences);
        found.map(|addressed| addressed.slug)
    }

    #[test]
    fn an_audience_is_ours_or_not() {
        let of = |text: &str| Some(Some(text.to_owned()));
        assert_eq!(slug("api", &["other", "api"]), Some(None));
        assert_eq!(slug("api", &["apis", "ap"]), None);
        assert_eq!(slug("api", &[]), None);
        assert_eq!(slug("api://{workspace}/v1", &["api://shop/v1"]), of("shop"));
        assert_eq!(slug("{workspace}", &["shop"]), of("shop"));
        assert_eq!(slug("api://{workspace}/v1", &["api:///v1"]), None);
        assert_eq!(slug("api://{workspace}", &["api://a", "api://b"]), None);
        assert_eq!(slug("api://{workspace}", &["x", "api://b"]), of("b"));
    }

    #[test]
    fn an_audience_that_cannot_be_is_refused() {
        let long = "a".repeat(501);
        for text in ["", "a b", "ä", "{workspace}{workspace}", &long] {
            assert!(Audience::parse(text.to_owned()).is_err(), "{text}");
        }
    }
}
