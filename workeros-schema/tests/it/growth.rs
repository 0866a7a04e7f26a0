//! What must not grow with what is stored, and what the limits allow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use workeros_adapters::testkit::databases;
use workeros_core::{
    Batch, Capability, Database, Dialect, ErrorKind, Page, Result, Rows, Runtime, Shape, Statement,
    Subject,
};
use workeros_schema::{DataPlane, Hooks, Limits, PermissionFilter, Query};

use crate::support::{secret, worlds};

/// A database that counts what it is asked and what it gives.
#[derive(Debug)]
struct Counted {
    database: Arc<dyn Database>,
    statements: AtomicU64,
    rows: AtomicU64,
}

impl Counted {
    fn add(&self, statements: usize, rows: usize) {
        self.statements
            .fetch_add(statements as u64, Ordering::SeqCst);
        self.rows.fetch_add(rows as u64, Ordering::SeqCst);
    }

    /// How many statements were run and rows given since the last time.
    fn take(&self) -> (u64, u64) {
        let statements = self.statements.swap(0, Ordering::SeqCst);
        (statements, self.rows.swap(0, Ordering::SeqCst))
    }
}

#[async_trait]
impl Database for Counted {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    fn capability(&self) -> Capability {
        self.database.capability()
    }

    async fn fetch(&self, statement: Statement) -> Result<Rows> {
        let rows = self.database.fetch(statement).await?;
        self.add(1, rows.rows.len());
        Ok(rows)
    }

    async fn fetch_json(&self, statement: Statement, shape: Arc<Shape>) -> Result<Page> {
        self.add(1, 0);
        self.database.fetch_json(statement, shape).await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        let rows = self.database.apply(batch).await?;
        let given = rows.iter().map(|rows| rows.rows.len()).sum();
        self.add(rows.len(), given);
        Ok(rows)
    }
}

fn definition(slug: &str) -> Json {
    json!({"slug": slug, "fields": [{"name": "title", "type": "text"}, {"name": "n", "type": "integer"}]})
}

fn permission(slug: &str) -> Json {
    json!({
        "role": "authenticated", "collection": slug, "action": "read",
        "condition": {"n": {"_gt": 1}},
    })
}

/// A change of each sort, and what it cost.
async fn changes(plane: &DataPlane, counted: &Counted) -> Vec<(&'static str, (u64, u64))> {
    let system = Subject::system(plane.default_tenant());
    let collections = plane.collections(system.clone());
    let permissions = plane.permissions(system.clone());
    let roles = plane.roles(system);
    let mut costs = Vec::new();
    counted.take();
    collections.create(&definition("extra")).await.unwrap();
    costs.push(("a collection made", counted.take()));
    let made = permissions.create(&permission("extra")).await.unwrap();
    costs.push(("a permission made", counted.take()));
    let label = json!({"fields": [{"name": "title", "label": "Title"}]});
    collections.update("extra", &label).await.unwrap();
    costs.push(("a label changed", counted.take()));
    let field = json!({"fields": [{"name": "more", "type": "text"}]});
    collections.update("extra", &field).await.unwrap();
    costs.push(("a field added", counted.take()));
    collections.drop_field("extra", "more").await.unwrap();
    costs.push(("a field dropped", counted.take()));
    let slug = json!({"slug": "renamed"});
    collections.update("extra", &slug).await.unwrap();
    costs.push(("a collection renamed", counted.take()));
    let change = json!({"condition": null});
    permissions
        .update(made.permission.id, &change)
        .await
        .unwrap();
    costs.push(("a permission changed", counted.take()));
    permissions.delete(made.permission.id).await.unwrap();
    costs.push(("a permission removed", counted.take()));
    roles.create(&json!({"name": "extra"})).await.unwrap();
    roles.delete("extra", vec![]).await.unwrap();
    costs.push(("a role made and removed", counted.take()));
    collections.delete("renamed").await.unwrap();
    costs.push(("a collection removed", counted.take()));
    costs
}

/// A change of one collection or permission costs the same among three
/// collections and among three hundred: as many statements, as many rows.
#[tokio::test]
async fn a_change_costs_the_same_among_many_collections() {
    for opened in databases().await {
        let counted = Arc::new(Counted {
            database: Arc::clone(&opened.database),
            statements: AtomicU64::new(0),
            rows: AtomicU64::new(0),
        });
        let runtime = Runtime::new(Arc::clone(&counted) as Arc<dyn Database>);
        let limits = Limits::default().with_ddl_per_minute(10_000);
        let plane = DataPlane::open_with(runtime, &secret(), Hooks::default(), limits)
            .await
            .unwrap();
        let system = Subject::system(plane.default_tenant());
        let grow = async |from: usize, to: usize| {
            for n in from..to {
                let slug = format!("table_{n}");
                let collections = plane.collections(system.clone());
                collections.create(&definition(&slug)).await.unwrap();
                let permissions = plane.permissions(system.clone());
                permissions.create(&permission(&slug)).await.unwrap();
            }
        };
        grow(0, 3).await;
        let among_few = changes(&plane, &counted).await;
        grow(3, 300).await;
        let among_many = changes(&plane, &counted).await;
        assert_eq!(among_few, among_many, "{}", opened.name);
        assert!(
            among_many.iter().all(|(_, (_, rows))| *rows < 20),
            "{}: {among_many:?}",
            opened.name
        );
    }
}

/// What an instance makes of each change it saw is what one makes that reads
/// the whole workspace.
#[tokio::test]
async fn what_follows_from_a_change_is_what_is_stored() {
    for world in worlds().await {
        let (plane, system) = (&world.plane, world.system());
        let collections = plane.collections(system.clone());
        let permissions = plane.permissions(system.clone());
        let roles = plane.roles(system.clone());
        let mut step = 0;
        let mut check = async || {
            step += 1;
            let runtime = plane.runtime().clone();
            let other = DataPlane::open(runtime, &secret(), Hooks::default())
                .await
                .unwrap();
            let place = (world.opened.name, step);
            assert_eq!(state(plane).await, state(&other).await, "{place:?}");
        };

        world.define(definition("posts")).await;
        world.define(definition("people")).await;
        check().await;
        let author = json!({"fields": [{"name": "author", "type": "relation", "to": "people"}]});
        collections.update("posts", &author).await.unwrap();
        check().await;
        world
            .permit("editor", "posts", "read", json!({"condition": {"n": 1}}))
            .await;
        world
            .permit("editor", "posts", "update", json!({"fields": ["title"]}))
            .await;
        world.permit("reader", "*", "read", json!({})).await;
        world
            .permit("reader", "people", "read", json!({"condition": {"n": 2}}))
            .await;
        check().await;
        // The relation follows.
        let slug = json!({"slug": "persons"});
        collections.update("people", &slug).await.unwrap();
        check().await;
        // A condition on a field that goes grants nothing any more; with the
        // field back it would.
        collections.drop_field("persons", "n").await.unwrap();
        check().await;
        let n = json!({"fields": [{"name": "n", "type": "integer"}]});
        collections.update("persons", &n).await.unwrap();
        check().await;
        let all = permissions
            .list(&PermissionFilter::default())
            .await
            .unwrap();
        for view in &all[..2] {
            let change = json!({"condition": {"n": {"_gt": 5}}, "action": "delete"});
            permissions
                .update(view.permission.id, &change)
                .await
                .unwrap();
            check().await;
        }
        permissions.delete(all[0].permission.id).await.unwrap();
        check().await;
        roles
            .update("reader", &json!({"admin": true}))
            .await
            .unwrap();
        check().await;
        roles.delete("reader", vec![]).await.unwrap();
        check().await;
        collections.delete("posts").await.unwrap();
        check().await;
        // Its slug is free, and so are the permissions of who had it.
        world.define(definition("posts")).await;
        check().await;
    }
}

/// Everything that is known of the workspace and shown of it.
async fn state(plane: &DataPlane) -> Json {
    let system = Subject::system(plane.default_tenant());
    let mut collections = Vec::new();
    for collection in plane.collections(system.clone()).list().await.unwrap() {
        collections.push(json!([
            collection.id.to_string(),
            collection.version,
            collection.updated_at.to_string(),
            collection.to_json(),
        ]));
    }
    let roles = plane.roles(system.clone()).list().await.unwrap();
    let roles: Vec<Json> = roles.iter().map(|role| role.to_json()).collect();
    let permissions = plane.permissions(system);
    let rows = permissions
        .list(&PermissionFilter::default())
        .await
        .unwrap();
    let mut simulated = Vec::new();
    for role in ["editor", "reader", "authenticated"] {
        for slug in ["posts", "people", "persons"] {
            for action in ["read", "update", "delete"] {
                let body = json!({"role": role, "collection": slug, "action": action});
                let simulation = permissions.simulate(&body).await;
                simulated.push(match simulation {
                    Ok(simulation) => simulation.to_json(),
                    Err(error) => json!(error.message()),
                });
            }
        }
    }
    let rows: Vec<Json> = rows.iter().map(|row| row.to_json()).collect();
    json!({"collections": collections, "roles": roles, "permissions": rows, "simulated": simulated})
}

/// As many conditions as there may be are found by, one more is refused.
#[tokio::test]
async fn a_filter_has_256_conditions_and_no_more() {
    for world in worlds().await {
        world.define(definition("posts")).await;
        for n in [1, 255, 256, 257] {
            world.create("posts", json!({"title": "x", "n": n})).await;
        }
        let any = |count: i64| {
            let each: Vec<Json> = (1..=count).map(|n| json!({"n": n})).collect();
            Query::new().filter(json!({"$or": each})).sort("n")
        };
        let found = world.list(world.system(), "posts", &any(256)).await;
        let found: Vec<i64> = found
            .unwrap()
            .iter()
            .map(|item| item["n"].as_i64().unwrap())
            .collect();
        assert_eq!(found, [1, 255, 256], "{}", world.opened.name);
        let refused = world.list(world.system(), "posts", &any(257)).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Validation);
        assert!(refused.details()[0].message.contains("256"), "{refused:?}");
    }
}

/// A collection of as many fields as there may be is defined, written, read,
/// sorted and changed.
#[tokio::test]
async fn a_collection_has_200_fields_and_no_more() {
    for world in worlds().await {
        let name = |n: usize| format!("field_{n}");
        let fields = |count: usize| -> Vec<Json> {
            let kind = |n: usize| {
                if n.is_multiple_of(2) {
                    "text"
                } else {
                    "integer"
                }
            };
            let field = |n| json!({"name": name(n), "type": kind(n)});
            (0..count).map(field).collect()
        };
        world
            .define(json!({"slug": "wide", "fields": fields(200)}))
            .await;
        let value = |n: usize, by: usize| {
            if n.is_multiple_of(2) {
                json!(format!("{}", n * by))
            } else {
                json!(n * by)
            }
        };
        let item = |by| -> Json {
            let members = (0..200).map(|n| (name(n), value(n, by)));
            Json::Object(members.collect())
        };
        world.create("wide", item(1)).await;
        let second = world.create("wide", item(2)).await;
        let query = Query::new().sort("-field_199");
        let listed = world.list(world.system(), "wide", &query).await.unwrap();
        for (item, by) in listed.iter().zip([2, 1]) {
            assert!((0..200).all(|n| item[name(n)] == value(n, by)), "{item}");
        }
        let items = world.plane.items(world.system(), "wide");
        let id = second["id"].as_str().unwrap();
        let all = workeros_schema::Precondition::default();
        items.update(id, &item(3), &all).await.unwrap();
        let got = items.get(id, &Query::new()).await.unwrap();
        let got: Json = serde_json::from_slice(&got.json).unwrap();
        assert!((0..200).all(|n| got[name(n)] == value(n, 3)), "{got}");

        let collections = world.plane.collections(world.system());
        let one_more = json!({"fields": [{"name": "field_200", "type": "text"}]});
        let refused = collections.update("wide", &one_more).await.unwrap_err();
        assert_eq!(refused.details()[0].code, "limit_exceeded");
        let label = json!({"fields": [{"name": "field_7", "label": "Seven"}]});
        collections.update("wide", &label).await.unwrap();
        collections.drop_field("wide", "field_0").await.unwrap();
        collections.update("wide", &one_more).await.unwrap();
        let wider = json!({"slug": "wider", "fields": fields(201)});
        let refused = collections.create(&wider).await.unwrap_err();
        assert_eq!(refused.details()[0].code, "limit_exceeded");
    }
}
