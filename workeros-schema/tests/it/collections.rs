//! Collections: tables that are made while the instance runs.

use serde_json::{Value as Json, json};
use workeros_core::{Batch, Error, ErrorKind, Statement, Step, Subject};
use workeros_schema::{DataPlane, Hooks, Limits, Precondition, Query, TYPES};

use crate::support::{World, secret, worlds};

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    error
}

async fn create(world: &World, body: Json) -> Result<(), Error> {
    world
        .plane
        .collections(world.system())
        .create(&body)
        .await
        .map(drop)
}

#[tokio::test]
async fn every_field_type_holds_a_value_and_null() {
    let samples = [
        ("text", json!("a")),
        ("longtext", json!("a\nb")),
        ("integer", json!(-9_223_372_036_854_775_808_i64)),
        ("number", json!(1.5e300)),
        ("boolean", json!(true)),
        ("json", json!({"a": [1, null]})),
        ("timestamp", json!("2024-02-29T23:59:59.999999Z")),
        ("uuid", json!("0190b6f0-0000-7000-8000-000000000001")),
        ("file", json!("0190b6f0-0000-7000-8000-000000000002")),
    ];
    let covered: Vec<&str> = samples
        .iter()
        .map(|(name, _)| *name)
        .chain(["relation"])
        .collect();
    for kind in TYPES {
        assert!(
            covered.contains(&kind.name()),
            "no sample of `{}`",
            kind.name()
        );
    }
    for world in worlds().await {
        let fields: Vec<Json> = samples
            .iter()
            .map(|(name, value)| json!({"name": format!("f_{name}"), "type": name, "default": value}))
            .collect();
        world.define(json!({"slug": "all", "fields": fields})).await;
        let made = world.create("all", json!({})).await;
        let nulls: Vec<(String, Json)> = samples
            .iter()
            .map(|(name, _)| (format!("f_{name}"), Json::Null))
            .collect();
        let empty = world
            .create(
                "all",
                nulls.into_iter().collect::<serde_json::Map<_, _>>().into(),
            )
            .await;
        for (name, value) in &samples {
            assert_eq!(
                made[format!("f_{name}")],
                *value,
                "{name} {}",
                world.opened.name
            );
            assert_eq!(empty[format!("f_{name}")], Json::Null);
        }
        let listed = world
            .list(world.system(), "all", &Query::new().sort("created_at,id"))
            .await
            .unwrap();
        assert!(listed.contains(&made) && listed.contains(&empty));
    }
}

#[tokio::test]
async fn ddl_1_and_2_a_definition_is_refused_where_it_is_wrong() {
    let field = |field: Json| json!({"slug": "c", "fields": [field]});
    let cases = [
        (json!({"slug": "c", "nope": 1}), "/nope"),
        (json!({}), "/slug"),
        (json!({"slug": 7}), "/slug"),
        (
            json!({"slug": "x\"; DROP TABLE workeros_tenants; --"}),
            "/slug",
        ),
        (json!({"slug": "sqlite_x"}), "/slug"),
        (json!({"slug": "c", "fields": {}}), "/fields"),
        (json!({"slug": "c", "fields": [7]}), "/fields/0"),
        (field(json!({"name": "a"})), "/fields/0/type"),
        (
            field(json!({"name": "a", "type": "blob"})),
            "/fields/0/type",
        ),
        (
            field(json!({"name": "id", "type": "text"})),
            "/fields/0/name",
        ),
        (
            field(json!({"name": "a\"b", "type": "text"})),
            "/fields/0/name",
        ),
        (
            field(json!({"name": "a", "type": "text", "default": 7})),
            "/fields/0/default",
        ),
        (
            field(json!({"name": "a", "type": "text", "default": {"isRaw": true}})),
            "/fields/0/default",
        ),
        (
            field(json!({"name": "a", "type": "text", "choices": []})),
            "/fields/0/choices",
        ),
        (
            field(json!({"name": "a", "type": "integer", "choices": [1, "2"]})),
            "/fields/0/choices/1",
        ),
        (
            field(json!({"name": "a", "type": "text", "validation": {"type": 7}})),
            "/fields/0/validation",
        ),
        (
            field(json!({"name": "a", "type": "json", "unique": true})),
            "/fields/0/unique",
        ),
        (
            field(json!({"name": "a", "type": "relation"})),
            "/fields/0/to",
        ),
        (
            field(json!({"name": "a", "type": "relation", "to": "nope"})),
            "/fields/0/to",
        ),
        (
            field(json!({"name": "a", "type": "text", "to": "c"})),
            "/fields/0/to",
        ),
        (
            field(json!({"name": "a", "type": "text", "column": "b"})),
            "/fields/0/column",
        ),
        (
            field(json!({"name": "a", "type": "text", "nullable": true, "required": true})),
            "/fields/0/required",
        ),
        (
            json!({"slug": "c", "default_sort": "nope"}),
            "/default_sort",
        ),
        (
            json!({"slug": "c", "fields": [{"name": "a", "type": "text"}, {"name": "a", "type": "text"}]}),
            "/fields/1/name",
        ),
    ];
    for world in worlds().await {
        for (body, path) in &cases {
            let error = refused(create(&world, body.clone()).await, ErrorKind::Validation);
            assert_eq!(error.details()[0].path, *path, "{body}: {error}");
        }
        let many: Vec<Json> = (0..201)
            .map(|n| json!({"name": format!("f{n}"), "type": "text"}))
            .collect();
        refused(
            create(&world, json!({"slug": "c", "fields": many})).await,
            ErrorKind::Validation,
        );
        assert!(
            world
                .plane
                .collections(world.system())
                .list()
                .await
                .unwrap()
                .is_empty()
        );
        let hostile = "x'); DROP TABLE workeros_tenants; --\\";
        let body = json!({"slug": "c", "note": hostile, "fields": [
            {"name": "a", "type": "text", "default": hostile, "choices": [hostile], "label": hostile},
        ]});
        create(&world, body).await.unwrap();
        let added = json!({"fields": [{"name": "b", "type": "text", "required": true, "default": hostile}]});
        world.create("c", json!({})).await;
        world
            .plane
            .collections(world.system())
            .update("c", &added)
            .await
            .unwrap();
        let items = world
            .list(world.system(), "c", &Query::new())
            .await
            .unwrap();
        assert_eq!(
            (&items[0]["a"], &items[0]["b"]),
            (&json!(hostile), &json!(hostile))
        );
    }
}

#[tokio::test]
async fn ddl_1_long_names_never_collide() {
    for world in worlds().await {
        let (a, b) = (
            format!("{}a", "x".repeat(62)),
            format!("{}b", "x".repeat(62)),
        );
        for slug in [&a, &b] {
            let field = "f".repeat(63);
            world
                .define(json!({"slug": slug, "fields": [{"name": field, "type": "text", "unique": true}]}))
                .await;
            world.create(slug, json!({"f".repeat(63): slug})).await;
        }
        for slug in [&a, &b] {
            let items = world
                .list(world.system(), slug, &Query::new())
                .await
                .unwrap();
            assert_eq!(items.len(), 1);
        }
    }
}

#[tokio::test]
async fn ddl_4_of_two_that_create_one_slug_one_is_told_so() {
    for world in worlds().await {
        let racing = (0..8).map(|_| {
            let collections = world.plane.collections(world.system());
            tokio::spawn(async move { collections.create(&json!({"slug": "posts"})).await })
        });
        let mut made = 0;
        for racer in racing.collect::<Vec<_>>() {
            match racer.await.unwrap() {
                Ok(_) => made += 1,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
            }
        }
        assert_eq!(made, 1, "{}", world.opened.name);
    }
}

#[tokio::test]
async fn a_collection_grows_is_renamed_and_is_dropped() {
    for world in worlds().await {
        let collections = world.plane.collections(world.system());
        world
            .define(json!({"slug": "people", "fields": [{"name": "name", "type": "text"}]}))
            .await;
        world
            .define(json!({"slug": "posts", "fields": [
                {"name": "author", "type": "relation", "to": "people"},
            ]}))
            .await;
        let ann = world.create("people", json!({"name": "Ann"})).await;
        let post = world.create("posts", json!({"author": ann["id"]})).await;
        let grown = json!({"note": "n", "fields": [
            {"name": "name", "type": "text", "label": "Name"},
            {"name": "age", "type": "integer", "indexed": true},
            {"name": "boss", "type": "relation", "to": "people"},
            {"name": "active", "type": "boolean", "required": true, "default": true},
        ]});
        collections.update("people", &grown).await.unwrap();
        let items = world
            .list(world.system(), "people", &Query::new())
            .await
            .unwrap();
        assert_eq!(items[0]["active"], true, "{}", world.opened.name);
        for (body, path) in [
            (
                json!({"fields": [{"name": "name", "type": "integer"}]}),
                "/fields/0/type",
            ),
            (
                json!({"fields": [{"name": "x", "type": "text", "required": true}]}),
                "/fields/0/default",
            ),
            (json!({"owner_scoped": true}), "/owner_scoped"),
        ] {
            let error = refused(
                collections.update("people", &body).await,
                ErrorKind::Validation,
            );
            assert_eq!(error.details()[0].path, path);
        }
        collections
            .update("people", &json!({"slug": "persons"}))
            .await
            .unwrap();
        refused(
            world.list(world.system(), "people", &Query::new()).await,
            ErrorKind::NotFound,
        );
        let renamed = collections.get("persons").await.unwrap();
        assert_eq!(
            renamed.field("boss").unwrap().to.as_deref(),
            Some("persons")
        );
        let posts = collections.get("posts").await.unwrap();
        assert_eq!(
            posts.field("author").unwrap().to.as_deref(),
            Some("persons")
        );
        collections.drop_field("persons", "age").await.unwrap();
        refused(
            collections.drop_field("persons", "age").await,
            ErrorKind::NotFound,
        );
        refused(
            collections.drop_field("persons", "id").await,
            ErrorKind::Validation,
        );
        refused(collections.delete("persons").await, ErrorKind::Conflict);
        let items = world.plane.items(world.system(), "persons");
        items
            .delete(ann["id"].as_str().unwrap(), &Precondition::None)
            .await
            .unwrap();
        let posts = world
            .list(world.system(), "posts", &Query::new())
            .await
            .unwrap();
        assert_eq!(
            (&posts[0]["id"], &posts[0]["author"]),
            (&post["id"], &Json::Null)
        );
        collections.drop_field("posts", "author").await.unwrap();
        collections.delete("persons").await.unwrap();
        refused(
            world.list(world.system(), "persons", &Query::new()).await,
            ErrorKind::NotFound,
        );
        world.define(json!({"slug": "persons"})).await;
    }
}

#[tokio::test]
async fn a_relation_decides_what_goes_with_an_item() {
    for world in worlds().await {
        world.define(json!({"slug": "a"})).await;
        for (slug, rule) in [
            ("kept", "restrict"),
            ("gone", "cascade"),
            ("cut", "set_null"),
        ] {
            world
                .define(json!({"slug": slug, "fields": [
                    {"name": "a", "type": "relation", "to": "a", "on_delete": rule},
                ]}))
                .await;
        }
        world
            .define(json!({"slug": "deep", "fields": [
                {"name": "gone", "type": "relation", "to": "gone", "on_delete": "cascade"},
            ]}))
            .await;
        let a = world.create("a", json!({})).await;
        let gone = world.create("gone", json!({"a": a["id"]})).await;
        world.create("deep", json!({"gone": gone["id"]})).await;
        world.create("cut", json!({"a": a["id"]})).await;
        let kept = world.create("kept", json!({"a": a["id"]})).await;
        let items = world.plane.items(world.system(), "a");
        let id = a["id"].as_str().unwrap();
        refused(
            items.delete(id, &Precondition::None).await,
            ErrorKind::Conflict,
        );
        assert_eq!(
            world
                .list(world.system(), "gone", &Query::new())
                .await
                .unwrap()
                .len(),
            1
        );
        let kept_items = world.plane.items(world.system(), "kept");
        kept_items
            .delete(kept["id"].as_str().unwrap(), &Precondition::None)
            .await
            .unwrap();
        items.delete(id, &Precondition::None).await.unwrap();
        for (slug, left) in [("gone", 0), ("deep", 0), ("cut", 1)] {
            let items = world
                .list(world.system(), slug, &Query::new())
                .await
                .unwrap();
            assert_eq!(items.len(), left, "{slug} {}", world.opened.name);
        }
        let told = "SELECT COUNT(*) FROM workeros_changes WHERE collection IN ('gone', 'deep') AND action = 'delete'";
        assert_eq!(world.count(told).await, 2);
        let cut =
            "SELECT COUNT(*) FROM workeros_changes WHERE collection = 'cut' AND action = 'update'";
        assert_eq!(world.count(cut).await, 1);
        let nobody = json!({"a": "0190b6f0-0000-7000-8000-000000000001"});
        let created = world
            .plane
            .items(world.system(), "cut")
            .create(&nobody)
            .await;
        assert_eq!(
            refused(created, ErrorKind::Validation).details()[0].code,
            "foreign_key"
        );
    }
}

#[tokio::test]
async fn only_an_admin_defines() {
    for world in worlds().await {
        world.define(json!({"slug": "posts"})).await;
        let body = json!({"slug": "mine"});
        for (subject, kind) in [
            (world.anonymous(), ErrorKind::Unauthorized),
            (world.user("ann", &["editor"]), ErrorKind::Forbidden),
        ] {
            let collections = world.plane.collections(subject);
            refused(collections.create(&body).await, kind);
            refused(collections.update("posts", &json!({})).await, kind);
            refused(collections.drop_field("posts", "x").await, kind);
            refused(collections.delete("posts").await, kind);
            refused(collections.get("posts").await, kind);
        }
        assert!(
            world
                .plane
                .collections(world.user("root", &["admin"]))
                .create(&body)
                .await
                .is_ok()
        );
        world
            .permit("public", "posts", "read", json!({"fields": ["created_at"]}))
            .await;
        let seen = world
            .plane
            .collections(world.anonymous())
            .get("posts")
            .await
            .unwrap();
        let names: Vec<&str> = seen
            .fields
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        assert_eq!(names, ["id", "created_at"]);
        assert_eq!(seen.to_json().get("physical_table"), None);
    }
}

/// DDL-3: the record and the table come and go together, whatever fails.
#[tokio::test]
async fn ddl_3_a_table_and_its_record_are_one() {
    for world in worlds().await {
        // A table of the name stands in the way: the record must not stay.
        world.define(json!({"slug": "first"})).await;
        let taken = world
            .plane
            .collections(world.system())
            .get("first")
            .await
            .unwrap();
        assert!(taken.table.ends_with("_first"));
        let table = Statement::new("CREATE TABLE squatter (id text)", vec![]);
        world
            .opened
            .database
            .apply(Batch::new().step(Step::new(table)))
            .await
            .unwrap();
        let before = world
            .count("SELECT COUNT(*) FROM workeros_collections")
            .await;
        let field = json!({"name": "a", "type": "text", "unique": true});
        world
            .define(json!({"slug": "dup", "fields": [field]}))
            .await;
        for _ in 0..2 {
            world.create("dup", json!({})).await;
        }
        // A unique field over rows that would share its default fails half-way.
        let added = json!({"note": "new", "fields": [
            {"name": "b", "type": "text", "required": true, "default": "same", "unique": true},
        ]});
        let collections = world.plane.collections(world.system());
        assert!(collections.update("dup", &added).await.is_err());
        let dup = collections.get("dup").await.unwrap();
        assert_eq!(
            (dup.field("b").is_none(), dup.settings.note.as_deref()),
            (true, None)
        );
        world.create("dup", json!({"a": "x"})).await;
        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM workeros_collections")
                .await,
            before + 1
        );
    }
}

#[tokio::test]
async fn a_second_instance_sees_what_the_first_defined() {
    for world in worlds().await {
        let runtime = world.plane.runtime().clone();
        let second = DataPlane::open(runtime, &secret(), Hooks::default())
            .await
            .unwrap();
        assert_eq!(second.default_tenant(), world.plane.default_tenant());
        let anonymous = second.items(world.anonymous(), "posts");
        assert!(anonymous.list(&Query::new()).await.is_err());
        world.define(json!({"slug": "posts"})).await;
        world.permit("public", "posts", "read", json!({})).await;
        second.refresh().await.unwrap();
        assert!(anonymous.list(&Query::new()).await.is_ok());
    }
}

#[tokio::test]
async fn instances_that_start_at_once_share_one_workspace() {
    for opened in workeros_adapters::testkit::databases().await {
        let starting = (0..8).map(|_| {
            let runtime = workeros_core::Runtime::new(opened.database.clone());
            tokio::spawn(async move { DataPlane::open(runtime, &secret(), Hooks::default()).await })
        });
        let mut tenants = Vec::new();
        for start in starting.collect::<Vec<_>>() {
            tenants.push(start.await.unwrap().unwrap().default_tenant());
        }
        tenants.dedup();
        assert_eq!(tenants.len(), 1, "{}", opened.name);
        let secrets = (0..8).map(|_| {
            let runtime = workeros_core::Runtime::new(opened.database.clone());
            tokio::spawn(async move { DataPlane::stored_secret(&runtime).await })
        });
        let mut keys = Vec::new();
        for secret in secrets.collect::<Vec<_>>() {
            keys.push(secret.await.unwrap().unwrap().derive("test"));
        }
        keys.dedup();
        assert_eq!(keys.len(), 1);
    }
}

#[tokio::test]
async fn ddl_4_a_workspace_has_limits() {
    for opened in workeros_adapters::testkit::databases().await {
        let clock = std::sync::Arc::new(workeros_core::testkit::StandingClock::default());
        let runtime =
            workeros_core::Runtime::new(opened.database.clone()).with_clock(clock.clone());
        let limits = Limits::default().with_collections(3).with_ddl_per_minute(2);
        let plane = DataPlane::open_with(runtime, &secret(), Hooks::default(), limits)
            .await
            .unwrap();
        let collections = plane.collections(Subject::system(plane.default_tenant()));
        for slug in ["a", "b"] {
            collections.create(&json!({"slug": slug})).await.unwrap();
        }
        let error = refused(
            collections.create(&json!({"slug": "c"})).await,
            ErrorKind::RateLimited,
        );
        assert!(
            error
                .retry_after_seconds()
                .is_some_and(|seconds| (1..=60).contains(&seconds))
        );
        refused(collections.delete("a").await, ErrorKind::RateLimited);
        // What does not touch a table goes on.
        collections
            .update("a", &json!({"note": "n"}))
            .await
            .unwrap();
        clock.advance(std::time::Duration::from_secs(60));
        collections.create(&json!({"slug": "c"})).await.unwrap();
        refused(
            collections.create(&json!({"slug": "d"})).await,
            ErrorKind::QuotaExceeded,
        );
    }
}
