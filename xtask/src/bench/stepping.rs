use serde_json::Value as Json;

use super::command::{bounded, output};
use super::setup::Programs;
use crate::Result;

/// A list in process beside the bare loop over the same statement.
#[derive(Debug)]
pub(crate) struct Stepping {
    pub(crate) list: String,
    /// Lists for each loop, round by round.
    pub(crate) ratios: Vec<f64>,
    /// How many of each there were in a second.
    pub(crate) listed: Vec<f64>,
    pub(crate) stepped: Vec<f64>,
}

/// Runs the program that takes turns between the two.
pub(crate) fn run(programs: &Programs) -> Result<Vec<Stepping>> {
    let printed = output(&mut bounded(300, programs.path("workeros-bench-stepping")))?;
    printed.lines().map(read).collect()
}

fn read(line: &str) -> Result<Stepping> {
    let line: Json = serde_json::from_str(line)?;
    let numbers = |key: &str| -> Vec<f64> {
        let numbers = line.get(key).and_then(Json::as_array);
        let numbers = numbers.into_iter().flatten();
        numbers.filter_map(Json::as_f64).collect()
    };
    Ok(Stepping {
        list: super::client::text(&line, "/list")?,
        ratios: numbers("ratios"),
        listed: numbers("listed"),
        stepped: numbers("stepped"),
    })
}
