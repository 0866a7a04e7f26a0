//! Serves the blog until Ctrl-C, and prints what is announced.

use std::error::Error;
use std::io::{Write as _, stdout};
use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use workeros::Sqlite;

const PORT: u16 = 3000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(".data")?;
    let database = Sqlite::open(".data/host-hooks.sqlite").await?;
    let (sender, mut news) = mpsc::channel(16);
    let (app, backend) = example_host_hooks::app(database, sender).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await?;
    writeln!(stdout(), "B=http://localhost:{PORT}/backend")?;

    let stop = async {
        // Without a handler, Ctrl-C ends the program at once.
        let _ = tokio::signal::ctrl_c().await;
    };
    let mut server = std::pin::pin!(async {
        axum::serve(listener, app)
            .with_graceful_shutdown(stop)
            .await
    });
    loop {
        tokio::select! {
            served = &mut server => {
                served?;
                break;
            }
            Some(post) = news.recv() => writeln!(stdout(), "published: {}", post.title)?,
        }
    }
    backend.shutdown().await;
    Ok(())
}
