mod json;
mod markdown;

use std::fs;

use super::machine::Machine;
use super::measure::{Cell, Finished, Missing};
use super::options::Options;
use super::setup::{root, target};
use super::stepping::Stepping;
use super::target::{Reached, in_process, of_the_binary, under_load};
use crate::Result;

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) options: &'a Options,
    /// What our programs were built with.
    pub(crate) profile: &'static str,
    pub(crate) machine: Machine,
    pub(crate) running: Vec<Finished>,
    pub(crate) missing: Vec<Missing>,
    pub(crate) cells: Vec<Cell>,
    /// Lists beside the bare loop, or why there are none.
    pub(crate) stepping: std::result::Result<Vec<Stepping>, String>,
    /// How long the whole took, builds and installations included.
    pub(crate) seconds: u64,
}

impl Report<'_> {
    /// Writes `RESULTS.md` and `results.json`. A quick run does not replace
    /// the results of a long one.
    pub(crate) fn write(&self) -> Result<()> {
        let directory = match &self.options.output {
            Some(directory) => directory.clone(),
            None if self.options.quick => target().join("bench/quick"),
            None => root().join("benches"),
        };
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("RESULTS.md"), self.markdown())?;
        let json = serde_json::to_string_pretty(&self.json())?;
        fs::write(directory.join("results.json"), json + "\n")?;
        println!(
            "written to {} after {} s",
            directory.display(),
            self.seconds
        );
        Ok(())
    }

    /// All targets that something is known of.
    fn reached(&self) -> Vec<Reached> {
        let mut reached = under_load(&self.cells);
        reached.extend(in_process(self.stepping.as_deref().unwrap_or_default()));
        reached.extend(of_the_binary(&self.running, !self.options.quick));
        reached
    }

    /// An error where something of this repository did not run; that others
    /// do not is only reported.
    pub(crate) fn verdict(&self) -> Result<()> {
        let theirs = |line: &String| line.starts_with("pocketbase") || line.starts_with("directus");
        let absent = self
            .missing
            .iter()
            .map(|missing| format!("{}: {}", missing.name, missing.reason));
        let failed = self.cells.iter().filter_map(|cell| {
            let failure = cell.failure.as_ref()?;
            let (name, workload) = (cell.contender, cell.workload.name());
            Some(format!(
                "{name}: {workload}, {}: {failure}",
                cell.connections
            ))
        });
        let stepping = self.stepping.as_ref().err();
        let stepping = stepping.map(|error| format!("stepping: {error}"));
        let all = absent.chain(failed).chain(stepping);
        let failures: Vec<String> = all.filter(|line| !theirs(line)).collect();
        if failures.is_empty() {
            return Ok(());
        }
        Err(failures.join("\n").into())
    }
}
