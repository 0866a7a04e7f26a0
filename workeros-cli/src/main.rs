//! The `workeros` binary: serve, migrate, adopt. It is built from the public
//! API of the crate `workeros` alone.

mod adopt;
mod options;
mod serve;
mod signals;
mod store;

use std::error::Error as _;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use workeros::{Error, ErrorKind, Result, Workeros};

use crate::options::{Command, Options, Store};

fn main() -> ExitCode {
    let options = Options::parse();
    let filter = EnvFilter::try_from_env("WORKEROS_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return report(&Error::internal(error)),
    };
    match runtime.block_on(run(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

async fn run(options: Options) -> Result<()> {
    match options.command {
        Command::Serve(options) => serve::serve(options).await,
        Command::Migrate(store) => migrate(store).await,
        Command::Adopt(options) => adopt::adopt(options).await,
    }
}

/// Building an instance migrates; there is nothing else to do.
async fn migrate(store: Store) -> Result<()> {
    let backend = Workeros::builder()
        .shared_db(store.open().await?)
        .build()
        .await?;
    backend.shutdown().await;
    tracing::info!("the system tables are up to date");
    Ok(())
}

/// Says what went wrong: 2 for what the caller can mend, 1 for the rest.
fn report(error: &Error) -> ExitCode {
    tracing::error!("{}", chain(error));
    match error.kind() {
        ErrorKind::Internal | ErrorKind::Unavailable => ExitCode::FAILURE,
        _ => ExitCode::from(2),
    }
}

/// The message with those of its causes: this reader is the operator.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
