use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use workeros::{Error, ErrorKind, Result, Secret, SignUpPolicy, TrustedProxies, Workeros};

use crate::connection;
use crate::options::{Serve, SignUp};
use crate::signals::Signals;

/// How long requests under way may take once the server is told to end. Who
/// tells it commonly kills it ten seconds later.
const DRAIN: Duration = Duration::from_secs(8);

/// Serves until a signal, then lets requests under way finish. Fails when some
/// had to be cut off.
pub(crate) async fn serve(options: Serve) -> Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let listener = TcpListener::bind(options.listen).await.map_err(|error| {
        let why = format!("cannot listen on {}", options.listen);
        Error::new(ErrorKind::Validation, why).with_source(error)
    })?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let backend = build(options, address).await?;
    announce(address, &backend);
    let connections = GracefulShutdown::new();
    tokio::select! {
        () = accept(&listener, &backend, &connections) => {}
        () = signals.next() => {}
    }
    drop(listener);
    let seconds = DRAIN.as_secs();
    tracing::info!("ending: requests under way have {seconds} seconds");
    let drained = async {
        connections.shutdown().await;
        backend.shutdown().await;
    };
    tokio::select! {
        () = drained => return Ok(ExitCode::SUCCESS),
        () = tokio::time::sleep(DRAIN) => tracing::warn!("requests that took too long were cut off"),
        () = signals.next() => tracing::warn!("a second signal: requests under way were cut off"),
    }
    Ok(ExitCode::FAILURE)
}

async fn build(options: Serve, address: SocketAddr) -> Result<Workeros> {
    let public_url = options
        .public_url
        .unwrap_or_else(|| format!("http://{address}"));
    let mut builder = Workeros::builder()
        .shared_db(options.store.open().await?)
        .public_url(public_url)
        .trusted_proxies(proxies(&options.trusted_proxies, options.forwarded_header)?);
    for origin in options.allowed_origins {
        builder = builder.allow_origin(origin);
    }
    for origin in options.trusted_origins {
        builder = builder.trust_origin(origin);
    }
    if let Some(secret) = options.secret {
        builder = builder.secret(secrets(secret, options.previous_secrets)?);
    }
    let (sign_up, setup_token) = (policy(options.sign_up), options.setup_token);
    builder = builder.auth(move |auth| {
        let auth = auth.with_sign_up(sign_up);
        match setup_token {
            Some(token) => auth.with_setup_token(token),
            None => auth,
        }
    });
    options.mail.put(builder)?.build().await
}

fn proxies(networks: &[String], by_forwarded: bool) -> Result<TrustedProxies> {
    let proxies = TrustedProxies::new(networks)?;
    Ok(match by_forwarded {
        true => proxies.with_forwarded_header(),
        false => proxies,
    })
}

/// The secret, with those before it.
fn secrets(secret: String, previous: Vec<String>) -> Result<Secret> {
    let secret = Secret::new(secret)?;
    previous.into_iter().try_fold(secret, |secret, before| {
        Ok(secret.with_previous(Secret::new(before)?))
    })
}

fn policy(sign_up: SignUp) -> SignUpPolicy {
    match sign_up {
        SignUp::Open => SignUpPolicy::Open,
        SignUp::Invited => SignUpPolicy::Invited,
        SignUp::Closed => SignUpPolicy::Closed,
    }
}

/// Where it is, for people and programs, and what to do next.
fn announce(address: SocketAddr, backend: &Workeros) {
    let url = backend.backend().public_url().to_string();
    let url = url.trim_end_matches('/');
    tracing::info!("listening on http://{address}");
    tracing::info!(
        "sign up by POST {url}/api/auth/sign-up/email, define collections by POST {url}/api/collections"
    );
    let is_everywhere = address.ip().is_unspecified();
    if is_everywhere && url.ends_with(&address.to_string()) {
        tracing::warn!("nobody reaches {url}: name where clients do, by `--public-url`");
    }
}

async fn accept(listener: &TcpListener, backend: &Workeros, connections: &GracefulShutdown) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => connection::spawn(stream, peer, backend, connections),
            // Out of file descriptors, say: give those there are time.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
