use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, Uri};
use tower_service::Service;
use workeros_auth::Auth;
use workeros_core::{Authenticator, Result, Subject};
use workeros_schema::DataPlane;

use crate::body::{BoxError, RequestBody};
use crate::cors::Cors;
use crate::csrf::CsrfRule;
use crate::gate::Gate;
use crate::router::Router;
use crate::subject::resolve;
use crate::{Body, Config, Endpoint, pipeline, routes};

/// A backend as a [`tower` service](tower_service::Service): mount it in the
/// host's own application, at any path. Cheap to clone; clones are the same
/// instance.
#[derive(Clone)]
pub struct Backend(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) plane: DataPlane,
    pub(crate) config: Config,
    pub(crate) authenticators: Vec<Arc<dyn Authenticator>>,
    pub(crate) router: Router,
    pub(crate) cors: Cors,
    pub(crate) csrf: CsrfRule,
    pub(crate) gate: Arc<Gate>,
}

impl Backend {
    /// A backend over this data plane.
    #[must_use]
    pub fn new(plane: DataPlane, config: Config) -> Self {
        let trusted = config
            .allowed_origins
            .iter()
            .chain(&config.trusted_origins)
            .cloned();
        Self(Arc::new(Inner {
            authenticators: config.all_authenticators(),
            router: Router::new(routes::endpoints(config.auth.is_some())),
            cors: Cors::new(&config.allowed_origins),
            csrf: CsrfRule::new(config.origin.clone(), trusted.collect()),
            gate: Arc::default(),
            plane,
            config,
        }))
    }

    /// The data plane: collections, permissions and rows, without HTTP.
    #[must_use]
    pub fn plane(&self) -> &DataPlane {
        &self.0.plane
    }

    /// The bundled users, sessions and API keys, where they are in use.
    #[must_use]
    pub fn auth(&self) -> Option<&Auth> {
        self.0.config.auth.as_ref()
    }

    /// Where clients reach it.
    #[must_use]
    pub fn public_url(&self) -> &Uri {
        &self.0.config.public_url
    }

    /// Every operation of the API.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        self.0.router.endpoints()
    }

    /// Who sent a request to a handler of the host's own, and where he acts: found
    /// out as for a request to the backend, with whoever the host's authenticators
    /// know, or by a session or an API key. Without credentials it is nobody
    /// ([`Subject::is_anonymous`]).
    ///
    /// # Errors
    ///
    /// * [`Unauthorized`](workeros_core::ErrorKind::Unauthorized) for credentials
    ///   that are not valid.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) for a request that
    ///   changes something, has a cookie, and comes from a page that is not
    ///   trusted; and for an API key that is good for MCP tools alone.
    /// * [`NotFound`](workeros_core::ErrorKind::NotFound) where the request names a
    ///   workspace in which he does not act.
    /// * What an authenticator and the database answer.
    pub async fn authenticate(&self, request: &Parts) -> Result<Subject> {
        self.0.csrf.check(&request.method, &request.headers)?;
        let subject = resolve(self, request).await?;
        subject.scope().require_all_tools()?;
        Ok(subject)
    }

    /// Answers every further request with 503, and waits until those under way
    /// are answered and what they left to do is done.
    pub async fn shutdown(&self) {
        self.0.gate.close().await;
        if let Some(auth) = self.auth() {
            auth.drain().await;
        }
    }

    /// Answers a request.
    pub(crate) fn respond<B>(&self, request: Request<B>) -> ResponseFuture
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let response = pipeline::respond(self.clone(), parts, RequestBody::new(body));
        ResponseFuture(Box::pin(response))
    }
}

impl<B> Service<Request<B>> for Backend
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        self.respond(request)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("public_url", self.public_url())
            .finish_non_exhaustive()
    }
}

/// A response on its way.
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Response<Body>> + Send>>);

#[cfg(feature = "actix")]
impl ResponseFuture {
    /// The same, without a word about errors that never come.
    pub(crate) fn into_inner(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        self.0
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context).map(Ok)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture(..)")
    }
}
