//! What is to be reached.

use super::measure::Cell;
use super::ratio::{By, Ratio};
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
    pub(crate) connections: usize,
    pub(crate) target: f64,
    pub(crate) by: By,
    /// None where one of the two did not take part.
    pub(crate) ratio: Option<Ratio>,
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
            targets.push(Target::against(DIRECTUS, workload, 20.0).at(*connections));
        }
    }
    targets
}

/// The targets that were measured, in order.
pub(crate) fn reached(cells: &[Cell]) -> Vec<Reached> {
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
                    connections,
                    target: target.at_least,
                    by: target.by,
                    ratio: Ratio::of(left, right, target.by),
                });
            }
        }
    }
    reached
}
