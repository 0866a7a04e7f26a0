//! A bridge to actix-web 4, which takes no tower service.
//!
//! ```no_run
//! use actix_web::{App, HttpServer};
//! use workeros_http::{Backend, actix};
//!
//! async fn serve(backend: Backend) -> std::io::Result<()> {
//!     let app = move || App::new().service(actix::scope("/backend", backend.clone()));
//!     HttpServer::new(app).bind("127.0.0.1:8080")?.run().await
//! }
//! ```

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::{HttpRequest, HttpResponse, Route, Scope, rt, web};
use bytes::Bytes;
use futures::StreamExt as _;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Request, Response, Version};
use http_body::{Body as _, Frame, SizeHint};
use tokio::sync::mpsc;

use crate::body::BoxError;
use crate::{Backend, Body, ClientAddress};

/// How many chunks of a body wait for their reader.
const CHUNKS: usize = 4;

/// Everything below `path`.
#[must_use]
pub fn scope(path: &str, backend: Backend) -> Scope {
    web::scope(path).default_service(route(backend))
}

/// Whatever is sent to it: the default service of an app or a scope. It goes
/// by what its scopes have left of the path.
#[must_use]
pub fn route(backend: Backend) -> Route {
    web::to(move |request: HttpRequest, payload: web::Payload| {
        let backend = backend.clone();
        async move {
            match read(&request, payload) {
                Ok(request) => answer(backend.respond(request).into_inner().await),
                Err(_) => HttpResponse::BadRequest().finish(),
            }
        }
    })
}

/// The request in types of today: actix-web is on http 0.2.
fn read(actix: &HttpRequest, payload: web::Payload) -> http::Result<Request<Incoming>> {
    let mut request = Request::builder()
        .method(actix.method().as_str())
        .uri(below(actix));
    for (name, value) in actix.headers() {
        request = request.header(name.as_str(), value.as_bytes());
    }
    if actix.version() == actix_web::http::Version::HTTP_2 {
        request = request.version(Version::HTTP_2);
    }
    if let Some(address) = actix.peer_addr() {
        request = request.extension(ClientAddress(address.ip()));
    }
    let headers = request.headers_ref();
    let has = |name| headers.is_some_and(|headers| headers.contains_key(name));
    let has_body = has(CONTENT_LENGTH) || has(TRANSFER_ENCODING);
    let length = headers.and_then(|headers| headers.get(CONTENT_LENGTH));
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let chunks = if has_body && length != Some(0) {
        Some(pump(payload))
    } else {
        None
    };
    request.body(Incoming { chunks, length })
}

/// The path below the mount point as it came, with the query. What actix-web
/// has left of the path is decoded in part, but has as many slashes.
fn below(actix: &HttpRequest) -> String {
    let left = actix.match_info().unprocessed().matches('/').count();
    let path = actix.uri().path();
    let start = path
        .rmatch_indices('/')
        .take(left)
        .last()
        .map_or(path.len(), |(start, _)| start);
    let below = path
        .get(start..)
        .filter(|below| !below.is_empty())
        .unwrap_or("/");
    match actix.uri().query() {
        Some(query) => format!("{below}?{query}"),
        None => below.to_owned(),
    }
}

/// Carries a payload, which cannot leave its thread, into a body that can.
fn pump(mut payload: web::Payload) -> mpsc::Receiver<Result<Bytes, BoxError>> {
    let (sender, chunks) = mpsc::channel(CHUNKS);
    rt::spawn(async move {
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| BoxError::from(error.to_string()));
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
    });
    chunks
}

/// The body of a request.
struct Incoming {
    chunks: Option<mpsc::Receiver<Result<Bytes, BoxError>>>,
    length: Option<u64>,
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.chunks {
            Some(chunks) => chunks
                .poll_recv(context)
                .map(|chunk| Some(chunk?.map(Frame::data))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        // What was read of it does not count: it is asked before.
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn answer(response: Response<Body>) -> HttpResponse {
    let (head, body) = response.into_parts();
    let status = actix_web::http::StatusCode::from_u16(head.status.as_u16());
    let mut answer = HttpResponse::build(status.unwrap_or_default());
    for (name, value) in &head.headers {
        answer.append_header((name.as_str(), value.as_bytes()));
    }
    // The answer to `HEAD` has a length, but no body.
    let length = head.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let size = length
        .or(body.size_hint().exact())
        .map_or(BodySize::Stream, BodySize::Sized);
    answer.body(BoxBody::new(Outgoing { body, size }))
}

/// The body of a response.
struct Outgoing {
    body: Body,
    size: BodySize,
}

impl MessageBody for Outgoing {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body)
            .poll_frame(context)
            .map(|frame| match frame? {
                Ok(frame) => Some(Ok(frame.into_data().unwrap_or_default())),
                Err(error) => Some(Err(error as Self::Error)),
            })
    }
}
