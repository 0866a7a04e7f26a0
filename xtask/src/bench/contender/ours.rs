use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value as Json, json};

use super::{
    ADMIN, Contender, MAX_VIEWS, MEMBER, PASSWORD, Place, STATUS, bearer, encoded, last_page,
};
use crate::Result;
use crate::bench::client::{Client, ids, text};
use crate::bench::posts::{POSTS, post};
use crate::bench::workload::Endpoints;

const ITEMS: &str = "/backend/api/items";

/// How many posts are written by one request.
const BATCH: usize = 1000;

/// workeros, mounted in an axum application.
#[derive(Debug)]
pub(super) struct Ours {
    pub(super) name: &'static str,
    pub(super) postgres: bool,
    pub(super) binary: PathBuf,
}

impl Contender for Ours {
    fn name(&self) -> &'static str {
        self.name
    }

    fn on_postgres(&self) -> bool {
        self.postgres
    }

    fn configuration(&self) -> Vec<String> {
        let database = if self.postgres {
            "Postgres: a pool of 10 connections, the default"
        } else {
            "SQLite as it is opened by default: WAL, `synchronous = FULL`, 4 readers, one writer \
             that commits what waits together"
        };
        vec![
            "source: `benches/contenders/ours`; nothing is set that has a default".to_owned(),
            database.to_owned(),
            "collection: ten fields and the system columns, `views` indexed, owner-scoped"
                .to_owned(),
            "rule of the role: `{\"$or\":[{\"status\":\"published\"},{\"owner_id\":\"$user.id\"}]}`"
                .to_owned(),
        ]
    }

    fn prepare(&self, _: &Place, _: usize) -> Result<()> {
        Ok(())
    }

    fn serve(&self, place: &Place) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(place.database()).arg(&place.address);
        command
    }

    fn health(&self) -> &'static str {
        "/backend/health"
    }

    fn fill(&self, client: &Client, archive: usize) -> Result<Endpoints> {
        let (admin, _) = sign_up(client, ADMIN)?;
        let (member, member_id) = sign_up(client, MEMBER)?;
        for (slug, rows) in [("posts", POSTS), ("archive", archive)] {
            client.post("/backend/api/collections", &admin, &collection(slug))?;
            import(client, &admin, slug, rows)?;
        }
        let own = json!({"$or": [{"status": STATUS}, {"owner_id": "$user.id"}]});
        let rule = json!({
            "role": "authenticated", "collection": "posts", "action": "read", "condition": own,
        });
        client.post("/backend/api/permissions", &admin, &rule)?;
        let page =
            |limit: usize, cursor: &str| format!("{ITEMS}/archive?limit={limit}&cursor={cursor}");
        let rows = client.get(&format!("{ITEMS}/posts?limit=200"), &admin)?;
        let by_views = json!({"status": STATUS, "views": {"_lte": MAX_VIEWS}});
        let by_views = encoded(&by_views.to_string());
        let same = json!({"$or": [{"status": STATUS}, {"owner_id": member_id}]});
        let same = encoded(&same.to_string());
        let filter_sort = format!("{ITEMS}/posts?limit=50&filter={by_views}&sort=-views");
        Ok(Endpoints {
            list: format!("{ITEMS}/posts?limit=50"),
            role_as_admin: Some(format!("{ITEMS}/posts?limit=50&filter={same}")),
            counts: format!("{filter_sort}&meta=filter_count,total_count"),
            filter_sort,
            keyset_first: Some(page(50, "")),
            keyset_deep: Some(last_page(client, &admin, page, archive)?),
            items: format!("{ITEMS}/posts"),
            ids: ids(&rows, "data")?,
            sign_in: (
                "/backend/api/auth/sign-in/email".to_owned(),
                json!({"email": MEMBER, "password": PASSWORD}),
            ),
            admin,
            member: Some(member),
            ..Endpoints::default()
        })
    }
}

/// The token and the id of a new user.
fn sign_up(client: &Client, email: &str) -> Result<(String, String)> {
    let user = json!({"email": email, "password": PASSWORD, "name": email});
    let answer = client.post("/backend/api/auth/sign-up/email", "", &user)?;
    Ok((
        bearer(&text(&answer, "/token")?),
        text(&answer, "/user/id")?,
    ))
}

fn collection(slug: &str) -> Json {
    json!({
        "slug": slug,
        "owner_scoped": true,
        "fields": [
            {"name": "title", "type": "text", "required": true},
            {"name": "body", "type": "longtext"},
            {"name": "status", "type": "text"},
            {"name": "views", "type": "integer", "indexed": true},
            {"name": "score", "type": "number"},
            {"name": "featured", "type": "boolean"},
            {"name": "published_at", "type": "timestamp"},
            {"name": "data", "type": "json"},
        ],
    })
}

fn import(client: &Client, admin: &str, slug: &str, rows: usize) -> Result<()> {
    for start in (0..rows).step_by(BATCH) {
        let operations: Vec<Json> = (start..rows.min(start + BATCH))
            .map(|n| json!({"op": "create", "data": post(n)}))
            .collect();
        let batch = json!({"operations": operations, "atomic": true});
        client.post(&format!("{ITEMS}/{slug}/batch"), admin, &batch)?;
    }
    Ok(())
}
