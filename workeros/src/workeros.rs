use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use tower_service::Service;
use workeros_auth::Auth;
use workeros_core::Subject;
use workeros_http::{Backend, Body, ResponseFuture};
use workeros_schema::{DataPlane, Items};

use crate::Builder;
use crate::tasks::Tasks;

/// A running backend: a [`tower` service](tower_service::Service) to mount, and
/// the same data without HTTP. Cheap to clone; clones are the same instance.
///
/// When the last clone is dropped, the background work ends with it.
#[derive(Debug, Clone)]
pub struct Workeros {
    backend: Backend,
    tasks: Arc<Tasks>,
}

impl Workeros {
    /// Starts to put a backend together.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(backend: Backend, tasks: Tasks) -> Self {
        Self {
            backend,
            tasks: Arc::new(tasks),
        }
    }

    /// The rows of a collection, through the same door as HTTP.
    #[must_use]
    pub fn items(&self, slug: impl Into<String>) -> ItemsOf<'_> {
        ItemsOf {
            plane: self.plane(),
            slug: slug.into(),
        }
    }

    /// The host itself as a subject, in the default workspace: no permission
    /// is asked.
    #[must_use]
    pub fn system(&self) -> Subject {
        Subject::system(self.plane().default_tenant())
    }

    /// Collections, permissions and rows, without HTTP.
    #[must_use]
    pub fn plane(&self) -> &DataPlane {
        self.backend.plane()
    }

    /// The bundled users, sessions and API keys, where they are in use.
    #[must_use]
    pub fn auth(&self) -> Option<&Auth> {
        self.backend.auth()
    }

    /// Who sent a request to a handler of the host's own, and where he acts; see
    /// [`Backend::authenticate`].
    ///
    /// ```
    /// use axum::extract::{Request, State};
    /// use workeros::{Query, Result, Workeros};
    ///
    /// async fn my_orders(State(backend): State<Workeros>, request: Request) -> Result<Vec<u8>> {
    ///     let (parts, _) = request.into_parts();
    ///     let subject = backend.authenticate(&parts).await?;
    ///     let orders = backend.items("orders").as_subject(subject);
    ///     Ok(orders.list(&Query::new()).await?.json)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Backend::authenticate`].
    pub async fn authenticate(&self, request: &Parts) -> workeros_core::Result<Subject> {
        self.backend.authenticate(request).await
    }

    /// The HTTP service alone.
    #[must_use]
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Answers every further request with 503, waits for those under way, and
    /// ends the background work.
    pub async fn shutdown(&self) {
        self.backend.shutdown().await;
        self.tasks.stop().await;
    }
}

/// The rows of a collection, once it is said for whom.
#[derive(Debug)]
pub struct ItemsOf<'a> {
    plane: &'a DataPlane,
    slug: String,
}

impl ItemsOf<'_> {
    /// For the host itself: no permission is asked.
    #[must_use]
    pub fn as_system(self) -> Items {
        let system = Subject::system(self.plane.default_tenant());
        self.plane.items(system, self.slug)
    }

    /// For somebody: his grant decides.
    #[must_use]
    pub fn as_subject(self, subject: Subject) -> Items {
        self.plane.items(subject, self.slug)
    }
}

impl<B> Service<Request<B>> for Workeros
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<B>>::poll_ready(&mut self.backend, context)
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        self.backend.call(request)
    }
}
