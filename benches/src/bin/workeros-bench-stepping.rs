//! How near a list comes to what SQLite can do: lists in process, in turns with
//! a loop that does nothing but bind, step the same statement on the same file
//! and look at each column. One thread.
//!
//! ```console
//! $ cargo run --release -p workeros-benches --bin workeros-bench-stepping -- --rounds 20
//! ```
//!
//! Prints an object for each list: its ratios, and lists and loops per second
//! of CPU.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark reports by printing and by panicking"
)]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Statement as Prepared};
use serde_json::{Value as Json, json};
use tokio::runtime::{Builder, Runtime};
use workeros::{Identity, Items, Query, Subject, role};
use workeros_benches::{Instance, POSTS};
use workeros_core::{Statement, Value};

/// How long each side has in a round.
const TURN: Duration = Duration::from_millis(100);

const ROUNDS: usize = 15;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = match arguments.as_slice() {
        [] => ROUNDS,
        [name, rounds] if name == "--rounds" => rounds.parse().unwrap(),
        _ => panic!("usage: workeros-bench-stepping [--rounds N]"),
    };
    for line in measure(rounds) {
        println!("{line}");
    }
}

fn measure(rounds: usize) -> Vec<Json> {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (instance, database) = runtime.block_on(Instance::watched(POSTS));
    let admin = || instance.workeros.items("posts").as_system();
    let page = || Query::new().limit(50);
    let filter = json!({"views": {"_lte": 5000}});
    let sorted = page().filter(filter).sort("-views");
    let lists = [
        ("list", admin(), page()),
        ("list-filter-sort", admin(), sorted),
        ("list-role", member(&instance), page()),
    ];
    let lists = lists.map(|(name, items, query)| {
        list(&runtime, &items, &query);
        (name, items, query, database.last().statement)
    });
    database.pass();
    let connection = open(&instance.file());
    let lines = lists.into_iter().map(|(name, items, query, statement)| {
        let mut prepared = connection.prepare(statement.sql.as_str()).unwrap();
        let mut turn = || {
            let listed = rate(|| list(&runtime, &items, &query));
            (listed, rate(|| step(&mut prepared, &statement)))
        };
        // To warm both up.
        turn();
        let turns: Vec<(f64, f64)> = (0..rounds).map(|_| turn()).collect();
        let each =
            |value: fn(&(f64, f64)) -> f64| -> Vec<f64> { turns.iter().map(value).collect() };
        json!({
            "list": name,
            "ratios": each(|(listed, stepped)| listed / stepped),
            "listed": each(|(listed, _)| *listed),
            "stepped": each(|(_, stepped)| *stepped),
        })
    });
    lines.collect()
}

/// Somebody under the row filter of the instance.
fn member(instance: &Instance) -> Items {
    let tenant = instance.workeros.plane().default_tenant();
    let identity = Identity::host("somebody").with_role(role::AUTHENTICATED);
    let member = Subject::identified(tenant, identity);
    instance.workeros.items("posts").as_subject(member)
}

/// How often something is done in a second of CPU: what else runs on the
/// machine counts for little then.
fn rate(mut run: impl FnMut()) -> f64 {
    let (start, before) = (Instant::now(), cpu());
    let mut count = 0.0;
    while start.elapsed() < TURN {
        run();
        count += 1.0;
    }
    let used = cpu().zip(before).map(|(after, before)| after - before);
    let used = used.filter(|used| !used.is_zero());
    count / used.unwrap_or_else(|| start.elapsed()).as_secs_f64()
}

/// What this thread has used so far, where the system tells.
fn cpu() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = told.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

fn list(runtime: &Runtime, items: &Items, query: &Query) {
    let page = runtime.block_on(items.list(query)).unwrap();
    assert!(page.has_more);
    black_box(page);
}

fn step(prepared: &mut Prepared<'_>, statement: &Statement) {
    for slot in 1..=prepared.parameter_count() {
        // `$2` is the second value, wherever it stands.
        let place = prepared
            .parameter_name(slot)
            .map_or(slot, |name| name.get(1..).unwrap().parse().unwrap());
        match statement.params.get(place - 1).unwrap() {
            Value::Text(text) => prepared.raw_bind_parameter(slot, text.as_str()),
            Value::Integer(integer) => prepared.raw_bind_parameter(slot, integer),
            Value::Uuid(uuid) => prepared.raw_bind_parameter(slot, uuid.to_string()),
            other => panic!("{other:?} is not bound here"),
        }
        .unwrap();
    }
    let columns = prepared.column_count();
    let mut rows = prepared.raw_query();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            black_box(row.get_ref(column).unwrap());
        }
        count += 1;
    }
    assert_eq!(count, 51);
}

/// Set up as the adapter sets up its own.
fn open(file: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).unwrap();
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
    ] {
        connection.set_db_config(setting, on).unwrap();
    }
    let pragmas =
        "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456; PRAGMA query_only = ON;";
    connection.execute_batch(pragmas).unwrap();
    connection
}

#[cfg(test)]
#[test]
fn a_list_and_a_loop_read_the_same() {
    let lines = measure(1);
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert!(line["ratios"][0].as_f64().unwrap() > 0.0, "{line}");
    }
}
