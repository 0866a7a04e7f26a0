//! Serves the page and the backend until Ctrl-C or SIGTERM.
//!
//! `cargo run -p example-quickstart -- 4000` takes another port than 3000.

mod signals;

use std::error::Error;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use tokio::net::TcpListener;
use workeros::Sqlite;

use crate::signals::Signals;

const PORT: u16 = 3000;

#[tokio::main]
async fn main() -> ExitCode {
    // Mails are shown in the log, with the links in them.
    tracing_subscriber::fmt().with_target(false).init();
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // INVARIANT: there is nobody left to tell when this fails.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let port = match std::env::args().nth(1) {
        Some(port) => port
            .parse()
            .map_err(|_| format!("`{port}` is not a port"))?,
        None => PORT,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| {
            format!("port {port}: {error}; try `cargo run -p example-quickstart -- 4000`")
        })?;
    let port = listener.local_addr()?.port();

    std::fs::create_dir_all(".data")?;
    let database = Sqlite::open(".data/quickstart.sqlite").await?;
    let (app, backend) = example_quickstart::app(database, port).await?;

    let (mut stop, mut hurry) = (Signals::listen()?, Signals::listen()?);
    io::stdout().write_all(next_steps(port).as_bytes())?;
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let server =
        axum::serve(listener, service).with_graceful_shutdown(async move { stop.next().await });
    tokio::select! {
        served = server => served?,
        // Whoever says it twice does not want to wait.
        () = async { hurry.next().await; hurry.next().await } => return Ok(())
    }
    backend.shutdown().await;
    Ok(())
}

fn next_steps(port: u16) -> String {
    format!(
        r#"
The page is at     http://localhost:{port}/
The backend is at  http://localhost:{port}/backend
The data is in     ./.data

Open the page, or, in a second terminal, see that it runs and sign up. Whoever
signs up first is the administrator.

  curl http://localhost:{port}/backend/health
  curl http://localhost:{port}/backend/api/auth/sign-up/email -H 'content-type: application/json' -d '{{"email":"ann@example.com","password":"correct horse battery","name":"Ann"}}'

Ctrl-C ends it.
"#
    )
}
