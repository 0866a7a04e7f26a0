//! What was measured on, and with which versions.

use std::fs;
use std::process::Command;

use super::command::output;
use super::setup::{self, root};

/// Names and values, in the order of the report.
pub(crate) type Machine = Vec<(&'static str, String)>;

/// Looks at the machine; what cannot be told is left empty.
pub(crate) fn look(postgres: &str) -> Machine {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    vec![
        ("processor", line("/proc/cpuinfo", "model name")),
        ("cores", cores.to_string()),
        ("memory", line("/proc/meminfo", "MemTotal")),
        ("kernel", file("/proc/sys/kernel/osrelease")),
        ("load before", file("/proc/loadavg")),
        (
            "file system",
            said("stat", &["-f", "-c", "%T", &temporary()]),
        ),
        ("commit", said("git", &["describe", "--always", "--dirty"])),
        ("compiler", said("rustc", &["--version"])),
        ("crates", crates()),
        ("driver", wrk()),
        ("Postgres", postgres.to_owned()),
        ("PocketBase", setup::POCKETBASE.to_owned()),
        (
            "Directus",
            format!("{} on Node {}", setup::DIRECTUS, setup::NODE),
        ),
    ]
}

fn temporary() -> String {
    std::env::temp_dir().display().to_string()
}

fn file(path: &str) -> String {
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn line(path: &str, name: &str) -> String {
    let text = file(path);
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|line| line.split_once(':'));
    value
        .map(|(_, value)| value.trim().to_owned())
        .unwrap_or_default()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let said = output(command.args(arguments).current_dir(root()));
    said.map(|said| said.trim().to_owned()).unwrap_or_default()
}

/// wrk tells its version and then fails.
fn wrk() -> String {
    let said = Command::new("wrk").arg("-v").output();
    let said = said.map(|said| said.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let version = said.lines().next().unwrap_or_default();
    let version = version.split('[').next().unwrap_or_default().trim();
    format!("{version}, one thread")
}

fn crates() -> String {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
    let version = |name: &str| {
        let rest = lock
            .split_once(&format!("name = \"{name}\"\nversion = \""))?
            .1;
        Some(format!("{name} {}", rest.split_once('"')?.0))
    };
    let names = [
        "axum",
        "hyper",
        "tokio",
        "sqlx",
        "rusqlite",
        "libsqlite3-sys",
    ];
    let versions: Vec<String> = names.into_iter().filter_map(version).collect();
    versions.join(", ")
}
