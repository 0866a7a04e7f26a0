//! Tasks of this repository:
//!
//! ```console
//! $ cargo xtask bench           # the load comparison, about an hour
//! $ cargo xtask bench --quick   # the same in minutes
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the command line"
)]

mod bench;

use std::process::ExitCode;

/// What a task fails with.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

const USAGE: &str = "usage: cargo xtask bench [--quick] [--rounds N] [--seconds N] \
    [--connections N,…] [--archive ROWS] [--contenders NAME,…] [--workloads NAME,…] \
    [--output DIRECTORY]";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match arguments.next().as_deref() {
        Some("bench") => bench::Options::parse(arguments).and_then(|options| bench::run(&options)),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
