use std::fmt;

use serde_json::Value as Json;
use workeros_core::input::Object;
use workeros_core::{Error, Result};

/// The most items of one page.
pub(crate) const MAX_LIMIT: usize = 200;

/// The items of a page that names no limit.
pub(crate) const DEFAULT_LIMIT: usize = 50;

/// The most keys a list is sorted by.
const MAX_SORT_KEYS: usize = 16;

/// The longest search text, in bytes.
const MAX_SEARCH: usize = 1024;

/// What of a collection to read, in which order.
///
/// ```
/// use serde_json::json;
/// use workeros_schema::Query;
///
/// let query = Query::new().filter(json!({"views": {"_gt": 100}})).sort("-views,title").limit(10);
/// let same = Query::from_json(&json!({
///     "filter": {"views": {"_gt": 100}}, "sort": "-views,title", "limit": 10
/// }))?;
/// assert_eq!(query, same);
/// # Ok::<(), workeros_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Query {
    /// A condition of the language, as JSON text.
    pub filter: Option<String>,
    /// A text that any searchable field must contain, ASCII case aside.
    pub q: Option<String>,
    /// Comma-separated fields, `-` before one for descending order.
    pub sort: Option<String>,
    /// The fields to show; all visible ones if not said.
    pub fields: Option<Vec<String>>,
    /// The most items to return, 1 to 200.
    pub limit: Option<usize>,
    /// How many items to skip. Not together with a cursor.
    pub offset: Option<u64>,
    /// Where to go on; empty for the first page.
    pub cursor: Option<String>,
    /// Whether to count the items that match the filter.
    pub filter_count: bool,
    /// Whether to count the items that may be read at all.
    pub total_count: bool,
}

impl Query {
    /// Everything that may be read, in the default order, one page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the condition.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers write a literal")]
    pub fn filter(mut self, filter: Json) -> Self {
        self.filter = Some(filter.to_string());
        self
    }

    /// Sets the text to search for.
    #[must_use]
    pub fn search(mut self, q: impl Into<String>) -> Self {
        self.q = Some(q.into());
        self
    }

    /// Sets the order.
    #[must_use]
    pub fn sort(mut self, sort: impl Into<String>) -> Self {
        self.sort = Some(sort.into());
        self
    }

    /// Sets the fields to show.
    #[must_use]
    pub fn fields<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.fields = Some(fields.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the most items to return.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets how many items to skip.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Pages by cursor: an empty one is the first page.
    #[must_use]
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// Counts what matches the filter, and what may be read at all.
    #[must_use]
    pub fn counted(mut self) -> Self {
        self.filter_count = true;
        self.total_count = true;
        self
    }

    /// Reads the parameters of a request.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) for an unknown or
    /// repeated parameter and for a value that cannot be read.
    pub fn from_params(params: &[(String, String)]) -> Result<Self> {
        let mut query = Self::new();
        for (index, (name, value)) in params.iter().enumerate() {
            if params
                .iter()
                .take(index)
                .any(|(earlier, _)| earlier == name)
            {
                return Err(Error::validation(name, "duplicate", "is given twice"));
            }
            query.set(name, value)?;
        }
        query.checked()
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "filter" => self.filter = Some(value.to_owned()),
            "q" => self.q = Some(value.to_owned()),
            "sort" => self.sort = Some(value.to_owned()),
            "fields" => self.fields = Some(value.split(',').map(ToOwned::to_owned).collect()),
            "limit" => self.limit = Some(number(name, value)?),
            "offset" => self.offset = Some(number(name, value)?),
            "cursor" => self.cursor = Some(value.to_owned()),
            "meta" => self.set_meta(value.split(','))?,
            _ => {
                let message = format!("`{name}` is no parameter of this request");
                return Err(Error::validation(name, "unknown_parameter", message));
            }
        }
        Ok(())
    }

    /// Reads the same as a JSON body.
    ///
    /// # Errors
    ///
    /// As [`from_params`](Self::from_params), with JSON pointers.
    pub fn from_json(body: &Json) -> Result<Self> {
        let mut object = Object::read(body, "")?;
        let mut query = Self {
            filter: object.json("filter").map(|filter| filter.to_string()),
            q: object.string("q"),
            sort: joined(&mut object, "sort"),
            fields: listed(&mut object, "fields"),
            cursor: object.string("cursor"),
            ..Self::default()
        };
        for (key, place) in [("limit", true), ("offset", false)] {
            let Some(integer) = object.integer(key) else {
                continue;
            };
            match u64::try_from(integer) {
                Ok(number) if place => query.limit = usize::try_from(number).ok(),
                Ok(number) => query.offset = Some(number),
                Err(_) => object.complain(key, "invalid_value", "must not be negative"),
            }
        }
        if let Some(meta) = listed(&mut object, "meta") {
            let meta = query.set_meta(meta.iter().map(String::as_str));
            object.keep(meta);
        }
        object.finish()?;
        query.checked()
    }

    fn set_meta<'a>(&mut self, words: impl Iterator<Item = &'a str>) -> Result<()> {
        for word in words {
            match word {
                "filter_count" => self.filter_count = true,
                "total_count" => self.total_count = true,
                "*" => (self.filter_count, self.total_count) = (true, true),
                _ => {
                    let message = "must be `filter_count`, `total_count` or `*`";
                    return Err(Error::validation("meta", "invalid_value", message));
                }
            }
        }
        Ok(())
    }

    fn checked(self) -> Result<Self> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(Error::validation(
                "limit",
                "invalid_value",
                "must be 1 to 200",
            ));
        }
        if self.cursor.is_some() && self.offset.is_some() {
            let message = "cannot be given together with `cursor`";
            return Err(Error::validation("offset", "contradiction", message));
        }
        if self
            .offset
            .is_some_and(|offset| i64::try_from(offset).is_err())
        {
            return Err(Error::validation("offset", "invalid_value", "is too large"));
        }
        if self
            .q
            .as_ref()
            .is_some_and(|q| q.len() > MAX_SEARCH || q.contains('\0'))
        {
            return Err(Error::validation(
                "q",
                "invalid_value",
                "must be at most 1024 bytes",
            ));
        }
        Ok(self)
    }

    /// The bytes of text in the query.
    pub(crate) fn weight(&self) -> usize {
        let texts = [&self.filter, &self.q, &self.sort, &self.cursor];
        let texts = texts.into_iter().flatten();
        let fields = self.fields.iter().flatten();
        texts.chain(fields).map(String::len).sum()
    }

    /// The query with everything checked that can be without a collection.
    pub(crate) fn validated(&self) -> Result<Self> {
        self.clone().checked()
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T> {
    let message = "must be a number without sign";
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = value.parse().ok().filter(|_| digits);
    parsed.ok_or_else(|| Error::validation(name, "invalid_value", message))
}

/// A list that may also be written as one comma-separated string.
fn listed(object: &mut Object, key: &str) -> Option<Vec<String>> {
    match object.json(key)? {
        Json::String(text) => Some(text.split(',').map(ToOwned::to_owned).collect()),
        Json::Array(array) => {
            let strings: Option<Vec<String>> = array
                .iter()
                .map(|json| json.as_str().map(ToOwned::to_owned))
                .collect();
            if strings.is_none() {
                object.complain(key, "type_mismatch", "must be an array of strings");
            }
            strings
        }
        _ => {
            object.complain(key, "type_mismatch", "must be an array of strings");
            None
        }
    }
}

fn joined(object: &mut Object, key: &str) -> Option<String> {
    listed(object, key).map(|list| list.join(","))
}

/// One key of an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SortKey {
    /// The field.
    pub field: String,
    /// Which way.
    pub direction: Direction,
}

/// Which way to sort. Null is the smallest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl SortKey {
    /// The key for a field.
    #[must_use]
    pub fn new(field: impl Into<String>, direction: Direction) -> Self {
        Self {
            field: field.into(),
            direction,
        }
    }

    /// Reads a comma-separated list that stood at `path`.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation).
    pub fn parse_list(text: &str, path: &str) -> Result<Vec<Self>> {
        let mut keys: Vec<Self> = Vec::new();
        for word in text.split(',') {
            let key = match word.strip_prefix('-') {
                Some(field) => Self::new(field, Direction::Descending),
                None => Self::new(word, Direction::Ascending),
            };
            if key.field.is_empty() {
                return Err(Error::validation(path, "invalid_value", "names no field"));
            }
            if keys.iter().any(|earlier| earlier.field == key.field) {
                let message = format!("names `{}` twice", key.field);
                return Err(Error::validation(path, "duplicate", message));
            }
            keys.push(key);
        }
        if keys.len() > MAX_SORT_KEYS {
            return Err(Error::validation(
                path,
                "limit_exceeded",
                "names more than 16 fields",
            ));
        }
        Ok(keys)
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.direction {
            Direction::Ascending => f.write_str(&self.field),
            Direction::Descending => write!(f, "-{}", self.field),
        }
    }
}
