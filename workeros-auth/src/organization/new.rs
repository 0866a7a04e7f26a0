use serde_json::{Map, Value as Json};
use workeros_core::{Error, Result, Value};

use crate::DisplayName;

/// What an organization is called in URLs: 1 to 64 of `a` to `z`, digits, `-`
/// and `_`, with a letter or a digit in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationSlug(String);

/// An organization to be made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewOrganization {
    /// What it is called; not empty.
    pub name: DisplayName,
    /// What it is called in URLs.
    pub slug: OrganizationSlug,
    /// Where its logo is: at most 2048 characters.
    pub logo: Option<String>,
    /// What the application keeps of it: at most 16 KiB as JSON.
    pub metadata: Option<Map<String, Json>>,
}

/// What to change of an organization; what is `None` stays.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct OrganizationPatch {
    /// What it is called; not empty.
    pub name: Option<DisplayName>,
    /// What it is called in URLs.
    pub slug: Option<OrganizationSlug>,
    /// Where its logo is, or that it has none any more.
    pub logo: Option<Option<String>>,
    /// What the application keeps of it, all of it anew, or nothing any more.
    pub metadata: Option<Option<Map<String, Json>>>,
}

const MAX_SLUG: usize = 64;
const MAX_LOGO: usize = 2048;
const MAX_METADATA: usize = 16 * 1024;

impl OrganizationSlug {
    /// Reads a slug.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `/slug`.
    pub fn parse(text: &str) -> Result<Self> {
        let fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let begins = text.bytes().next().is_some_and(fit);
        let is_made_of = text
            .bytes()
            .all(|byte| fit(byte) || matches!(byte, b'-' | b'_'));
        if begins && is_made_of && text.len() <= MAX_SLUG {
            return Ok(Self(text.to_owned()));
        }
        let why = "must be 1 to 64 lower-case letters, digits, `-` and `_`";
        Err(Error::validation("/slug", "invalid_value", why))
    }

    /// The slug.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<OrganizationSlug> for Value {
    fn from(slug: OrganizationSlug) -> Self {
        Self::Text(slug.0)
    }
}

impl NewOrganization {
    /// An organization without a logo and metadata.
    #[must_use]
    pub fn new(name: DisplayName, slug: OrganizationSlug) -> Self {
        Self {
            name,
            slug,
            logo: None,
            metadata: None,
        }
    }

    /// Sets where its logo is.
    #[must_use]
    pub fn with_logo(mut self, logo: Option<String>) -> Self {
        self.logo = logo;
        self
    }

    /// Sets what the application keeps of it.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Option<Map<String, Json>>) -> Self {
        self.metadata = metadata;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        check_name(&self.name)?;
        check_logo(self.logo.as_deref())?;
        check_metadata(self.metadata.as_ref())
    }
}

impl OrganizationPatch {
    /// Changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what it is called.
    #[must_use]
    pub fn with_name(mut self, name: Option<DisplayName>) -> Self {
        self.name = name;
        self
    }

    /// Sets what it is called in URLs.
    #[must_use]
    pub fn with_slug(mut self, slug: Option<OrganizationSlug>) -> Self {
        self.slug = slug;
        self
    }

    /// Sets where its logo is.
    #[must_use]
    pub fn with_logo(mut self, logo: Option<Option<String>>) -> Self {
        self.logo = logo;
        self
    }

    /// Sets what the application keeps of it.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Option<Option<Map<String, Json>>>) -> Self {
        self.metadata = metadata;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        if let Some(name) = &self.name {
            check_name(name)?;
        }
        check_logo(self.logo.as_ref().and_then(Option::as_deref))?;
        check_metadata(self.metadata.as_ref().and_then(Option::as_ref))
    }

    /// The names of what it changes.
    pub(super) fn members(&self) -> Vec<&'static str> {
        [
            ("name", self.name.is_some()),
            ("slug", self.slug.is_some()),
            ("logo", self.logo.is_some()),
            ("metadata", self.metadata.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, is_changed)| is_changed.then_some(name))
        .collect()
    }
}

/// As it is stored.
pub(super) fn write_metadata(metadata: Option<Map<String, Json>>) -> Value {
    metadata.map(|map| Json::Object(map).to_string()).into()
}

fn check_name(name: &DisplayName) -> Result<()> {
    if name.as_str().is_empty() {
        return Err(Error::validation("/name", "too_short", "must not be empty"));
    }
    Ok(())
}

fn check_logo(logo: Option<&str>) -> Result<()> {
    let fits = |logo: &str| logo.chars().count() <= MAX_LOGO && !logo.contains(char::is_control);
    if logo.is_none_or(fits) {
        return Ok(());
    }
    let why = "must be one line of at most 2048 characters";
    Err(Error::validation("/logo", "invalid_value", why))
}

fn check_metadata(metadata: Option<&Map<String, Json>>) -> Result<()> {
    let written = metadata.map(serde_json::to_string);
    let written = written.transpose().map_err(Error::internal)?;
    let why = match written {
        Some(text) if text.len() > MAX_METADATA => "must be at most 16 KiB of JSON",
        _ => return Ok(()),
    };
    Err(Error::validation("/metadata", "too_long", why))
}
