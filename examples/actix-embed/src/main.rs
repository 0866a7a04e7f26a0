//! Serves the application until Ctrl-C or SIGTERM, which actix-web takes.

use std::error::Error;
use std::io::{Write as _, stdout};

use actix_web::{App, HttpServer};
use workeros::Sqlite;

const PORT: u16 = 3000;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(".data")?;
    let database = Sqlite::open(".data/actix-embed.sqlite").await?;
    let backend = example_actix_embed::backend(database, PORT).await?;

    let mounted = backend.clone();
    let app = move || App::new().configure(example_actix_embed::routes(&mounted));
    let server = HttpServer::new(app).bind(("127.0.0.1", PORT))?.run();
    writeln!(stdout(), "curl http://localhost:{PORT}/backend/health")?;
    server.await?;
    backend.shutdown().await;
    Ok(())
}
