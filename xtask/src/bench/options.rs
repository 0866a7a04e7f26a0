use std::path::PathBuf;

use super::workload::{self, Workload};
use crate::{Result, USAGE};

/// What is measured, and how long.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// How it was called.
    pub(crate) command: String,
    pub(crate) quick: bool,
    /// How often each figure is taken.
    pub(crate) rounds: usize,
    /// How long a run under load lasts.
    pub(crate) seconds: u64,
    pub(crate) connections: Vec<usize>,
    /// Rows of the table that is paged through in depth.
    pub(crate) archive: usize,
    /// Only these contenders; all where empty.
    pub(crate) contenders: Vec<String>,
    /// Only these workloads; all where empty.
    pub(crate) workloads: Vec<String>,
    /// Where the report goes, if not to `benches/`.
    pub(crate) output: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments: Vec<String> = arguments.collect();
        let command = format!("cargo xtask bench {}", arguments.join(" "));
        let before = arguments.len();
        arguments.retain(|argument| argument != "--quick");
        let mut options = Self::of(arguments.len() < before);
        options.command = command.trim_end().to_owned();
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(USAGE)?;
            let words = || value.split(',').map(ToOwned::to_owned).collect();
            match name.as_str() {
                "--rounds" => options.rounds = value.parse::<usize>()?.max(1),
                "--seconds" => options.seconds = value.parse::<u64>()?.max(1),
                "--archive" => options.archive = value.parse::<usize>()?.max(1_000),
                "--connections" => {
                    let counts: std::result::Result<_, _> =
                        value.split(',').map(str::parse).collect();
                    options.connections = counts?;
                }
                "--contenders" => options.contenders = words(),
                "--workloads" => options.workloads = words(),
                "--output" => options.output = Some(value.into()),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(options)
    }

    fn of(quick: bool) -> Self {
        Self {
            command: String::new(),
            quick,
            rounds: if quick { 2 } else { 5 },
            seconds: 1,
            connections: if quick { vec![16] } else { vec![1, 16, 64] },
            archive: if quick { 10_000 } else { 1_000_000 },
            contenders: Vec::new(),
            workloads: if quick { quick_workloads() } else { Vec::new() },
            output: None,
        }
    }

    pub(crate) fn wants_contender(&self, name: &str) -> bool {
        self.contenders.is_empty() || self.contenders.iter().any(|wanted| wanted == name)
    }

    pub(crate) fn wants_workload(&self, name: &str) -> bool {
        self.workloads.is_empty() || self.workloads.iter().any(|wanted| wanted == name)
    }
}

/// All but those that measure over again what another one does.
fn quick_workloads() -> Vec<String> {
    let again = [Workload::Update, Workload::CountsWriting, Workload::Mixed];
    let workloads = workload::ALL.into_iter();
    let workloads = workloads.filter(|workload| !again.contains(workload));
    workloads
        .map(|workload| workload.name().to_owned())
        .collect()
}
