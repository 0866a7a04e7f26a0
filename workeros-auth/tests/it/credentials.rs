use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use http::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use http::{HeaderMap, Request};
use workeros_auth::{Auth, CookiePolicy, Credentials, NewApiKey};
use workeros_core::{
    Authenticator as _, Batch, Capability, Credential, Database, Dialect, ErrorKind, Identity,
    Result, Rows, Runtime, Statement, TenantId,
};

use crate::support::{World, worlds};

fn headers(pairs: &[(HeaderName, &[u8])]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

async fn authenticate(
    auth: &Auth,
    tenant: TenantId,
    headers: HeaderMap,
) -> Result<Option<Identity>> {
    let mut request = Request::new(());
    *request.headers_mut() = headers;
    auth.authenticate(&request.into_parts().0, Some(tenant))
        .await
}

async fn failure(world: &World, pairs: &[(HeaderName, &[u8])]) -> ErrorKind {
    let identity = authenticate(&world.auth, world.tenant, headers(pairs)).await;
    identity.unwrap_err().kind()
}

#[tokio::test]
async fn a_session_is_known_by_header_and_by_cookie() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let token = ann.token.expose();
        for pairs in [
            vec![(AUTHORIZATION, format!("Bearer {token}"))],
            vec![(AUTHORIZATION, format!("bearer  {token} "))],
            vec![(COOKIE, format!("__Host-workeros={token}"))],
            vec![(COOKIE, format!("a=b; __Host-workeros={token};c=d"))],
            vec![
                (COOKIE, "a=b".to_owned()),
                (COOKIE, format!("__Host-workeros={token}")),
            ],
            // What is said expressly goes before what a browser sends along.
            vec![
                (COOKIE, "__Host-workeros=old".to_owned()),
                (AUTHORIZATION, format!("Bearer {token}")),
            ],
        ] {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(name, value)| (name.clone(), value.as_bytes()))
                .collect();
            let identity = authenticate(&world.auth, world.tenant, headers(&pairs)).await;
            let identity = identity.unwrap().unwrap();
            assert_eq!(identity.user_id, ann.user.id.to_string());
            assert_eq!(identity.email.as_deref(), Some("ann@example.com"));
            assert_eq!(identity.roles, ["admin"]);
            assert_eq!(identity.credential, Credential::Session(ann.session.id));
        }
    }
}

#[tokio::test]
async fn nobody_is_known_without_credentials() {
    for world in worlds().await {
        world.sign_up("ann").await;
        for pairs in [
            vec![],
            vec![(COOKIE, b"a=b".as_slice())],
            vec![(
                COOKIE,
                b"workeros=x; __Host-workeros-b=x; x__Host-workeros=x",
            )],
            vec![(COOKIE, b"\xff\xfe=\xff")],
            vec![(HeaderName::from_static("x-user-id"), b"ann")],
        ] {
            let identity = authenticate(&world.auth, world.tenant, headers(&pairs)).await;
            assert_eq!(identity.unwrap(), None);
        }
    }
}

/// KEY-7: a malformed header is refused.
#[tokio::test]
async fn key_7_a_malformed_header_is_refused() {
    for world in worlds().await {
        let token = world.sign_up("ann").await.token;
        let good = format!("Bearer {}", token.expose());
        let huge = format!("Bearer {}", "a".repeat(100 * 1024));
        let name = AUTHORIZATION;
        let twice = [
            (name.clone(), good.as_bytes()),
            (name.clone(), good.as_bytes()),
        ];
        assert_eq!(failure(&world, &twice).await, ErrorKind::BadRequest);
        for unreadable in [b"Bearer \xff\xfe".as_slice(), huge.as_bytes()] {
            assert_eq!(
                failure(&world, &[(name.clone(), unreadable)]).await,
                ErrorKind::BadRequest
            );
        }
        let basic = "Basic YW5uOnBhc3N3b3Jk";
        let unknown = format!("Bearer {}", "A".repeat(43));
        let key = format!("Bearer pak_0123abcd_{}", "A".repeat(38));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer  ",
            "Bearer x",
            "Bearer pak_",
            basic,
            &unknown,
            &key,
            token.expose(),
            &format!("{good} {good}"),
            &format!("Token {}", token.expose()),
        ] {
            let kind = failure(&world, &[(name.clone(), wrong.as_bytes())]).await;
            assert_eq!(kind, ErrorKind::Unauthorized, "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_cookie_that_proves_nothing_is_refused() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let token = ann.token.expose();
        let own = format!("__Host-workeros={token}");
        // Of two nobody knows which one somebody else has set.
        let two = format!("{own}; {own}");
        for cookie in [
            b"__Host-workeros=".as_slice(),
            b"__Host-workeros=x",
            b"__Host-workeros=\xff",
            two.as_bytes(),
        ] {
            assert_eq!(
                failure(&world, &[(COOKIE, cookie)]).await,
                ErrorKind::Unauthorized
            );
        }
        world.auth.sign_out(&ann.token).await.unwrap();
        let ended = failure(&world, &[(COOKIE, own.as_bytes())]).await;
        assert_eq!(ended, ErrorKind::Unauthorized);
    }
}

#[tokio::test]
async fn only_a_cookie_may_come_by_itself() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let identity = world.identity(&ann).await;
        let key = world
            .auth
            .create_api_key(&identity, world.tenant, NewApiKey::new("ci"))
            .await;
        let cookie = format!("__Host-workeros={}", ann.token.expose());
        let bearer = format!("Bearer {}", ann.token.expose());
        let key = format!("Bearer {}", key.unwrap().secret.expose());
        for (name, value, by_itself, session) in [
            (COOKIE, cookie, true, true),
            (AUTHORIZATION, bearer, false, true),
            (AUTHORIZATION, key, false, false),
        ] {
            let credentials = world
                .auth
                .credentials(&headers(&[(name, value.as_bytes())]));
            let credentials = credentials.unwrap().unwrap();
            assert_eq!(credentials.is_cookie(), by_itself);
            assert_eq!(credentials.session(), session.then_some(&ann.token));
            assert!(!format!("{credentials:?}").contains(&value[16..]));
            assert!(!matches!(credentials, Credentials::ApiKey(_)) || !session);
        }
    }
}

/// SES-1: only loopback may do without secure cookies.
#[test]
fn ses_1_only_loopback_may_do_without_secure_cookies() {
    for (url, name) in [
        ("https://api.example.com", "__Host-workeros"),
        ("https://localhost:8443/", "__Host-workeros"),
        ("http://api.example.com", "__Host-workeros"),
        ("http://192.168.0.7:8080", "__Host-workeros"),
        ("http://localhost.example.com", "__Host-workeros"),
        ("/only/a/path", "__Host-workeros-only-a-path"),
        ("http://localhost:8080", "workeros"),
        ("http://LOCALHOST/backend", "workeros-backend"),
        ("http://127.0.0.1:8080", "workeros"),
        ("http://[::1]:8080", "workeros"),
    ] {
        let policy = CookiePolicy::for_public_url(&url.parse().unwrap());
        assert_eq!(
            (policy.name(), policy.is_secure()),
            (name, name.starts_with("__Host-")),
            "{url}"
        );
    }
    let suffixed = CookiePolicy::secure().with_suffix("b_2").unwrap();
    assert_eq!(suffixed.name(), "__Host-workeros-b_2");
    for suffix in ["", "a b", "a;b", "ä", &"x".repeat(33)] {
        assert!(CookiePolicy::secure().with_suffix(suffix).is_err());
    }
}

/// Counts the reads.
#[derive(Debug)]
struct Counting {
    database: Arc<dyn Database>,
    reads: AtomicUsize,
}

#[async_trait]
impl Database for Counting {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    fn capability(&self) -> Capability {
        self.database.capability()
    }

    async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.database.fetch(statement).await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        self.database.apply(batch).await
    }
}

#[tokio::test]
async fn a_request_costs_one_read_at_most() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let identity = world.identity(&ann).await;
        let key = world
            .auth
            .create_api_key(&identity, world.tenant, NewApiKey::new("ci"))
            .await;
        let key = key.unwrap().secret;
        let database = Arc::clone(&world.runtime.database);
        let counting = Arc::new(Counting {
            database,
            reads: AtomicUsize::new(0),
        });
        let runtime =
            Runtime::new(Arc::clone(&counting) as _).with_clock(world.runtime.clock.clone());
        let auth = Auth::builder(runtime, world.tenant).build().unwrap();
        for (header, reads) in [
            (format!("Bearer {}", ann.token.expose()), 1),
            (format!("Bearer {}", key.expose()), 1),
            (format!("Bearer {}x", key.expose()), 0),
            ("Bearer x".to_owned(), 0),
        ] {
            let headers = headers(&[(AUTHORIZATION, header.as_bytes())]);
            let _ = authenticate(&auth, world.tenant, headers).await;
            auth.drain().await;
            assert_eq!(counting.reads.swap(0, Ordering::SeqCst), reads, "{header}");
        }
    }
}
