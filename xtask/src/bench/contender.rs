//! What is compared. One file for each.

mod directus;
mod handwritten;
mod ours;
mod pocketbase;
mod workeros;

use std::fmt::Debug;
use std::path::PathBuf;
use std::process::Command;

use self::handwritten::Handwritten;
use self::ours::Ours;
use self::workeros::Binary;
pub(crate) use self::workeros::NAME as WORKEROS;
use super::client::Client;
use super::options::Options;
use super::postgres::Database;
use super::setup::{self, Programs};
use super::workload::Endpoints;
use crate::Result;

/// Who is signed in.
const ADMIN: &str = "admin@example.com";
const MEMBER: &str = "member@example.com";
const PASSWORD: &str = "correct horse battery";

/// The two conditions of the filtered list.
const STATUS: &str = "published";
const MAX_VIEWS: i64 = 5000;

/// Where a contender runs and keeps its data.
#[derive(Debug)]
pub(crate) struct Place {
    /// `127.0.0.1` with a port of its own.
    pub(crate) address: String,
    pub(crate) directory: PathBuf,
    /// Its database, where it uses Postgres.
    pub(crate) postgres: Option<Database>,
}

impl Place {
    /// Its database as a URL: that of Postgres, or a file.
    fn database(&self) -> String {
        match &self.postgres {
            Some(database) => database.url.clone(),
            None => format!("sqlite:{}", self.directory.join("bench.sqlite").display()),
        }
    }

    pub(crate) fn end_of_log(&self) -> String {
        let log = std::fs::read_to_string(self.directory.join("server.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let end = lines.len().saturating_sub(8);
        lines.get(end..).unwrap_or_default().join(" | ")
    }
}

/// A server to measure.
pub(crate) trait Contender: Debug {
    /// Its name on the command line and in the results.
    fn name(&self) -> &'static str;

    /// Whether it is to have a database in Postgres.
    fn on_postgres(&self) -> bool {
        false
    }

    /// Whether requests are measured, and not only its start and its memory.
    fn takes_load(&self) -> bool {
        true
    }

    /// How it is set up, for whoever reads the results.
    fn configuration(&self) -> Vec<String>;

    /// The one file it is shipped as, if it is.
    fn binary(&self) -> Option<PathBuf> {
        None
    }

    /// What has to be done before its first start.
    fn prepare(&self, place: &Place, archive: usize) -> Result<()>;

    /// The server as a command.
    fn serve(&self, place: &Place) -> Command;

    /// A path that answers 200 once it serves.
    fn health(&self) -> &'static str;

    /// Fills the running server through its API, and says where it answers.
    fn fill(&self, client: &Client, archive: usize) -> Result<Endpoints>;
}

/// A contender, or why it takes no part.
pub(crate) type Entry = (&'static str, Result<Box<dyn Contender>>);

/// Those that are wanted. Installs what is missing while ours are built.
pub(crate) fn all(options: &Options, programs: &Programs) -> Result<Vec<Entry>> {
    let wants = |name| options.wants_contender(name);
    let mut entries = own(programs);
    entries.retain(|(name, _)| wants(name));
    let (built, pocketbase, directus) = std::thread::scope(|scope| {
        let pocketbase = scope.spawn(|| wants("pocketbase").then(setup::pocketbase));
        let directus = scope.spawn(|| wants("directus").then(|| setup::directus(options.quick)));
        (programs.build(), pocketbase.join(), directus.join())
    });
    built?;
    if let Some(installed) = pocketbase.map_err(|_| "a panic")? {
        let contender = installed.map(|binary| Box::new(pocketbase::PocketBase { binary }) as _);
        entries.push(("pocketbase", contender));
    }
    if let Some(installed) = directus.map_err(|_| "a panic")? {
        let contender = installed.map(|installed| Box::new(directus::Directus(installed)) as _);
        entries.push(("directus", contender));
    }
    Ok(entries)
}

/// Those that are written in this repository.
fn own(programs: &Programs) -> Vec<Entry> {
    let ours = |name, postgres| {
        let binary = programs.path("workeros-bench-ours");
        let contender = Ours {
            name,
            postgres,
            binary,
        };
        (name, Ok(Box::new(contender) as _))
    };
    let handwritten = |name, postgres| {
        let binary = programs.path("workeros-bench-handwritten");
        let contender = Handwritten {
            name,
            postgres,
            binary,
        };
        (name, Ok(Box::new(contender) as _))
    };
    let mut own = vec![
        ours("ours-sqlite", false),
        handwritten("handwritten-sqlite", false),
        ours("ours-postgres", true),
        handwritten("handwritten-postgres", true),
    ];
    // What is told of it are figures of a release.
    if !programs.quick() {
        let binary = Binary(programs.path("workeros"));
        own.push((WORKEROS, Ok(Box::new(binary) as _)));
    }
    own
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// A value of a query string.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Walks through all pages to the last full one: the path of that page.
fn last_page(
    client: &Client,
    token: &str,
    page: impl Fn(usize, &str) -> String,
    rows: usize,
) -> Result<String> {
    const STRIDE: usize = 200;
    const PAGE: usize = 50;
    let mut cursor = String::new();
    let walk = std::iter::repeat_n(STRIDE, (rows - PAGE - 1) / STRIDE);
    for limit in walk {
        let answer = client.get(&page(limit, &cursor), token)?;
        cursor = encoded(&super::client::text(&answer, "/next_cursor")?);
    }
    Ok(page(PAGE, &cursor))
}
