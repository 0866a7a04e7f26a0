//! The `workeros` binary as a process: its size, how long it takes to answer
//! on a database that is there, and how much memory it holds when idle.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark reports by printing and by panicking"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often the start is timed.
const STARTS: usize = 10;

fn main() {
    // `cargo test --benches` passes no `--bench`: then there is nothing to
    // measure, only to compile.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let binary = build();
    let directory = tempfile::tempdir().unwrap();
    // The first start makes the database.
    Server::start(&binary, directory.path()).stop();
    let mut starts: Vec<Duration> = (0..STARTS)
        .map(|_| Server::start(&binary, directory.path()).stop())
        .collect();
    starts.sort_unstable();
    let server = Server::start(&binary, directory.path());
    std::thread::sleep(Duration::from_secs(2));
    let memory = server.resident_kib();
    server.stop();
    let mib = |bytes: u64| bytes / 1024 / 1024;
    println!(
        "binary: {} MiB",
        mib(std::fs::metadata(&binary).unwrap().len())
    );
    println!(
        "start on an existing database: median {:?} of {STARTS}",
        starts[STARTS / 2]
    );
    println!(
        "idle, resident: {:.1} MiB",
        f64::from(u32::try_from(memory).unwrap()) / 1024.0
    );
}

fn build() -> std::path::PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Command::new(cargo)
        .args(["build", "--release", "--package", "workeros-cli"])
        .current_dir(root)
        .status();
    assert!(built.unwrap().success());
    let target = std::env::var("CARGO_TARGET_DIR").map_or_else(|_| root.join("target"), Into::into);
    target.join("release").join("workeros")
}

struct Server {
    child: Child,
    took: Duration,
}

impl Server {
    /// Starts the binary and waits until it answers `GET /health`.
    fn start(binary: &Path, directory: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let start = Instant::now();
        let child = Command::new(binary)
            .arg("serve")
            .arg("--listen")
            .arg(address.to_string())
            .arg("--data-dir")
            .arg(directory)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            child,
            took: Duration::ZERO,
        };
        while !healthy(address) {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "it does not start"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        Self {
            took: start.elapsed(),
            ..server
        }
    }

    fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }

    /// Ends the process; answers how long it took to start.
    fn stop(mut self) -> Duration {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.took
    }
}

fn healthy(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}
