//! A music store's database that was there before, served as it is: to
//! everybody its artists, albums and tracks, to who works in its support what
//! he needs of his customers.

mod adopt;
mod permissions;
mod staff;

use std::sync::Arc;

use axum::Router;
use workeros::{Database, ErrorKind, Result, Workeros};

pub use staff::Staff;

/// The database as an SQLite file, to be copied.
pub const CHINOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/chinook.sqlite");

/// The application: the backend below `/backend`, over a database that holds
/// the store's tables.
///
/// # Errors
///
/// What the database answers; [`NotFound`](ErrorKind::NotFound) when it holds
/// no such tables.
pub async fn app(database: Arc<dyn Database>, staff: Staff) -> Result<(Router, Workeros)> {
    let backend = Workeros::builder()
        .shared_db(database)
        .public_url("http://localhost:3000/backend")
        .without_auth()
        .authenticator(staff)
        .build()
        .await?;
    let collections = backend.plane().collections(backend.system());
    match collections.get("artists").await {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            adopt::adopt(&backend).await?;
            permissions::grant(&backend).await?;
        }
        Err(error) => return Err(error),
    }
    let app = Router::new().nest_service("/backend", backend.clone());
    Ok((app, backend))
}
