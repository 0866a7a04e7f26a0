//! An axum application with a page of its own at `/` and a backend below
//! `/backend`.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use axum::response::Html;
use axum::routing::get;
use workeros::{ClientAddress, ConsoleMailer, Database, Result, Workeros};

/// The application for pages at `http://localhost:<port>`, and the backend in
/// it.
///
/// # Errors
///
/// What the database answers.
pub async fn app(database: impl Database, port: u16) -> Result<(Router, Workeros)> {
    let backend = Workeros::builder()
        .db(database)
        .public_url(format!("http://localhost:{port}/backend"))
        // To a browser, the same machine by its number is another site.
        .allow_origin(format!("http://127.0.0.1:{port}"))
        .mailer(ConsoleMailer)
        .build()
        .await?;
    let app = Router::new()
        .route("/", get(async || Html(include_str!("page.html"))))
        .nest_service("/backend", backend.clone())
        .layer(map_request(tell_address));
    Ok((app, backend))
}

/// Tells the backend who is at the other end, as only a host can know.
async fn tell_address(mut request: Request) -> Request {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if let Some(address) = peer.map(|peer| ClientAddress(peer.0.ip())) {
        request.extensions_mut().insert(address);
    }
    request
}
