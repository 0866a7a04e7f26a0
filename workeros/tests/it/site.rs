//! An application with a backend, on a port of this machine.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::{ConnectInfo, Path, Request};
use axum::middleware::map_request;
use axum::response::Html;
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use workeros::{AuthBuilder, Builder, ClientAddress, MemoryMailer, Sqlite, Workeros};

/// The backend is below `/backend`. The application hands out the mails it sends
/// at `/mails/<address>`, and everything else is an empty page.
pub(crate) struct Site {
    pub(crate) origin: String,
    server: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_, builder| builder).await
    }

    /// `options` are given the origin of the site.
    pub(crate) async fn open_with(options: impl FnOnce(&str, Builder) -> Builder) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // Passkeys want a name.
        let origin = format!("http://localhost:{port}");
        let mailer = MemoryMailer::default();
        let builder = Workeros::builder()
            .db(Sqlite::memory().await.unwrap())
            .public_url(format!("{origin}/backend"))
            .auth(AuthBuilder::danger_weak_hashing)
            .mailer(mailer.clone());
        let backend = options(&origin, builder).build().await.unwrap();
        let app = Router::new()
            .route("/mails/{address}", get(move |to| mails(mailer, to)))
            .nest_service("/backend", backend)
            .fallback(async || Html("<!doctype html><title>site</title>"))
            .layer(map_request(tell_address))
            .into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { origin, server }
    }

    /// Where the mails are.
    pub(crate) fn mails(&self) -> String {
        format!("{}/mails", self.origin)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn mails(mailer: MemoryMailer, Path(address): Path<String>) -> String {
    let mails = mailer.sent().into_iter();
    let mails = mails.filter(|mail| mail.to() == address);
    let mails = mails.map(|mail| json!({"subject": mail.subject(), "text": mail.text()}));
    mails.collect::<serde_json::Value>().to_string()
}

async fn tell_address(mut request: Request) -> Request {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if let Some(address) = peer.map(|peer| ClientAddress(peer.0.ip())) {
        request.extensions_mut().insert(address);
    }
    request
}
