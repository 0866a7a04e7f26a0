use workeros_core::{Error, Result, Value};

/// The name a user goes by: one line, at most 200 characters, may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

const MAX_CHARS: usize = 200;

impl DisplayName {
    /// Reads a name; white space around it is dropped.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `/name`.
    pub fn parse(text: &str) -> Result<Self> {
        let name = text.trim();
        if name.chars().count() > MAX_CHARS {
            return Err(Error::validation(
                "/name",
                "too_long",
                "must have at most 200 characters",
            ));
        }
        if name.chars().any(char::is_control) {
            return Err(Error::validation(
                "/name",
                "invalid_value",
                "must be one line of text",
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<DisplayName> for Value {
    fn from(name: DisplayName) -> Self {
        Self::Text(name.0)
    }
}
