//! A server on hyper alone, with a page of its own at `/` and a backend below
//! `/backend`.

use std::convert::Infallible;
use std::net::IpAddr;

use hyper::body::{Body, Bytes};
use hyper::{Request, Response, StatusCode};
use tower_service::Service as _;
use workeros::{ClientAddress, Database, Result, Workeros};

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

/// Answers one request from that address. The backend takes its requests with
/// the path it is mounted under left on.
///
/// # Errors
///
/// None.
pub async fn respond<B>(
    mut backend: Workeros,
    peer: IpAddr,
    mut request: Request<B>,
) -> Result<Response<workeros::Body>, Infallible>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let path = request.uri().path();
    if path == "/backend" || path.starts_with("/backend/") {
        request.extensions_mut().insert(ClientAddress(peer));
        return backend.call(request).await;
    }
    let (status, text) = match path {
        "/" => (
            StatusCode::OK,
            "A page of the host. The backend is below /backend.\n",
        ),
        _ => (StatusCode::NOT_FOUND, "There is no such page.\n"),
    };
    let mut response = Response::new(text.as_bytes().to_vec().into());
    *response.status_mut() = status;
    Ok(response)
}
