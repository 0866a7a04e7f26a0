//! What is taken away while it is read: no answer to a request that began after
//! it was taken may carry it, whatever is remembered on the way (sessions,
//! permissions, plans, statements).

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;
use workeros::{AuthBuilder, ClientAddress, Workeros};
use workeros_adapters::testkit::databases;

const READERS: usize = 4;
const ROUNDS: usize = 12;
const ROWS: usize = 20;
const LIST: &str = "/api/items/posts?limit=50&sort=title";

struct Server {
    workeros: Workeros,
    admin: String,
    /// How often somebody signed up or in.
    signed: AtomicU32,
}

struct Answer {
    status: StatusCode,
    text: String,
}

impl Server {
    async fn call(&self, method: Method, path: &str, token: &str, body: Option<Json>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Full::default, |body| {
            Full::new(Bytes::from(body.to_string()))
        });
        let service = self.workeros.clone();
        let response = service.oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer {
            status,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// A call of the admin's that must succeed.
    async fn admin(&self, method: Method, path: &str, body: Option<Json>) -> Json {
        let answer = self.call(method, path, &self.admin, body).await;
        assert!(
            answer.status.is_success(),
            "{path}: {} {}",
            answer.status,
            answer.text
        );
        serde_json::from_str(&answer.text).unwrap_or_default()
    }

    async fn sign(&self, how: &str, email: &str) -> Json {
        let mut body = json!({"email": email, "password": "correct horse battery"});
        if how == "up" {
            body["name"] = json!("x");
        }
        // From another place each time: from one, three in ten seconds may.
        let place = Ipv4Addr::from(0x0a00_0000 + self.signed.fetch_add(1, Ordering::Relaxed));
        // Without a header of its own: it would end the session it names.
        let request = Request::builder()
            .extension(ClientAddress(place.into()))
            .method(Method::POST)
            .uri(format!("/api/auth/sign-{how}/email"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let response = self.workeros.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&bytes).unwrap()
    }
}

/// Something that is taken and given again in turn.
struct Thing {
    name: &'static str,
    /// What shows that it is there.
    mark: &'static str,
    token: RwLock<String>,
    user: String,
    /// Odd from when taking it returned until giving it back begins.
    taken: AtomicU64,
    seen: AtomicU64,
    missed: AtomicU64,
}

impl Thing {
    fn new(name: &'static str, mark: &'static str, token: &str, user: &str) -> Arc<Self> {
        Arc::new(Self {
            name,
            mark,
            token: RwLock::new(token.to_owned()),
            user: user.to_owned(),
            taken: AtomicU64::new(0),
            seen: AtomicU64::new(0),
            missed: AtomicU64::new(0),
        })
    }

    /// Lets the readers read for a while, on either side of a change.
    async fn turn(&self) {
        self.taken.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    async fn read(&self, server: &Server) {
        let before = self.taken.load(Ordering::SeqCst);
        let token = self.token.read().unwrap().clone();
        let answer = server.call(Method::GET, LIST, &token, None).await;
        assert!(
            !answer.status.is_server_error(),
            "{}: {}",
            self.name,
            answer.text
        );
        let shows = answer.text.contains(self.mark);
        if before % 2 == 1 && self.taken.load(Ordering::SeqCst) == before {
            assert!(!shows, "{}: taken, and shown: {}", self.name, answer.text);
            self.missed.fetch_add(1, Ordering::Relaxed);
        } else if shows {
            self.seen.fetch_add(1, Ordering::Relaxed);
        }
        if !shows {
            // Refusals are quick: those who are answered are to have a turn.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

struct Things {
    permission: Arc<Thing>,
    session: Arc<Thing>,
    role: Arc<Thing>,
    field: Arc<Thing>,
}

fn extra() -> Json {
    json!({"fields": [{"name": "extra", "type": "text", "default": "classified"}]})
}

fn grant(role: &str) -> Json {
    json!({"role": role, "collection": "posts", "action": "read"})
}

async fn member(server: &Server, name: &'static str) -> (String, String) {
    let signed_up = server.sign("up", &format!("{name}@example.com")).await;
    let user = signed_up["user"]["id"].as_str().unwrap().to_owned();
    server
        .admin(Method::POST, "/api/roles", Some(json!({"name": name})))
        .await;
    let roles = json!({"roles": [name]});
    server
        .admin(
            Method::POST,
            &format!("/api/users/{user}/roles"),
            Some(roles),
        )
        .await;
    (signed_up["token"].as_str().unwrap().to_owned(), user)
}

async fn prepare(server: &Server) -> Things {
    let posts = json!({"slug": "posts", "fields": [{"name": "title", "type": "text"}]});
    server
        .admin(Method::POST, "/api/collections", Some(posts))
        .await;
    for n in 0..ROWS {
        let row = json!({"title": format!("visible {n}")});
        server
            .admin(Method::POST, "/api/items/posts", Some(row))
            .await;
    }
    let mut things = Vec::new();
    for name in ["permission", "session", "role"] {
        let (token, user) = member(server, name).await;
        things.push(Thing::new(name, "visible", &token, &user));
    }
    for role in ["session", "role"] {
        server
            .admin(Method::POST, "/api/permissions", Some(grant(role)))
            .await;
    }
    let [permission, session, role] = things.try_into().unwrap_or_else(|_| unreachable!());
    Things {
        permission,
        session,
        role,
        field: Thing::new("field", "classified", &server.admin, ""),
    }
}

/// Gives everything, takes it one after the other, and begins anew.
async fn revoke(server: &Server, things: &Things) {
    for _ in 0..ROUNDS {
        let made = server
            .admin(Method::POST, "/api/permissions", Some(grant("permission")))
            .await;
        let permission = format!("/api/permissions/{}", made["data"]["id"].as_str().unwrap());
        server
            .admin(Method::PATCH, "/api/collections/posts", Some(extra()))
            .await;
        let row = json!({"title": "visible, with the default"});
        server
            .admin(Method::POST, "/api/items/posts", Some(row))
            .await;
        tokio::time::sleep(Duration::from_millis(20)).await;

        server.admin(Method::DELETE, &permission, None).await;
        things.permission.turn().await;

        let token = things.session.token.read().unwrap().clone();
        let signed_out = server
            .call(Method::POST, "/api/auth/sign-out", &token, Some(json!({})))
            .await;
        assert_eq!(signed_out.status, StatusCode::OK, "{}", signed_out.text);
        things.session.turn().await;

        let roles = format!("/api/users/{}/roles", things.role.user);
        server
            .admin(Method::POST, &roles, Some(json!({"roles": []})))
            .await;
        things.role.turn().await;

        server
            .admin(Method::DELETE, "/api/collections/posts/fields/extra", None)
            .await;
        things.field.turn().await;

        for thing in [
            &things.permission,
            &things.session,
            &things.role,
            &things.field,
        ] {
            thing.taken.fetch_add(1, Ordering::SeqCst);
        }
        let signed_in = server.sign("in", "session@example.com").await;
        *things.session.token.write().unwrap() = signed_in["token"].as_str().unwrap().to_owned();
        server
            .admin(Method::POST, &roles, Some(json!({"roles": ["role"]})))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_taken_away_under_load_is_in_no_later_answer() {
    for opened in databases().await {
        let workeros = Workeros::builder()
            .shared_db(Arc::clone(&opened.database))
            .auth(AuthBuilder::danger_weak_hashing)
            .build()
            .await
            .unwrap();
        let mut server = Server {
            workeros,
            admin: String::new(),
            signed: AtomicU32::new(0),
        };
        let admin = server.sign("up", "admin@example.com").await;
        server.admin = admin["token"].as_str().unwrap().to_owned();
        let server = Arc::new(server);
        let things = prepare(&server).await;
        let stop = Arc::new(AtomicBool::new(false));
        let mut readers = Vec::new();
        for thing in [
            &things.permission,
            &things.session,
            &things.role,
            &things.field,
        ] {
            for _ in 0..READERS {
                let (server, thing, stop) =
                    (Arc::clone(&server), Arc::clone(thing), Arc::clone(&stop));
                readers.push(tokio::spawn(async move {
                    while !stop.load(Ordering::SeqCst) {
                        thing.read(&server).await;
                    }
                }));
            }
        }
        revoke(&server, &things).await;
        stop.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.await.unwrap();
        }
        for thing in [
            &things.permission,
            &things.session,
            &things.role,
            &things.field,
        ] {
            let (seen, missed) = (
                thing.seen.load(Ordering::SeqCst),
                thing.missed.load(Ordering::SeqCst),
            );
            println!(
                "{}: {}: shown {seen} times, not shown {missed} times",
                opened.name, thing.name
            );
            assert!(
                seen > 0 && missed > 0,
                "{}: the readers did not get to it",
                thing.name
            );
        }
        server.workeros.shutdown().await;
    }
}
