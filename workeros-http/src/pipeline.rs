//! The way of a request through the service, from its head to the response.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use http::header::{ALLOW, CONNECTION, CONTENT_LENGTH};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, Version};
use http_body::Body as _;
use tracing::Instrument as _;
use workeros_auth::{App, Auth};
use workeros_core::{Error, ErrorKind, Identity, Result, Subject};

use crate::app_page::{AppPage, Asked, app_of_path};
use crate::body::RequestBody;
use crate::call::Call;
use crate::endpoint::{Access, Endpoint, Input};
use crate::failure::{Failure, Reader};
use crate::json_body;
use crate::plane::not_signed_in;
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::router::Route;
use crate::subject::resolve;
use crate::{Backend, Body, cors, limits, params, rate_limit, security_headers};

/// Answers a request, whatever it is, and whatever happens on the way.
pub(crate) async fn respond(backend: Backend, parts: Parts, body: RequestBody) -> Response<Body> {
    let inner = &backend.0;
    let request_id = RequestId::of(&parts.headers, &*inner.plane.runtime().ids);
    let span = tracing::info_span!(
        "request",
        method = %parts.method,
        route = tracing::field::Empty,
        request_id = request_id.as_str(),
    );
    let origin = inner.cors.origin(&parts.headers);
    let (is_head, version) = (parts.method == Method::HEAD, parts.version);
    let inside = inner.gate.enter();
    let response = match &inside {
        Some(_) => AssertUnwindSafe(answer(&backend, parts, body, &request_id))
            .catch_unwind()
            .instrument(span.clone())
            .await
            .unwrap_or_else(|_| span.in_scope(|| failed(&panicked(), &request_id, Reader::Api))),
        None => shut_down(&request_id, version),
    };
    let page = response.extensions().get::<AppPage>().cloned();
    let mut response = if is_head {
        without_body(response)
    } else {
        response
    };
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, request_id.header());
    security_headers::put(headers, inner.config.is_https());
    inner.cors.put(headers, origin, page);
    response
}

async fn answer(
    backend: &Backend,
    parts: Parts,
    body: RequestBody,
    request_id: &RequestId,
) -> Response<Body> {
    let route = limits::check(&parts).and_then(|()| route(backend, &parts.method, &parts));
    let (endpoint, path) = match route {
        Ok(Route::Found(endpoint, path)) => (endpoint, path),
        Ok(Route::OtherMethods(allow)) if parts.method == Method::OPTIONS => {
            return options(backend, &parts, allow).await;
        }
        Ok(Route::OtherMethods(allow)) => {
            return Failure::method_not_allowed(&allow).into_response(request_id, Reader::Api);
        }
        Ok(Route::NotFound) => return failed(&Error::not_found(), request_id, Reader::Api),
        Err(error) => return failed(&error, request_id, Reader::Api),
    };
    tracing::Span::current().record("route", endpoint.path());
    let app = match app_of_path(backend, &path).await {
        Ok(app) => app,
        Err(error) => return failed(&error, request_id, endpoint.reader),
    };
    let subject = identify(backend, endpoint, &parts).await;
    let page = page_of(backend, &parts, app.as_ref(), &subject).await;
    let mut response = match subject {
        Ok(subject) => {
            let identity = subject.as_ref().and_then(Subject::identity);
            let quotas = identity.map_or(Vec::new(), |identity| identity.quotas.clone());
            let way = Way { path, subject, app };
            let served = serve(backend, endpoint, way, parts, body, request_id).await;
            let mut response =
                served.unwrap_or_else(|error| failed(&error, request_id, endpoint.reader));
            rate_limit::put(response.headers_mut(), &quotas);
            response
        }
        Err(error) => failed(&error, request_id, endpoint.reader),
    };
    if let Some(page) = page {
        response.extensions_mut().insert(page);
    }
    response
}

/// Where a request goes, and whose it is.
struct Way {
    path: Vec<(&'static str, String)>,
    subject: Option<Subject>,
    app: Option<Auth<App>>,
}

/// What the page is told that asks, where a workspace has a say.
async fn page_of(
    backend: &Backend,
    parts: &Parts,
    app: Option<&Auth<App>>,
    subject: &Result<Option<Subject>>,
) -> Option<AppPage> {
    let asked = match (app, subject) {
        (Some(app), _) => Asked::App(app),
        (None, Ok(Some(subject))) => Asked::Subject(subject),
        (None, Err(error)) if error.kind() == ErrorKind::Unauthorized => Asked::Unknown,
        (None, _) => return None,
    };
    AppPage::of(backend, &parts.headers, asked).await
}

/// Who asks; `None` where nobody is asked who he is.
async fn identify(
    backend: &Backend,
    endpoint: &Endpoint,
    parts: &Parts,
) -> Result<Option<Subject>> {
    if endpoint.takes_cookies {
        backend.0.csrf.check(&parts.method, &parts.headers)?;
    }
    match endpoint.access() {
        Access::Open => Ok(None),
        _ => resolve(backend, parts).await.map(Some),
    }
}

async fn serve(
    backend: &Backend,
    endpoint: &Endpoint,
    way: Way,
    parts: Parts,
    body: RequestBody,
    request_id: &RequestId,
) -> Result<Response<Body>> {
    if let Some(subject) = &way.subject {
        admit(backend, subject, &parts, endpoint).await?;
    }
    let query = parts.uri.query();
    let mut query = match endpoint.is_lenient {
        true => params::pick(query, endpoint.parameters())?,
        false => params::parse(query, endpoint.parameters(), endpoint.lists)?,
    };
    let limit = backend.0.config.max_body_bytes;
    let body = match endpoint.input {
        Input::None => None,
        Input::Json => Some(json_body::read(&parts.headers, body, limit).await?),
        Input::Form => {
            let form = json_body::read_form(&parts.headers, body).await?;
            query = params::pick(Some(&form), endpoint.parameters())?;
            None
        }
    };
    let call = Call {
        backend: backend.clone(),
        parts,
        path: way.path,
        query,
        body,
        subject: way.subject,
        app: way.app,
        request_id: request_id.clone(),
    };
    Ok(endpoint.handle(call).await?.into_response())
}

/// Says whether somebody may call at all.
async fn admit(
    backend: &Backend,
    subject: &Subject,
    parts: &Parts,
    endpoint: &Endpoint,
) -> Result<()> {
    let (plane, only_reads) = (backend.plane(), parts.method.is_safe());
    let access = endpoint.access();
    subject.scope().require_all_tools()?;
    match access {
        Access::Admin if only_reads => plane.require_admin(subject).await?,
        Access::Admin => plane.require_admin_to_change(subject).await?,
        Access::Operator if only_reads => plane.require_operator(subject).await?,
        Access::Operator => plane.require_operator_to_change(subject).await?,
        Access::Open | Access::Public | Access::SignedIn => {}
    }
    if access == Access::SignedIn && subject.is_anonymous() {
        return Err(not_signed_in());
    }
    if access == Access::SignedIn && !only_reads && subject.scope().read_only {
        return Err(Error::new(
            ErrorKind::Forbidden,
            "this credential only reads",
        ));
    }
    match subject.identity() {
        Some(identity) if access == Access::SignedIn => {
            admit_identity(identity, only_reads, endpoint)
        }
        _ => Ok(()),
    }
}

/// What takes somebody who is signed in takes an account, and himself where it
/// changes something.
fn admit_identity(identity: &Identity, only_reads: bool, endpoint: &Endpoint) -> Result<()> {
    if !endpoint.admits_guests {
        identity.require_account()?;
    }
    if !only_reads {
        identity.require_himself()?;
    }
    Ok(())
}

/// Looks the path up as it came, which is below the mount point if the host
/// took that away, and else without the mount point's path.
pub(crate) fn route<'a>(backend: &'a Backend, method: &Method, parts: &Parts) -> Result<Route<'a>> {
    let inner = &backend.0;
    let path = parts.uri.path();
    let route = inner.router.find(method, path)?;
    let mount_path = inner.config.mount_path();
    match (&route, path.strip_prefix(mount_path)) {
        (Route::NotFound, Some(below)) if !mount_path.is_empty() => {
            inner.router.find(method, below)
        }
        _ => Ok(route),
    }
}

async fn options(backend: &Backend, parts: &Parts, allow: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, allow);
    let cors = &backend.0.cors;
    if !cors::is_preflight(&parts.headers) {
        return response;
    }
    let is_listed = cors.origin(&parts.headers).is_some();
    let page = AppPage::of_preflight(backend, parts).await;
    let is_allowed = page.as_ref().is_some_and(|page| page.allowed.is_some());
    if is_listed || is_allowed {
        cors.put_preflight(response.headers_mut());
    }
    if let Some(page) = page {
        response.extensions_mut().insert(page);
    }
    response
}

fn failed(error: &Error, request_id: &RequestId, reader: Reader) -> Response<Body> {
    Failure::new(error).into_response(request_id, reader)
}

fn panicked() -> Error {
    Error::internal("a handler panicked")
}

fn shut_down(request_id: &RequestId, version: Version) -> Response<Body> {
    let error = Error::new(ErrorKind::Unavailable, "shutting down").with_retry_after(1);
    let mut response = Failure::new(&error).into_response(request_id, Reader::Api);
    if version <= Version::HTTP_11 {
        response
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    if let Some(bytes) = body.size_hint().exact().filter(|bytes| *bytes > 0) {
        parts
            .headers
            .insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    }
    Response::from_parts(parts, Body::empty())
}
