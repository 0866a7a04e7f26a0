//! A shop that has users and sessions of its own, and a backend that goes by
//! them.

mod authenticator;
mod collections;
mod people;
mod sessions;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use workeros::{Clock, Database, ErrorKind, Query, Result, Workeros};

pub use authenticator::ShopUsers;
pub use people::{People, Position};
pub use sessions::{COOKIE, Sessions};

/// The shop with its backend below `/backend`, which knows nobody but the
/// shop's own users.
///
/// # Errors
///
/// What the database answers.
pub async fn app(
    database: impl Database,
    users: ShopUsers,
    clock: impl Clock,
) -> Result<(Router, Workeros)> {
    let backend = Workeros::builder()
        .db(database)
        .public_url("http://localhost:3000/backend")
        .clock(clock)
        .without_auth()
        .authenticator(users)
        .build()
        .await?;
    collections::define(&backend).await?;
    let app = Router::new()
        .route("/my-orders", get(my_orders))
        .with_state(backend.clone())
        .nest_service("/backend", backend.clone());
    Ok((app, backend))
}

/// A page of the shop: it asks the backend for whoever looks at it, and gets
/// what he may see.
async fn my_orders(State(backend): State<Workeros>, request: Request) -> Response {
    let answer = async {
        let (parts, _) = request.into_parts();
        let subject = backend.authenticate(&parts).await?;
        let query = Query::new().fields(["item", "status"]).sort("created_at");
        backend
            .items("orders")
            .as_subject(subject)
            .list(&query)
            .await
    };
    match answer.await {
        Ok(list) => ([(header::CONTENT_TYPE, "application/json")], list.json).into_response(),
        Err(error) if error.kind() == ErrorKind::Unauthorized => {
            (StatusCode::UNAUTHORIZED, "Sign in to the shop first.\n").into_response()
        }
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "The shop is closed.\n").into_response(),
    }
}
