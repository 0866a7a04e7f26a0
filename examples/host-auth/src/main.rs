//! Serves the shop until Ctrl-C.

use std::error::Error;
use std::io::{Write as _, stdout};
use std::net::Ipv4Addr;

use example_host_auth::{COOKIE, People, Position, Sessions, ShopUsers};
use tokio::net::TcpListener;
use workeros::{Random as _, Sqlite, SystemClock, SystemRandom};

const PORT: u16 = 3000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let people = People::default();
    people.set("ann", Position::Manager);
    people.set("bob", Position::Clerk);
    people.set("cid", Position::Customer);
    // Sessions end with the program: the next one has another key.
    let mut key = [0; 32];
    SystemRandom.fill(&mut key)?;
    let sessions = Sessions::new(&key, SystemClock)?;

    std::fs::create_dir_all(".data")?;
    let database = Sqlite::open(".data/host-auth.sqlite").await?;
    let users = ShopUsers {
        people,
        sessions: sessions.clone(),
    };
    let (app, backend) = example_host_auth::app(database, users, SystemClock).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await?;

    let mut out = stdout();
    writeln!(out, "B=http://localhost:{PORT}/backend")?;
    for name in ["ann", "bob", "cid"] {
        let variable = name.to_uppercase();
        writeln!(
            out,
            "{variable}='cookie: {COOKIE}={}'",
            sessions.begin(name)
        )?;
    }
    let stop = async {
        // Without a handler, Ctrl-C ends the program at once.
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await?;
    backend.shutdown().await;
    Ok(())
}
