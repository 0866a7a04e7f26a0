//! A shop that has users and sessions of its own, and a backend that goes by
//! them.

mod authenticator;
mod collections;
mod people;
mod sessions;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use workeros::{Authenticator as _, Clock, Database, ErrorKind, Query, Result, Subject, Workeros};

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
        .authenticator(users.clone())
        .build()
        .await?;
    collections::define(&backend).await?;
    let shop = Arc::new((users, backend.clone()));
    let app = Router::new()
        .route("/my-orders", get(my_orders))
        .with_state(shop)
        .nest_service("/backend", backend.clone());
    Ok((app, backend))
}

/// A page of the shop: it asks the backend for whoever looks at it, and gets
/// what he may see.
async fn my_orders(State(shop): State<Arc<(ShopUsers, Workeros)>>, request: Request) -> Response {
    let (users, backend) = &*shop;
    let answer = async {
        let tenant = backend.plane().default_tenant();
        let (parts, _) = request.into_parts();
        let subject = match users.authenticate(&parts, tenant).await? {
            Some(identity) => Subject::identified(tenant, identity),
            None => Subject::anonymous(tenant),
        };
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
