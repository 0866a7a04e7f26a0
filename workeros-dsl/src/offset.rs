use serde_json::{Map, Value as Json};

use crate::Timestamp;

/// How far from `$now`, in calendar units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeOffset {
    direction: Direction,
    /// One amount per line of [`UNITS`], as far as it was named.
    amounts: [Option<u32>; UNITS.len()],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Add,
    Sub,
}

struct Unit {
    name: &'static str,
    span: Span,
}

enum Span {
    Months(i64),
    Micros(i64),
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Largest first: months are added before what has a fixed length.
const UNITS: [Unit; 7] = [
    Unit {
        name: "years",
        span: Span::Months(12),
    },
    Unit {
        name: "months",
        span: Span::Months(1),
    },
    Unit {
        name: "weeks",
        span: Span::Micros(7 * DAY),
    },
    Unit {
        name: "days",
        span: Span::Micros(DAY),
    },
    Unit {
        name: "hours",
        span: Span::Micros(3600 * SECOND),
    },
    Unit {
        name: "minutes",
        span: Span::Micros(60 * SECOND),
    },
    Unit {
        name: "seconds",
        span: Span::Micros(SECOND),
    },
];

impl TimeOffset {
    /// Reads `{"sub": {"days": 30}}`.
    pub(crate) fn from_json(json: &Json) -> Option<Self> {
        let (direction, amounts) = only_member(json.as_object()?)?;
        let mut offset = Self::new(Direction::parse(direction)?);
        let amounts = amounts.as_object().filter(|amounts| !amounts.is_empty())?;
        for (unit, amount) in amounts {
            offset.set(unit, u32::try_from(amount.as_u64()?).ok()?)?;
        }
        Some(offset)
    }

    /// Reads `-30 days`, what stands between the parentheses of `$now(…)`.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ');
        let (direction, text) = match text.strip_prefix('-') {
            Some(text) => (Direction::Sub, text),
            None => (Direction::Add, text.strip_prefix('+').unwrap_or(text)),
        };
        let (amount, unit) = text.trim_start_matches(' ').split_once(' ')?;
        if !amount.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut offset = Self::new(direction);
        offset.set(unit.trim_start_matches(' '), amount.parse().ok()?)?;
        Some(offset)
    }

    pub(crate) fn to_json(&self) -> Json {
        let amounts: Map<_, _> = UNITS
            .iter()
            .zip(self.amounts)
            .filter_map(|(unit, amount)| Some((unit.name.to_owned(), Json::from(amount?))))
            .collect();
        let mut offset = Map::new();
        offset.insert(self.direction.name().to_owned(), Json::Object(amounts));
        Json::Object(offset)
    }

    /// The instant that far from `now`, unless it lies outside of time.
    pub(crate) fn apply(&self, now: Timestamp) -> Option<Timestamp> {
        let sign = match self.direction {
            Direction::Add => 1,
            Direction::Sub => -1,
        };
        let (mut months, mut micros) = (0_i64, 0_i64);
        for (unit, amount) in UNITS.iter().zip(self.amounts) {
            let amount = sign * i64::from(amount.unwrap_or(0));
            match unit.span {
                Span::Months(span) => months = months.checked_add(amount.checked_mul(span)?)?,
                Span::Micros(span) => micros = micros.checked_add(amount.checked_mul(span)?)?,
            }
        }
        now.checked_add_months(months)?.checked_add_micros(micros)
    }

    fn new(direction: Direction) -> Self {
        Self {
            direction,
            amounts: [None; UNITS.len()],
        }
    }

    /// Takes the unit in plural or singular.
    fn set(&mut self, unit: &str, amount: u32) -> Option<()> {
        let index = UNITS
            .iter()
            .position(|known| known.name == unit || known.name.strip_suffix('s') == Some(unit))?;
        *self.amounts.get_mut(index)? = Some(amount);
        Some(())
    }
}

impl Direction {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "add" => Some(Self::Add),
            "sub" => Some(Self::Sub),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Sub => "sub",
        }
    }
}

/// The key and value of an object that has exactly one.
pub(crate) fn only_member(object: &Map<String, Json>) -> Option<(&str, &Json)> {
    let mut members = object.iter();
    let (key, value) = members.next()?;
    members.next().is_none().then_some((key.as_str(), value))
}
