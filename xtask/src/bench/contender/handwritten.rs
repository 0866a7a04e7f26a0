use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::json;

use super::{ADMIN, Contender, MAX_VIEWS, MEMBER, PASSWORD, Place, STATUS, bearer, last_page};
use crate::Result;
use crate::bench::client::{Client, ids, text};
use crate::bench::command::dependent;
use crate::bench::posts::{POSTS, post};
use crate::bench::workload::Endpoints;

/// The same endpoints, written by hand with axum and sqlx.
#[derive(Debug)]
pub(super) struct Handwritten {
    pub(super) name: &'static str,
    pub(super) postgres: bool,
    pub(super) binary: PathBuf,
}

impl Contender for Handwritten {
    fn name(&self) -> &'static str {
        self.name
    }

    fn on_postgres(&self) -> bool {
        self.postgres
    }

    fn configuration(&self) -> Vec<String> {
        let database = if self.postgres {
            "Postgres: a pool of 10 connections that are not tested before each use"
        } else {
            "SQLite: WAL, `synchronous = FULL`, the same `mmap_size`, `cache_size` and \
             `temp_store` as ours, a pool of 4 readers and a pool of one writer"
        };
        [
            "source: `benches/contenders/handwritten`; typed structs, rows decoded by position, \
             prepared statements, JSON columns passed through unparsed",
            database,
            "indexes: `(created_at, id)` and `(views, id)`, as ours",
            "the session is looked up by the hash of its token, joined with its user, on each \
             request; each write logs the row before and after in its transaction",
        ]
        .map(ToOwned::to_owned)
        .into()
    }

    fn prepare(&self, place: &Place, archive: usize) -> Result<()> {
        for (table, rows) in [("posts", POSTS), ("archive", archive)] {
            let mut seed = dependent(&self.binary)
                .args(["seed", &place.database(), table])
                .stdin(Stdio::piped())
                .spawn()?;
            let input = seed.stdin.take().ok_or("no input")?;
            let mut input = BufWriter::new(input);
            let written = (0..rows)
                .try_for_each(|n| writeln!(input, "{}", post(n)))
                .and_then(|()| input.flush());
            drop(input);
            let status = seed.wait()?;
            if !status.success() {
                return Err(format!("seeding {table}: {status}").into());
            }
            written?;
        }
        Ok(())
    }

    fn serve(&self, place: &Place) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["serve", &place.database(), &place.address]);
        command
    }

    fn health(&self) -> &'static str {
        "/health"
    }

    fn fill(&self, client: &Client, archive: usize) -> Result<Endpoints> {
        let login = |email: &str| json!({"email": email, "password": PASSWORD});
        let sign_in = |email: &str| -> Result<String> {
            let answer = client.post("/api/sign-in", "", &login(email))?;
            Ok(bearer(&text(&answer, "/token")?))
        };
        let admin = sign_in(ADMIN)?;
        let page =
            |limit: usize, cursor: &str| format!("/api/archive?limit={limit}&cursor={cursor}");
        let rows = client.get("/api/posts?limit=200", &admin)?;
        let filter_sort = format!("/api/posts?limit=50&status={STATUS}&max_views={MAX_VIEWS}");
        Ok(Endpoints {
            list: "/api/posts?limit=50".to_owned(),
            counts: format!("{filter_sort}&counted=true"),
            filter_sort,
            keyset_first: Some(page(50, "")),
            keyset_deep: Some(last_page(client, &admin, page, archive)?),
            items: "/api/posts".to_owned(),
            ids: ids(&rows, "data")?,
            sign_in: ("/api/sign-in".to_owned(), login(MEMBER)),
            admin,
            member: Some(sign_in(MEMBER)?),
            ..Endpoints::default()
        })
    }
}
