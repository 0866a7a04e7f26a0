use std::fmt;

use super::measure::{Cell, Sample};

/// What two contenders are compared by. More is better for the first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    RequestsPerSecond,
    /// CPU of the server alone, for one request.
    Cpu,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RequestsPerSecond => "requests/s",
            Self::Cpu => "CPU/request",
        })
    }
}

/// A figure that was taken several times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of those values that are numbers; `None` of nothing.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values = values.into_iter().filter(|value| value.is_finite());
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let upper = sorted.get(sorted.len() / 2)?;
        let lower = sorted.get(sorted.len().checked_sub(1)? / 2)?;
        Some(Self {
            median: f64::midpoint(*lower, *upper),
            least: *sorted.first()?,
            most: *sorted.last()?,
        })
    }

    /// How many times better `left` is: round by round, since what disturbs
    /// the machine disturbs both of a round.
    pub(crate) fn ratio(left: &Cell, right: &Cell, by: By) -> Option<Self> {
        let ratio = |(left, right): (&Sample, &Sample)| match by {
            By::RequestsPerSecond => left.requests_per_second() / right.requests_per_second(),
            By::Cpu => right.cpu / left.cpu,
        };
        Self::of(left.samples.iter().zip(&right.samples).map(ratio))
    }
}

/// With two digits, or as many as are asked for.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let (median, least, most) = (self.median, self.least, self.most);
        write!(f, "{median:.digits$} ({least:.digits$}–{most:.digits$})")
    }
}

/// The median; zero of nothing.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    Spread::of(values).map_or(0.0, |spread| spread.median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_of_the_numbers_alone() {
        let spread = Spread::of([4.0, f64::NAN, 1.0, 3.0, 2.0, f64::INFINITY]).unwrap();
        assert_eq!(spread.to_string(), "2.50 (1.00–4.00)");
        assert_eq!(format!("{spread:.0}"), "2 (1–4)");
        assert!(Spread::of([f64::NAN]).is_none());
    }
}
