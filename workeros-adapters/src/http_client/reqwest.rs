use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::header::{self, HeaderName};
use reqwest::{Certificate, Client, Response, redirect::Policy};
use workeros_core::{Error, HttpClient, HttpRequest, HttpResponse, Result};

use super::failure::{blocked, failed, timed_out, too_large};
use super::policy::{EgressPolicy, PortGroup};
use super::redirect;
use super::resolver::{Checked, Resolver, SystemResolver};
use super::target::Target;

/// Headers that are the client's own: they say where a message goes and ends.
const RESERVED: [HeaderName; 7] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
];

/// How a [`ReqwestClient`] works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReqwestOptions {
    /// Where requests may go: to public addresses on the ports 80 and 443.
    pub policy: EgressPolicy,
    /// How long connecting may take, from the look-up of the name to the end of
    /// the TLS handshake: 3 seconds.
    pub connect_timeout: Duration,
    /// What looks up names: the operating system.
    pub resolver: Arc<dyn Resolver>,
    /// Certificates in PEM, of authorities trusted besides those of the
    /// operating system.
    pub root_certificates: Vec<Vec<u8>>,
}

impl ReqwestOptions {
    /// Sets where requests may go.
    #[must_use]
    pub fn with_policy(mut self, policy: EgressPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how long connecting may take.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets what looks up names.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Trusts one more authority: its certificate in PEM.
    #[must_use]
    pub fn with_root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.push(pem.into());
        self
    }
}

impl Default for ReqwestOptions {
    fn default() -> Self {
        Self {
            policy: EgressPolicy::default(),
            connect_timeout: Duration::from_secs(3),
            resolver: Arc::new(SystemResolver),
            root_certificates: Vec::new(),
        }
    }
}

/// Sends requests by reqwest: HTTP/1.1 and HTTP/2, TLS by rustls with the
/// authorities of the operating system, gzip undone. Its [`EgressPolicy`] is
/// applied to the addresses that are connected to. Cheap to clone.
///
/// ```
/// use workeros_adapters::{ReqwestClient, ReqwestOptions};
/// use workeros_core::{HttpClient, HttpRequest};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let client = ReqwestClient::new(ReqwestOptions::default())?;
/// let refused = client.send(HttpRequest::get("http://127.0.0.1:8080/admin")).await;
/// assert!(refused.is_err_and(|error| error.code() == Some("EGRESS_BLOCKED")));
/// # Ok::<(), workeros_core::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReqwestClient {
    policy: Arc<EgressPolicy>,
    /// What connects learns the name and not the port, so that ports with rules
    /// of their own have connections of their own.
    clients: HashMap<PortGroup, Client>,
}

impl ReqwestClient {
    /// A client.
    ///
    /// # Errors
    ///
    /// [`Validation`](workeros_core::ErrorKind::Validation) when a certificate
    /// cannot be read, [`Internal`](workeros_core::ErrorKind::Internal) when
    /// the operating system has none.
    pub fn new(options: ReqwestOptions) -> Result<Self> {
        let mut certificates = Vec::new();
        for pem in &options.root_certificates {
            let read = Certificate::from_pem_bundle(pem).ok();
            let read = read.filter(|read| !read.is_empty());
            certificates.extend(read.ok_or_else(|| {
                let message = "must be a certificate in PEM";
                Error::validation("root_certificates", "invalid_value", message)
            })?);
        }
        let policy = Arc::new(options.policy);
        let mut clients = HashMap::new();
        for group in policy.groups() {
            let resolver = Checked {
                resolver: options.resolver.clone(),
                policy: policy.clone(),
                group,
            };
            let client = Client::builder()
                .user_agent(concat!("workeros/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(resolver)
                .connect_timeout(options.connect_timeout)
                .tls_certs_merge(certificates.clone())
                .redirect(Policy::none())
                .referer(false)
                .no_proxy()
                .build()
                .map_err(Error::internal)?;
            clients.insert(group, client);
        }
        Ok(Self { policy, clients })
    }

    async fn run(&self, mut request: HttpRequest) -> Result<HttpResponse> {
        if let Some(name) = RESERVED.iter().find(|it| request.headers.contains_key(*it)) {
            let message = format!("`{name}` is set by the client");
            return Err(Error::validation("headers", "invalid_value", message));
        }
        let mut target = Target::parse(&request.url, &self.policy)?;
        let mut redirects_left = request.limits.redirects;
        loop {
            let response = self.step(&request, &target).await?;
            if redirects_left > 0
                && let Some(next) = redirect::next(&response, &target, &self.policy)?
            {
                redirects_left -= 1;
                redirect::adapt(&mut request, response.status(), &target, &next);
                target = next;
                continue;
            }
            return read(response, request.limits.response_bytes).await;
        }
    }

    async fn step(&self, request: &HttpRequest, target: &Target) -> Result<Response> {
        let client = self.clients.get(&target.group);
        let client = client.ok_or_else(|| blocked("the port is not open"))?;
        client
            .request(request.method.clone(), target.url.clone())
            .headers(request.headers.clone())
            .body(request.body.clone())
            .send()
            .await
            .map_err(failed)
    }
}

#[async_trait]
impl HttpClient for ReqwestClient {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let timeout = request.limits.timeout;
        match tokio::time::timeout(timeout, self.run(request)).await {
            Ok(result) => result,
            Err(_) => Err(timed_out()),
        }
    }
}

async fn read(mut response: Response, limit: usize) -> Result<HttpResponse> {
    let announced = response.content_length();
    if announced.is_some_and(|bytes| bytes > u64::try_from(limit).unwrap_or(u64::MAX)) {
        return Err(too_large());
    }
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if chunk.len() > limit - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(HttpResponse::new(status, headers, Bytes::from(body)))
}
