//! The comparison: real servers on the loopback interface, a driver in a
//! process of its own, runs that take turns.

mod client;
mod command;
mod contender;
mod load;
mod machine;
mod measure;
mod options;
mod postgres;
mod posts;
mod ratio;
mod report;
mod server;
mod setup;
mod target;
mod usage;
mod workload;

use std::net::TcpListener;
use std::path::Path;
use std::time::Instant;

pub(crate) use options::Options;

use crate::Result;
use client::Client;
use contender::{Contender, Place};
use measure::{Missing, Running};
use postgres::Postgres;
use server::Server;

/// Runs the comparison and writes its report.
pub(crate) fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    setup::wrk()?;
    println!("building and installing the contenders");
    let entries = contender::all(options)?;
    println!("ready after {} s", start.elapsed().as_secs());
    let directory = tempfile::tempdir()?;
    let wanted = |entry: &contender::Entry| {
        let contender = entry.1.as_ref();
        contender.is_ok_and(|contender| contender.on_postgres())
    };
    let postgres = entries.iter().any(wanted).then(Postgres::start);
    let mut running = Vec::new();
    let mut missing = Vec::new();
    for (name, entry) in entries {
        println!("filling {name}");
        let started = entry.and_then(|contender| {
            begin(
                contender,
                postgres.as_ref(),
                directory.path(),
                options.archive,
            )
        });
        match started {
            Ok(started) => running.push(started),
            Err(error) => {
                let reason = error.to_string();
                println!("{name} takes no part: {reason}");
                missing.push(Missing { name, reason });
            }
        }
    }
    println!("measuring after {} s", start.elapsed().as_secs());
    let version = match &postgres {
        Some(Ok(postgres)) => postgres.version()?,
        _ => "none".to_owned(),
    };
    let machine = machine::look(&version);
    measure::starts(&mut running, options.rounds)?;
    let cells = measure::loads(&running, options, directory.path())?;
    let report = report::Report {
        options,
        machine,
        running: running.iter().map(Running::finish).collect(),
        missing,
        cells,
        seconds: start.elapsed().as_secs(),
    };
    report.write()?;
    report.verdict()
}

/// Starts a contender for the first time and fills it.
fn begin(
    contender: Box<dyn Contender>,
    postgres: Option<&Result<Postgres>>,
    directory: &Path,
    archive: usize,
) -> Result<Running> {
    let name = contender.name();
    let directory = directory.join(name);
    std::fs::create_dir(&directory)?;
    let database = match postgres {
        Some(Ok(server)) if contender.on_postgres() => Some(server.create(name)?),
        Some(Err(error)) if contender.on_postgres() => return Err(error.to_string().into()),
        _ => None,
    };
    let place = Place {
        address: TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string(),
        directory,
        postgres: database,
    };
    contender.prepare(&place, archive)?;
    let server = Server::start(&*contender, &place)?;
    let endpoints = contender
        .fill(&Client::new(&place.address), archive)
        .map_err(|error| format!("{error} ({})", place.end_of_log()))?;
    if let Some(database) = &place.postgres {
        postgres::query(&database.url, "VACUUM ANALYZE")?;
    }
    Ok(Running::new(contender, place, endpoints, server))
}
