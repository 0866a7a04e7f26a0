//! What grows with what is stored, and what must not: collections, rows,
//! conditions, fields, callers, time. Writes `benches/GROWTH.md`.
//!
//! ```console
//! $ cargo bench -p workeros-benches --bench growth
//! $ cargo bench -p workeros-benches --bench growth -- --quick collections rows
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark reports by printing and by panicking"
)]

// Beside `growth.rs` lies no module of that name, so the paths are said.
#[path = "growth/collections.rs"]
mod collections;
#[path = "growth/flood.rs"]
mod flood;
#[path = "growth/host.rs"]
mod host;
#[path = "growth/measure.rs"]
mod measure;
#[path = "growth/report.rs"]
mod report;
#[path = "growth/rows.rs"]
mod rows;
#[path = "growth/sessions.rs"]
mod sessions;
#[path = "growth/soak.rs"]
mod soak;
#[path = "growth/wide.rs"]
mod wide;
#[path = "growth/writers.rs"]
mod writers;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use report::{Report, Row};

/// What a case is asked for.
struct Scale {
    /// Less of everything, to see that it works.
    quick: bool,
}

impl Scale {
    fn of<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

struct Case {
    name: &'static str,
    /// What it is about, for a reader.
    about: &'static str,
    run: fn(&Scale) -> Vec<Row>,
}

const CASES: [Case; 7] = [
    Case {
        name: "collections",
        about: "Many collections in one workspace, each of eight fields, one of them indexed, \
                and with a permission row; against a workspace with one",
        run: collections::run,
    },
    Case {
        name: "rows",
        about: "Many rows in one table, against 10 000",
        run: rows::run,
    },
    Case {
        name: "wide",
        about: "As many conditions in a filter and as many fields in a collection as there may be",
        run: wide::run,
    },
    Case {
        name: "writers",
        about: "64 writers against 64 readers, each sending the next request when the last is \
                answered",
        run: writers::run,
    },
    Case {
        name: "sessions",
        about: "Many sessions of many users, against 1000 of 100",
        run: sessions::run,
    },
    Case {
        name: "flood",
        about: "Reads while 64 callers sign in by password without end, against reads alone, \
                in turns",
        run: flood::run,
    },
    Case {
        name: "soak",
        about: "Eight callers with a mix of everything: lists with ever other filters, items, \
                creates, updates, deletes, sign-ins",
        run: soak::run,
    },
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // `cargo test --benches` passes no `--bench`: then there is nothing to
    // measure, only to compile.
    if !has("--bench") {
        return;
    }
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1)
    };
    let scale = Scale {
        quick: has("--quick"),
    };
    if let Some(directory) = after("--reopen") {
        collections::reopen(Path::new(directory));
    } else if let Some(name) = after("--case") {
        let case = CASES.iter().find(|case| case.name == name).unwrap();
        println!("{}", report::to_line(&(case.run)(&scale)));
    } else {
        let named = |case: &&Case| {
            let mut names = arguments.iter().filter(|name| !name.starts_with("--"));
            names.clone().next().is_none() || names.any(|name| name == case.name)
        };
        run(&scale, CASES.iter().filter(named));
    }
}

/// Runs each case in a process of its own, so that none sees the memory of
/// another.
fn run<'a>(scale: &Scale, cases: impl Iterator<Item = &'a Case>) {
    let mut report = Report::begin(scale.quick);
    for case in cases {
        eprintln!("{}: {}", case.name, case.about);
        let (begun, load) = (Instant::now(), report::load());
        let mut arguments = vec!["--case", case.name];
        arguments.extend(scale.quick.then_some("--quick"));
        let rows = report::from_line(&this_program(&arguments));
        for row in &rows {
            eprintln!("  {row}");
        }
        report.add(case.about, rows, begun, &load);
    }
    report.write(CASES.iter().map(|case| case.about));
}

/// What this program prints when it is called so.
fn this_program(arguments: &[&str]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let command = command.arg("--bench").args(arguments);
    let output = command.stderr(std::process::Stdio::inherit()).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{arguments:?} failed");
    String::from_utf8(output.stdout).unwrap()
}
