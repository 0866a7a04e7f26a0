//! What an application that embeds workeros sees.

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::request::Parts;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;
use workeros::{
    AuthHooks, Authenticator, ErrorKind, Identity, MemoryMailer, Query, Result, SignUpPolicy,
    Sqlite, Subject, TenantId, Workeros,
};

async fn instance(path: &str) -> Workeros {
    Workeros::builder()
        .db(Sqlite::memory().await.unwrap())
        .public_url(format!("https://example.com{path}"))
        .auth(workeros::AuthBuilder::danger_weak_hashing)
        .build()
        .await
        .unwrap()
}

struct Answer {
    status: StatusCode,
    cookie: Option<String>,
    body: Json,
}

async fn call(
    app: &Router,
    method: Method,
    path: &str,
    cookie: &str,
    body: Option<Json>,
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::ORIGIN, "https://example.com")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, cookie);
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let response = app
        .clone()
        .oneshot(request.body(body).unwrap())
        .await
        .unwrap();
    let cookie = response.headers().get(header::SET_COOKIE).map(|value| {
        value
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned()
    });
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Json::Null);
    Answer {
        status,
        cookie,
        body,
    }
}

fn sign_up(email: &str) -> Option<Json> {
    Some(json!({"email": email, "password": "correct horse battery", "name": "x"}))
}

/// Two instances under two prefixes of one host: one's admin, tables and
/// sessions are nothing to the other.
#[tokio::test]
async fn two_instances_in_one_process_do_not_see_each_other() {
    let (a, b) = (instance("/a").await, instance("/b").await);
    let app = Router::new()
        .route("/", get(|| async { "the host" }))
        .nest_service("/a", a.clone())
        .nest_service("/b", b.clone());
    let at_a = call(
        &app,
        Method::POST,
        "/a/api/auth/sign-up/email",
        "",
        sign_up("a@x.com"),
    )
    .await;
    let at_b = call(
        &app,
        Method::POST,
        "/b/api/auth/sign-up/email",
        "",
        sign_up("b@x.com"),
    )
    .await;
    assert_eq!(
        (at_a.status, at_b.status),
        (StatusCode::OK, StatusCode::OK),
        "{}",
        at_a.body
    );
    let (at_a, at_b) = (at_a.cookie.unwrap(), at_b.cookie.unwrap());
    assert_ne!(
        at_a.split('=').next(),
        at_b.split('=').next(),
        "the cookies have one name"
    );
    // A browser sends both cookies to both.
    let both = format!("{at_a}; {at_b}");
    let posts = Some(json!({"slug": "posts"}));
    let made = call(&app, Method::POST, "/a/api/collections", &both, posts).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let there = call(&app, Method::GET, "/a/api/items/posts", &both, None).await;
    let not_there = call(&app, Method::GET, "/b/api/items/posts", &both, None).await;
    assert_eq!(
        (there.status, not_there.status),
        (StatusCode::OK, StatusCode::NOT_FOUND)
    );
    let foreign = call(&app, Method::GET, "/b/api/collections", &at_a, None).await;
    assert_eq!(foreign.status, StatusCode::UNAUTHORIZED);
    a.shutdown().await;
    let down = call(&app, Method::GET, "/a/health", "", None).await;
    let up = call(&app, Method::GET, "/b/health", "", None).await;
    assert_eq!(
        (down.status, up.status),
        (StatusCode::SERVICE_UNAVAILABLE, StatusCode::OK)
    );
    b.shutdown().await;
}

/// The request is answered before the mail is sent, and nobody has to see to it
/// that it is.
#[tokio::test]
async fn mail_leaves_by_the_mailer_of_the_host() {
    let mailer = MemoryMailer::default();
    let backend = Workeros::builder()
        .db(Sqlite::memory().await.unwrap())
        .public_url("https://example.com")
        .auth(workeros::AuthBuilder::danger_weak_hashing)
        .mailer(mailer.clone())
        .build()
        .await
        .unwrap();
    let app = Router::new().fallback_service(backend.clone());
    let sign_up = sign_up("ann@example.com");
    call(&app, Method::POST, "/api/auth/sign-up/email", "", sign_up).await;
    let path = "/api/auth/request-password-reset";
    let email = Some(json!({"email": "ann@example.com"}));
    let asked = call(&app, Method::POST, path, "", email).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    let sent = async {
        while mailer.sent().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let wait = std::time::Duration::from_secs(30);
    tokio::time::timeout(wait, sent).await.unwrap();
    let [mail] = mailer.take().try_into().unwrap();
    assert_eq!(mail.to(), "ann@example.com");
    let link = "https://example.com/api/auth/reset-password/";
    assert!(mail.text().contains(link), "{}", mail.text());
    backend.shutdown().await;
}

#[tokio::test]
async fn the_host_comes_through_the_same_door() {
    let backend = instance("").await;
    let posts = json!({"slug": "posts", "fields": [{"name": "title", "type": "text"}]});
    backend
        .plane()
        .collections(backend.system())
        .create(&posts)
        .await
        .unwrap();
    let items = backend.items("posts").as_system();
    items.create(&json!({"title": "a"})).await.unwrap();
    let error = items.create(&json!({"title": 7})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    let anonymous = workeros::Subject::anonymous(backend.plane().default_tenant());
    let refused = backend
        .items("posts")
        .as_subject(anonymous)
        .list(&Query::new())
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unauthorized);
    assert!(!items.list(&Query::new().limit(1)).await.unwrap().has_more);
}

/// A handler of the host's asks who sent a request, and gets the answer that the
/// backend's own endpoints go by.
#[tokio::test]
async fn the_host_learns_who_asks() {
    let backend = instance("/backend").await;
    let app = Router::new().nest_service("/backend", backend.clone());
    let path = "/backend/api/auth/sign-up/email";
    let signed_up = call(&app, Method::POST, path, "", sign_up("ann@x.com")).await;
    let cookie = signed_up.cookie.unwrap();
    let asks = |method: &Method, name: header::HeaderName, value: &str, origin: &str| {
        let request = Request::builder().method(method).uri("/orders");
        let request = request.header(name, value).header(header::ORIGIN, origin);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let backend = backend.clone();
        async move { backend.authenticate(&parts).await }
    };
    let (own, other) = ("https://example.com", "https://evil.example");
    let token = format!("Bearer {}", signed_up.body["token"].as_str().unwrap());
    for (method, name, value, origin) in [
        (Method::GET, header::COOKIE, &cookie, other),
        (Method::POST, header::COOKIE, &cookie, own),
        (Method::POST, header::AUTHORIZATION, &token, other),
    ] {
        let subject = asks(&method, name, value, origin).await.unwrap();
        assert_eq!(subject.user_id(), signed_up.body["user"]["id"].as_str());
        assert!(subject.roles().iter().any(|role| role == "admin"));
    }
    let nobody = asks(&Method::GET, header::ACCEPT, "*/*", own).await;
    assert!(nobody.unwrap().is_anonymous());
    for (method, name, value, origin, kind) in [
        (
            Method::POST,
            header::COOKIE,
            cookie.as_str(),
            other,
            ErrorKind::Forbidden,
        ),
        (
            Method::GET,
            header::AUTHORIZATION,
            "Bearer x",
            own,
            ErrorKind::Unauthorized,
        ),
    ] {
        let refused = asks(&method, name, value, origin).await.unwrap_err();
        assert_eq!(refused.kind(), kind);
    }
}

/// The team is the host's, which nobody else can get into; its end users are the
/// bundled ones.
#[tokio::test]
async fn a_host_with_a_team_of_its_own_takes_end_users_alone() {
    let backend = Workeros::builder()
        .db(Sqlite::memory().await.unwrap())
        .public_url("https://example.com")
        .authenticator(Staff)
        .auth(|auth| {
            auth.danger_weak_hashing()
                .without_first_admin()
                .with_sign_up(SignUpPolicy::Closed)
        })
        .build()
        .await
        .unwrap();
    let app = Router::new().fallback_service(backend.clone());
    let path = "/api/auth/sign-up/email";
    let refused = call(&app, Method::POST, path, "", sign_up("eve@x.com")).await;
    assert_eq!(refused.body["code"], "SIGN_UP_CLOSED", "{}", refused.body);
    let path = "/api/t/default/auth/sign-up/email";
    let uma = call(&app, Method::POST, path, "", sign_up("uma@x.com")).await;
    assert_eq!(uma.status, StatusCode::OK, "{}", uma.body);
    let users = call(&app, Method::GET, "/api/app-users", "staff=root", None).await;
    assert_eq!(users.body["data"][0]["id"], uma.body["user"]["id"]);
    let posts = Some(json!({"slug": "posts"}));
    let made = call(&app, Method::POST, "/api/collections", "staff=root", posts).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let settings = "/api/auth-settings";
    let closed = Some(json!({"sign_up": "closed"}));
    let refused = call(&app, Method::PATCH, settings, "staff=root", closed).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    backend.shutdown().await;
}

/// One person, who runs everything.
#[derive(Debug)]
struct Staff;

#[async_trait]
impl Authenticator for Staff {
    async fn authenticate(
        &self,
        request: &Parts,
        _named: Option<TenantId>,
    ) -> Result<Option<Identity>> {
        let cookie = request.headers.get(header::COOKIE);
        let is_root = cookie.is_some_and(|cookie| cookie == "staff=root");
        Ok(is_root.then(|| Identity::host("root").with_role("admin")))
    }
}

#[tokio::test]
async fn the_builder_refuses_what_cannot_be() {
    let build = |url: &str, origin: &str| {
        let builder = Workeros::builder().public_url(url).allow_origin(origin);
        async move { builder.db(Sqlite::memory().await.unwrap()).build().await }
    };
    for (url, origin) in [
        ("not a url", "https://a.com"),
        ("ftp://example.com", "https://a.com"),
        ("https://example.com?x=1", "https://a.com"),
        ("https://example.com", "*"),
        ("https://example.com", "null"),
        ("https://example.com", "https://a.com/path"),
    ] {
        let error = build(url, origin)
            .await
            .err()
            .unwrap_or_else(|| panic!("{url} {origin}"));
        assert_eq!(
            error.kind(),
            ErrorKind::Validation,
            "{url} {origin}: {error}"
        );
    }
    assert!(
        build("https://example.com/x", "https://a.com")
            .await
            .is_ok()
    );
    for of_users in [
        Workeros::builder().mailer(MemoryMailer::default()),
        Workeros::builder().auth_hooks(NoHooks),
    ] {
        let database = Sqlite::memory().await.unwrap();
        let error = of_users.without_auth().db(database).build().await;
        let error = error.unwrap_err();
        assert!(error.to_string().contains("`without_auth`"), "{error}");
    }
    assert!(workeros::Secret::new("too short").is_err());
    assert!(workeros::Secret::new("changeme-changeme-changeme-changeme").is_err());
}

#[derive(Debug)]
struct NoHooks;

impl AuthHooks for NoHooks {}

/// What is said of users at two places holds together.
#[tokio::test]
async fn the_builder_is_told_of_users_in_parts() {
    let backend = Workeros::builder()
        .db(Sqlite::memory().await.unwrap())
        .public_url("https://example.com")
        .auth(|auth| {
            auth.danger_weak_hashing()
                .with_setup_token("0123456789abcdef")
        })
        .auth(|auth| auth.with_sign_up(SignUpPolicy::Closed))
        .build()
        .await
        .unwrap();
    let app = Router::new().fallback_service(backend.clone());
    let path = "/api/auth/sign-up/email";
    let refused = call(&app, Method::POST, path, "", sign_up("ann@x.com")).await;
    assert_eq!(refused.body["code"], "SETUP_REQUIRED", "{}", refused.body);
    let policy = backend.auth().unwrap().settings().sign_up;
    assert_eq!(policy, SignUpPolicy::Closed);
    backend.shutdown().await;
}

/// A tool beside a server has the data, and does nothing of what a server does.
#[tokio::test]
async fn the_data_is_opened_without_a_server() {
    let database = std::sync::Arc::new(Sqlite::memory().await.unwrap());
    let plane = Workeros::builder().shared_db(database.clone()).open().await;
    let plane = plane.unwrap();
    let posts = json!({"slug": "posts"});
    let system = || Subject::system(plane.default_tenant());
    plane.collections(system()).create(&posts).await.unwrap();
    let backend = Workeros::builder()
        .shared_db(database)
        .build()
        .await
        .unwrap();
    let items = backend.items("posts").as_system();
    assert!(!items.list(&Query::new()).await.unwrap().has_more);
    backend.shutdown().await;
}

/// An instance started again finds what it left, and the same secret.
#[tokio::test]
async fn a_second_start_finds_everything() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sqlite");
    let start = || async {
        let database = Sqlite::open(&path).await.unwrap();
        Workeros::builder().db(database).build().await.unwrap()
    };
    let first = start().await;
    let posts = json!({"slug": "posts", "fields": [{"name": "n", "type": "integer"}]});
    first
        .plane()
        .collections(first.system())
        .create(&posts)
        .await
        .unwrap();
    for n in 0..3 {
        first
            .items("posts")
            .as_system()
            .create(&json!({"n": n}))
            .await
            .unwrap();
    }
    let page = Query::new().sort("n").limit(1);
    let list = first
        .items("posts")
        .as_system()
        .list(&page.clone().cursor(""))
        .await
        .unwrap();
    first.shutdown().await;
    drop(first);
    let second = start().await;
    let cursor = page.cursor(list.next_cursor.unwrap()).fields(["n"]);
    // A cursor outlives a restart only if the secret does.
    let list = second
        .items("posts")
        .as_system()
        .list(&cursor)
        .await
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&list.json), r#"[{"n":1}]"#);
}
