//! One write: the row and its entry in the log, or neither.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use workeros_adapters::testkit::databases;
use workeros_core::{
    Batch, Capability, Database, Dialect, ErrorKind, Page, Result, Rows, Runtime, Shape, Statement,
    Step, Subject,
};
use workeros_schema::{DataPlane, Hooks, Item, Items, Precondition, Query};

use crate::support::{secret, worlds};

/// A database on which, if it is told to, a definition or a permission is
/// always changed right before a write.
#[derive(Debug)]
struct Unsteady {
    database: Arc<dyn Database>,
    is_unsteady: AtomicBool,
    last_steps: AtomicUsize,
}

impl Unsteady {
    fn new(database: Arc<dyn Database>) -> Self {
        Self {
            database,
            is_unsteady: AtomicBool::new(false),
            last_steps: AtomicUsize::new(0),
        }
    }

    fn shake(&self, is_unsteady: bool) {
        self.is_unsteady.store(is_unsteady, Ordering::Relaxed);
    }

    /// How many steps the last batch had.
    fn last_steps(&self) -> usize {
        self.last_steps.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Database for Unsteady {
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
        self.database.fetch_json(statement, shape).await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        self.last_steps
            .store(batch.steps().len(), Ordering::Relaxed);
        if self.is_unsteady.load(Ordering::Relaxed) {
            let bump = "UPDATE workeros_tenants SET version = version + 1";
            let bump = Step::new(Statement::new(bump, vec![]));
            self.database.apply(Batch::new().step(bump)).await?;
        }
        self.database.apply(batch).await
    }
}

/// The items as the host is shown them, and how many entries the log has.
async fn state(items: &Items, database: &dyn Database) -> (String, i64) {
    let list = items.list(&Query::new()).await.unwrap();
    let count = "SELECT COUNT(*) FROM workeros_changes WHERE collection = 'notes'";
    let count = database.fetch(Statement::new(count, vec![])).await.unwrap();
    let count = count.first().unwrap().integer(0).unwrap();
    (String::from_utf8(list.json).unwrap(), count)
}

fn json(item: &Item) -> Json {
    serde_json::from_slice(&item.json).unwrap()
}

#[tokio::test]
async fn a_write_under_a_version_that_is_gone_leaves_no_trace() {
    for opened in databases().await {
        let database = Arc::new(Unsteady::new(opened.database));
        let runtime = Runtime::new(database.clone());
        let plane = DataPlane::open(runtime, &secret(), Hooks::default()).await;
        let plane = plane.unwrap();
        let system = Subject::system(plane.default_tenant());
        let definition = json!({"slug": "notes", "fields": [
            {"name": "text", "type": "text"},
            {"name": "count", "type": "integer"},
            {"name": "score", "type": "number"},
            {"name": "at", "type": "timestamp"},
            {"name": "done", "type": "boolean"},
            {"name": "more", "type": "json"},
        ]});
        let collections = plane.collections(system.clone());
        collections.create(&definition).await.unwrap();
        let items = plane.items(system, "notes");
        let note = json!({"text": "a", "more": {"b": [1]}});
        let made = json(&items.create(&note).await.unwrap());
        let id = made["id"].as_str().unwrap();
        let patch = json!({"text": null, "count": 1});

        let before = state(&items, &*database).await;
        database.shake(true);
        let refused = [
            items.create(&note).await.err(),
            items.update(id, &patch, &Precondition::None).await.err(),
            items.delete(id, &Precondition::None).await.err(),
        ];
        for error in refused {
            assert_eq!(error.unwrap().kind(), ErrorKind::PreconditionFailed);
        }
        assert_eq!(state(&items, &*database).await, before);

        // The same, once it is steady again.
        database.shake(false);
        let steps = match database.dialect() {
            Dialect::Sqlite => 2,
            Dialect::Postgres => 1,
        };
        items.create(&note).await.unwrap();
        assert_eq!(database.last_steps(), steps);
        let updated = items.update(id, &patch, &Precondition::None).await;
        assert_eq!(database.last_steps(), steps);
        let updated = json(&updated.unwrap());
        assert_eq!(
            (&updated["text"], &updated["count"]),
            (&Json::Null, &json!(1))
        );
        items.delete(id, &Precondition::None).await.unwrap();
        assert_eq!(database.last_steps(), steps);
        assert_eq!(state(&items, &*database).await.1, before.1 + 3);
    }
}

#[tokio::test]
async fn a_write_sees_that_its_workspace_has_moved_on_and_starts_over_once() {
    for world in worlds().await {
        world
            .define(json!({"slug": "notes", "fields": [{"name": "text", "type": "text"}]}))
            .await;
        let made = world.create("notes", json!({"text": "a"})).await;
        let id = made["id"].as_str().unwrap();
        let items = world.plane.items(world.system(), "notes");
        // Somebody else's doing, of which this instance has not heard.
        let bump = "UPDATE workeros_tenants SET version = version + 1";
        world.run(&[bump]).await;
        let item = items
            .update(id, &json!({"text": "b"}), &Precondition::None)
            .await;
        assert_eq!(item.unwrap().etag, "\"2\"");
        world.run(&[bump]).await;
        items.create(&json!({"text": "c"})).await.unwrap();
        world.run(&[bump]).await;
        items.delete(id, &Precondition::None).await.unwrap();
        let entries =
            world.count("SELECT COUNT(*) FROM workeros_changes WHERE collection = 'notes'");
        assert_eq!(entries.await, 4);
    }
}

#[tokio::test]
async fn racing_updates_have_one_entry_for_each_version() {
    for world in worlds().await {
        world
            .define(json!({"slug": "notes", "fields": [{"name": "n", "type": "integer"}]}))
            .await;
        let made = world.create("notes", json!({})).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let items = world.plane.items(world.system(), "notes");
        let racing = (0..64).map(|n| {
            let (items, id) = (items.clone(), id.clone());
            tokio::spawn(async move {
                items
                    .update(&id, &json!({"n": n}), &Precondition::None)
                    .await
            })
        });
        let mut etags = Vec::new();
        for racer in racing.collect::<Vec<_>>() {
            etags.push(racer.await.unwrap().unwrap().etag);
        }
        etags.sort_by_key(|etag| (etag.len(), etag.clone()));
        let versions: Vec<String> = (2..=65).map(|version| format!("\"{version}\"")).collect();
        assert_eq!(etags, versions);
        // Each entry starts where one before it has ended.
        let changes = world.changes(66).await;
        let mut updates: Vec<(Json, Json)> = changes
            .iter()
            .filter(|change| change.collection == "notes" && change.before.is_some())
            .map(|change| (image(&change.before), image(&change.after)))
            .collect();
        assert_eq!(updates.len(), 64);
        updates.sort_by_key(|(_, after)| after["updated_at"].to_string());
        assert_eq!(updates[0].0["n"], Json::Null);
        for pair in updates.windows(2) {
            assert_eq!(pair[0].1, pair[1].0);
        }
    }
}

fn image(image: &Option<String>) -> Json {
    serde_json::from_str(image.as_deref().unwrap()).unwrap()
}

#[tokio::test]
async fn a_write_alone_is_refused_for_the_same_reasons_as_among_others() {
    for world in worlds().await {
        world.define(json!({"slug": "authors", "fields": [{"name": "name", "type": "text", "unique": true}]})).await;
        world.define(json!({"slug": "books", "fields": [{"name": "author", "type": "relation", "to": "authors"}]})).await;
        let ann = world.create("authors", json!({"name": "ann"})).await;
        let bob = world.create("authors", json!({"name": "bob"})).await;
        let nobody = "0190f3a1-0000-7000-8000-000000000000";
        let taken = json!({"name": "ann"});
        for (collection, operation) in [
            ("authors", json!({"op": "create", "data": taken})),
            (
                "authors",
                json!({"op": "update", "id": bob["id"], "data": taken}),
            ),
            ("books", json!({"op": "create", "data": {"author": nobody}})),
        ] {
            let items = world.plane.items(world.system(), collection);
            let other = json!({"op": "create", "data": {}});
            let among = json!({"operations": [operation, other], "atomic": true});
            let among = items.batch(&among).await.unwrap_err();
            let alone = items
                .batch(&json!({"operations": [operation], "atomic": true}))
                .await;
            let alone = alone.unwrap_err();
            assert_eq!(alone.kind(), among.kind());
            assert_eq!(alone.message(), among.message());
            assert_eq!(alone.details(), among.details());
            let entries = world.count(
                "SELECT COUNT(*) FROM workeros_changes WHERE collection IN ('authors', 'books')",
            );
            assert_eq!(entries.await, 2);
        }
        assert!(ann["id"].is_string());
    }
}
