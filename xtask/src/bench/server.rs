use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::client::Client;
use super::command::dependent;
use super::contender::{Contender, Place};
use super::usage;
use crate::Result;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a server may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// A server that runs; it ends with this.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// The throw-away Postgres, where it uses that.
    postgres: Option<u32>,
    /// From the start of the process to its first healthy answer.
    pub(crate) took: Duration,
}

impl Server {
    pub(crate) fn start(contender: &dyn Contender, place: &Place) -> Result<Self> {
        let recipe = contender.serve(place);
        let log = File::create(place.directory.join("server.log"))?;
        let client = Client::new(&place.address);
        let mut command = dependent(recipe.get_program());
        copy(&recipe, &mut command);
        let start = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log)
            .spawn()?;
        let mut server = Self {
            child,
            postgres: place.postgres.as_ref().map(|database| database.process),
            took: Duration::ZERO,
        };
        while !client.is_up(contender.health()) {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("the server ended: {status}: {}", place.end_of_log()).into());
            }
            if start.elapsed() > PATIENCE {
                return Err(format!("the server does not answer: {}", place.end_of_log()).into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        server.took = start.elapsed();
        Ok(server)
    }

    /// CPU time so far: of the server, and of all of Postgres if it uses that.
    /// Nobody else does while it is measured.
    pub(crate) fn cpu(&self) -> (Duration, Option<Duration>) {
        (usage::cpu(self.child.id()), self.postgres.map(usage::cpu))
    }

    /// Resident memory in MiB, now and at its highest.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let of = |line| usage::memory(self.child.id(), line);
        (of("VmRSS"), of("VmHWM"))
    }
}

/// Program, arguments, environment and directory, behind what is there.
fn copy(from: &Command, to: &mut Command) {
    to.args(from.get_args());
    for (name, value) in from.get_envs() {
        if let Some(value) = value {
            to.env(name, value);
        }
    }
    if let Some(directory) = from.get_current_dir() {
        to.current_dir(directory);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").arg(pid).status().is_ok();
        let start = Instant::now();
        while asked && start.elapsed() < GRACE {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // Errors mean that it has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
