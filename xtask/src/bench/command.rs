//! Running other programs, for a bounded time.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};

use crate::Result;

const TIMEOUT: &str = "timeout";

/// Runs a program to its end; what it printed, or the end of its complaint.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = name(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    if command.get_program() == TIMEOUT && was_ended(output.status) {
        let given = command.get_args().nth(1).unwrap_or_default();
        let given = given.to_string_lossy();
        return Err(format!("{name}: not done after {given} s").into());
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

/// The program that does the work, behind [`bounded`].
fn name(command: &Command) -> String {
    let program = command.get_program();
    let inner = command.get_args().nth(2).filter(|_| program == TIMEOUT);
    inner.unwrap_or(program).to_string_lossy().into_owned()
}

/// Whether [`bounded`] ended the program, by its code or with itself.
fn was_ended(status: ExitStatus) -> bool {
    const TIMED_OUT: i32 = 124;
    const KILLED: i32 = 9;
    status.code() == Some(TIMED_OUT) || status.signal() == Some(KILLED)
}

/// A program that is ended, with all it started, after some seconds.
pub(crate) fn bounded(seconds: u32, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(TIMEOUT);
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
