//! The way of the page without a browser, and the program from start to end.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test reports by panicking"
)]

#[cfg(unix)]
mod browser;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;
use workeros::Sqlite;

/// A browser that shows a page of one of the names of this machine.
struct Browser {
    app: Router,
    origin: &'static str,
    cookie: Option<String>,
}

impl Browser {
    fn new(app: &Router) -> Self {
        Self {
            app: app.clone(),
            origin: "http://localhost:3000",
            cookie: None,
        }
    }

    fn at(self, origin: &'static str) -> Self {
        Self { origin, ..self }
    }

    async fn signed_up(mut self, name: &str) -> Self {
        let email = format!("{name}@example.com");
        let body = json!({"email": email, "password": "correct horse battery", "name": name});
        let (status, answer) = self
            .send(Method::POST, "/backend/api/auth/sign-up/email", body)
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        self
    }

    async fn get(&mut self, path: &str) -> (StatusCode, Json) {
        self.send(Method::GET, path, Json::Null).await
    }

    async fn post(&mut self, path: &str, body: Json) -> (StatusCode, Json) {
        self.send(Method::POST, path, body).await
    }

    async fn send(&mut self, method: Method, path: &str, body: Json) -> (StatusCode, Json) {
        let mut request = Request::builder().method(&method).uri(path);
        if method != Method::GET {
            request = request.header(header::ORIGIN, self.origin);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        };
        let request = request.body(body).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        if let Some(cookie) = response.headers().get(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(cookie.to_owned());
        }
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

async fn app() -> Router {
    let database = Sqlite::memory().await.unwrap();
    example_quickstart::app(database, 3000).await.unwrap().0
}

/// What the page's script sends to define the collection.
async fn define(admin: &mut Browser) {
    let notes = json!({"slug": "notes", "owner_scoped": true, "fields": [
        {"name": "text", "type": "text", "required": true},
        {"name": "shared", "type": "boolean", "default": false},
    ]});
    let (status, answer) = admin.post("/backend/api/collections", notes).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let own = json!({"owner_id": "$user.id"});
    for (role, action, condition) in [
        ("authenticated", "create", own.clone()),
        ("authenticated", "read", own.clone()),
        ("authenticated", "delete", own),
        ("public", "read", json!({"shared": true})),
    ] {
        let row =
            json!({"role": role, "collection": "notes", "action": action, "condition": condition});
        let (status, answer) = admin.post("/backend/api/permissions", row).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
}

fn texts(list: &Json) -> Vec<&str> {
    let notes = list["data"].as_array().unwrap().iter();
    notes.map(|note| note["text"].as_str().unwrap()).collect()
}

const NOTES: &str = "/backend/api/items/notes";

#[tokio::test]
async fn everybody_keeps_notes_of_his_own() {
    let app = app().await;
    let mut ann = Browser::new(&app).signed_up("ann").await;
    let (_, session) = ann.get("/backend/api/auth/get-session").await;
    assert_eq!(session["user"]["roles"], json!(["admin"]));
    assert_eq!(ann.get(NOTES).await.0, StatusCode::NOT_FOUND);
    define(&mut ann).await;

    let mut bob = Browser::new(&app).signed_up("bob").await;
    for (text, shared) in [("for the world", true), ("for bob", false)] {
        let (status, note) = bob
            .post(NOTES, json!({"text": text, "shared": shared}))
            .await;
        assert_eq!(status, StatusCode::CREATED, "{note}");
    }
    let mut cid = Browser::new(&app).signed_up("cid").await;
    let (_, note) = cid.post(NOTES, json!({"text": "for cid"})).await;

    let sorted = format!("{NOTES}?sort=text");
    assert_eq!(
        texts(&bob.get(&sorted).await.1),
        ["for bob", "for the world"]
    );
    assert_eq!(
        texts(&cid.get(&sorted).await.1),
        ["for cid", "for the world"]
    );
    assert_eq!(
        texts(&Browser::new(&app).get(&sorted).await.1),
        ["for the world"]
    );

    let his = format!("{NOTES}/{}", note["data"]["id"].as_str().unwrap());
    let (status, _) = bob.send(Method::DELETE, &his, Json::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = cid.send(Method::DELETE, &his, Json::Null).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn only_pages_of_this_machine_act_for_who_is_signed_in() {
    let app = app().await;
    let mut ann = Browser::new(&app).signed_up("ann").await;
    for (origin, status) in [
        ("http://127.0.0.1:3000", StatusCode::OK),
        ("http://localhost:3000", StatusCode::OK),
        ("http://localhost:4000", StatusCode::FORBIDDEN),
        ("https://example.com", StatusCode::FORBIDDEN),
    ] {
        ann = ann.at(origin);
        let body = json!({"email": "ann@example.com", "password": "correct horse battery"});
        let answer = ann.post("/backend/api/auth/sign-in/email", body).await;
        assert_eq!(answer.0, status, "{origin}: {}", answer.1);
    }
}

/// The page asks for what the tests above ask for.
#[tokio::test]
async fn the_page_stands_alone() {
    let request = Request::get("/").body(Body::empty()).unwrap();
    let response = app().await.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let page = String::from_utf8(bytes.to_vec()).unwrap();
    for part in [
        "/api/auth/sign-up/email",
        "/api/auth/sign-in/magic-link",
        "/api/auth/passkey/verify-authentication",
        "/api/collections",
        "/api/permissions",
        "/api/items/notes",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for external in ["http://", "https://", "src=\"", "@import"] {
        assert!(!page.contains(external), "{external}");
    }
}

#[cfg(unix)]
#[test]
fn the_program_says_where_it_is_and_ends_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_example-quickstart"))
        .arg("0")
        .current_dir(&directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(program.stdout.take().unwrap()).lines();
    let port: u16 = printed.find_map(|line| port_in(&line.unwrap())).unwrap();

    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = "GET /backend/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    let told = Command::new("kill").arg(program.id().to_string()).status();
    assert!(told.unwrap().success());
    assert!(program.wait().unwrap().success());
    assert!(directory.path().join(".data/quickstart.sqlite").exists());
}

/// The port the program says in a line that it prints, if it does.
#[cfg(unix)]
fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("curl http://localhost:")?;
    rest.strip_suffix("/backend/health")?.parse().ok()
}
