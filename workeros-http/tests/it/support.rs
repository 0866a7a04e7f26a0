use std::sync::Arc;

use serde_json::{Value as Json, json};
use workeros_adapters::testkit::{Opened, databases};
use workeros_adapters::{MemoryMailer, MemoryRateLimiter, Sqlite};
use workeros_auth::AuthBuilder;
use workeros_core::SystemClock;
use workeros_http::testkit::{TestApp, TestAppBuilder, TestResponse};

/// An app on SQLite, for what has nothing to do with the database.
pub(crate) async fn app() -> TestApp {
    app_with(|app| app).await
}

/// The same, set up so.
pub(crate) async fn app_with(set_up: impl FnOnce(TestAppBuilder) -> TestAppBuilder) -> TestApp {
    let database = Arc::new(Sqlite::memory().await.unwrap());
    set_up(TestApp::builder(database)).build().await
}

/// An app with people and rows in it.
pub(crate) struct World {
    pub(crate) app: TestApp,
    /// Ann's post.
    pub(crate) ann: String,
    /// Bob's post.
    pub(crate) bob: String,
    /// A page, for everybody to read.
    pub(crate) page: String,
    /// The permission by which everybody may read pages.
    pub(crate) permission: String,
    _database: Option<Opened>,
}

/// A world on every database there is.
pub(crate) async fn worlds() -> Vec<World> {
    let worlds = free_worlds().await.into_iter();
    worlds.map(|(world, _)| world).collect()
}

/// A world on every database there is, with the mails it sends.
pub(crate) async fn mail_worlds() -> Vec<(World, MemoryMailer)> {
    worlds_with(mail).await
}

/// A world on every database there is, with the mails it sends, in which nobody
/// is held back.
pub(crate) async fn free_worlds() -> Vec<(World, MemoryMailer)> {
    worlds_with(|mailer| {
        let mailer = Arc::new(mailer.clone());
        move |auth: AuthBuilder| auth.with_mailer(mailer)
    })
    .await
}

async fn worlds_with<F>(options: impl Fn(&MemoryMailer) -> F) -> Vec<(World, MemoryMailer)>
where
    F: FnOnce(AuthBuilder) -> AuthBuilder + Send + 'static,
{
    let mut worlds = Vec::new();
    for opened in databases().await {
        let mailer = MemoryMailer::default();
        let app = TestApp::builder(Arc::clone(&opened.database));
        let app = app.with_auth(options(&mailer)).build().await;
        worlds.push((World::new(app, Some(opened)).await, mailer));
    }
    worlds
}

/// The lines of the only mail there is.
pub(crate) async fn mailed_lines(world: &World, mailer: &MemoryMailer) -> Vec<String> {
    let auth = world.app.backend().auth().unwrap();
    auth.deliver_mail().await.unwrap();
    let mails = mailer.take();
    let [mail] = mails.as_slice() else {
        panic!("not one mail: {mails:?}")
    };
    mail.text().lines().map(ToOwned::to_owned).collect()
}

/// What a browser keeps under a name, if it was given that.
pub(crate) fn kept(response: &TestResponse, name: &str) -> Option<String> {
    let cookies = response.headers.get_all("set-cookie").iter();
    let mut values = cookies.filter_map(|cookie| {
        let (pair, _) = cookie.to_str().unwrap().split_once(';')?;
        pair.strip_prefix(name)?.strip_prefix('=')
    });
    values.next().map(ToOwned::to_owned)
}

/// Sends mail into memory.
pub(crate) fn mail(
    mailer: &MemoryMailer,
) -> impl FnOnce(AuthBuilder) -> AuthBuilder + Send + use<> {
    let mailer = Arc::new(mailer.clone());
    let limiter = Arc::new(MemoryRateLimiter::new(Arc::new(SystemClock)));
    move |auth| auth.with_rate_limiter(limiter).with_mailer(mailer)
}

impl World {
    /// A world on SQLite.
    pub(crate) async fn sqlite() -> Self {
        Self::new(app().await, None).await
    }

    /// `posts` belong to who writes them, and have a `memo` only an admin may
    /// read; `pages` are for everybody to read; on `secrets` nobody has a
    /// permission.
    pub(crate) async fn new(app: TestApp, database: Option<Opened>) -> Self {
        let admin = app.admin().await;
        let text = |name: &str| json!({"name": name, "type": "text"});
        for (slug, owner_scoped) in [("posts", true), ("pages", false), ("secrets", false)] {
            let fields = json!([text("title"), {"name": "views", "type": "integer"}, text("memo")]);
            let body = json!({"slug": slug, "owner_scoped": owner_scoped, "fields": fields});
            admin.post("/api/collections").json(&body).await.expect(201);
        }
        let own = json!({"owner_id": {"_eq": "$user.id"}});
        let seen = json!(["title", "views", "owner_id", "created_at", "updated_at"]);
        let written = json!(["title", "views"]);
        for (action, condition, fields) in [
            ("read", &own, &seen),
            ("create", &Json::Null, &written),
            ("update", &own, &written),
            ("delete", &own, &Json::Null),
        ] {
            let permission = json!({
                "role": "authenticated", "collection": "posts", "action": action,
                "condition": condition, "fields": fields,
            });
            admin
                .post("/api/permissions")
                .json(&permission)
                .await
                .expect(201);
        }
        let public = json!({"role": "public", "collection": "pages", "action": "read"});
        let permission = id(&admin
            .post("/api/permissions")
            .json(&public)
            .await
            .expect(201));
        let page = json!({"title": "welcome"});
        let page = id(&admin.post("/api/items/pages").json(&page).await.expect(201));
        let mut posts = Vec::new();
        for name in ["ann", "bob"] {
            let post = json!({"title": format!("of {name}"), "views": 1});
            let made = app
                .user(name)
                .await
                .post("/api/items/posts")
                .json(&post)
                .await
                .expect(201);
            let memo = json!({"memo": format!("secret about {name}")});
            let path = format!("/api/items/posts/{}", id(&made));
            admin.patch(path).json(&memo).await.expect(200);
            posts.push(id(&made));
        }
        let [ann, bob] = posts.try_into().unwrap();
        Self {
            app,
            ann,
            bob,
            page,
            permission,
            _database: database,
        }
    }
}

/// The id of what was made.
pub(crate) fn id(response: &TestResponse) -> String {
    response.data()["id"].as_str().unwrap().to_owned()
}

/// An id of nothing.
pub(crate) const NOWHERE: &str = "018fd3ab-c200-7000-8000-00000000dead";
