use std::fmt;

use jsonschema::Validator;
use serde_json::Value as Json;
use workeros_core::{Detail, Error, Result};

/// A compiled JSON Schema (draft 2020-12).
pub struct Rules {
    schema: Json,
    validator: Validator,
}

impl Rules {
    /// Compiles a schema that stood at `path`. A reference to another document
    /// is refused: nothing is ever fetched.
    pub(crate) fn compile(schema: Json, path: &str) -> Result<Self> {
        let validator = jsonschema::draft202012::options()
            .build(&schema)
            .map_err(|error| Error::validation(path, "invalid_schema", error.to_string()))?;
        Ok(Self { schema, validator })
    }

    /// The schema as it was given.
    pub(crate) fn schema(&self) -> &Json {
        &self.schema
    }

    /// Checks a value that stood at `path`.
    pub(crate) fn check(&self, value: &Json, path: &str) -> Result<()> {
        let details: Vec<Detail> = self
            .validator
            .iter_errors(value)
            .map(|error| Detail {
                path: format!("{path}{}", error.instance_path()),
                code: "validation".into(),
                message: error.masked().to_string(),
            })
            .collect();
        if details.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(details))
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rules").field(&self.schema).finish()
    }
}
