use std::fmt::{self, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value as Json, json};

/// One figure of a case.
pub(crate) struct Row {
    what: String,
    measured: String,
    /// The same where nothing has grown, and how they compare.
    compared: Option<(String, String)>,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, measured: impl fmt::Display) -> Self {
        Self {
            what: what.into(),
            measured: measured.to_string(),
            compared: None,
        }
    }

    /// A time in seconds beside the one where nothing has grown.
    pub(crate) fn compared(what: impl Into<String>, large: f64, small: f64) -> Self {
        Self {
            compared: Some((time(small), format!("{:.2}", large / small))),
            ..Self::new(what, time(large))
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.measured)?;
        match &self.compared {
            Some((small, ratio)) => write!(f, ", against {small} ({ratio}x)"),
            None => Ok(()),
        }
    }
}

/// Seconds for a reader.
pub(crate) fn time(seconds: f64) -> String {
    if seconds < 1e-3 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 1.0 {
        format!("{:.2} ms", seconds * 1e3)
    } else {
        format!("{seconds:.1} s")
    }
}

/// The rows as one process tells them another.
pub(crate) fn to_line(rows: &[Row]) -> String {
    let rows: Vec<Json> = rows
        .iter()
        .map(|row| json!([row.what, row.measured, row.compared]))
        .collect();
    Json::Array(rows).to_string()
}

pub(crate) fn from_line(line: &str) -> Vec<Row> {
    let rows: Vec<Json> = serde_json::from_str(line).unwrap();
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| Row {
            what: text(&row[0]),
            measured: text(&row[1]),
            compared: row[2]
                .as_array()
                .map(|compared| (text(&compared[0]), text(&compared[1]))),
        })
        .collect()
}

/// The report, a section for each case. Of a run that leaves cases out, theirs
/// stay as they are.
pub(crate) struct Report {
    quick: bool,
    sections: Vec<(&'static str, String)>,
}

/// What a section begins with.
const SECTION: &str = "\n## ";

impl Report {
    pub(crate) fn begin(quick: bool) -> Self {
        Self {
            quick,
            sections: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, about: &'static str, rows: Vec<Row>, begun: Instant, load: &str) {
        let mut text = String::new();
        write!(text, "\n\n| | measured | against | ratio |\n").unwrap();
        writeln!(text, "| --- | --- | --- | --- |").unwrap();
        for row in rows {
            let (small, ratio) = row.compared.unwrap_or_default();
            let (what, measured) = (row.what, row.measured);
            writeln!(text, "| {what} | {measured} | {small} | {ratio} |").unwrap();
        }
        let commit = said("git", &["describe", "--always", "--dirty"]);
        let took = begun.elapsed().as_secs();
        writeln!(text, "\nCommit {commit}, load before {load}, {took} s.").unwrap();
        self.sections.push((about, text));
    }

    /// Writes it beside the results of the other benchmarks, in the order of all
    /// there are.
    pub(crate) fn write(self, all: impl Iterator<Item = &'static str>) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("GROWTH.md");
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        let before: Vec<&str> = before.split(SECTION).skip(1).collect();
        let flag = if self.quick { " -- --quick" } else { "" };
        let mut text = format!(
            "# Growth\n\nMade by `cargo bench -p workeros-benches --bench growth{flag}`. \
             SQLite in a file, every answered write on disk; requests go through the service \
             in process. Times are medians unless it is said otherwise.\n\n| | |\n| --- | --- |\n"
        );
        for (name, value) in circumstances() {
            writeln!(text, "| {name} | {value} |").unwrap();
        }
        for about in all {
            let new = self.sections.iter().find(|(section, _)| *section == about);
            let kept = || {
                before
                    .iter()
                    .find_map(|section| section.strip_prefix(about))
            };
            if let Some(section) = new.map(|(_, text)| text.as_str()).or_else(kept) {
                write!(text, "{SECTION}{about}{}", section.trim_end()).unwrap();
                text.push('\n');
            }
        }
        std::fs::write(&path, text).unwrap();
        eprintln!("written: {}", path.display());
    }
}

/// How much the machine does besides.
pub(crate) fn load() -> String {
    let load = file("/proc/loadavg");
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn circumstances() -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    vec![
        ("processor", line("/proc/cpuinfo", "model name")),
        ("cores", cores.to_string()),
        ("memory", line("/proc/meminfo", "MemTotal")),
        ("kernel", file("/proc/sys/kernel/osrelease")),
        ("compiler", said("rustc", &["--version"])),
    ]
}

fn file(path: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.trim().to_owned()
}

fn line(path: &str, name: &str) -> String {
    let text = file(path);
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    let value = value.and_then(|line| line.split_once(':'));
    value
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let command = command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    let said = command
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}
