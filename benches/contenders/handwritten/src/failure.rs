use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What a request fails with.
#[derive(Debug)]
pub(crate) enum Failure {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    Internal(String),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::internal(error)
    }
}

impl Failure {
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::Internal(error) => {
                tracing::error!(error, "a request failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
            }
        };
        (status, Json(json!({"error": {"code": code}}))).into_response()
    }
}
