use serde_json::{Map, Value as Json, json};

use super::super::measure::{Cell, Finished, Sample};
use super::super::spread::Spread;
use super::super::stepping::Stepping;
use super::super::target::{Goal, Reached};
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
            "command": self.options.command,
            "profile": self.profile,
            "quick": self.options.quick,
            "rounds": self.options.rounds,
            "seconds_per_run": self.options.seconds,
            "archive_rows": self.options.archive,
            "seconds": self.seconds,
            "machine": machine,
            "contenders": self.running.iter().map(contender).collect::<Vec<_>>(),
            "missing": missing,
            "targets": self.reached().iter().map(target).collect::<Vec<_>>(),
            "stepping": self.stepping.iter().flatten().map(stepping).collect::<Vec<_>>(),
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
        "peak_with_sign_ins_mib": contender.peak_in_the_end,
        "binary_mib": contender.binary,
    })
}

fn target(target: &Reached) -> Json {
    let measured = target.measured.map(spread);
    let (at_least, at_most) = match target.goal {
        Goal::AtLeast(bound) => (Some(bound), None),
        Goal::AtMost(bound) => (None, Some(bound)),
    };
    json!({
        "what": target.what,
        "connections": target.connections,
        "by": target.by,
        "at_least": at_least,
        "at_most": at_most,
        "measured": measured,
        "reached": target.is_met(),
    })
}

fn spread(spread: Spread) -> Json {
    json!({"median": spread.median, "min": spread.least, "max": spread.most})
}

fn stepping(stepping: &Stepping) -> Json {
    json!({
        "list": stepping.list,
        "ratios": stepping.ratios,
        "lists_per_second": stepping.listed,
        "loops_per_second": stepping.stepped,
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
