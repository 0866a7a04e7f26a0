use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tower_service::Service;
use workeros::{ClientAddress, Workeros};

/// How long a client may take to send the head of a request, and a connection
/// may be idle.
const HEAD: Duration = Duration::from_secs(30);

/// How often a silent HTTP/2 client is asked whether it is still there.
const PING: Duration = Duration::from_secs(30);

/// Serves a connection, HTTP/1 or HTTP/2, on a task of its own.
pub(crate) fn spawn(
    stream: TcpStream,
    peer: SocketAddr,
    backend: &Workeros,
    connections: &GracefulShutdown,
) {
    // Small answers are not to wait for more.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection keeps Nagle's algorithm");
    }
    let greeted = Arc::new(AtomicBool::new(false));
    let service = Peer {
        backend: backend.clone(),
        address: ClientAddress(peer.ip()),
        greeted: Arc::clone(&greeted),
    };
    let connection = server()
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    let watched = connections.watch(connection);
    #[expect(
        clippy::disallowed_methods,
        reason = "the graceful shutdown watches the task"
    )]
    tokio::spawn(async move {
        let mut watched = pin!(watched);
        // hyper's own limit starts once the version of HTTP is known; until
        // then a client could be silent for ever.
        let ended = match tokio::time::timeout(HEAD, &mut watched).await {
            Err(_) if !greeted.load(Ordering::Relaxed) => return,
            Err(_) => watched.await,
            Ok(ended) => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(error, "a connection broke");
        }
    });
}

fn server() -> auto::Builder<TokioExecutor> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(PING));
    server
}

/// Tells the backend where a request comes from, and notes that one came.
#[derive(Debug, Clone)]
struct Peer {
    backend: Workeros,
    address: ClientAddress,
    greeted: Arc<AtomicBool>,
}

impl<B> Service<Request<B>> for Peer
where
    Workeros: Service<Request<B>>,
{
    type Response = <Workeros as Service<Request<B>>>::Response;
    type Error = <Workeros as Service<Request<B>>>::Error;
    type Future = <Workeros as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.backend.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.greeted.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(self.address);
        self.backend.call(request)
    }
}
