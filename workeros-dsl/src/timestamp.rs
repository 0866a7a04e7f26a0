use std::fmt;
use std::ops::Range;

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// An instant at microsecond precision, years 0001 to 9999 UTC.
///
/// Text form is always `YYYY-MM-DDTHH:MM:SS.ffffffZ` (27 characters), so text
/// order is time order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const MICROS_PER_DAY: i64 = 86_400_000_000;
const JULIAN_DAY_OF_1970: i64 = 2_440_588;

impl Timestamp {
    /// How many characters its text form has.
    pub const LENGTH: usize = 27;
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// The instant that many microseconds after 1970-01-01T00:00:00Z, or
    /// `None` outside of [`MIN`](Self::MIN)..=[`MAX`](Self::MAX).
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        let timestamp = Self(micros);
        (Self::MIN..=Self::MAX)
            .contains(&timestamp)
            .then_some(timestamp)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// The nearest instant that many microseconds later (earlier when
    /// negative), held within the range of the type.
    #[must_use]
    pub fn saturating_add_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros)).clamp(Self::MIN, Self::MAX)
    }

    /// The instant that many microseconds later, unless it leaves the range.
    pub(crate) fn checked_add_micros(self, micros: i64) -> Option<Self> {
        self.0.checked_add(micros).and_then(Self::from_micros)
    }

    /// The same time of day that many months later. A day the month does not
    /// have becomes its last one.
    pub(crate) fn checked_add_months(self, months: i64) -> Option<Self> {
        let at = self.to_date_time();
        let month = i64::from(at.year()) * 12 + i64::from(u8::from(at.month()) - 1);
        let month = month.checked_add(months)?;
        let year = i32::try_from(month.div_euclid(12)).ok()?;
        let month = Month::try_from(u8::try_from(month.rem_euclid(12) + 1).ok()?).ok()?;
        let day = at.day().min(month.length(year));
        let date = Date::from_calendar_date(year, month, day)
            .ok()
            .filter(|_| year >= 1)?;
        let since_midnight = self.0.rem_euclid(MICROS_PER_DAY);
        Self::from_parts(date, 0, since_midnight)
    }

    /// Reads the text forms of the language: `YYYY-MM-DD` (midnight UTC) and
    /// `YYYY-MM-DDTHH:MM:SS[.digits](Z|+hh:mm|-hh:mm)`. Digits finer than a
    /// microsecond are floored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let date = parse_date(bytes.get(..10)?)?;
        let rest = bytes.get(10..)?;
        if rest.is_empty() {
            return Self::from_parts(date, 0, 0);
        }
        let [b'T', h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = rest else {
            return None;
        };
        let hour = two_digits(*h1, *h2).filter(|hour| *hour < 24)?;
        let minute = two_digits(*m1, *m2).filter(|minute| *minute < 60)?;
        let second = two_digits(*s1, *s2).filter(|second| *second < 60)?;
        let (fraction, rest) = parse_fraction(rest)?;
        let offset_minutes = parse_offset(rest)?;
        let seconds = hour * 3600 + minute * 60 + second - offset_minutes * 60;
        Self::from_parts(date, seconds, fraction)
    }

    fn from_parts(date: Date, seconds: i64, micros: i64) -> Option<Self> {
        let midnight = PrimitiveDateTime::new(date, Time::MIDNIGHT).assume_utc();
        Self::from_micros((midnight.unix_timestamp() + seconds) * 1_000_000 + micros)
    }

    /// Writes the text form into a buffer and answers it as text.
    pub fn encode(self, buffer: &mut [u8; Self::LENGTH]) -> &str {
        *buffer = *b"0000-00-00T00:00:00.000000Z";
        let days = self.0.div_euclid(MICROS_PER_DAY) + JULIAN_DAY_OF_1970;
        let (year, month, day) = i32::try_from(days)
            .ok()
            .and_then(|days| Date::from_julian_day(days).ok())
            .unwrap_or(Date::MIN)
            .to_calendar_date();
        let micros = self.0.rem_euclid(MICROS_PER_DAY);
        let seconds = micros / 1_000_000;
        put_digits(buffer, 0..4, i64::from(year));
        put_digits(buffer, 5..7, i64::from(u8::from(month)));
        put_digits(buffer, 8..10, i64::from(day));
        put_digits(buffer, 11..13, seconds / 3600);
        put_digits(buffer, 14..16, seconds / 60 % 60);
        put_digits(buffer, 17..19, seconds % 60);
        put_digits(buffer, 20..26, micros % 1_000_000);
        // Every byte is one of ASCII.
        str::from_utf8(buffer).unwrap_or_default()
    }

    /// The same instant in the `time` crate's type.
    #[must_use]
    pub(crate) fn to_date_time(self) -> OffsetDateTime {
        // INVARIANT: every value lies in years 1..=9999, which `time` covers.
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode(&mut [0; Self::LENGTH]))
    }
}

/// Writes a number with leading zeros.
fn put_digits(buffer: &mut [u8], places: Range<usize>, number: i64) {
    let mut rest = number;
    for place in buffer.get_mut(places).into_iter().flatten().rev() {
        *place = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
}

fn parse_date(bytes: &[u8]) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else {
        return None;
    };
    let year = two_digits(*y1, *y2)? * 100 + two_digits(*y3, *y4)?;
    let month = Month::try_from(u8::try_from(two_digits(*m1, *m2)?).ok()?).ok()?;
    let day = u8::try_from(two_digits(*d1, *d2)?).ok()?;
    let year = i32::try_from(year).ok().filter(|year| *year >= 1)?;
    Date::from_calendar_date(year, month, day).ok()
}

/// Reads `.digits`, floored to microseconds, and what follows it.
fn parse_fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some(rest) = bytes.strip_prefix(b".") else {
        return Some((0, bytes));
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, rest) = rest.split_at_checked(digits)?;
    if fraction.is_empty() {
        return None;
    }
    let micros = (0..6).fold(0, |micros, place| {
        micros * 10
            + fraction
                .get(place)
                .map_or(0, |digit| i64::from(digit - b'0'))
    });
    Some((micros, rest))
}

fn parse_offset(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let hours = two_digits(*h1, *h2).filter(|hours| *hours < 24)?;
            let minutes = two_digits(*m1, *m2).filter(|minutes| *minutes < 60)?;
            let offset = hours * 60 + minutes;
            Some(if *sign == b'-' { -offset } else { offset })
        }
        _ => None,
    }
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}
