//! Listing who is in an organization: sorted, and narrowed by one thing.

use workeros_core::{Cost, Error, OrganizationId, Result, Statement, Timestamp, Value};

use super::{OrganizationMember, Organizer};
use crate::{App, Auth};

/// Which members of an organization are listed, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberQuery {
    /// As many at most, 1 to 1000 (100).
    pub limit: u32,
    /// After so many (0).
    pub offset: u32,
    /// What they are sorted by (their ids, in which order they came in).
    pub sort_by: MemberField,
    /// Whether the last one comes first.
    pub is_descending: bool,
    /// Which of them.
    pub filter: Option<MemberFilter>,
}

/// What of a membership members are sorted and chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberField {
    /// Its id.
    Id,
    /// Whose it is.
    UserId,
    /// What he is there.
    Role,
    /// Since when.
    CreatedAt,
}

/// What members are chosen by: a field, how it is compared, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberFilter(Test);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Text {
        field: MemberField,
        operator: String,
        with: String,
    },
    Time {
        operator: String,
        with: Timestamp,
    },
}

/// A part of the members of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationMemberPage {
    /// The members.
    pub members: Vec<OrganizationMember>,
    /// How many there are in all that the query is about.
    pub total: u64,
}

/// How texts are compared, with one or with any of several.
const WITH_ONE: [&str; 5] = ["eq", "ne", "contains", "starts_with", "ends_with"];
const WITH_SEVERAL: [&str; 2] = ["in", "not_in"];
/// How times are.
const WITH_TIME: [&str; 6] = ["eq", "ne", "lt", "lte", "gt", "gte"];
/// Where nothing is compared.
const NOT_AT_ALL: &str = "";

const MAX_LIMIT: u32 = 1000;
const MAX_VALUES: usize = 100;

/// Those members that pass a test. Of several values to compare with each stands
/// between commas, which are in no id and no role.
macro_rules! listed {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM (SELECT id, organization_id, user_id, role, created_at, \
            CASE $1 WHEN 'id' THEN CAST(id AS text) WHEN 'userId' THEN CAST(user_id AS text) \
            WHEN 'role' THEN role END AS tested \
            FROM app_organization_members WHERE organization_id = $2) m \
            JOIN app_users u ON u.id = m.user_id \
            WHERE CASE $3 WHEN 'eq' THEN m.tested = $4 WHEN 'ne' THEN m.tested <> $4 \
            WHEN 'in' THEN replace($4, ',' || m.tested || ',', '') <> $4 \
            WHEN 'not_in' THEN replace($4, ',' || m.tested || ',', '') = $4 \
            WHEN 'contains' THEN replace(m.tested, $4, '') <> m.tested \
            WHEN 'starts_with' THEN substr(m.tested, 1, length($4)) = $4 \
            WHEN 'ends_with' THEN length(m.tested) >= length($4) \
            AND substr(m.tested, length(m.tested) - length($4) + 1) = $4 ELSE TRUE END \
            AND CASE $5 WHEN 'eq' THEN m.created_at = $6 WHEN 'ne' THEN m.created_at <> $6 \
            WHEN 'lt' THEN m.created_at < $6 WHEN 'lte' THEN m.created_at <= $6 \
            WHEN 'gt' THEN m.created_at > $6 WHEN 'gte' THEN m.created_at >= $6 ELSE TRUE END",
            $rest
        )
    };
}

const COUNT: &str = listed!("COUNT(*)", "");
const LIST: &str = listed!(
    "m.id, m.organization_id, u.id, u.email, u.name, u.image, m.role, m.created_at",
    " ORDER BY CASE WHEN $7 = 'role' AND NOT $8 THEN m.role END, \
    CASE WHEN $7 = 'role' AND $8 THEN m.role END DESC, \
    CASE WHEN $7 = 'userId' AND NOT $8 THEN m.user_id END, \
    CASE WHEN $7 = 'userId' AND $8 THEN m.user_id END DESC, \
    CASE WHEN $7 = 'createdAt' AND NOT $8 THEN m.created_at END, \
    CASE WHEN $7 = 'createdAt' AND $8 THEN m.created_at END DESC, \
    CASE WHEN $8 THEN m.id END DESC, m.id LIMIT $9 OFFSET $10"
);

impl MemberQuery {
    /// The first hundred, in the order they came in.
    #[must_use]
    pub fn new() -> Self {
        Self {
            limit: 100,
            offset: 0,
            sort_by: MemberField::Id,
            is_descending: false,
            filter: None,
        }
    }

    /// Sets how many are listed at most, 1 to 1000.
    #[must_use]
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// Leaves out the first ones.
    #[must_use]
    pub fn with_offset(mut self, offset: u32) -> Self {
        self.offset = offset;
        self
    }

    /// Sets what they are sorted by.
    #[must_use]
    pub fn sorted_by(mut self, field: MemberField) -> Self {
        self.sort_by = field;
        self
    }

    /// Sets whether the last one comes first.
    #[must_use]
    pub fn with_descending(mut self, is_descending: bool) -> Self {
        self.is_descending = is_descending;
        self
    }

    /// Sets which of them are listed.
    #[must_use]
    pub fn with_filter(mut self, filter: Option<MemberFilter>) -> Self {
        self.filter = filter;
        self
    }

    /// The values of the condition.
    fn params(&self, organization: OrganizationId, now: Timestamp) -> Vec<Value> {
        let (field, text, with, time, instant) = match self.filter.as_ref().map(|one| &one.0) {
            Some(Test::Text {
                field,
                operator,
                with,
            }) => (
                field.name(),
                operator.as_str(),
                with.as_str(),
                NOT_AT_ALL,
                now,
            ),
            Some(Test::Time { operator, with }) => (
                MemberField::CreatedAt.name(),
                NOT_AT_ALL,
                NOT_AT_ALL,
                operator.as_str(),
                *with,
            ),
            None => (NOT_AT_ALL, NOT_AT_ALL, NOT_AT_ALL, NOT_AT_ALL, now),
        };
        vec![
            field.into(),
            organization.into(),
            text.into(),
            with.into(),
            time.into(),
            instant.into(),
        ]
    }

    /// The same, and those of order and part.
    fn params_of_part(&self, organization: OrganizationId, now: Timestamp) -> Vec<Value> {
        let mut params = self.params(organization, now);
        params.extend([
            self.sort_by.name().into(),
            self.is_descending.into(),
            i64::from(self.limit).into(),
            i64::from(self.offset).into(),
        ]);
        params
    }
}

impl Default for MemberQuery {
    fn default() -> Self {
        Self::new()
    }
}

impl MemberField {
    const ALL: [Self; 4] = [Self::Id, Self::UserId, Self::Role, Self::CreatedAt];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::UserId => "userId",
            Self::Role => "role",
            Self::CreatedAt => "createdAt",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|field| field.name() == name)
    }
}

impl MemberFilter {
    /// Those of whom a field compares so with the values: `eq`, `ne`, `contains`,
    /// `starts_with` and `ends_with` with one, `in` and `not_in` with at most 100;
    /// [`CreatedAt`](MemberField::CreatedAt), with an instant of RFC 3339, by `eq`,
    /// `ne`, `lt`, `lte`, `gt` and `gte`.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) at `filterOperator` or
    /// `filterValue`.
    pub fn parse(field: MemberField, operator: &str, values: &[&str]) -> Result<Self> {
        if field == MemberField::CreatedAt {
            return Self::of_time(operator, values);
        }
        let with = match values {
            [value] if WITH_ONE.contains(&operator) && !value.is_empty() => (*value).to_owned(),
            values if WITH_SEVERAL.contains(&operator) => several(values)?,
            _ if WITH_ONE.contains(&operator) => return Err(unfit_value("must be one text")),
            _ => return Err(unfit_operator("is none that texts are compared by")),
        };
        Ok(Self(Test::Text {
            field,
            operator: operator.to_owned(),
            with,
        }))
    }

    fn of_time(operator: &str, values: &[&str]) -> Result<Self> {
        if !WITH_TIME.contains(&operator) {
            return Err(unfit_operator("is none that instants are compared by"));
        }
        let instant = match values {
            [value] => Timestamp::parse(value),
            _ => None,
        };
        let instant = instant.ok_or_else(|| unfit_value("must be one instant of RFC 3339"))?;
        Ok(Self(Test::Time {
            operator: operator.to_owned(),
            with: instant,
        }))
    }
}

/// The values, each between commas.
fn several(values: &[&str]) -> Result<String> {
    let is_fit = |value: &&str| !value.is_empty() && !value.contains(',');
    if !(1..=MAX_VALUES).contains(&values.len()) || !values.iter().all(is_fit) {
        return Err(unfit_value("must be 1 to 100 texts without commas"));
    }
    // Two that stand beside each other do not share their comma.
    Ok(format!(",{},", values.join(",,")))
}

fn unfit_operator(why: &'static str) -> Error {
    Error::validation("filterOperator", "not_a_choice", why)
}

fn unfit_value(why: &'static str) -> Error {
    Error::validation("filterValue", "invalid_value", why)
}

impl Auth<App> {
    /// Lists members of an organization for one of them.
    ///
    /// # Errors
    ///
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) where there is no such
    ///   organization, and for who is not in it.
    /// * [`Validation`](workeros_core::ErrorKind::Validation) when the limit is
    ///   out of range.
    pub async fn organization_members(
        &self,
        organization: OrganizationId,
        by: Organizer,
        query: &MemberQuery,
    ) -> Result<OrganizationMemberPage> {
        if !(1..=MAX_LIMIT).contains(&query.limit) {
            let why = "must be 1 to 1000";
            return Err(Error::validation("limit", "out_of_range", why));
        }
        self.organization_standing(organization, by).await?;
        let now = self.now();
        let list = Statement::new(LIST, query.params_of_part(organization, now));
        let rows = self.fetch(list).await?;
        let count = Statement::new(COUNT, query.params(organization, now));
        let count = self.fetch(count.with_cost(Cost::Short)).await?;
        let total = count.first().map(|row| row.integer(0)).transpose()?;
        let members = rows.iter().map(OrganizationMember::read);
        Ok(OrganizationMemberPage {
            members: members.collect::<Result<_>>()?,
            total: total.unwrap_or_default().unsigned_abs(),
        })
    }
}
