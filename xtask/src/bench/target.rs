//! What is to be reached.

use std::fmt;

use super::contender::WORKEROS;
use super::measure::{Cell, Finished};
use super::spread::{By, Spread};
use super::stepping::Stepping;
use super::workload::{self, Workload};

const LISTS: [Workload; 6] = [
    Workload::Plain,
    Workload::FilterSort,
    Workload::Role,
    Workload::Counts,
    Workload::KeysetFirst,
    Workload::KeysetDeep,
];

/// A ratio that is to be reached.
#[derive(Debug)]
pub(crate) struct Target {
    left: (&'static str, Workload),
    right: (&'static str, Workload),
    pub(crate) by: By,
    pub(crate) at_least: f64,
    /// With this many connections; with any where there is none.
    connections: Option<usize>,
}

/// A target with what was measured.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) what: String,
    /// Where it is of a server under load.
    pub(crate) connections: Option<usize>,
    /// What is compared, or the unit.
    pub(crate) by: String,
    pub(crate) goal: Goal,
    /// None where one of the two did not take part.
    pub(crate) measured: Option<Spread>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Reached {
    pub(crate) fn is_met(&self) -> bool {
        self.measured.is_some_and(|measured| match self.goal {
            Goal::AtLeast(bound) => measured.median >= bound,
            Goal::AtMost(bound) => measured.median <= bound,
        })
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "≥ {bound}"),
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
        }
    }
}

impl Target {
    fn against(peer: (&'static str, &'static str), workload: Workload, at_least: f64) -> Self {
        Self {
            left: (peer.0, workload),
            right: (peer.1, workload),
            by: By::RequestsPerSecond,
            at_least,
            connections: None,
        }
    }

    fn within(contender: &'static str, left: Workload, right: Workload, at_least: f64) -> Self {
        Self {
            left: (contender, left),
            right: (contender, right),
            by: By::RequestsPerSecond,
            at_least,
            connections: None,
        }
    }

    fn at(mut self, connections: usize) -> Self {
        self.connections = Some(connections);
        self
    }

    fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    fn what(&self) -> String {
        let (left, left_workload) = self.left;
        let (right, right_workload) = self.right;
        if left_workload == right_workload {
            format!("{}: {left} against {right}", left_workload.name())
        } else {
            format!(
                "{left}: {} against {}",
                left_workload.name(),
                right_workload.name()
            )
        }
    }
}

fn targets() -> Vec<Target> {
    const SQLITE: (&str, &str) = ("ours-sqlite", "handwritten-sqlite");
    const POSTGRES: (&str, &str) = ("ours-postgres", "handwritten-postgres");
    const POCKETBASE: (&str, &str) = ("ours-sqlite", "pocketbase");
    const DIRECTUS: (&str, &str) = ("ours-sqlite", "directus");
    let mut targets = Vec::new();
    targets.extend(LISTS.map(|list| Target::against(SQLITE, list, 2.5)));
    targets.extend(LISTS.map(|list| Target::against(POSTGRES, list, 1.1)));
    targets.extend([SQLITE, POSTGRES].map(|pair| Target::against(pair, Workload::ById, 1.0)));
    targets.push(Target::against(SQLITE, Workload::Create, 3.0).at(64));
    targets.push(Target::against(POSTGRES, Workload::Create, 0.9).at(64));
    for ours in ["ours-sqlite", "ours-postgres"] {
        targets.push(Target::within(
            ours,
            Workload::Role,
            Workload::RoleAsAdmin,
            0.95,
        ));
        targets.push(Target::within(
            ours,
            Workload::KeysetDeep,
            Workload::KeysetFirst,
            0.8,
        ));
    }
    for (workload, at_least) in [
        (Workload::Plain, 4.5),
        (Workload::ById, 3.5),
        (Workload::Create, 3.5),
    ] {
        for by in [By::RequestsPerSecond, By::Cpu] {
            targets.push(
                Target::against(POCKETBASE, workload, at_least)
                    .at(16)
                    .by(by),
            );
        }
    }
    for workload in workload::ALL {
        for connections in workload.connections(&[16]) {
            targets.push(Target::against(DIRECTUS, workload, 20.0).at(connections));
        }
    }
    targets
}

/// The targets under load that were measured, in order.
pub(crate) fn under_load(cells: &[Cell]) -> Vec<Reached> {
    let mut reached = Vec::new();
    for target in targets() {
        let mut counts: Vec<usize> = cells.iter().map(|cell| cell.connections).collect();
        counts.sort_unstable();
        counts.dedup();
        counts.retain(|count| target.connections.is_none_or(|wanted| wanted == *count));
        for connections in counts {
            let find = |(contender, workload): (&str, Workload)| {
                cells.iter().find(|cell| {
                    cell.contender == contender
                        && cell.workload == workload
                        && cell.connections == connections
                })
            };
            let (left, right) = (find(target.left), find(target.right));
            if let Some((left, right)) = left.zip(right) {
                reached.push(Reached {
                    what: target.what(),
                    connections: Some(connections),
                    by: target.by.to_string(),
                    goal: Goal::AtLeast(target.at_least),
                    measured: Spread::ratio(left, right, target.by),
                });
            }
        }
    }
    reached
}

/// How near lists come to the bare loop.
pub(crate) fn in_process(stepping: &[Stepping]) -> Vec<Reached> {
    let reached = stepping.iter().map(|stepping| Reached {
        what: format!("in process: {} against raw stepping", stepping.list),
        connections: None,
        by: "lists/s".to_owned(),
        goal: Goal::AtLeast(0.6),
        measured: Spread::of(stepping.ratios.iter().copied()),
    });
    reached.collect()
}

/// What the binary needs. Its size is that of a release, so a quick run says
/// nothing of it.
pub(crate) fn of_the_binary(running: &[Finished], released: bool) -> Vec<Reached> {
    let Some(binary) = running.iter().find(|finished| finished.name == WORKEROS) else {
        return Vec::new();
    };
    let reached = |what: &str, by: &str, at_most: f64, measured: Option<Spread>| Reached {
        what: format!("`workeros`: {what}"),
        connections: None,
        by: by.to_owned(),
        goal: Goal::AtMost(at_most),
        measured,
    };
    let mut all = vec![
        reached("memory when idle", "MiB", 20.0, Spread::of([binary.idle])),
        reached(
            "start",
            "ms",
            100.0,
            Spread::of(binary.starts.iter().copied()),
        ),
    ];
    if released {
        all.push(reached("size", "MiB", 25.0, Spread::of(binary.binary)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_on_its_own_side_of_the_bound() {
        let met = |goal, measured: Option<f64>| {
            let reached = Reached {
                what: String::new(),
                connections: None,
                by: String::new(),
                goal,
                measured: measured.and_then(|value| Spread::of([value])),
            };
            reached.is_met()
        };
        assert!(met(Goal::AtLeast(2.5), Some(2.5)));
        assert!(!met(Goal::AtLeast(2.5), Some(2.4)));
        assert!(met(Goal::AtMost(20.0), Some(12.0)));
        assert!(!met(Goal::AtMost(20.0), Some(20.1)));
        assert!(!met(Goal::AtLeast(1.0), None));
    }
}
