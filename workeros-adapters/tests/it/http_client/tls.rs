//! Servers with TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use workeros_adapters::{ReqwestClient, ReqwestOptions};
use workeros_core::testkit::{Answer, HttpServer};
use workeros_core::{ErrorKind, HttpClient as _, HttpLimits, HttpRequest};

use super::{assert_blocked, client, policy};

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

/// Answers every connection with TLS by a redirect.
async fn redirecting(to: String, certificate: &CertifiedKey<KeyPair>) -> SocketAddr {
    let key = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust us leaves.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let read = stream.read(&mut [0; 4096]).await.unwrap();
            assert!(read > 0);
            let answer = format!(
                "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\
                 connection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    address
}

fn trusting(certificate: &CertifiedKey<KeyPair>, opened: &[&str]) -> ReqwestClient {
    let options = ReqwestOptions::default().with_policy(policy(opened));
    client(options.with_root_certificate(certificate.cert.pem()))
}

/// SSRF-3: a redirect from https to http is refused.
#[tokio::test]
async fn ssrf_3_a_redirect_from_https_to_http_is_refused() {
    let plain = HttpServer::start(|_| Answer::new(200));
    let certificate = certificate();
    let secure = redirecting(plain.url("/"), &certificate).await;
    let opened = [&*secure.to_string(), &*plain.address().to_string()];
    let client = trusting(&certificate, &opened);
    let request = HttpRequest::get(format!("https://{secure}/"));

    let unfollowed = client.send(request.clone()).await.unwrap();
    assert_eq!(unfollowed.status, 302);
    let limits = HttpLimits::default().with_redirects(3);
    let error = client.send(request.with_limits(limits)).await.unwrap_err();
    assert_blocked(&error, "https to http");
    assert_eq!(plain.connections(), 0);
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_not_trusted() {
    let certificate = certificate();
    let secure = redirecting("/".to_owned(), &certificate).await;
    let opened = policy(&[&secure.to_string()]);
    let client = client(ReqwestOptions::default().with_policy(opened));
    let sent = client
        .send(HttpRequest::get(format!("https://{secure}/")))
        .await;
    assert_eq!(sent.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[test]
fn what_is_no_certificate_is_refused() {
    let options = ReqwestOptions::default().with_root_certificate("no certificate");
    let error = ReqwestClient::new(options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
}
