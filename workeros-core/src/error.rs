use std::borrow::Cow;
use std::fmt;

use crate::Decision;

/// The result of every fallible call in workeros.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong, in a form that is fit for the client.
///
/// The [`kind`](Self::kind) says how to react, the message what to do; the
/// [source](std::error::Error::source) is for the log only and never reaches a
/// client.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    code: Option<Cow<'static, str>>,
    message: Cow<'static, str>,
    details: Vec<Detail>,
    violation: Option<Violation>,
    retry_after_seconds: Option<u64>,
    quotas: Vec<Decision>,
    source: Option<Source>,
}

/// The class of an [`Error`]. The wire form of each is the business of
/// `workeros-http`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request cannot be read at all: malformed syntax.
    BadRequest,
    /// No credentials, or credentials that are not valid.
    Unauthorized,
    /// Known, but not allowed.
    Forbidden,
    /// There is no such thing, or none the caller may know of.
    NotFound,
    /// The state does not permit it: a duplicate, a lost race.
    Conflict,
    /// It was there and is no longer: an expired link.
    Gone,
    /// A precondition the caller stated does not hold.
    PreconditionFailed,
    /// Larger than the limit.
    PayloadTooLarge,
    /// A content type nobody here reads.
    UnsupportedMediaType,
    /// Well-formed, but not valid; see [`Error::details`].
    Validation,
    /// Too many requests.
    RateLimited,
    /// A quota is used up.
    QuotaExceeded,
    /// This adapter cannot do it; see its declared capability.
    Unsupported,
    /// A fault of ours.
    Internal,
    /// A fault that goes away by itself: busy, connection lost, shutting down.
    Unavailable,
}

/// One finding of a validation: where and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// A JSON pointer into the body, or the name of a parameter.
    pub path: String,
    /// A stable, machine-readable word.
    pub code: Cow<'static, str>,
    /// What is wrong and what to do: lower case, no full stop.
    pub message: String,
}

/// The constraint of the database that a statement ran into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A unique constraint over these columns.
    Unique {
        /// Column names as the database knows them; empty if it does not say.
        columns: Vec<String>,
    },
    /// A foreign key: no such target, or still referred to.
    ForeignKey,
    /// A column that must not be null.
    NotNull {
        /// The column, if the database says which.
        column: Option<String>,
    },
    /// A check constraint, or a value the column's type cannot hold.
    Check,
}

impl Error {
    /// An error of that kind with a message fit for the client.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: None,
            message: message.into(),
            details: Vec::new(),
            violation: None,
            retry_after_seconds: None,
            quotas: Vec::new(),
            source: None,
        }))
    }

    /// A [`Validation`](ErrorKind::Validation) error with one finding.
    pub fn validation(
        path: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        let detail = Detail {
            path: path.into(),
            code: code.into(),
            message: message.into(),
        };
        Self::invalid(vec![detail])
    }

    /// A [`Validation`](ErrorKind::Validation) error with all findings.
    #[must_use]
    pub fn invalid(details: Vec<Detail>) -> Self {
        let message = match details.as_slice() {
            [only] if only.path.is_empty() => only.message.clone(),
            [only] => format!("{}: {}", only.path, only.message),
            _ => "the request is not valid".to_owned(),
        };
        let mut error = Self::new(ErrorKind::Validation, message);
        error.0.details = details;
        error
    }

    /// A fault of ours. The source is logged, the client sees a request id.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::new(ErrorKind::Internal, "internal error").with_source(source)
    }

    /// A [`NotFound`](ErrorKind::NotFound) error; it never says whether the
    /// thing exists for somebody else.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ErrorKind::NotFound, "not found")
    }

    /// Sets a code more specific than the kind, such as `SETUP_REQUIRED`.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Adds a finding.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        self.0.details.push(detail);
        self
    }

    /// Replaces the findings. What the message said of a single one is said
    /// anew.
    #[must_use]
    pub fn with_details(mut self, details: Vec<Detail>) -> Self {
        if self.0.kind == ErrorKind::Validation {
            self.0.message = Self::invalid(details.clone()).0.message;
        }
        self.0.details = details;
        self
    }

    /// Records the constraint the database reported.
    #[must_use]
    pub fn with_violation(mut self, violation: Violation) -> Self {
        self.0.violation = Some(violation);
        self
    }

    /// Says after how many seconds a retry may succeed.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// Says what is left of the quotas the caller has run into.
    #[must_use]
    pub fn with_quotas(mut self, quotas: Vec<Decision>) -> Self {
        self.0.quotas = quotas;
        self
    }

    /// Records the cause, for the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The class of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// A code more specific than the kind, if there is one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The message, fit for the client.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The findings of a validation.
    #[must_use]
    pub fn details(&self) -> &[Detail] {
        &self.0.details
    }

    /// The constraint the database reported, if that is what failed.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.0.violation.as_ref()
    }

    /// After how many seconds a retry may succeed, if known.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.0.retry_after_seconds
    }

    /// What is left of the quotas the caller has run into.
    #[must_use]
    pub fn quotas(&self) -> &[Decision] {
        &self.0.quotas
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
