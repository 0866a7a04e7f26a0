mod json;
mod markdown;

use std::fs;

use super::machine::Machine;
use super::measure::{Cell, Finished, Missing};
use super::options::Options;
use super::setup::{root, target};
use crate::Result;

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) options: &'a Options,
    pub(crate) machine: Machine,
    pub(crate) running: Vec<Finished>,
    pub(crate) missing: Vec<Missing>,
    pub(crate) cells: Vec<Cell>,
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

    /// An error where something of this repository did not run; that others
    /// do not is only reported.
    pub(crate) fn verdict(&self) -> Result<()> {
        let own = |name: &str| name.starts_with("ours") || name.starts_with("handwritten");
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
        let failures: Vec<String> = absent.chain(failed).filter(|line| own(line)).collect();
        if failures.is_empty() {
            return Ok(());
        }
        Err(failures.join("\n").into())
    }
}
