use std::error::Error;
use std::fmt;

/// Why a filter was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilterError {
    /// The kind of fault.
    pub code: FilterErrorCode,
    /// JSON pointer into the filter, empty for the filter as a whole.
    pub pointer: String,
    /// What is wrong and what to write instead. Fit for the filter's author.
    pub message: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{} (at `{}`)", self.message, self.pointer)
    }
}

impl Error for FilterError {}

/// The kinds of fault a filter can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FilterErrorCode {
    /// The text is not JSON.
    MalformedJson,
    /// JSON, but not of the shape of a filter.
    InvalidFilter,
    /// No such field, or none the author may see.
    UnknownField,
    /// No such operator.
    UnknownOperator,
    /// The field's type has no such operator.
    OperatorNotAllowed,
    /// The operand is not of the field's type.
    TypeMismatch,
    /// The operand has the right JSON type and unusable content.
    InvalidValue,
    /// `null` where a value is needed.
    NullOperand,
    /// No such variable.
    UnknownVariable,
    /// Too deep, too long or too many.
    LimitExceeded,
}

impl FilterErrorCode {
    /// The code as it is sent to clients.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedJson => "malformed_json",
            Self::InvalidFilter => "invalid_filter",
            Self::UnknownField => "unknown_field",
            Self::UnknownOperator => "unknown_operator",
            Self::OperatorNotAllowed => "operator_not_allowed",
            Self::TypeMismatch => "type_mismatch",
            Self::InvalidValue => "invalid_value",
            Self::NullOperand => "null_operand",
            Self::UnknownVariable => "unknown_variable",
            Self::LimitExceeded => "limit_exceeded",
        }
    }
}

impl fmt::Display for FilterErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
