//! SES-5: what becomes of a workspace that is deleted.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::{Value as Json, json};
use workeros_adapters::testkit::databases;
use workeros_core::testkit::fault::{FaultyDatabase, Moment};
use workeros_core::{Database, Statement, TenantId};
use workeros_http::testkit::{Client, TestApp};

use crate::support::id;

const TENANT: &str = "x-workeros-tenant";

/// Everything that tells of a workspace, one table after the other. What was
/// noted of activity stays.
const TRACES: [&str; 13] = [
    "SELECT count(*) FROM workeros_collections WHERE tenant_id = $1",
    "SELECT count(*) FROM workeros_roles WHERE tenant_id = $1",
    "SELECT count(*) FROM workeros_permissions WHERE tenant_id = $1",
    "SELECT count(*) FROM workeros_changes WHERE tenant_id = $1",
    "SELECT count(*) FROM workeros_idempotency WHERE tenant_id = $1",
    "SELECT count(*) FROM workeros_user_roles WHERE tenant_id = $1",
    "SELECT count(*) FROM workeros_api_keys WHERE tenant_id = $1",
    "SELECT count(*) FROM workeros_auth_flows WHERE realm_id = $1",
    "SELECT count(*) FROM app_users WHERE realm_id = $1",
    "SELECT count(*) FROM app_sessions WHERE realm_id = $1",
    "SELECT count(*) FROM app_user_roles WHERE tenant_id = $1",
    "SELECT count(*) FROM app_auth_flows WHERE realm_id = $1",
    "SELECT count(*) FROM app_settings WHERE realm_id = $1",
];

/// A workspace with what can be in one, and whoever acts there.
struct Side {
    id: String,
    slug: &'static str,
    admin: Client,
    key: Client,
    end_user: Client,
    refresh_token: String,
}

impl Side {
    async fn new(app: &TestApp, slug: &'static str, admin: &str) -> Self {
        let operator = app.admin().await;
        let body = json!({"slug": slug, "name": slug});
        let workspace = id(&operator
            .post("/api/workspaces")
            .json(&body)
            .await
            .expect(201));
        let admin = app.user(admin).await;
        let session = admin.get("/api/auth/get-session").await.expect(200);
        let user = session.json()["user"]["id"].as_str().unwrap().to_owned();
        let member = format!("/api/workspaces/{workspace}/members/{user}");
        let put = operator.request(Method::PUT, member);
        put.json(&json!({"roles": ["admin"]})).await.expect(200);
        let post = async |path: &str, body: Json| {
            let request = admin.post(path).header(TENANT, slug);
            let request = request.header("idempotency-key", path);
            request.json(&body).await.expect(201)
        };
        // They point to each other, and one to itself.
        for slug in ["notes", "tags"] {
            let text = json!([{"name": "text", "type": "text"}]);
            post("/api/collections", json!({"slug": slug, "fields": text})).await;
        }
        for (slug, to) in [("notes", "tags"), ("tags", "notes"), ("tags", "tags")] {
            let field = json!({"name": format!("to_{to}"), "type": "relation", "to": to});
            let patch = admin.patch(format!("/api/collections/{slug}"));
            let patch = patch.header(TENANT, workspace.as_str());
            let fields = json!({"fields": [field]});
            patch.json(&fields).await.expect(200);
        }
        let tag = id(&post("/api/items/tags", json!({"text": "tag"})).await);
        let note = json!({"text": format!("of {slug}"), "to_tags": tag});
        let note = id(&post("/api/items/notes", note).await);
        let both = json!({"to_notes": note, "to_tags": tag});
        let patch = admin
            .patch(format!("/api/items/tags/{tag}"))
            .header(TENANT, slug);
        patch.json(&both).await.expect(200);
        let grant = json!({"role": "authenticated", "collection": "notes", "action": "read"});
        post("/api/permissions", grant).await;
        let key = post("/api/api-keys", json!({"name": "key"})).await;
        let invited = json!({"email": "guest@example.com", "roles": []});
        let invitations = format!("/api/workspaces/{workspace}/invitations");
        let invite = admin.post(invitations).json(&invited).await;
        assert!([201, 501].contains(&invite.status), "{invite:?}");
        let sign_up = json!({"email": "end@example.com", "password": "correct horse battery"});
        let signed_up = app
            .anonymous()
            .post(format!("/api/t/{slug}/auth/sign-up/email"));
        let tokens = signed_up.json(&sign_up).await.expect(200).json();
        let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
        Self {
            id: workspace,
            slug,
            admin,
            key: app.with_token(key.data()["key"].as_str().unwrap()),
            end_user: app.with_token(token("accessToken")),
            refresh_token: token("refreshToken"),
        }
    }

    /// What each of those who act there is answered.
    async fn answers(&self, app: &TestApp) -> [u16; 6] {
        let notes = "/api/items/notes";
        let refresh = app
            .anonymous()
            .post(format!("/api/t/{}/auth/token/refresh", self.slug));
        let refresh = refresh.json(&json!({"refreshToken": self.refresh_token}));
        [
            self.admin.get(notes).header(TENANT, &self.id).await.status,
            self.admin.get(notes).header(TENANT, self.slug).await.status,
            self.key.get(notes).await.status,
            self.end_user.get(notes).await.status,
            refresh.await.status,
            app.anonymous()
                .get(notes)
                .header(TENANT, self.slug)
                .await
                .status,
        ]
    }

    async fn delete(&self, by: &Client, slug: &str) -> u16 {
        let delete = by.delete(format!("/api/workspaces/{}", self.id));
        delete.json(&json!({"slug": slug})).await.status
    }

    async fn traces(&self, database: &dyn Database) -> [i64; 13] {
        let id: TenantId = self.id.parse().unwrap();
        let mut counts = [0; 13];
        for (count, sql) in counts.iter_mut().zip(TRACES) {
            let rows = database.fetch(Statement::new(sql, vec![id.into()])).await;
            *count = rows.unwrap().first().unwrap().integer(0).unwrap();
        }
        counts
    }
}

const ALIVE: [u16; 6] = [200, 200, 200, 200, 200, 401];
const DEAD: [u16; 6] = [404, 404, 401, 401, 404, 404];

/// What the tasks of an instance do.
async fn remove(app: &TestApp) -> workeros_core::Result<()> {
    let auth = app.backend().auth().unwrap();
    let others = |tenant| auth.remove_workspace(tenant);
    app.backend()
        .plane()
        .remove_deleted_workspaces(others)
        .await
}

/// The names of the tables of collections.
async fn tables(database: &dyn Database) -> Vec<String> {
    let sql = match database.dialect() {
        workeros_core::Dialect::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'c\\_%' ESCAPE '\\' \
             ORDER BY name"
        }
        workeros_core::Dialect::Postgres => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() \
             AND tablename LIKE 'c\\_%' ORDER BY tablename"
        }
    };
    let rows = database.fetch(Statement::new(sql, vec![])).await.unwrap();
    rows.iter()
        .map(|row| row.text(0).unwrap().to_owned())
        .collect()
}

/// SES-5: a deleted workspace is dead at once and its neighbour is not.
#[tokio::test]
async fn ses_5_a_deleted_workspace_is_dead_at_once_and_its_neighbour_is_not() {
    for opened in databases().await {
        let database = &*opened.database;
        let app = TestApp::new(Arc::clone(&opened.database)).await;
        let acme = Side::new(&app, "acme", "ann").await;
        let beta = Side::new(&app, "beta", "bob").await;
        for side in [&acme, &beta] {
            assert_eq!(side.answers(&app).await, ALIVE, "{}", side.slug);
        }
        assert_eq!(acme.delete(&acme.admin, "acme").await, 200);
        assert_eq!(acme.answers(&app).await, DEAD);
        assert_eq!(beta.answers(&app).await, ALIVE);
        let kept = beta.traces(database).await;
        remove(&app).await.unwrap();
        assert_eq!(acme.traces(database).await, [0; 13]);
        assert_eq!(beta.traces(database).await, kept);
        assert_eq!(beta.answers(&app).await, ALIVE);
        assert_eq!(
            tables(database).await.len(),
            2,
            "{:?}",
            tables(database).await
        );

        // It is gone for good, and what it was called is free.
        app.clock().advance(Duration::from_secs(120));
        remove(&app).await.unwrap();
        let removed = "SELECT count(*) FROM workeros_tenants WHERE removed_at IS NOT NULL";
        let removed = database
            .fetch(Statement::new(removed, vec![]))
            .await
            .unwrap();
        assert_eq!(removed.first().unwrap().integer(0).unwrap(), 1);
        let operator = app.admin().await;
        let listed = operator.get("/api/workspaces").await.expect(200);
        assert!(!listed.text().contains("acme"), "{}", listed.text());
        let body = json!({"slug": "acme", "name": "Acme"});
        let again = operator
            .post("/api/workspaces")
            .json(&body)
            .await
            .expect(201);
        assert_ne!(id(&again), acme.id);
        let [.., key, end_user, _, _] = acme.answers(&app).await;
        assert_eq!((key, end_user), (401, 401), "of the one before");
        let activity = operator.get("/api/auth-activity").await.expect(200);
        assert!(activity.text().contains("auth.workspace_deleted"));
    }
}

/// SES-5: another instance learns of it as it learns of everything else.
#[tokio::test]
async fn ses_5_other_instances_learn_that_a_workspace_was_deleted() {
    for opened in databases().await {
        let app = TestApp::new(Arc::clone(&opened.database)).await;
        let other = TestApp::new(Arc::clone(&opened.database)).await;
        let acme = Side::new(&app, "acme", "ann").await;
        let there = Side {
            admin: other.with_token(acme.admin.token()),
            key: other.with_token(acme.key.token()),
            end_user: other.with_token(acme.end_user.token()),
            id: acme.id.clone(),
            slug: acme.slug,
            refresh_token: acme.refresh_token.clone(),
        };
        assert_eq!(there.answers(&other).await, ALIVE);
        assert_eq!(acme.delete(&acme.admin, "acme").await, 200);
        other.backend().plane().refresh().await.unwrap();
        other.backend().auth().unwrap().refresh().await.unwrap();
        assert_eq!(there.answers(&other).await, DEAD, "{}", opened.name);
        // It may remove what the other has begun.
        remove(&other).await.unwrap();
        assert_eq!(acme.traces(&*opened.database).await, [0; 13]);
    }
}

/// SES-5: only who may and means it deletes a workspace.
#[tokio::test]
async fn ses_5_only_who_may_and_means_it_deletes_a_workspace() {
    for opened in databases().await {
        let app = TestApp::new(Arc::clone(&opened.database)).await;
        let acme = Side::new(&app, "acme", "ann").await;
        let beta = Side::new(&app, "beta", "bob").await;
        let eve = app.user("eve").await;
        for (by, slug, status) in [
            (&beta.admin, "acme", 404),
            (&eve, "acme", 404),
            (&acme.key, "acme", 403),
            (&acme.end_user, "acme", 403),
            (&acme.admin, "beta", 422),
            (&acme.admin, "", 422),
        ] {
            assert_eq!(acme.delete(by, slug).await, status, "{slug}");
        }
        app.clock().advance(Duration::from_secs(601));
        let stale = acme.admin.delete(format!("/api/workspaces/{}", acme.id));
        let stale = stale.json(&json!({"slug": "acme"})).await.expect(403);
        assert_eq!(stale.code(), "REAUTH_REQUIRED");
        let sign_in = json!({"email": "admin@example.com", "password": "correct horse battery"});
        let signed_in = app.anonymous().post("/api/auth/sign-in/email");
        let signed_in = signed_in.json(&sign_in).await.expect(200);
        let operator = app.with_token(signed_in.json()["token"].as_str().unwrap());
        assert_eq!(acme.delete(&operator, "acme").await, 200);
        assert_eq!(acme.delete(&operator, "acme").await, 404);
    }
}

/// SES-5: whatever call the crash comes at, before or after it was made: it is
/// gone on with, and ends.
#[tokio::test]
async fn ses_5_a_removal_that_was_cut_off_is_gone_on_with() {
    for moment in [Moment::Before, Moment::After] {
        for opened in databases().await {
            let faulty = Arc::new(FaultyDatabase::new(Shared(Arc::clone(&opened.database))));
            let app = TestApp::new(Arc::clone(&faulty) as _).await;
            let acme = Side::new(&app, "acme", "ann").await;
            let beta = Side::new(&app, "beta", "bob").await;
            let kept = beta.traces(&*opened.database).await;
            assert_eq!(acme.delete(&acme.admin, "acme").await, 200);
            let mut crashes = 0;
            for nth in 1..200 {
                faulty.fail(nth, moment);
                if remove(&app).await.is_ok() {
                    break;
                }
                crashes += 1;
                assert_eq!(acme.answers(&app).await, DEAD);
            }
            assert!((5..150).contains(&crashes), "{crashes} {moment:?}");
            // One fault is still to come.
            for _ in 0..50 {
                drop(remove(&app).await);
            }
            assert_eq!(acme.traces(&*opened.database).await, [0; 13]);
            assert_eq!(beta.traces(&*opened.database).await, kept);
            assert_eq!(beta.answers(&app).await, ALIVE);
        }
    }
}

/// A database that others hold as well.
#[derive(Debug)]
struct Shared(Arc<dyn Database>);

#[async_trait::async_trait]
impl Database for Shared {
    fn dialect(&self) -> workeros_core::Dialect {
        self.0.dialect()
    }

    fn capability(&self) -> workeros_core::Capability {
        self.0.capability()
    }

    async fn fetch(&self, statement: Statement) -> workeros_core::Result<workeros_core::Rows> {
        self.0.fetch(statement).await
    }

    async fn apply(
        &self,
        batch: workeros_core::Batch,
    ) -> workeros_core::Result<Vec<workeros_core::Rows>> {
        self.0.apply(batch).await
    }
}
