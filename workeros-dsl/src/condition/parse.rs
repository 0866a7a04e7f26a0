//! From JSON to a checked condition.

use serde_json::{Map, Value as Json};

use super::{Condition, Leaf, Node, canonical, sugar};
use crate::json::{self, JsonError};
use crate::ops::Op;
use crate::pointer::Pointer;
use crate::term::null_operand;
use crate::{Fields, FilterError, FilterErrorCode, Path, Type};

/// How deep `$and`, `$or` and `$not` may nest.
const MAX_NESTING: usize = 16;

/// How many operators a filter may have.
const MAX_CONDITIONS: usize = 256;

/// How many relations a path may cross.
const MAX_HOPS: usize = 3;

/// How long the text of a filter may be, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Reads the text of a filter.
pub(super) fn read(text: &str) -> Result<Json, FilterError> {
    let at = Pointer::Root;
    if text.len() > MAX_BYTES {
        let why = "the filter is longer than 64 KiB";
        return Err(at.error(FilterErrorCode::LimitExceeded, why));
    }
    json::parse(text.as_bytes()).map_err(|error| match error {
        JsonError::Malformed { line, column } => {
            let why = format!("the filter is not JSON from line {line} column {column} on");
            at.error(FilterErrorCode::MalformedJson, why)
        }
        JsonError::DuplicateKey { pointer } => FilterError {
            code: FilterErrorCode::InvalidFilter,
            pointer,
            message: "the key stands here twice".to_owned(),
        },
        JsonError::TooDeep { pointer } => FilterError {
            code: FilterErrorCode::LimitExceeded,
            pointer,
            message: "the filter nests too deep".to_owned(),
        },
    })
}

/// Reads a whole filter.
pub(super) fn parse(filter: &Json, fields: &dyn Fields) -> Result<Condition, FilterError> {
    let at = Pointer::Root;
    let Json::Object(members) = filter else {
        return Err(at.error(FilterErrorCode::InvalidFilter, "a filter is an object"));
    };
    if members.is_empty() {
        return Ok(Condition::all());
    }
    let condition = Parser::default().object(members, fields, 0, &at)?;
    // Conveniences may nest deeper once they are written out.
    if canonical::nesting(&condition) > MAX_NESTING {
        return Err(too_deep(&at));
    }
    Ok(condition)
}

/// What is counted over a whole filter.
#[derive(Default)]
pub(super) struct Parser {
    conditions: usize,
}

/// A field that a key led to.
pub(super) struct Target<'a> {
    /// The names on the way, the field itself last.
    segments: Vec<&'a str>,
    ty: Type,
    related: Option<&'a dyn Fields>,
}

#[derive(Clone, Copy)]
enum Logical {
    And,
    Or,
    Not,
}

impl Parser {
    /// One operator on a field.
    pub(super) fn condition(
        &mut self,
        target: &Target<'_>,
        op: &str,
        operand: &Json,
        at: &Pointer<'_>,
    ) -> Result<Condition, FilterError> {
        let op = Op::find(op).ok_or_else(|| unknown_operator(op, at))?;
        if !target.ty.accepts(op) {
            return Err(not_allowed(op.name(), target.ty, at));
        }
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            return Err(at.error(
                FilterErrorCode::LimitExceeded,
                "the filter has more than 256 conditions",
            ));
        }
        Ok(Condition::from(Node::Leaf(Leaf {
            path: Path::new(&target.segments),
            op,
            test: op.parse(operand, target.ty, at)?,
        })))
    }

    fn object(
        &mut self,
        members: &Map<String, Json>,
        fields: &dyn Fields,
        nesting: usize,
        at: &Pointer<'_>,
    ) -> Result<Condition, FilterError> {
        if members.is_empty() {
            return Err(at.error(
                FilterErrorCode::InvalidFilter,
                "an empty object says nothing here; leave it out",
            ));
        }
        let conditions = members
            .iter()
            .map(|(key, value)| self.member(key, value, fields, nesting, &at.key(key)))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Condition::all_of(conditions))
    }

    fn member(
        &mut self,
        key: &str,
        value: &Json,
        fields: &dyn Fields,
        nesting: usize,
        at: &Pointer<'_>,
    ) -> Result<Condition, FilterError> {
        if let Some(logical) = find_logical(key, fields) {
            if nesting == MAX_NESTING {
                return Err(too_deep(at));
            }
            return self.logical(logical, value, fields, nesting + 1, at);
        }
        match resolve(fields, key, Vec::new(), at)? {
            Some(target) => self.field(&target, value, at),
            None if is_reserved(key) => Err(unknown_operator(key, at)),
            None => Err(unknown_field(key, at)),
        }
    }

    fn logical(
        &mut self,
        logical: Logical,
        value: &Json,
        fields: &dyn Fields,
        nesting: usize,
        at: &Pointer<'_>,
    ) -> Result<Condition, FilterError> {
        match logical {
            Logical::And => self.list(value, fields, nesting, at).map(Condition::all_of),
            Logical::Or => self.list(value, fields, nesting, at).map(Condition::any_of),
            Logical::Not => self
                .element(value, fields, nesting, at)
                .map(Condition::negated),
        }
    }

    fn list(
        &mut self,
        value: &Json,
        fields: &dyn Fields,
        nesting: usize,
        at: &Pointer<'_>,
    ) -> Result<Vec<Condition>, FilterError> {
        let Json::Array(elements) = value else {
            return Err(at.error(
                FilterErrorCode::InvalidFilter,
                "expected an array of filters",
            ));
        };
        elements
            .iter()
            .enumerate()
            .map(|(index, element)| self.element(element, fields, nesting, &at.index(index)))
            .collect()
    }

    fn element(
        &mut self,
        value: &Json,
        fields: &dyn Fields,
        nesting: usize,
        at: &Pointer<'_>,
    ) -> Result<Condition, FilterError> {
        match value {
            Json::Object(members) => self.object(members, fields, nesting, at),
            _ => Err(at.error(FilterErrorCode::InvalidFilter, "a filter is an object")),
        }
    }

    /// What stands below a field: its operators, or the short form of one.
    fn field(
        &mut self,
        target: &Target<'_>,
        value: &Json,
        at: &Pointer<'_>,
    ) -> Result<Condition, FilterError> {
        match value {
            Json::Null => Err(null_operand(at)),
            Json::Array(_) => self.condition(target, "_in", value, at),
            Json::Bool(_) | Json::Number(_) | Json::String(_) => {
                self.condition(target, "_eq", value, at)
            }
            Json::Object(members) if members.is_empty() => Err(at.error(
                FilterErrorCode::InvalidFilter,
                "expected an operator such as `_eq`",
            )),
            Json::Object(members) => {
                let conditions = members
                    .iter()
                    .map(|(key, operand)| self.below_field(target, key, operand, &at.key(key)))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(Condition::all_of(conditions))
            }
        }
    }

    fn below_field(
        &mut self,
        target: &Target<'_>,
        key: &str,
        operand: &Json,
        at: &Pointer<'_>,
    ) -> Result<Condition, FilterError> {
        if let Some(sugar) = sugar::find(key) {
            if !(sugar.is_for)(target.ty) {
                return Err(not_allowed(key, target.ty, at));
            }
            return (sugar.expand)(self, target, operand, at);
        }
        if Op::find(key).is_some() {
            return self.condition(target, key, operand, at);
        }
        let Some(related) = target.related else {
            return Err(unknown_operator(key, at));
        };
        match resolve(related, key, target.segments.clone(), at)? {
            Some(target) => self.field(&target, operand, at),
            None if is_reserved(key) => Err(unknown_operator(key, at)),
            None => Err(unknown_field(key, at)),
        }
    }
}

/// The canonical names are never fields; their aliases may be, in adopted
/// tables.
fn find_logical(key: &str, fields: &dyn Fields) -> Option<Logical> {
    match key {
        "$and" => Some(Logical::And),
        "$or" => Some(Logical::Or),
        "$not" => Some(Logical::Not),
        "_and" | "_or" | "_not" if fields.field(key).is_some() => None,
        "_and" => Some(Logical::And),
        "_or" => Some(Logical::Or),
        "_not" => Some(Logical::Not),
        _ => None,
    }
}

/// Follows a key from behind `segments` to its field: a field of that very
/// name, or else relations up to each dot.
fn resolve<'a>(
    fields: &'a dyn Fields,
    key: &'a str,
    mut segments: Vec<&'a str>,
    at: &Pointer<'_>,
) -> Result<Option<Target<'a>>, FilterError> {
    if segments.len() > MAX_HOPS {
        return Err(at.error(
            FilterErrorCode::LimitExceeded,
            "the path crosses more than 3 relations",
        ));
    }
    if let Some(field) = fields.field(key) {
        segments.push(key);
        return Ok(Some(Target {
            segments,
            ty: field.ty(),
            // A dot in its name would make the path read otherwise.
            related: field.related().filter(|_| !key.contains('.')),
        }));
    }
    let Some((relation, rest)) = key.split_once('.') else {
        return Ok(None);
    };
    match fields.field(relation).and_then(|field| field.related()) {
        Some(related) => {
            segments.push(relation);
            resolve(related, rest, segments, at)
        }
        None => Ok(None),
    }
}

fn is_reserved(key: &str) -> bool {
    key.starts_with(['$', '_'])
}

fn unknown_field(key: &str, at: &Pointer<'_>) -> FilterError {
    at.error(
        FilterErrorCode::UnknownField,
        format!("`{key}` is not a field"),
    )
}

fn unknown_operator(key: &str, at: &Pointer<'_>) -> FilterError {
    at.error(
        FilterErrorCode::UnknownOperator,
        format!("`{key}` is not an operator"),
    )
}

fn not_allowed(op: &str, ty: Type, at: &Pointer<'_>) -> FilterError {
    let operators: Vec<_> = ty.operators().map(Op::name).collect();
    at.error(
        FilterErrorCode::OperatorNotAllowed,
        format!(
            "a field of type `{ty}` has no `{op}`; use one of `{}`",
            operators.join("`, `")
        ),
    )
}

fn too_deep(at: &Pointer<'_>) -> FilterError {
    at.error(
        FilterErrorCode::LimitExceeded,
        "`$and`, `$or` and `$not` nest deeper than 16",
    )
}
