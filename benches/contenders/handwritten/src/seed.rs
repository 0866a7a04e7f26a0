//! Users and posts to measure with, read as a line of JSON each.

use std::error::Error;
use std::io::BufRead;
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::datetime;

use crate::failure::Failure;
use crate::password;
use crate::post::NewPost;
use crate::store::{Store, Table};

/// Who the posts belong to, and who sees some of them.
pub(crate) const ADMIN: &str = "admin@example.com";
pub(crate) const MEMBER: &str = "member@example.com";
const PASSWORD: &str = "correct horse battery";

/// Posts are this far apart in time.
const STEP: Duration = Duration::from_millis(1);
const FIRST: OffsetDateTime = datetime!(2024-01-01 00:00 UTC);

/// How many posts a transaction takes.
const BATCH: usize = 5_000;

pub(crate) async fn run<S: Store>(
    store: &S,
    table: Table,
    lines: impl BufRead,
) -> Result<(), Box<dyn Error>> {
    let seeded = seed(store, table, lines).await;
    seeded.map_err(|failure| format!("{failure:?}").into())
}

async fn seed<S: Store>(store: &S, table: Table, lines: impl BufRead) -> Result<(), Failure> {
    store.create_schema().await?;
    let password_hash = password::hash(PASSWORD)?;
    let admin = store.ensure_user(ADMIN, true, &password_hash).await?;
    store.ensure_user(MEMBER, false, &password_hash).await?;
    let mut at = FIRST;
    let mut batch = Vec::new();
    for line in lines.lines() {
        let line = line.map_err(Failure::internal)?;
        let post: NewPost = serde_json::from_str(&line).map_err(Failure::internal)?;
        batch.push((post, at));
        at += STEP;
        if batch.len() == BATCH {
            store
                .import(table, &admin, std::mem::take(&mut batch))
                .await?;
        }
    }
    store.import(table, &admin, batch).await
}
