//! What clients rely on: a change here is a change of the wire.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use workeros_core::{Authenticator, Error, ErrorKind, Identity, Result, TenantId};

use crate::support::app_with;

const KINDS: [(&str, ErrorKind); 15] = [
    ("bad-request", ErrorKind::BadRequest),
    ("unauthorized", ErrorKind::Unauthorized),
    ("forbidden", ErrorKind::Forbidden),
    ("not-found", ErrorKind::NotFound),
    ("conflict", ErrorKind::Conflict),
    ("gone", ErrorKind::Gone),
    ("precondition-failed", ErrorKind::PreconditionFailed),
    ("payload-too-large", ErrorKind::PayloadTooLarge),
    ("unsupported-media-type", ErrorKind::UnsupportedMediaType),
    ("validation", ErrorKind::Validation),
    ("rate-limited", ErrorKind::RateLimited),
    ("quota-exceeded", ErrorKind::QuotaExceeded),
    ("unsupported", ErrorKind::Unsupported),
    ("internal", ErrorKind::Internal),
    ("unavailable", ErrorKind::Unavailable),
];

/// Answers with the kind of error the request names.
#[derive(Debug)]
struct Failing;

#[async_trait]
impl Authenticator for Failing {
    async fn authenticate(&self, request: &Parts, _: Option<TenantId>) -> Result<Option<Identity>> {
        let named = request.headers["x-kind"].to_str().unwrap();
        let (_, kind) = KINDS.iter().find(|(name, _)| *name == named).unwrap();
        Err(Error::new(*kind, "the message"))
    }
}

#[tokio::test]
async fn error_codes() {
    let failing = |app: workeros_http::testkit::TestAppBuilder| {
        app.with_config(|config| config.with_authenticator(Arc::new(Failing)))
    };
    let app = app_with(failing).await;
    let mut table = String::new();
    for (name, _) in KINDS {
        let response = app
            .anonymous()
            .get("/api/items/posts")
            .header("x-kind", name)
            .await;
        let message = response.json()["error"]["message"].to_string();
        writeln!(
            table,
            "{name:<22} {} {:<22} {message}",
            response.status,
            response.code()
        )
        .unwrap();
    }
    let other = app.anonymous().delete("/health").await;
    writeln!(
        table,
        "{:<22} {} {}",
        "wrong method",
        other.status,
        other.code()
    )
    .unwrap();
    insta::assert_snapshot!(table);
}
