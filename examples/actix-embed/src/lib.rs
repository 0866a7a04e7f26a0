//! An actix-web application with a page of its own at `/` and a backend below
//! `/backend`.

use actix_web::web::{ServiceConfig, get};
use workeros::{Database, Result, Workeros, actix};

/// The backend for pages at `http://localhost:<port>`.
///
/// # Errors
///
/// What the database answers.
pub async fn backend(database: impl Database, port: u16) -> Result<Workeros> {
    Workeros::builder()
        .db(database)
        .public_url(format!("http://localhost:{port}/backend"))
        .build()
        .await
}

/// The application's routes. Every worker of actix-web makes them anew; the
/// backend is one for all.
pub fn routes(backend: &Workeros) -> impl FnOnce(&mut ServiceConfig) {
    let backend = backend.backend().clone();
    |config| {
        config
            .route("/", get().to(home))
            .service(actix::scope("/backend", backend));
    }
}

async fn home() -> &'static str {
    "A page of the host. The backend is below /backend.\n"
}
