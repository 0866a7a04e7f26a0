use serde_json::{Map, Value as Json, json};

use super::super::measure::{Cell, Finished, Sample};
use super::super::target::{Reached, reached};
use super::Report;

impl Report<'_> {
    /// Everything, run by run.
    pub(super) fn json(&self) -> Json {
        let machine: Map<String, Json> = self
            .machine
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let missing: Vec<Json> = self
            .missing
            .iter()
            .map(|missing| json!({"name": missing.name, "reason": missing.reason}))
            .collect();
        json!({
            "quick": self.options.quick,
            "rounds": self.options.rounds,
            "seconds_per_run": self.options.seconds,
            "archive_rows": self.options.archive,
            "seconds": self.seconds,
            "machine": machine,
            "contenders": self.running.iter().map(contender).collect::<Vec<_>>(),
            "missing": missing,
            "targets": reached(&self.cells).iter().map(target).collect::<Vec<_>>(),
            "runs": self.cells.iter().map(cell).collect::<Vec<_>>(),
        })
    }
}

fn contender(contender: &Finished) -> Json {
    json!({
        "name": contender.name,
        "configuration": contender.configuration,
        "start_ms": contender.starts,
        "idle_mib": contender.idle,
        "peak_mib": contender.peak,
    })
}

fn target(target: &Reached) -> Json {
    let ratio = target
        .ratio
        .map(|ratio| json!({"median": ratio.median, "min": ratio.least, "max": ratio.most}));
    json!({
        "what": target.what,
        "connections": target.connections,
        "by": target.by.to_string(),
        "at_least": target.target,
        "ratio": ratio,
    })
}

fn cell(cell: &Cell) -> Json {
    json!({
        "workload": cell.workload.name(),
        "connections": cell.connections,
        "contender": cell.contender,
        "failure": cell.failure,
        "rounds": cell.samples.iter().map(sample).collect::<Vec<_>>(),
    })
}

fn sample(sample: &Sample) -> Json {
    json!({
        "requests": sample.load.requests,
        "requests_per_second": sample.requests_per_second(),
        "p50_ms": sample.load.p50,
        "p99_ms": sample.load.p99,
        "bytes_per_answer": sample.load.bytes,
        "cpu_us_per_request": sample.cpu,
        "postgres_cpu_us_per_request": sample.postgres_cpu,
    })
}
