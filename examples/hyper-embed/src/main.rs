//! Serves until Ctrl-C, then lets requests under way finish.

use std::error::Error;
use std::io::{Write as _, stdout};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use workeros::{Sqlite, Workeros};

const PORT: u16 = 3000;

/// How long a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests under way may take in the end.
const DRAIN: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(".data")?;
    let database = Sqlite::open(".data/hyper-embed.sqlite").await?;
    let backend = example_hyper_embed::backend(database, PORT).await?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await?;
    writeln!(stdout(), "curl http://localhost:{PORT}/backend/health")?;
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, peer) = accepted?;
                serve(stream, peer.ip(), &backend, &connections);
            }
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                break;
            }
        }
    }
    drop(listener);
    // Whoever has not finished by then is cut off.
    let _ = tokio::time::timeout(DRAIN, connections.shutdown()).await;
    backend.shutdown().await;
    Ok(())
}

fn serve(stream: TcpStream, peer: IpAddr, backend: &Workeros, connections: &GracefulShutdown) {
    let backend = backend.clone();
    let service =
        service_fn(move |request| example_hyper_embed::respond(backend.clone(), peer, request));
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    let connection = server
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    let watched = connections.watch(connection);
    #[expect(
        clippy::disallowed_methods,
        reason = "the graceful shutdown watches the task"
    )]
    tokio::spawn(async move {
        // A connection that breaks is its client's business.
        let _ = watched.await;
    });
}
