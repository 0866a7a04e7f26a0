use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;

use super::client::Client;
use super::contender::{Contender, Place};
use super::load::{self, Load};
use super::options::Options;
use super::progress::Progress;
use super::server::Server;
use super::workload::{self, Endpoints, Request, Workload};
use crate::Result;

/// How many requests a contender gets before it is measured.
const WARM_UP: usize = 20;

/// How long a server does nothing before its idle memory is read.
const REST: Duration = Duration::from_secs(2);

/// A contender that takes no part, and why.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) name: &'static str,
    pub(crate) reason: String,
}

/// A contender that is filled and serves.
#[derive(Debug)]
pub(crate) struct Running {
    contender: Box<dyn Contender>,
    place: Place,
    endpoints: Endpoints,
    /// Only a moment between two starts there is none.
    server: Option<Server>,
    starts: Vec<Duration>,
    idle: f64,
    /// At its highest before somebody signed in.
    peak: Option<f64>,
}

/// What is known of a contender in the end.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) name: &'static str,
    pub(crate) configuration: Vec<String>,
    /// Milliseconds from the start of the process to its first answer.
    pub(crate) starts: Vec<f64>,
    /// Resident memory in MiB: idle after a start, at its highest before
    /// passwords were checked, and at its highest in the end.
    pub(crate) idle: f64,
    pub(crate) peak: f64,
    pub(crate) peak_in_the_end: f64,
    /// The size in MiB of the file it is shipped as.
    pub(crate) binary: Option<f64>,
}

/// What one run came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) load: Load,
    /// Microseconds of CPU a request took: of the server, and of Postgres.
    pub(crate) cpu: f64,
    pub(crate) postgres_cpu: Option<f64>,
}

impl Sample {
    pub(crate) fn requests_per_second(&self) -> f64 {
        self.load.requests / self.load.seconds
    }
}

/// All runs of one contender under one workload.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) workload: Workload,
    pub(crate) connections: usize,
    pub(crate) contender: &'static str,
    /// In the order of the rounds; empty if it failed.
    pub(crate) samples: Vec<Sample>,
    pub(crate) failure: Option<String>,
}

impl Running {
    pub(crate) fn new(
        contender: Box<dyn Contender>,
        place: Place,
        endpoints: Endpoints,
        server: Server,
    ) -> Self {
        Self {
            contender,
            place,
            endpoints,
            server: Some(server),
            starts: Vec::new(),
            idle: 0.0,
            peak: None,
        }
    }

    pub(crate) fn finish(&self) -> Finished {
        let starts = self.starts.iter().map(Duration::as_secs_f64);
        let peak = self.highest();
        let binary = self.contender.binary();
        let size = binary.and_then(|binary| Some(binary.metadata().ok()?.len()));
        Finished {
            name: self.contender.name(),
            configuration: self.contender.configuration(),
            starts: starts.map(|seconds| seconds * 1e3).collect(),
            idle: self.idle,
            peak: self.peak.unwrap_or(peak),
            peak_in_the_end: peak,
            binary: size.map(mebibytes),
        }
    }

    fn highest(&self) -> f64 {
        let memory = self.server.as_ref().map(Server::memory);
        memory.map_or(0.0, |(_, highest)| highest)
    }

    fn restart(&mut self) -> Result<()> {
        drop(self.server.take());
        let server = Server::start(&*self.contender, &self.place)?;
        self.starts.push(server.took);
        self.server = Some(server);
        Ok(())
    }

    /// The requests of a workload, where it can be asked them.
    fn requests(&self, workload: Workload) -> Option<Vec<Request>> {
        let takes = self.contender.takes_load();
        takes.then(|| workload.requests(&self.endpoints)).flatten()
    }

    fn cpu(&self) -> (Duration, Option<Duration>) {
        self.server.as_ref().map(Server::cpu).unwrap_or_default()
    }

    /// Looks at the answers before they are counted.
    fn check(&self, workload: Workload, requests: &[Request]) -> Result<()> {
        let client = Client::new(&self.place.address);
        for request in requests.iter().cycle().take(WARM_UP) {
            let answer = client.send(request)?;
            if workload.is_list() {
                let rows = answer.get("data").or_else(|| answer.get("items"));
                let rows = rows.and_then(Json::as_array).map_or(0, Vec::len);
                if rows != 50 {
                    return Err(format!("a page of {rows} rows").into());
                }
            }
        }
        Ok(())
    }

    fn load(
        &self,
        requests: &[Request],
        connections: usize,
        seconds: u64,
        directory: &Path,
    ) -> Result<Sample> {
        let (before, postgres_before) = self.cpu();
        let address = &self.place.address;
        let load = load::run(address, requests, connections, seconds, directory)?;
        let (after, postgres_after) = self.cpu();
        if load.requests < 1.0 {
            return Err(format!("no answer within {seconds} s").into());
        }
        if load.errors > 0 {
            return Err(format!("{} of {} requests failed", load.errors, load.requests).into());
        }
        let each = |before: Duration, after: Duration| {
            after.saturating_sub(before).as_secs_f64() * 1e6 / load.requests
        };
        Ok(Sample {
            load,
            cpu: each(before, after),
            postgres_cpu: postgres_before
                .zip(postgres_after)
                .map(|(before, after)| each(before, after)),
        })
    }
}

/// Starts each server a few times, in turns, and lets it rest.
pub(crate) fn starts(running: &mut [Running], rounds: usize) -> Result<()> {
    for _ in 0..rounds {
        for contender in &mut *running {
            contender.restart()?;
        }
    }
    std::thread::sleep(REST);
    for contender in &mut *running {
        let memory = contender.server.as_ref().map(Server::memory);
        contender.idle = memory.map_or(0.0, |(now, _)| now);
    }
    Ok(())
}

/// Puts all workloads on all contenders, in turns.
pub(crate) fn loads(
    running: &mut [Running],
    options: &Options,
    progress: &mut Progress,
    directory: &Path,
) -> Vec<Cell> {
    let workloads = workload::ALL
        .into_iter()
        .filter(|workload| options.wants_workload(workload.name()));
    let plan: Vec<(Workload, usize)> = workloads
        .flat_map(|workload| {
            let connections = workload.connections(&options.connections);
            connections.into_iter().map(move |count| (workload, count))
        })
        .collect();
    let seconds = |running: &[Running], workload: Workload| {
        let asked = |contender: &&Running| contender.requests(workload).is_some();
        let contenders = running.iter().filter(asked).count() as u64;
        let rounds = options.rounds as u64 * workload.seconds(options.seconds);
        contenders * (rounds + warm_up(options) * workload.seconds(1))
    };
    let all = plan.iter().map(|(workload, _)| seconds(running, *workload));
    progress.plan(all.sum());
    let mut cells = Vec::new();
    for (workload, connections) in plan {
        if workload == Workload::SignIn {
            for contender in &mut *running {
                contender.peak = Some(contender.highest());
            }
        }
        let what = format!("{}, {connections} connections", workload.name());
        progress.begin(&what, seconds(running, workload));
        cells.extend(turns(running, workload, connections, options, directory));
    }
    cells
}

/// A long run begins warm; its first round is thrown away.
fn warm_up(options: &Options) -> u64 {
    u64::from(!options.quick)
}

fn mebibytes(bytes: u64) -> f64 {
    // A file of more than 4 TiB would be told wrong.
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0
}

fn turns(
    running: &[Running],
    workload: Workload,
    connections: usize,
    options: &Options,
    directory: &Path,
) -> Vec<Cell> {
    let mut turns: Vec<_> = running
        .iter()
        .filter_map(|contender| {
            let requests = contender.requests(workload)?;
            let checked = contender.check(workload, &requests);
            let cell = Cell {
                workload,
                connections,
                contender: contender.contender.name(),
                samples: Vec::new(),
                failure: checked.err().map(|error| error.to_string()),
            };
            Some((contender, requests, cell))
        })
        .collect();
    let warm = warm_up(options);
    for round in 0..options.rounds as u64 + warm {
        for (contender, requests, cell) in &mut turns {
            if cell.failure.is_some() {
                continue;
            }
            let seconds = if round < warm { 1 } else { options.seconds };
            let seconds = workload.seconds(seconds);
            match contender.load(requests, connections, seconds, directory) {
                Ok(_) if round < warm => {}
                Ok(sample) => cell.samples.push(sample),
                Err(error) => {
                    cell.samples.clear();
                    cell.failure = Some(error.to_string());
                }
            }
        }
    }
    turns.into_iter().map(|(_, _, cell)| cell).collect()
}
