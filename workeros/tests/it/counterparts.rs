//! What others have written, and `scripts/setup` has installed: it is run by
//! scripts of `tests/counterparts`, which say line by line what they see.

use std::ffi::OsString;
#[cfg(feature = "http-client")]
use std::io::Write as _;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value as Json;

pub(crate) struct Counterparts {
    node: OsString,
    folder: PathBuf,
}

impl Counterparts {
    /// Says so where they are not installed.
    pub(crate) fn find() -> Option<Self> {
        Some(Self {
            node: variable("WORKEROS_TEST_NODE")?,
            folder: variable("WORKEROS_TEST_COUNTERPARTS")?.into(),
        })
    }

    /// Those among which is a browser.
    pub(crate) fn find_with_chromium() -> Option<Self> {
        variable("WORKEROS_TEST_CHROMIUM")?;
        Self::find()
    }

    fn start(&self, script: &str, arguments: &[&str]) -> Script {
        let scripts = self.folder.join("tests");
        let mut child = Command::new(&self.node)
            // The packages are found from where the link to the scripts is.
            .args(["--preserve-symlinks", "--preserve-symlinks-main"])
            .arg(scripts.join(script))
            .args(arguments)
            .current_dir(scripts)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Script {
            input: child.stdin.take(),
            output,
            child,
        }
    }

    /// Starts a provider of accounts that sends browsers back to `callback`, and
    /// gives what it says of itself.
    #[cfg(feature = "http-client")]
    pub(crate) fn start_provider(&self, callback: &str) -> (Script, Json) {
        let mut script = self.start("oidc-provider.mjs", &[callback]);
        let known = script.hear().expect("a provider that starts");
        (script, known)
    }

    /// Starts a receiver of webhooks that knows this secret, and gives what it says
    /// of itself.
    #[cfg(all(feature = "http-client", feature = "testkit"))]
    pub(crate) fn start_receiver(&self, secret: &str) -> (Script, Json) {
        let mut script = self.start("standard-webhooks.mjs", &[secret]);
        let known = script.hear().expect("a receiver that starts");
        (script, known)
    }

    /// Runs a script that checks something to its end: every check must hold.
    pub(crate) async fn check(&self, script: &str, arguments: &[&str]) {
        let script = self.start(script, arguments);
        let checks = tokio::task::spawn_blocking(move || script.checks());
        let checks = checks.await.unwrap();
        let failed: Vec<_> = checks.iter().filter(|check| check["ok"] != true).collect();
        for check in &failed {
            println!("{}: {}", check["check"], check["error"].as_str().unwrap());
        }
        assert!(failed.is_empty(), "{} checks failed", failed.len());
        assert!(checks.len() > 1, "nothing was checked");
    }
}

/// A script that runs. It ends when it is dropped.
pub(crate) struct Script {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Script {
    /// The next line it says, unless it has ended.
    fn hear(&mut self) -> Option<Json> {
        let line = self.output.next()?.unwrap();
        Some(serde_json::from_str(&line).unwrap())
    }

    /// Says a line to it, and gives what it answers.
    #[cfg(feature = "http-client")]
    pub(crate) fn ask(&mut self, line: &Json) -> Json {
        let mut input = self.input.as_ref().expect("a script that runs");
        writeln!(input, "{line}").unwrap();
        self.hear().expect("an answer")
    }

    fn checks(mut self) -> Vec<Json> {
        let mut checks = Vec::new();
        while let Some(check) = self.hear() {
            checks.push(check);
        }
        let status = self.child.wait().unwrap();
        let told = checks.iter().any(|check| check["ok"] != true);
        assert!(status.success() || told, "{status}: {checks:#?}");
        checks
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // A script ends with its input, and takes along what it has started.
        self.input = None;
        let _ = self.child.wait();
    }
}

fn variable(name: &str) -> Option<OsString> {
    let value = std::env::var_os(name);
    if value.is_none() {
        println!("skipped: {name} is not set");
    }
    value
}
