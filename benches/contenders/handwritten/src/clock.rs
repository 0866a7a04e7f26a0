//! The time, to a microsecond: what both databases keep.

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const TEXT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

pub(crate) fn now() -> OffsetDateTime {
    to_microsecond(OffsetDateTime::now_utc())
}

pub(crate) fn to_microsecond(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_microsecond(at.microsecond()).unwrap_or(at)
}

/// RFC 3339 of a fixed width, so that text is ordered as time is.
pub(crate) fn text(at: OffsetDateTime) -> String {
    // Only a year of five digits cannot be written so.
    at.to_offset(time::UtcOffset::UTC)
        .format(TEXT)
        .unwrap_or_default()
}
