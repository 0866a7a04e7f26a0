//! A backend as a crate: mount it in your axum, actix-web or hyper app.
