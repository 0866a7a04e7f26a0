use std::net::SocketAddr;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::Client;

/// How long anything may take that is not measured.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the binary to its end.
pub(crate) async fn run<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let output = command(arguments).output();
    timeout(PATIENCE, output).await.expect("it ends").unwrap()
}

/// A server that is running; killed when dropped.
pub(crate) struct Server {
    child: Child,
    log: Log,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts `workeros serve` on a free port, and waits until it listens.
    pub(crate) async fn start<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let mut command = command(["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments.into_iter().map(|one| one.as_ref().to_owned()));
        Self::spawn(command).await
    }

    /// Starts `workeros serve` with nothing but variables.
    pub(crate) async fn start_with_variables(variables: &[(&str, &str)]) -> Self {
        let mut command = command(["serve"]);
        command.envs(variables.iter().copied());
        Self::spawn(command).await
    }

    async fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut log = Log::of(&mut child);
        let line = log.line("listening on http://").await;
        let address = line.rsplit("http://").next().unwrap().trim();
        Self {
            address: address.parse().expect(&line),
            child,
            log,
        }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address).await.unwrap()
    }

    /// Waits for a line of the log that holds this.
    pub(crate) async fn line(&mut self, part: &str) -> String {
        self.log.line(part).await
    }

    /// Whether a line of the log that was read so far holds this.
    pub(crate) fn has_said(&self, part: &str) -> bool {
        self.log.read.iter().any(|line| line.contains(part))
    }

    /// Sends a signal: `TERM`, `INT`.
    pub(crate) async fn signal(&self, name: &str) {
        let process = self.child.id().expect("it is running").to_string();
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &process])
            .status();
        assert!(sent.await.unwrap().success());
    }

    /// Ends it as a power failure would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait())
            .await
            .expect("it ends")
            .unwrap()
    }

    /// Asks it to end, and expects that it does so well.
    pub(crate) async fn stop(mut self) {
        self.signal("TERM").await;
        let status = self.ended().await;
        assert!(status.success(), "{status}: {:?}", self.log.read);
    }
}

/// The lines of a process's standard error.
struct Log {
    lines: UnboundedReceiver<String>,
    read: Vec<String>,
}

impl Log {
    fn of(child: &mut Child) -> Self {
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, lines) = unbounded_channel();
        tokio::spawn(async move {
            // Read to the end, or the process would block when the pipe is full.
            while let Ok(Some(line)) = stderr.next_line().await {
                drop(sender.send(line));
            }
        });
        Self {
            lines,
            read: Vec::new(),
        }
    }

    async fn line(&mut self, part: &str) -> String {
        while let Some(line) = timeout(PATIENCE, self.lines.recv())
            .await
            .unwrap_or_else(|_| panic!("no line with `{part}` in time: {:?}", self.read))
        {
            self.read.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
        panic!("it ended without a line with `{part}`: {:?}", self.read);
    }
}

/// The binary, free of what the surroundings say.
fn command<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workeros"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WORKEROS_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments.into_iter().map(|one| one.as_ref().to_owned()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
