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
mod progress;
mod report;
mod server;
mod setup;
mod spread;
mod stepping;
mod target;
mod usage;
mod workload;

use std::net::TcpListener;
use std::path::Path;

pub(crate) use options::Options;

use crate::Result;
use client::Client;
use contender::{Contender, Place};
use measure::{Missing, Running};
use postgres::Postgres;
use progress::Progress;
use server::Server;
use setup::Programs;

/// Runs the comparison and writes its report.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut progress = Progress::new();
    setup::wrk()?;
    progress.say("building and installing the contenders");
    let programs = Programs::new(options.quick);
    let entries = contender::all(options, &programs)?;
    let directory = tempfile::tempdir()?;
    let wanted = |entry: &contender::Entry| {
        let contender = entry.1.as_ref();
        contender.is_ok_and(|contender| contender.on_postgres())
    };
    let postgres = entries.iter().any(wanted).then(Postgres::start);
    let mut running = Vec::new();
    let mut missing = Vec::new();
    for (name, entry) in entries {
        progress.say(&format!("filling {name}"));
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
                progress.say(&format!("{name} takes no part: {reason}"));
                missing.push(Missing { name, reason });
            }
        }
    }
    let version = match &postgres {
        Some(Ok(postgres)) => postgres.version()?,
        _ => "none".to_owned(),
    };
    let machine = machine::look(&version);
    progress.say("starting each server, in turns");
    measure::starts(&mut running, options.rounds)?;
    let cells = measure::loads(&mut running, options, &mut progress, directory.path());
    let stepping = if options.wants_workload("stepping") {
        progress.say("stepping");
        stepping::run(&programs)
    } else {
        Ok(Vec::new())
    };
    let report = report::Report {
        options,
        profile: programs.profile(),
        machine,
        running: running.iter().map(Running::finish).collect(),
        missing,
        cells,
        stepping: stepping.map_err(|error| error.to_string()),
        seconds: progress.elapsed().as_secs(),
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
