use workeros_dsl::{Type, Value};

use super::Row;
use crate::Result;
use crate::json::{write_string, write_value};

/// How rows become JSON: which column under which key.
///
/// A statement may return more columns than are written: guards and carried
/// values.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Shape {
    /// The members of each object, in order.
    pub columns: Vec<Column>,
    /// The most rows to write. A further row is not written, only noted in
    /// [`Page::more`].
    pub limit: Option<usize>,
    /// Positions whose values of the last written row come back in
    /// [`Page::carried`], read by the type given.
    pub carry: Vec<(usize, Type)>,
    /// Write the bare first object instead of an array of objects.
    pub single: bool,
}

/// One member of each object.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Column {
    /// The position in the row.
    pub index: usize,
    /// The member's name.
    pub key: String,
    /// The type to write it as.
    pub ty: Type,
    /// The position of a truth value that must be true for the member to be
    /// there at all.
    pub guard: Option<usize>,
    /// The start of the member as it stands in the output, behind another one:
    /// `,"key":`.
    prefix: Vec<u8>,
}

impl Column {
    /// The column at `index`, written under `key`.
    #[must_use]
    pub fn new(index: usize, key: impl Into<String>, ty: Type) -> Self {
        let key = key.into();
        let mut prefix = Vec::with_capacity(key.len() + 4);
        prefix.push(b',');
        write_string(&mut prefix, &key);
        prefix.push(b':');
        Self {
            index,
            key,
            ty,
            guard: None,
            prefix,
        }
    }

    /// Makes the member depend on the truth value at that position.
    #[must_use]
    pub fn with_guard(mut self, guard: Option<usize>) -> Self {
        self.guard = guard;
        self
    }
}

impl Shape {
    /// A shape of these columns, without a limit.
    #[must_use]
    pub fn new(columns: Vec<Column>) -> Self {
        Self {
            columns,
            ..Self::default()
        }
    }

    /// Sets the most rows to write.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets the positions to carry.
    #[must_use]
    pub fn with_carry(mut self, carry: Vec<(usize, Type)>) -> Self {
        self.carry = carry;
        self
    }

    /// Writes the bare first object.
    #[must_use]
    pub fn single(mut self) -> Self {
        self.single = true;
        self.limit = Some(1);
        self
    }
}

/// Rows as JSON text.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Page {
    /// `[{…},…]`, or `{…}` for a [single](Shape::single) shape (empty when
    /// there was no row).
    pub json: Vec<u8>,
    /// How many rows were written.
    pub rows: usize,
    /// Whether there was a row beyond the limit.
    pub more: bool,
    /// The carried values of the last written row; empty without one, and for a
    /// page with fewer rows than its limit, behind which nothing comes.
    pub carried: Vec<Value>,
}

/// A table may end before the limit: no more room than for these is made
/// beforehand.
const MOST_ROWS_AT_ONCE: usize = 64;

/// Writes a [`Page`]. Adapters drive it either by whole rows of values
/// ([`push_values`](Self::push_values)) or, without making values at all, by
/// columns: [`start_row`](Self::start_row), then for each column
/// [`member`](Self::member) and the bytes of its value, then
/// [`end_row`](Self::end_row).
#[derive(Debug)]
pub struct PageWriter<'a> {
    shape: &'a Shape,
    page: Page,
    first_member: bool,
}

impl<'a> PageWriter<'a> {
    /// A writer for that shape.
    #[must_use]
    pub fn new(shape: &'a Shape) -> Self {
        let mut page = Page {
            json: Vec::with_capacity(1024),
            ..Page::default()
        };
        if !shape.single {
            page.json.push(b'[');
        }
        Self {
            shape,
            page,
            first_member: true,
        }
    }

    /// Begins a row. Answers `false` when the limit is reached: the row is
    /// then not to be written and reading can stop.
    pub fn start_row(&mut self) -> bool {
        if self
            .shape
            .limit
            .is_some_and(|limit| self.page.rows >= limit)
        {
            self.page.more = true;
            return false;
        }
        if self.page.rows > 0 {
            self.page.json.push(b',');
        }
        self.page.json.push(b'{');
        self.first_member = true;
        true
    }

    /// Begins a member and gives the buffer its value belongs into.
    pub fn member(&mut self, column: &Column) -> &mut Vec<u8> {
        let comma = usize::from(std::mem::take(&mut self.first_member));
        let start = column.prefix.get(comma..).unwrap_or_default();
        self.page.json.extend_from_slice(start);
        &mut self.page.json
    }

    /// Ends a row. `carry` is asked for the value at a position and is called
    /// for each of [`Shape::carry`], behind a row that may be the last of a full
    /// page.
    ///
    /// # Errors
    ///
    /// What `carry` answers.
    pub fn end_row(&mut self, mut carry: impl FnMut(usize, Type) -> Result<Value>) -> Result<()> {
        self.page.json.push(b'}');
        self.page.rows += 1;
        let shape = self.shape;
        if shape.limit.is_some_and(|limit| self.page.rows < limit) {
            self.make_room();
            return Ok(());
        }
        self.page.carried.clear();
        for (index, ty) in &shape.carry {
            self.page.carried.push(carry(*index, *ty)?);
        }
        Ok(())
    }

    /// The first row tells how long the others will be.
    fn make_room(&mut self) {
        if let (1, Some(limit)) = (self.page.rows, self.shape.limit) {
            let rows = limit.min(MOST_ROWS_AT_ONCE);
            let length = self.page.json.len();
            self.page.json.reserve(length * rows + length * rows / 8);
        }
    }

    /// Writes a row of values. Answers `false` when the limit is reached.
    ///
    /// # Errors
    ///
    /// [`Internal`](crate::ErrorKind::Internal) when the row is shorter than
    /// the shape.
    pub fn push_values(&mut self, row: &Row) -> Result<bool> {
        if !self.start_row() {
            return Ok(false);
        }
        let shape = self.shape;
        for column in &shape.columns {
            if let Some(guard) = column.guard
                && (row.is_null(guard) || !row.boolean(guard)?)
            {
                continue;
            }
            let value = row.value(column.index)?;
            write_value(self.member(column), value, column.ty);
        }
        self.end_row(|index, ty| row.read(index, ty))?;
        Ok(true)
    }

    /// The page.
    #[must_use]
    pub fn finish(mut self) -> Page {
        if !self.shape.single {
            self.page.json.push(b']');
        }
        self.page
    }
}
