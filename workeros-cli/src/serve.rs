use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use workeros::{ClientAddress, Error, ErrorKind, Result, Secret, Workeros};

use crate::options::Serve;
use crate::signals::Signals;

/// How long a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests under way may take once the server is told to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until a signal, then lets requests under way finish.
pub(crate) async fn serve(options: Serve) -> Result<()> {
    let mut signals = Signals::listen()?;
    let listener = TcpListener::bind(options.listen).await.map_err(|error| {
        let why = format!("cannot listen on {}", options.listen);
        Error::new(ErrorKind::Validation, why).with_source(error)
    })?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let backend = build(options, address).await?;
    tracing::info!("listening on http://{address}");
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => spawn(stream, peer, &backend, &connections),
                // Out of file descriptors, say: give those there are time.
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            () = signals.next() => break,
        }
    }
    drop(listener);
    tracing::info!(
        "ending: requests under way have {} seconds",
        DRAIN.as_secs()
    );
    tokio::select! {
        () = drain(connections, &backend) => {}
        () = signals.next() => tracing::warn!("ended at once, as told by a second signal"),
    }
    Ok(())
}

async fn build(options: Serve, address: SocketAddr) -> Result<Workeros> {
    let public_url = options
        .public_url
        .unwrap_or_else(|| format!("http://{address}"));
    let mut builder = Workeros::builder()
        .shared_db(options.store.open().await?)
        .public_url(public_url);
    for origin in options.allowed_origins {
        builder = builder.allow_origin(origin);
    }
    if let Some(secret) = options.secret {
        builder = builder.secret(Secret::new(secret)?);
    }
    if let Some(token) = options.setup_token {
        builder = builder.auth(move |auth| auth.with_setup_token(token));
    }
    builder.build().await
}

fn spawn(stream: TcpStream, peer: SocketAddr, backend: &Workeros, connections: &GracefulShutdown) {
    let service = TowerToHyperService::new(WithAddress {
        backend: backend.clone(),
        peer,
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)));
    // Small answers are not to wait for more.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection keeps Nagle's algorithm");
    }
    let connection = server
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    let watched = connections.watch(connection);
    #[expect(
        clippy::disallowed_methods,
        reason = "the graceful shutdown watches the task"
    )]
    tokio::spawn(async move {
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection broke");
        }
    });
}

async fn drain(connections: GracefulShutdown, backend: &Workeros) {
    if tokio::time::timeout(DRAIN, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were cut off");
    }
    backend.shutdown().await;
}

/// Tells the backend where a request comes from.
#[derive(Debug, Clone)]
struct WithAddress {
    backend: Workeros,
    peer: SocketAddr,
}

impl<B> tower_service::Service<hyper::Request<B>> for WithAddress
where
    Workeros: tower_service::Service<hyper::Request<B>>,
{
    type Response = <Workeros as tower_service::Service<hyper::Request<B>>>::Response;
    type Error = <Workeros as tower_service::Service<hyper::Request<B>>>::Error;
    type Future = <Workeros as tower_service::Service<hyper::Request<B>>>::Future;

    fn poll_ready(
        &mut self,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::result::Result<(), Self::Error>> {
        self.backend.poll_ready(context)
    }

    fn call(&mut self, mut request: hyper::Request<B>) -> Self::Future {
        request
            .extensions_mut()
            .insert(ClientAddress(self.peer.ip()));
        self.backend.call(request)
    }
}
