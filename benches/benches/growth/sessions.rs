use std::path::Path;

use bytes::Bytes;
use http::{Request, header};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use workeros::Authenticator as _;

use crate::Scale;
use crate::host::{FILE, Host, VISITOR, directory, runtime};
use crate::measure::{TIMES, median};
use crate::report::Row;

const FEW: u32 = 1000;
const OF_EACH: u32 = 10;

/// Sessions whose token we know: each is looked at in turn.
const KNOWN: u32 = 500;

pub(crate) fn run(scale: &Scale) -> Vec<Row> {
    let count = scale.of(1_000_000, 20_000);
    let large = runtime().block_on(measure(count));
    let small = runtime().block_on(measure(FEW));
    let mut rows = vec![Row::new("sessions", count)];
    let each = large.into_iter().zip(small);
    rows.extend(each.map(|((what, large), (_, small))| Row::compared(what, large, small)));
    rows
}

async fn measure(count: u32) -> Vec<(&'static str, f64)> {
    let directory = directory();
    // Hashing would hide what the database takes.
    let open = async |cached: usize| {
        let options = move |auth: workeros::AuthBuilder| {
            auth.danger_weak_hashing().with_cached_sessions(cached)
        };
        Host::start_with(directory.path(), options).await
    };
    open(0).await.signed_in().await.sign_in().await;
    let tokens = fill(directory.path(), count);
    let mut medians = Vec::new();
    for (cached, what) in [
        (0, "check of a session, read from the database"),
        (10_000, "check of a session, remembered"),
    ] {
        let host = open(cached).await;
        let auth = host.workeros.auth().unwrap();
        let parts: Vec<_> = tokens.iter().map(|token| parts(token)).collect();
        let check = async |n: usize| {
            let found = auth.authenticate(&parts[n % parts.len()], None).await;
            found.unwrap().unwrap()
        };
        // Each is looked at before it counts.
        for n in 0..parts.len() {
            check(n).await;
        }
        medians.push((what, median(parts.len(), check).await));
    }
    let host = open(0).await;
    let sign_in = median(TIMES, async |_| host.sign_in().await).await;
    medians.push(("sign-in, without the hashing of the password", sign_in));
    medians
}

fn parts(token: &str) -> http::request::Parts {
    let bearer = format!("Bearer {token}");
    let request = Request::builder().header(header::AUTHORIZATION, bearer);
    request.body(Bytes::new()).unwrap().into_parts().0
}

/// Copies the visitor and his session until there are so many, some of them
/// under tokens that are given back.
fn fill(directory: &Path, count: u32) -> Vec<String> {
    let mut database = Connection::open(directory.join(FILE)).unwrap();
    let batch = database.transaction().unwrap();
    batch
        .execute_batch("CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY)")
        .unwrap();
    let numbers = "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < ?1) \
        INSERT INTO numbers SELECT n FROM up";
    batch.execute(numbers, [count]).unwrap();
    let visitors = "CREATE TEMP TABLE visitors AS SELECT u.* FROM workeros_users u, numbers \
        WHERE u.email = ?1 AND n <= (SELECT max(n) FROM numbers) / ?2";
    batch
        .execute(visitors, rusqlite::params![VISITOR, OF_EACH])
        .unwrap();
    batch
        .execute_batch(
            "UPDATE visitors SET email = rowid || email, id = printf('%08x-0000-7000-8000-%012x', rowid, rowid);
             INSERT INTO workeros_users SELECT * FROM visitors;
             CREATE TEMP TABLE copies AS SELECT s.* FROM workeros_sessions s, numbers
                 WHERE s.rowid = (SELECT max(rowid) FROM workeros_sessions);
             UPDATE copies SET id = printf('%08x-0000-7000-8000-%012x', rowid, rowid),
                 key = randomblob(32),
                 user_id = (SELECT id FROM visitors v
                     WHERE v.rowid = copies.rowid % (SELECT max(rowid) FROM visitors) + 1);",
        )
        .unwrap();
    let tokens: Vec<String> = (0..KNOWN).map(|n| format!("{n:043}")).collect();
    for (n, token) in (0..).zip(&tokens) {
        let key = Sha256::digest(token);
        let row = n * (count / KNOWN) + 1;
        let set = "UPDATE copies SET key = ?1 WHERE rowid = ?2";
        batch
            .execute(set, rusqlite::params![key.as_slice(), row])
            .unwrap();
    }
    batch
        .execute_batch("INSERT INTO workeros_sessions SELECT * FROM copies")
        .unwrap();
    batch.commit().unwrap();
    tokens
}
