//! What a good engineer writes by hand with axum and sqlx when posts are all
//! there is: typed structs, prepared statements, indexes for the queries that
//! are asked, a pool that is set up well, the change log in the transaction of
//! the write.
//!
//! ```console
//! $ workeros-bench-handwritten seed sqlite:bench.sqlite posts < posts.ndjson
//! $ workeros-bench-handwritten serve sqlite:bench.sqlite 127.0.0.1:8080
//! ```

#![allow(
    clippy::disallowed_methods,
    reason = "an application of its own: it has its own clock and tasks"
)]

mod clock;
mod cursor;
mod failure;
mod password;
mod post;
mod routes;
mod seed;
mod session;
mod store;

use std::error::Error;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::store::{PostgresStore, SqliteStore, Store, Table};

const USAGE: &str = "usage: workeros-bench-handwritten seed <url> <posts|archive> < lines\n   \
                     or: workeros-bench-handwritten serve <url> <address>";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [command, url, argument] = arguments.as_slice() else {
        return Err(USAGE.into());
    };
    if let Some(path) = url.strip_prefix("sqlite:") {
        run(SqliteStore::open(path).await?, command, argument).await
    } else {
        run(PostgresStore::connect(url).await?, command, argument).await
    }
}

async fn run<S: Store>(store: S, command: &str, argument: &str) -> Result<(), Box<dyn Error>> {
    match command {
        "seed" => {
            let table = Table::parse(argument).ok_or(USAGE)?;
            seed::run(&store, table, std::io::stdin().lock()).await
        }
        "serve" => {
            let listener = TcpListener::bind(argument).await?.tap_io(|stream| {
                // A connection that cannot be set up so is only slower.
                stream.set_nodelay(true).ok();
            });
            axum::serve(listener, routes::router(store)).await?;
            Ok(())
        }
        _ => Err(USAGE.into()),
    }
}
