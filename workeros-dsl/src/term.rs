use serde_json::{Map, Value as Json};

use crate::offset::{TimeOffset, only_member};
use crate::pointer::Pointer;
use crate::scalar::Scalar;
use crate::types::{Kind, value_to_json};
use crate::variable::Variable;
use crate::{FilterError, FilterErrorCode, Type, Value, Variables};

/// The longest string an operand can be, in bytes.
const MAX_STRING: usize = 8192;

/// What a field is compared with: a literal or a variable.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    kind: Kind,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Literal(Value),
    Variable(&'static Variable),
    FromNow(&'static Variable, TimeOffset),
}

impl Term {
    /// Reads the operand of a field of that type.
    pub(crate) fn parse(json: &Json, ty: Type, at: &Pointer<'_>) -> Result<Self, FilterError> {
        let source = match json {
            Json::Null => Err(null_operand(at)),
            Json::String(text) => parse_string(text, ty, at),
            Json::Object(object) => parse_object(object, ty, at),
            Json::Bool(_) | Json::Number(_) | Json::Array(_) => parse_literal(json, ty, at),
        }?;
        Ok(Self {
            kind: ty.kind(),
            source,
        })
    }

    /// A variable by its name, if it can be compared with the type.
    pub(crate) fn variable(name: &str, ty: Type) -> Option<Self> {
        let variable = Variable::find(name).filter(|variable| variable.is_for(ty))?;
        Some(Self {
            kind: ty.kind(),
            source: Source::Variable(variable),
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The text, if it is a literal one.
    pub(crate) fn literal_text(&self) -> Option<&str> {
        match &self.source {
            Source::Literal(value) => value.as_text(),
            Source::Variable(_) | Source::FromNow(..) => None,
        }
    }

    /// The value, unless it is unknown.
    pub(crate) fn scalar<'a>(&'a self, variables: &'a Variables) -> Option<Scalar<'a>> {
        match &self.source {
            Source::Literal(value) => Scalar::of(value),
            Source::Variable(variable) => variable.scalar(self.kind, variables),
            Source::FromNow(variable, offset) => match variable.scalar(self.kind, variables)? {
                Scalar::Timestamp(now) => offset.apply(now).map(Scalar::Timestamp),
                _ => None,
            },
        }
    }

    /// The canonical form. Reading it gives the same term.
    pub(crate) fn to_json(&self) -> Json {
        match &self.source {
            Source::Literal(Value::Text(text)) if text.starts_with('$') => {
                Json::from(["$", text].concat())
            }
            Source::Literal(value) => value_to_json(value),
            Source::Variable(variable) => Json::from(variable.name()),
            Source::FromNow(variable, offset) => {
                Json::from_iter([(variable.name().to_owned(), offset.to_json())])
            }
        }
    }
}

/// The refusal of `null` where a value is needed.
pub(crate) fn null_operand(at: &Pointer<'_>) -> FilterError {
    at.error(
        FilterErrorCode::NullOperand,
        "`null` cannot be compared; use `_null`",
    )
}

/// Reads a string: `$name` is a variable, `$$` stands for a literal `$`.
fn parse_string(text: &str, ty: Type, at: &Pointer<'_>) -> Result<Source, FilterError> {
    let literal = match text.strip_prefix('$') {
        Some(escaped) if escaped.starts_with('$') => escaped,
        Some(_) => return parse_variable(text, ty, at),
        None => text,
    };
    if literal.len() > MAX_STRING {
        return Err(at.error(
            FilterErrorCode::LimitExceeded,
            "the string is longer than 8192 bytes",
        ));
    }
    parse_literal(&Json::from(literal), ty, at)
}

fn parse_literal(json: &Json, ty: Type, at: &Pointer<'_>) -> Result<Source, FilterError> {
    ty.value_from_json(json)
        .map(Source::Literal)
        .map_err(|error| at.error(error.code(), error.to_string()))
}

fn parse_variable(text: &str, ty: Type, at: &Pointer<'_>) -> Result<Source, FilterError> {
    let offset = ["$now(", "$NOW("]
        .iter()
        .find_map(|call| text.strip_prefix(call)?.strip_suffix(')'));
    match offset {
        Some(offset) => from_now(TimeOffset::from_text(offset), ty, at),
        None => find_variable(text, ty, at).map(Source::Variable),
    }
}

/// Reads `{"$now": {"sub": {"days": 30}}}`.
fn parse_object(
    object: &Map<String, Json>,
    ty: Type,
    at: &Pointer<'_>,
) -> Result<Source, FilterError> {
    match only_member(object) {
        Some(("$now", offset)) => from_now(TimeOffset::from_json(offset), ty, &at.key("$now")),
        Some((name, _)) if name.starts_with('$') => Err(unknown_variable(name, at)),
        _ => Err(at.error(
            FilterErrorCode::TypeMismatch,
            "an object cannot be compared",
        )),
    }
}

fn from_now(offset: Option<TimeOffset>, ty: Type, at: &Pointer<'_>) -> Result<Source, FilterError> {
    let now = find_variable("$now", ty, at)?;
    let offset = offset.ok_or_else(|| {
        at.error(
            FilterErrorCode::InvalidValue,
            "expected an offset such as `{\"sub\": {\"days\": 30}}` or `$now(-30 days)`",
        )
    })?;
    Ok(Source::FromNow(now, offset))
}

fn find_variable(name: &str, ty: Type, at: &Pointer<'_>) -> Result<&'static Variable, FilterError> {
    let variable = Variable::find(name).ok_or_else(|| unknown_variable(name, at))?;
    if !variable.is_for(ty) {
        return Err(at.error(
            FilterErrorCode::TypeMismatch,
            format!("`{name}` cannot be compared with a field of type `{ty}` here"),
        ));
    }
    Ok(variable)
}

/// The refusal of a variable that does not exist.
pub(crate) fn unknown_variable(name: &str, at: &Pointer<'_>) -> FilterError {
    at.error(
        FilterErrorCode::UnknownVariable,
        format!("`{name}` is not a variable; write `$$` for a literal `$` at the start"),
    )
}
