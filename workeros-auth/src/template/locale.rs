//! Languages of mails, and how one is chosen (RFC 4647).

use std::fmt;
use std::str::FromStr;

use workeros_core::{Error, Result};

const MAX_BYTES: usize = 35;
/// The most languages of one request that are looked at.
const MAX_LANGUAGES: usize = 10;

/// A language: `de`, `de-CH`. Upper and lower case are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locale(String);

/// Languages somebody reads, the best first.
///
/// ```
/// use workeros_auth::Languages;
///
/// let languages = Languages::accepted("en;q=0.5, de-CH, fr;q=0.8, *;q=0.1, it;q=0");
/// assert_eq!(languages.to_string(), "de-ch,fr,en");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Languages(Vec<Locale>);

impl Locale {
    /// Reads a language tag.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for what is none.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = text.split('-');
        let is_language = |part: &str| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
        };
        let is_subtag = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if text.len() <= MAX_BYTES && parts.next().is_some_and(is_language) && parts.all(is_subtag)
        {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        let message = "must be a language such as `de` or `de-CH`";
        Err(Error::validation("/locale", "invalid_value", message))
    }

    /// The tag, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language itself and then, one part less each time, those that it is
    /// one of (RFC 4647, 3.4).
    pub(super) fn ranges(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.0.as_str()), |range| {
            let (wider, _) = range.rsplit_once('-')?;
            match wider.rsplit_once('-') {
                // A single letter says what comes after it.
                Some((widest, letter)) if letter.len() == 1 => Some(widest),
                _ => Some(wider),
            }
        })
    }
}

impl Languages {
    /// Reads the value of a header `Accept-Language`. What is no language is
    /// passed over, and so are those beyond the first ten.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
        let mut weighted: Vec<(u16, Locale)> = Vec::new();
        for part in header.split(',').take(MAX_LANGUAGES) {
            let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
            let (Ok(locale), Some(weight)) = (Locale::parse(tag.trim()), weight(parameters)) else {
                continue;
            };
            if weight > 0 {
                weighted.push((weight, locale));
            }
        }
        // Of the same weight the one that was named first.
        weighted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        Self(weighted.into_iter().map(|(_, locale)| locale).collect())
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads what was [written](fmt::Display).
    pub(crate) fn read(text: &str) -> Self {
        let locales = text.split(',').filter_map(|tag| Locale::parse(tag).ok());
        Self(locales.collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Locale> {
        self.0.iter()
    }
}

impl From<Locale> for Languages {
    fn from(locale: Locale) -> Self {
        Self(vec![locale])
    }
}

/// In thousandths.
fn weight(parameters: &str) -> Option<u16> {
    let Some(value) = parameters.trim().strip_prefix("q=") else {
        return parameters.trim().is_empty().then_some(1000);
    };
    let weight: f32 = value.parse().ok()?;
    (0.0..=1.0)
        .contains(&weight)
        .then(|| (weight * 1000.0).round())
        .and_then(|weight| format!("{weight}").parse().ok())
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Locale {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// The tags, the best first, separated by commas.
impl fmt::Display for Languages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, locale) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(&locale.0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_accepts_is_read() {
        for (header, expect) in [
            ("", ""),
            ("de", "de"),
            ("de-DE,de;q=0.9,en;q=0.8", "de-de,de,en"),
            ("en;q=0.8, fr", "fr,en"),
            ("en;q=0.8,fr;q=0.8", "en,fr"),
            ("*", ""),
            ("de;q=0", ""),
            ("de;q=2, fr;q=-1, es;q=x, en;level=1", ""),
            ("de ; q=0.5 , en", "en,de"),
            ("<script>, d, de_DE, \r\nBcc: x, it", "it"),
        ] {
            let languages = Languages::accepted(header);
            assert_eq!(languages.to_string(), expect, "{header}");
            assert_eq!(Languages::read(expect), languages);
        }
        let many = ["de"; 50].join(",");
        assert_eq!(Languages::accepted(&many).iter().count(), MAX_LANGUAGES);
    }

    #[test]
    fn a_language_is_one_of_wider_ones() {
        let ranges = |tag: &str| {
            let locale = Locale::parse(tag).unwrap();
            locale.ranges().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ranges("de"), "de");
        assert_eq!(ranges("de-CH-1996"), "de-ch-1996 de-ch de");
        assert_eq!(
            ranges("zh-Hant-CN-x-wadegile"),
            "zh-hant-cn-x-wadegile zh-hant-cn zh-hant zh"
        );
    }

    #[test]
    fn what_is_no_language_is_refused() {
        let long = format!("de{}", "-abcdefgh".repeat(4));
        for text in [
            "", "d", "de-", "-de", "de_DE", "dé", "123", "de de", "de\r\n", &long,
        ] {
            assert!(Locale::parse(text).is_err(), "{text}");
        }
    }
}
