//! Serves a copy of the SQLite file, or the Postgres database it is given the
//! URL of, until Ctrl-C.

use std::error::Error;
use std::io::{Write as _, stdout};
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use example_adopt_chinook::{CHINOOK, Staff};
use tokio::net::TcpListener;
use workeros::{Database, Postgres, Sqlite, SystemRandom};

const PORT: u16 = 3000;

/// Who works in support.
const EMPLOYEES: [(&str, i64); 3] = [("JANE", 3), ("MARGARET", 4), ("STEVE", 5)];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database: Arc<dyn Database> = match std::env::args().nth(1) {
        Some(url) => Arc::new(Postgres::connect(&url).await?),
        None => Arc::new(Sqlite::open(copy()?).await?),
    };
    let mut staff = Staff::default();
    let mut lines = format!("B=http://localhost:{PORT}/backend\n");
    for (name, employee) in EMPLOYEES {
        let token = staff.admit(employee, &SystemRandom)?;
        lines.push_str(&format!("{name}='authorization: Bearer {token}'\n"));
    }
    let (app, backend) = example_adopt_chinook::app(database, staff).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).await?;
    stdout().write_all(lines.as_bytes())?;
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

/// The copy of the file that is served.
fn copy() -> std::io::Result<&'static Path> {
    let path = Path::new(".data/chinook.sqlite");
    std::fs::create_dir_all(".data")?;
    if !path.exists() {
        std::fs::copy(CHINOOK, path)?;
    }
    Ok(path)
}
