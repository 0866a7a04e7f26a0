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

/// The ratio of two contenders over the rounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ratio {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Ratio {
    /// How many times better `left` is: round by round, since what disturbs
    /// the machine disturbs both of a round.
    pub(crate) fn of(left: &Cell, right: &Cell, by: By) -> Option<Self> {
        let ratio = |(left, right): (&Sample, &Sample)| match by {
            By::RequestsPerSecond => left.requests_per_second() / right.requests_per_second(),
            By::Cpu => right.cpu / left.cpu,
        };
        let ratios = left.samples.iter().zip(&right.samples).map(ratio);
        let sorted = sorted(ratios.filter(|ratio| ratio.is_finite()));
        Some(Self {
            median: middle(&sorted)?,
            least: *sorted.first()?,
            most: *sorted.last()?,
        })
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}–{:.2})", self.median, self.least, self.most)
    }
}

/// The median; zero of nothing.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    middle(&sorted(values)).unwrap_or_default()
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn middle(sorted: &[f64]) -> Option<f64> {
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get(sorted.len().checked_sub(1)? / 2)?;
    Some(f64::midpoint(*lower, *upper))
}
