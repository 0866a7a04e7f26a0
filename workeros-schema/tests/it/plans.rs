//! That a page is read from an index, whatever the size of the table.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use workeros_adapters::testkit::databases;
use workeros_core::{
    Batch, Capability, Database, Dialect, Page, Result, Rows, Runtime, Shape, Statement, Subject,
};
use workeros_schema::{DataPlane, Hooks, Query};

use crate::support::secret;

/// A database that notes the last list that was read.
#[derive(Debug)]
struct Noting {
    database: Arc<dyn Database>,
    last: Mutex<Option<Statement>>,
}

#[async_trait]
impl Database for Noting {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    fn capability(&self) -> Capability {
        self.database.capability()
    }

    async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.database.fetch(statement).await
    }

    async fn fetch_json(&self, statement: Statement, shape: Arc<Shape>) -> Result<Page> {
        *self.last.lock().unwrap() = Some(statement.clone());
        self.database.fetch_json(statement, shape).await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        self.database.apply(batch).await
    }
}

impl Noting {
    /// How the last list was read.
    async fn plan(&self) -> String {
        let statement = self.last.lock().unwrap().clone().unwrap();
        let explain = match self.dialect() {
            Dialect::Sqlite => "EXPLAIN QUERY PLAN ",
            Dialect::Postgres => "EXPLAIN ",
        };
        let sql = [explain, statement.sql.as_str()].concat();
        let explained = Statement::new(&*sql.leak(), statement.params);
        let rows = self.database.fetch(explained).await.unwrap();
        let column = if self.dialect() == Dialect::Sqlite {
            3
        } else {
            0
        };
        let lines = rows.iter().map(|row| row.text(column).unwrap().to_owned());
        lines.collect::<Vec<String>>().join("\n")
    }
}

/// Whether rows are read that are not in the answer, or sorted.
fn is_slow(plan: &str, dialect: Dialect) -> bool {
    let has = |word: &str| plan.contains(word);
    match dialect {
        Dialect::Sqlite => {
            let scans = |line: &str| line.starts_with("SCAN") && !line.contains("USING INDEX");
            plan.lines().any(scans) || has("TEMP B-TREE") || has("MULTI-INDEX OR")
        }
        Dialect::Postgres => has("Seq Scan") || has("Sort") || has("Bitmap"),
    }
}

async fn fill(plane: &DataPlane, system: &Subject) {
    let fields = json!([
        {"name": "title", "type": "text", "required": true, "indexed": true},
        {"name": "views", "type": "integer", "indexed": true},
        {"name": "at", "type": "timestamp", "required": true, "indexed": true},
        {"name": "code", "type": "text", "unique": true, "indexed": true},
        {"name": "note", "type": "text"},
    ]);
    let body = json!({"slug": "posts", "fields": fields});
    plane
        .collections(system.clone())
        .create(&body)
        .await
        .unwrap();
    let items = plane.items(system.clone(), "posts");
    for thousand in 0..4 {
        let operations: Vec<Json> = (0..1000)
            .map(|n| {
                let n = thousand * 1000 + n;
                json!({"op": "create", "data": {
                    "title": format!("t{:04}", n * 7919 % 4000), "note": "x".repeat(100),
                    "views": if n % 10 == 0 { Json::Null } else { json!(n * 104_729 % 977) },
                    "at": format!("2024-01-{:02}T00:00:{:02}Z", 1 + n % 28, n % 60),
                    "code": format!("c{n}"),
                }})
            })
            .collect();
        let body = json!({"operations": operations, "atomic": true});
        items.batch(&body).await.unwrap();
    }
}

#[tokio::test]
async fn a_page_is_read_from_an_index() {
    let mut bad = Vec::new();
    for opened in databases().await {
        let noting = Arc::new(Noting {
            database: opened.database.clone(),
            last: Mutex::default(),
        });
        let runtime = Runtime::new(noting.clone());
        let plane = DataPlane::open(runtime, &secret(), Hooks::default())
            .await
            .unwrap();
        let system = Subject::system(plane.default_tenant());
        fill(&plane, &system).await;
        let analyze = workeros_core::Step::new(Statement::new("ANALYZE", vec![]));
        opened
            .database
            .apply(Batch::new().step(analyze))
            .await
            .unwrap();
        let items = plane.items(system, "posts");
        let sorts = [
            "",
            "created_at",
            "-created_at",
            "id",
            "-id",
            "title",
            "-title",
            "at",
            "-at",
            "views",
            "-views",
            "code",
            "-code",
        ];
        for sort in sorts {
            let mut query = Query::new().cursor("");
            if !sort.is_empty() {
                query = query.sort(sort);
            }
            let mut deep = items.list(&query).await.unwrap();
            for page in 0..3 {
                let plan = noting.plan().await;
                if is_slow(&plan, opened.database.dialect()) {
                    bad.push(format!("{} `{sort}` page {page}:\n{plan}", opened.name));
                }
                let next = deep.next_cursor.unwrap();
                deep = items.list(&query.clone().cursor(next)).await.unwrap();
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
}
