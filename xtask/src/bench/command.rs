//! Running other programs, for a bounded time.

use std::process::{Command, Stdio};

use crate::Result;

/// Runs a program to its end; what it printed, or the end of its complaint.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let complaint = [text.as_bytes(), &output.stderr].concat();
    let complaint = String::from_utf8_lossy(&complaint).into_owned();
    let lines: Vec<&str> = complaint
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let end = lines.len().saturating_sub(6);
    let end = lines.get(end..).unwrap_or_default().join(" | ");
    Err(format!("{name}: {}: {end}", output.status).into())
}

/// A program that is ended, with all it started, after some seconds.
pub(crate) fn bounded(seconds: u32, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("timeout");
    command.arg("--kill-after=5").arg(seconds.to_string());
    command.arg(program);
    command
}

/// A program that ends with this one, where the system can see to it.
pub(crate) fn dependent(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let works = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !works.is_ok_and(|status| status.success()) {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}
