use std::process::Command;

use serde_json::{Value as Json, json};

use super::{ADMIN, Contender, MAX_VIEWS, PASSWORD, Place, STATUS, bearer, encoded};
use crate::Result;
use crate::bench::client::{Client, ids, text};
use crate::bench::command::{bounded, output};
use crate::bench::posts::{POSTS, post};
use crate::bench::setup;
use crate::bench::workload::Endpoints;

/// How many posts are written by one request.
const BATCH: usize = 500;

/// Directus, from npm.
#[derive(Debug)]
pub(super) struct Directus(pub(super) setup::Directus);

impl Directus {
    fn command(&self, mut command: Command, place: &Place) -> Command {
        let (host, port) = place.address.split_once(':').unwrap_or_default();
        command
            .arg(&self.0.cli)
            .env("DB_CLIENT", "sqlite3")
            .env("DB_FILENAME", place.directory.join("bench.sqlite"))
            .env("STORAGE_LOCAL_ROOT", place.directory.join("uploads"))
            .env("SECRET", "a secret of the benchmark, of some length")
            .env("ADMIN_EMAIL", ADMIN)
            .env("ADMIN_PASSWORD", PASSWORD)
            .env("HOST", host)
            .env("PORT", port)
            .env("PUBLIC_URL", format!("http://{}", place.address))
            .env("NODE_ENV", "production")
            .env("LOG_LEVEL", "error")
            .env("TELEMETRY", "false")
            .env("PRESSURE_LIMITER_ENABLED", "false")
            .env("LOGIN_STALL_TIME", "1")
            .env("ACCESS_TOKEN_TTL", "7d")
            .current_dir(&place.directory);
        command
    }
}

impl Contender for Directus {
    fn name(&self) -> &'static str {
        "directus"
    }

    fn configuration(&self) -> Vec<String> {
        let versions = format!(
            "Directus {} on Node {}, `directus start`, one process, SQLite by its own settings",
            setup::DIRECTUS,
            setup::NODE
        );
        [
            versions.as_str(),
            "environment: `NODE_ENV=production`, `TELEMETRY=false`, `ACCESS_TOKEN_TTL=7d`; in its \
             favour `LOG_LEVEL=error`, `PRESSURE_LIMITER_ENABLED=false` and `LOGIN_STALL_TIME=1`; no cache, the default",
            "the collection has the same fields, with indexes on `created_at` and `views`; \
             writes leave activity and revisions, the default; the token is a JWT",
            "no list under a role: without a licence key this version refuses permissions with a \
             condition (`custom_permission_rules_enabled is a restricted resource`)",
        ]
        .map(ToOwned::to_owned)
        .into()
    }

    fn prepare(&self, place: &Place, _: usize) -> Result<()> {
        let mut bootstrap = self.command(bounded(300, &self.0.node), place);
        output(bootstrap.arg("bootstrap")).map(drop)
    }

    fn serve(&self, place: &Place) -> Command {
        let mut command = self.command(Command::new(&self.0.node), place);
        command.arg("start");
        command
    }

    fn health(&self) -> &'static str {
        "/server/ping"
    }

    fn fill(&self, client: &Client, _: usize) -> Result<Endpoints> {
        let admin = sign_in(client, ADMIN)?;
        client.post("/collections", &admin, &collection())?;
        import(client, &admin)?;
        let filter = json!({"_and": [
            {"status": {"_eq": STATUS}}, {"views": {"_lte": MAX_VIEWS}},
        ]});
        let filter = encoded(&filter.to_string());
        let filter_sort = format!("/items/posts?limit=50&filter={filter}&sort=-views,-id");
        let rows = client.get("/items/posts?limit=200&sort=-created_at,-id", &admin)?;
        Ok(Endpoints {
            list: "/items/posts?limit=50&sort=-created_at,-id".to_owned(),
            counts: format!("{filter_sort}&meta=filter_count,total_count"),
            filter_sort,
            items: "/items/posts".to_owned(),
            ids: ids(&rows, "data")?,
            sign_in: (
                "/auth/login".to_owned(),
                json!({"email": ADMIN, "password": PASSWORD}),
            ),
            admin,
            ..Endpoints::default()
        })
    }
}

fn sign_in(client: &Client, email: &str) -> Result<String> {
    let answer = client.post(
        "/auth/login",
        "",
        &json!({"email": email, "password": PASSWORD}),
    )?;
    Ok(bearer(&text(&answer, "/data/access_token")?))
}

fn collection() -> Json {
    let field = |name: &str, ty: &str| json!({"field": name, "type": ty, "meta": {}, "schema": {}});
    let special = |name: &str, ty: &str, special: &str, schema: Json| json!({"field": name, "type": ty, "meta": {"special": [special]}, "schema": schema});
    json!({
        "collection": "posts", "meta": {}, "schema": {},
        "fields": [
            special("id", "uuid", "uuid", json!({"is_primary_key": true, "length": 36})),
            special("created_at", "timestamp", "date-created", json!({"is_indexed": true})),
            special("updated_at", "timestamp", "date-updated", json!({})),
            special("owner_id", "uuid", "user-created", json!({})),
            field("title", "string"),
            field("body", "text"),
            field("status", "string"),
            {"field": "views", "type": "integer", "meta": {}, "schema": {"is_indexed": true}},
            field("score", "float"),
            special("featured", "boolean", "cast-boolean", json!({})),
            field("published_at", "timestamp"),
            special("data", "json", "cast-json", json!({})),
        ],
    })
}

/// Without its activity: that is not what is measured here.
fn import(client: &Client, admin: &str) -> Result<()> {
    let accountability = |value: Json| {
        let change = json!({"meta": {"accountability": value}});
        client.patch("/collections/posts", admin, &change)
    };
    accountability(Json::Null)?;
    for start in (0..POSTS).step_by(BATCH) {
        let posts: Vec<Json> = (start..POSTS.min(start + BATCH)).map(post).collect();
        client.post("/items/posts?fields=id&limit=1", admin, &json!(posts))?;
    }
    accountability(json!("all"))?;
    Ok(())
}
