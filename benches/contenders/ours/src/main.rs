//! workeros mounted in an axum application. All that has a default is left at it,
//! but for the limit of sign-ins: the load is one user who signs in all the time.
//!
//! ```console
//! $ workeros-bench-ours sqlite:bench.sqlite 127.0.0.1:8080
//! $ workeros-bench-ours postgres://postgres@localhost/bench 127.0.0.1:8080
//! ```

use std::error::Error;

use axum::Router;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use workeros::{Postgres, Sqlite, Workeros};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(listen)) = (arguments.next(), arguments.next()) else {
        return Err("usage: workeros-bench-ours <sqlite:path|postgres://…> <address>".into());
    };
    let builder = Workeros::builder()
        .public_url(format!("http://{listen}/backend"))
        .auth(workeros::AuthBuilder::danger_without_rate_limits);
    let builder = match url.strip_prefix("sqlite:") {
        Some(path) => builder.db(Sqlite::open(path).await?),
        None => builder.db(Postgres::connect(&url).await?),
    };
    let backend = builder.build().await?;
    let app = Router::new()
        .route("/", get(|| async { "a page of the host" }))
        .nest_service("/backend", backend);
    let listener = TcpListener::bind(listen).await?.tap_io(|stream| {
        // A connection that cannot be set up so is only slower.
        stream.set_nodelay(true).ok();
    });
    axum::serve(listener, app).await?;
    Ok(())
}
