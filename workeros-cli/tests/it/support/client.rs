use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// One connection that is kept alive.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    address: SocketAddr,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Json,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender or with the server, as it may.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self {
            sender,
            address,
            token: None,
        })
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Signs up; from then on it speaks for this user. Answers the token.
    pub(crate) async fn sign_up(&mut self, email: &str) -> String {
        let body = json!({"email": email, "password": "correct horse battery", "name": "Ann"});
        let answer = self.post("/api/auth/sign-up/email", body).await;
        let token = answer["token"].as_str().unwrap().to_owned();
        self.token = Some(token.clone());
        token
    }

    /// What `GET` answers; panics unless it is a success.
    pub(crate) async fn get(&mut self, path: &str) -> Json {
        self.expect(Method::GET, path, None).await
    }

    /// What `POST` answers; panics unless it is a success.
    pub(crate) async fn post(&mut self, path: &str, body: Json) -> Json {
        self.expect(Method::POST, path, Some(&body)).await
    }

    async fn expect(&mut self, method: Method, path: &str, body: Option<&Json>) -> Json {
        let answer = self.send(method, path, None, body).await.unwrap();
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        answer.body
    }

    /// One request; fails when the connection breaks before the whole answer
    /// is there.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Json>,
    ) -> Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string());
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(Json::to_string).unwrap_or_default();
        self.sender.ready().await?;
        let response = self.sender.send_request(request.body(body.into())?).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer {
            status,
            body: serde_json::from_slice(&body)?,
        })
    }
}
