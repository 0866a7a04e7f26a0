//! Pages of the workspaces' own, which ask for their end users.

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use workeros_auth::{App, Auth};
use workeros_core::{Credential, ErrorKind, Result, Subject};

use crate::router::Route;
use crate::{Backend, Origin};

/// What an answer about an end user, or to nobody, says to the page that asked for
/// it. It stands among the extensions of a response.
#[derive(Debug, Clone, Default)]
pub(crate) struct AppPage {
    /// The origin, if the workspace allows it.
    pub(crate) allowed: Option<HeaderValue>,
}

/// Whose pages an answer is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// The path names the workspace.
    App(&'a Auth<App>),
    /// Somebody, somewhere.
    Subject(&'a Subject),
    /// Somebody whose credentials do not hold, or a browser that does not say who
    /// is going to ask: it may be any workspace.
    Unknown,
}

impl AppPage {
    /// Finds out whether the page may read the answer; `None` where no workspace
    /// has a say. That it cannot be found out is no.
    pub(crate) async fn of(
        backend: &Backend,
        request: &HeaderMap,
        asked: Asked<'_>,
    ) -> Option<Self> {
        let auth = backend.auth()?;
        if let Asked::Subject(subject) = asked
            && !is_of_app(subject)
        {
            return None;
        }
        let Some((header, origin)) = origin_of(request) else {
            return Some(Self::default());
        };
        let allows = match asked {
            Asked::App(app) => Ok(app.settings().allows_origin(&origin)),
            Asked::Subject(subject) => auth.is_origin_of_app(subject.tenant(), &origin).await,
            Asked::Unknown => auth.is_origin_of_apps(&origin).await,
        };
        let allows = allows.unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the origins of a workspace could not be read");
            false
        });
        Some(Self {
            allowed: allows.then_some(header),
        })
    }

    /// The same for a browser that asks whether it may send a request.
    pub(crate) async fn of_preflight(backend: &Backend, parts: &Parts) -> Option<Self> {
        let method = parts.headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        let app = match crate::pipeline::route(backend, &method, parts) {
            Ok(Route::Found(_, path)) => app_of_path(backend, &path).await.ok()?,
            _ => None,
        };
        let asked = app.as_ref().map_or(Asked::Unknown, Asked::App);
        Self::of(backend, &parts.headers, asked).await
    }
}

/// The end users of the workspace a path names; `None` where it names none, or one
/// that is not there.
pub(crate) async fn app_of_path(
    backend: &Backend,
    path: &[(&'static str, String)],
) -> Result<Option<Auth<App>>> {
    let slug = path.iter().find(|(name, _)| *name == "workspace");
    let (Some((_, slug)), Some(auth)) = (slug, backend.auth()) else {
        return Ok(None);
    };
    match auth.app_by_slug(slug).await {
        Ok(app) => Ok(Some(app)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether it is an end user, or nobody. A page that a workspace allows reads
/// nothing about the team.
fn is_of_app(subject: &Subject) -> bool {
    subject.identity().is_none_or(|identity| {
        matches!(
            identity.credential,
            Credential::AppSession(_) | Credential::TrustedToken
        )
    })
}

fn origin_of(request: &HeaderMap) -> Option<(HeaderValue, Origin)> {
    let header = request.get(ORIGIN)?;
    let origin = Origin::parse(header.to_str().ok()?).ok()?;
    // A browser writes it in one way.
    (origin.as_str().as_bytes() == header.as_bytes()).then(|| (header.clone(), origin))
}
