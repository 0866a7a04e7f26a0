//! What a host can name that depends on `workeros` and nothing else of ours.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use serde_json::json;
use workeros::auth::{
    ActivityKind, Credentials, DisplayName, EmailAddress, NewApiKey, Password, RequestInfo, SignIn,
    SignUp,
};
use workeros::{
    Adoption, AuthBuilder, Collections, Credential, DataPlane, DatabaseRateLimiter, Decision,
    ErrorKind, Identity, MemoryMailer, MemoryRateLimiter, Meta, PermissionFilter, Permissions,
    Position, Precondition, Query, Quota, RateKey, RateLimiter, Result, Roles, Scope, Secret,
    SignUpPolicy, Sqlite, Subject, SystemClock, TrustedProxies, Workeros, WorkspaceList,
};

/// Counts nothing, and so admits whatever is asked.
#[derive(Debug)]
struct Generous;

#[async_trait::async_trait]
impl RateLimiter for Generous {
    async fn spend(&self, _: &RateKey, quota: Quota, cost: u32) -> Result<Decision> {
        Ok(Decision::admitted(quota, cost, Duration::from_secs(1)))
    }

    async fn reset(&self, _: &RateKey) -> Result<()> {
        Ok(())
    }
}

async fn host() -> Workeros {
    let secret = Secret::new("rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5").unwrap();
    let before = Secret::new("Zr4u7x0A5D2GaKaPdSgVkYp3s6v9yB8m").unwrap();
    Workeros::builder()
        .db(Sqlite::memory().await.unwrap())
        .public_url("https://example.com/backend")
        .secret(secret.with_previous(before))
        .allow_origin("https://app.example.com")
        .trust_origin("https://www.example.com")
        .trusted_proxies(TrustedProxies::new(["10.0.0.0/8"]).unwrap())
        .mailer(MemoryMailer::default())
        .rate_limiter(Generous)
        .auth(|auth: AuthBuilder| auth.with_sign_up(SignUpPolicy::Open).danger_weak_hashing())
        .build()
        .await
        .unwrap()
}

/// The collections, roles and permissions of a host's own making.
async fn define(backend: &Workeros) -> Result<()> {
    let plane: &DataPlane = backend.plane();
    let collections: Collections = plane.collections(backend.system());
    let text = json!([{"name": "title", "type": "text"}]);
    collections
        .create(&json!({"slug": "posts", "fields": text}))
        .await?;
    let roles: Roles = plane.roles(backend.system());
    roles.create(&json!({"name": "editor"})).await?;
    let permissions: Permissions = plane.permissions(backend.system());
    let grant = json!({"role": "editor", "collection": "posts", "action": "read"});
    permissions.create(&grant).await?;
    let of_editors = PermissionFilter::default().with_role("editor");
    assert_eq!(permissions.list(&of_editors).await?.len(), 1);
    let adoption: Adoption = plane.adoption(backend.system());
    assert!(adoption.tables().await?.as_array().unwrap().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_host_that_knows_workeros_alone_can_use_what_there_is() {
    let backend = host().await;
    define(&backend).await.unwrap();
    let plane = backend.plane();

    // Rows, for the host and for somebody of its own.
    let posts = backend.items("posts").as_system();
    let post = posts.create(&json!({"title": "Hello"})).await.unwrap();
    assert!(post.etag.starts_with('"'));
    let editor = Identity::host("ann")
        .with_role("editor")
        .with_scope(Scope::FULL);
    assert_eq!(editor.credential, Credential::Host);
    let editor = Subject::identified(plane.default_tenant(), editor);
    let counted = Query::new().counted();
    let list = backend
        .items("posts")
        .as_subject(editor)
        .list(&counted)
        .await
        .unwrap();
    let meta: Meta = list.meta.unwrap();
    assert_eq!(meta.total_count, Some(1));
    let log = plane.changes().read(Position::default(), 10).await.unwrap();
    assert!(log.iter().any(|(_, change)| change.collection == "posts"));
    let stale = Precondition::IfMatch(vec!["\"0\"".to_owned()]);
    let id = log.iter().find(|(_, change)| change.collection == "posts");
    let id = id.unwrap().1.item.clone();
    let refused = posts.update(&id, &json!({"title": "x"}), &stale).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::PreconditionFailed);

    // Users, without HTTP.
    let (auth, request) = (backend.auth().unwrap(), RequestInfo::new());
    let email = EmailAddress::parse("ann@example.com").unwrap();
    let password = || Password::parse("correct horse battery").unwrap();
    let sign_up = SignUp::new(
        email.clone(),
        password(),
        DisplayName::parse("Ann").unwrap(),
    );
    auth.sign_up_email(sign_up, &request).await.unwrap();
    let signed_in = auth.sign_in_email(SignIn::new(email, password()), &request);
    let workeros::auth::Entered::SignedIn(signed_in) = signed_in.await.unwrap() else {
        panic!("a second factor is asked for");
    };
    let bearer = format!("Bearer {}", signed_in.token.expose());
    let asked = Request::get("/").header("authorization", bearer).body(());
    let (parts, ()) = asked.unwrap().into_parts();
    let credentials = auth.credentials(&parts.headers).unwrap();
    assert!(matches!(credentials, Some(Credentials::Bearer(_))));
    let subject = backend.authenticate(&parts).await.unwrap();
    let key = NewApiKey::new("ci");
    let owner = subject.identity().unwrap();
    auth.create_api_key(owner, subject.tenant(), key)
        .await
        .unwrap();
    let noted = auth.activity(10, None, None).await.unwrap().rows;
    let created = ActivityKind::KeyCreated.name();
    assert!(noted.iter().any(|row| row.action == created));

    // Workspaces.
    let workspaces: WorkspaceList = plane.workspaces(subject);
    let acme = json!({"slug": "acme", "name": "Acme"});
    let acme = workspaces.create(&acme, |_| Vec::new()).await.unwrap();
    assert_eq!(workspaces.list().await.unwrap().len(), 2);
    let named = json!({"slug": "acme"});
    let delete = |steps| workspaces.delete(acme.workspace.id, &named, steps);
    auth.end_workspace(&acme.workspace, delete).await.unwrap();
    assert_eq!(workspaces.list().await.unwrap().len(), 1);
    backend.shutdown().await;
}

#[tokio::test]
async fn a_host_counts_by_what_it_likes() {
    let database = Arc::new(Sqlite::memory().await.unwrap());
    let clock = Arc::new(SystemClock);
    let counted = DatabaseRateLimiter::open(database, clock.clone())
        .await
        .unwrap();
    let quota = Quota::new(1, Duration::from_secs(60)).named("host");
    let key = RateKey::new("host").with("ann");
    for limiter in [&counted as &dyn RateLimiter, &MemoryRateLimiter::new(clock)] {
        assert!(limiter.take(&key, quota).await.unwrap().is_admitted);
        let refused = limiter
            .take(&key, quota)
            .await
            .unwrap()
            .check()
            .unwrap_err();
        assert_eq!(refused.quotas()[0].quota.name(), "host");
    }
}
