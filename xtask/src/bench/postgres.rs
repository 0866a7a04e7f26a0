use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::command::{bounded, output};
use super::setup::root;
use crate::Result;

/// A throw-away Postgres server that syncs its writes; it ends with this.
#[derive(Debug)]
pub(crate) struct Postgres {
    script: Child,
    /// The server lives until this is closed.
    input: Option<ChildStdin>,
    url: String,
}

impl Postgres {
    pub(crate) fn start() -> Result<Self> {
        let print = r#"echo "$WORKEROS_TEST_POSTGRES_URL"; cat >/dev/null"#;
        let mut script = Command::new(root().join("scripts/with-postgres"))
            .args(["sh", "-c", print])
            .env_remove("WORKEROS_TEST_POSTGRES_URL")
            .env("WORKEROS_TEST_POSTGRES_FSYNC", "on")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = script.stdin.take();
        let lines = BufReader::new(script.stdout.take().ok_or("no output")?).lines();
        let url = lines
            .map_while(std::result::Result::ok)
            .find(|line| line.starts_with("postgres://"));
        let Some(url) = url else {
            return Err(format!("no Postgres server: {}", script.wait()?).into());
        };
        Ok(Self { script, input, url })
    }

    /// A new database.
    pub(crate) fn create(&self, contender: &str) -> Result<Database> {
        let name = contender.replace('-', "_");
        query(&self.url, &format!("CREATE DATABASE {name}"))?;
        let (server, _) = self.url.rsplit_once('/').ok_or("no database in the URL")?;
        Ok(Database {
            url: format!("{server}/{name}"),
            process: self.script.id(),
        })
    }

    pub(crate) fn version(&self) -> Result<String> {
        query(&self.url, "SHOW server_version")
    }
}

/// A database in a throw-away server.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) url: String,
    /// The process that all of the server descends from.
    pub(crate) process: u32,
}

/// Runs one statement.
pub(crate) fn query(url: &str, statement: &str) -> Result<String> {
    let mut psql = bounded(300, "psql");
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
    let answer = output(psql.arg("--command").arg(statement).arg(url))?;
    Ok(answer.trim().to_owned())
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.input.take());
        // The script ends the server and removes its files.
        self.script.wait().ok();
    }
}
