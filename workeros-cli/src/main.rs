//! The `workeros` binary: serve, migrate, adopt. It is built from the public
//! API of the crate `workeros` alone.
//!
//! It ends with 0 when all went well, 2 for what the caller can mend, and 1 for
//! the rest.

mod adopt;
mod connection;
mod mail;
mod options;
mod report;
mod serve;
mod signals;
mod store;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use workeros::{Error, Result, Workeros};

use crate::options::{Command, Options, Store};

fn main() -> ExitCode {
    let options = Options::parse();
    log_to_stderr(options.log);
    start(options.command).unwrap_or_else(|error| report::failure(&error))
}

/// Mostly read from a journal or a file, where colours are noise.
fn log_to_stderr(filter: EnvFilter) {
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
}

fn start(command: Command) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::internal)?;
    let ended = runtime.block_on(run(command));
    // What still runs had its time.
    runtime.shutdown_background();
    ended
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve(options) => return serve::serve(options).await,
        Command::Migrate(store) => migrate(store).await?,
        Command::Adopt(options) => adopt::adopt(options).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Opening the data migrates; there is nothing else to do.
async fn migrate(store: Store) -> Result<()> {
    let builder = Workeros::builder().shared_db(store.open().await?);
    builder.open().await?;
    writeln!(std::io::stdout(), "the system tables are up to date").map_err(Error::internal)
}
