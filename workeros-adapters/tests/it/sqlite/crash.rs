//! The process is killed: what was answered is there, whole.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use futures::future::join_all;
use tempfile::TempDir;
use workeros_core::testkit::SeededRandom;
use workeros_core::{Database as _, IdGenerator as _, Step, SystemIds};

use super::{Sqlite, batch, integer, run, statement};

const CHILD: &str = "WORKEROS_TEST_CRASH_DATABASE";
const ROUNDS: u64 = 20;

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let seed = SystemIds.next_id().as_u64_pair().1;
    println!("seed {seed}");
    let random = SeededRandom::new(seed);
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("crash.db");
    let db = Sqlite::open(&path).await.unwrap();
    run(&db, "CREATE TABLE first (id integer PRIMARY KEY)").await;
    run(&db, "CREATE TABLE second (id integer PRIMARY KEY)").await;
    drop(db);

    let mut answered = BTreeSet::new();
    for round in 0..ROUNDS {
        let lifetime = Duration::from_millis(20 + random.next_u64() % 150);
        answered.extend(write_until_killed(&path, lifetime));
        let db = Sqlite::open(&path).await.unwrap();
        let first = ids(&db, "SELECT id FROM first").await;
        assert_eq!(
            first,
            ids(&db, "SELECT id FROM second").await,
            "round {round}"
        );
        let lost: Vec<_> = answered.difference(&first).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
        let sound = db
            .fetch(statement("PRAGMA integrity_check", []))
            .await
            .unwrap();
        assert_eq!(sound.rows[0].text(0).unwrap(), "ok", "round {round}");
    }
    assert!(
        answered.len() > 100,
        "only {} batches were answered",
        answered.len()
    );
}

async fn ids(db: &Sqlite, sql: &'static str) -> BTreeSet<i64> {
    let rows = db.fetch(statement(sql, [])).await.unwrap();
    rows.iter().map(|row| row.integer(0).unwrap()).collect()
}

/// Runs this very program as a writer, kills it some time after its first
/// answer, and gives the ids that were answered.
fn write_until_killed(path: &Path, lifetime: Duration) -> Vec<i64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::crash::writer", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut lines = output
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| answer(&line));
    let first = lines.next().expect("a first answer");
    std::thread::sleep(lifetime);
    // SIGKILL, where there are signals.
    child.kill().unwrap();
    child.wait().unwrap();
    // The pipe still holds what was told before.
    std::iter::once(first).chain(lines).collect()
}

fn answer(line: &str) -> Option<i64> {
    line.strip_prefix("answered ")?
        .strip_suffix('.')?
        .parse()
        .ok()
}

/// The program that is killed; does nothing when run as a test.
#[tokio::test]
async fn writer() {
    let Ok(path) = std::env::var(CHILD) else {
        return;
    };
    let db = Sqlite::open(path).await.unwrap();
    let next = integer(&db, "SELECT coalesce(max(id), 0) + 1 FROM first").await;
    println!();
    join_all((0..8).map(|caller| write(&db, next + caller))).await;
}

async fn write(db: &Sqlite, mut id: i64) {
    loop {
        let second = statement("INSERT INTO second (id) VALUES ($1)", [id.into()]);
        let both = batch("INSERT INTO first (id) VALUES ($1)", [id.into()]).step(Step::new(second));
        db.apply(both).await.unwrap();
        println!("answered {id}.");
        id += 8;
    }
}
