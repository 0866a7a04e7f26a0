//! The page in a browser, and the program behind it.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::port_in;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/quickstart/browser.mjs");

/// `scripts/setup` installs a browser and what drives it.
#[test]
fn a_person_signs_in_by_password_link_and_passkey() {
    let variables = [
        "WORKEROS_TEST_NODE",
        "WORKEROS_TEST_COUNTERPARTS",
        "WORKEROS_TEST_CHROMIUM",
    ];
    let [Some(node), Some(counterparts), Some(_)] = variables.map(std::env::var_os) else {
        println!("skipped: {} are not all set", variables.join(", "));
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let printed = directory.path().join("printed");
    let program = Program::start(directory.path(), File::create(&printed).unwrap());
    let url = format!("http://localhost:{}/", wait_for_port(&printed));

    let mut browser = Command::new(node)
        .args(["--preserve-symlinks", "--preserve-symlinks-main"])
        .arg(Path::new(&counterparts).join("tests/chromium.mjs"))
        .args([SCRIPT, &url])
        .arg(&printed)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(browser.stdout.take().unwrap()).lines();
    let checks = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
    let checks: Vec<Json> = checks.collect();
    assert!(browser.wait().unwrap().success(), "{checks:#?}");
    let passed = checks.iter().filter(|check| check["ok"] == true).count();
    assert!(passed > 1 && passed == checks.len(), "{checks:#?}");
    drop(program);
}

/// The program, until it is dropped.
struct Program(Child);

impl Program {
    fn start(directory: &Path, printed: File) -> Self {
        let program = Command::new(env!("CARGO_BIN_EXE_example-quickstart"))
            .arg("0")
            .current_dir(directory)
            .stdout(printed)
            .spawn();
        Self(program.unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn wait_for_port(printed: &Path) -> u16 {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let text = fs::read_to_string(printed).unwrap();
        if let Some(port) = text.lines().find_map(port_in) {
            return port;
        }
        assert!(Instant::now() < end, "it does not start: {text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
