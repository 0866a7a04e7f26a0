//! Corners: odd definitions, odd rows of adopted tables, odd deletions.

use serde_json::{Value as Json, json};
use workeros_core::{Error, ErrorKind, Runtime};
use workeros_schema::{DataPlane, Draft, HookContext, Hooks, Precondition, Query};

use crate::support::{World, secret, worlds, worlds_with};

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    error
}

fn id(item: &Json) -> &str {
    item["id"].as_str().unwrap()
}

/// Another instance, which reads every definition anew.
async fn reopened(world: &World) -> DataPlane {
    let runtime = Runtime::new(world.opened.database.clone());
    DataPlane::open(runtime, &secret(), Hooks::default())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_definition_that_was_accepted_can_be_read_again() {
    for world in worlds().await {
        world
            .run(&["CREATE TABLE places (id integer PRIMARY KEY, name text)"])
            .await;
        let body = json!({"slug": "places", "table": "places"});
        world
            .plane
            .adoption(world.system())
            .adopt(&body)
            .await
            .unwrap();
        world
            .define(json!({"slug": "odd", "fields": [
                {"name": "at", "type": "timestamp", "choices": ["2024-01-01", "2025-01-01"], "default": "2024-01-01"},
                {"name": "day", "type": "timestamp", "validation": {"maxLength": 10}, "default": "2024-01-01"},
                {"name": "key", "type": "uuid", "choices": ["0190B6F0-0000-7000-8000-000000000001"],
                    "default": "0190b6f0-0000-7000-8000-000000000001"},
                {"name": "size", "type": "integer", "choices": [1, 2e0], "default": 1.0},
                {"name": "ratio", "type": "number", "choices": [1, 0.5], "default": 1},
            ]}))
            .await;
        let made = world
            .create(
                "odd",
                json!({"size": 2.0, "at": "2025-01-01T01:00:00+01:00"}),
            )
            .await;
        assert_eq!((&made["size"], &made["ratio"]), (&json!(2), &json!(1.0)));
        assert_eq!(made["at"], "2025-01-01T00:00:00.000000Z");
        let plane = reopened(&world).await;
        plane
            .items(world.system(), "odd")
            .create(&json!({}))
            .await
            .unwrap();
        // The default of a relation is a key of what it points to.
        let wrong = json!({"slug": "visits", "fields": [{"name": "place", "type": "relation",
            "to": "places", "default": "0190b6f0-0000-7000-8000-000000000001"}]});
        let created = plane.collections(world.system()).create(&wrong).await;
        assert_eq!(
            refused(created, ErrorKind::Validation).details()[0].path,
            "/fields/0/default"
        );
        let right = json!({"slug": "visits", "fields": [
            {"name": "place", "type": "relation", "to": "places", "default": 7, "choices": [7, 8]}]});
        plane
            .collections(world.system())
            .create(&right)
            .await
            .unwrap();
        let plane = reopened(&world).await;
        let visits = plane.items(world.system(), "visits");
        let made = visits.create(&json!({})).await.unwrap();
        assert_eq!(
            serde_json::from_slice::<Json>(&made.json).unwrap()["place"],
            7
        );
    }
}

#[tokio::test]
async fn names_of_any_length_are_kept_whole() {
    for world in worlds().await {
        let (a, b) = (
            format!("{}a", "x".repeat(62)),
            format!("{}b", "x".repeat(62)),
        );
        for slug in [&a, &b] {
            let fields = json!([{"name": slug, "type": "text", "unique": true}]);
            world.define(json!({"slug": slug, "fields": fields})).await;
            let found = world
                .plane
                .collections(world.system())
                .get(slug)
                .await
                .unwrap();
            assert!(found.table.len() <= 63, "{}", found.table);
            world.create(slug, json!({slug: slug})).await;
        }
        let seen = world.list(world.system(), &a, &Query::new()).await.unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0][&a], json!(a));
    }
}

#[tokio::test]
async fn a_slug_that_was_given_up_is_free() {
    for world in worlds().await {
        let field = json!([{"name": "name", "type": "text"}]);
        world.define(json!({"slug": "old", "fields": field})).await;
        world.create("old", json!({"name": "first"})).await;
        let collections = world.plane.collections(world.system());
        collections
            .update("old", &json!({"slug": "new"}))
            .await
            .unwrap();
        world.define(json!({"slug": "old", "fields": field})).await;
        assert!(
            world
                .list(world.system(), "old", &Query::new())
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            world
                .list(world.system(), "new", &Query::new())
                .await
                .unwrap()
                .len(),
            1
        );
    }
}

#[tokio::test]
async fn a_field_added_to_rows_that_do_not_allow_it_is_refused_for_what_it_is() {
    for world in worlds().await {
        world
            .define(json!({"slug": "c", "fields": [{"name": "n", "type": "text"}]}))
            .await;
        for n in ["a", "b"] {
            world.create("c", json!({"n": n})).await;
        }
        let collections = world.plane.collections(world.system());
        let add = |field: Json| json!({"fields": [field]});
        let unique = add(
            json!({"name": "code", "type": "text", "required": true, "default": "x", "unique": true}),
        );
        let error = refused(
            collections.update("c", &unique).await,
            ErrorKind::Validation,
        );
        assert_eq!(error.details()[0].path, "/fields/0/unique");
        let key = "0190b6f0-0000-7000-8000-000000000001";
        let relation = add(
            json!({"name": "p", "type": "relation", "to": "c", "required": true, "default": key}),
        );
        let error = refused(
            collections.update("c", &relation).await,
            ErrorKind::Validation,
        );
        assert_eq!(error.details()[0].path, "/fields/0/required");
        assert!(collections.get("c").await.unwrap().field("code").is_none());
    }
}

#[tokio::test]
async fn ddl_2_a_default_reaches_the_rows_that_are_there_as_it_was_written() {
    let defaults = [
        ("text", json!("x'); DROP TABLE workeros_tenants;--")),
        (
            "text",
            json!("back\\slash \\' \" $1 ? :a @b %s\n\ttab 😀 E'\\\\'"),
        ),
        ("text", json!("")),
        ("integer", json!(i64::MIN)),
        ("integer", json!(i64::MAX)),
        ("number", json!(-0.1)),
        ("number", json!(1.5e300)),
        ("number", json!(5e-324)),
        ("number", json!(7)),
        ("boolean", json!(true)),
        ("boolean", json!(false)),
        ("json", json!({"a'b": ["\\", "\"", 1.5, null]})),
        ("timestamp", json!("0001-01-01T00:00:00.000001Z")),
        ("uuid", json!("0190b6f0-0000-7000-8000-000000000001")),
    ];
    for world in worlds().await {
        world
            .define(json!({"slug": "c", "fields": [{"name": "n", "type": "text"}]}))
            .await;
        world.create("c", json!({})).await;
        let fields: Vec<Json> = defaults
            .iter()
            .enumerate()
            .map(|(n, (kind, default))| json!({"name": format!("f{n}"), "type": kind, "required": true, "default": default}))
            .collect();
        let collections = world.plane.collections(world.system());
        collections
            .update("c", &json!({"fields": fields}))
            .await
            .unwrap();
        world.create("c", json!({})).await;
        for item in world
            .list(world.system(), "c", &Query::new())
            .await
            .unwrap()
        {
            for (n, (kind, default)) in defaults.iter().enumerate() {
                let value = &item[format!("f{n}")];
                if *kind == "number" {
                    assert_eq!(value.as_f64(), default.as_f64());
                } else {
                    assert_eq!(value, default, "{kind} {}", world.opened.name);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_field_asked_for_twice_is_shown_once() {
    for world in worlds().await {
        world
            .define(json!({"slug": "c", "fields": [{"name": "n", "type": "text"}]}))
            .await;
        world.create("c", json!({"n": "a"})).await;
        let items = world.plane.items(world.system(), "c");
        let page = items.list(&Query::new().fields(["n", "n"])).await.unwrap();
        assert_eq!(String::from_utf8(page.json).unwrap(), r#"[{"n":"a"}]"#);
    }
}

#[tokio::test]
async fn what_points_in_a_circle_can_be_deleted() {
    for world in worlds().await {
        world
            .define(json!({"slug": "nodes", "fields": [
                {"name": "next", "type": "relation", "to": "nodes", "on_delete": "cascade"},
                {"name": "twin", "type": "relation", "to": "nodes", "on_delete": "set_null"},
            ]}))
            .await;
        let nodes = world.plane.items(world.system(), "nodes");
        let mut ids = Vec::new();
        for _ in 0..4 {
            ids.push(id(&world.create("nodes", json!({})).await).to_owned());
        }
        let point = async |from: usize, to: usize| {
            let patch = json!({"next": ids[to], "twin": ids[(to + 1) % 4]});
            nodes
                .update(&ids[from], &patch, &Precondition::None)
                .await
                .unwrap();
        };
        point(0, 1).await;
        point(1, 2).await;
        point(2, 0).await;
        point(3, 3).await;
        nodes.delete(&ids[1], &Precondition::None).await.unwrap();
        let left = world
            .list(world.system(), "nodes", &Query::new())
            .await
            .unwrap();
        assert_eq!(left.len(), 1, "{}", world.opened.name);
        assert_eq!(
            (id(&left[0]), &left[0]["twin"]),
            (ids[3].as_str(), &Json::Null)
        );
        nodes.delete(&ids[3], &Precondition::None).await.unwrap();
        let deletions = "SELECT COUNT(*) FROM workeros_changes WHERE collection = 'nodes' AND action = 'delete'";
        assert_eq!(world.count(deletions).await, 4);
    }
}

/// `b` and `c` go with `a`; `b` needs its `c`, and `d` lets no `b` go but goes
/// with its `c`. Whatever the order of looking, all of them can go.
#[tokio::test]
async fn what_goes_together_does_not_hold_each_other_up() {
    for world in worlds().await {
        let relation = |name: &str, to: &str, on_delete: &str| json!({"name": name, "type": "relation", "to": to, "on_delete": on_delete, "required": true});
        world.define(json!({"slug": "a"})).await;
        world
            .define(json!({"slug": "c", "fields": [relation("a", "a", "cascade")]}))
            .await;
        world.define(json!({"slug": "b", "fields": [relation("a", "a", "cascade"), relation("c", "c", "cascade")]})).await;
        world.define(json!({"slug": "d", "fields": [relation("b", "b", "restrict"), relation("c", "c", "cascade")]})).await;
        let a = world.create("a", json!({})).await;
        for _ in 0..3 {
            let c = world.create("c", json!({"a": a["id"]})).await;
            let b = world.create("b", json!({"a": a["id"], "c": c["id"]})).await;
            world.create("d", json!({"b": b["id"], "c": c["id"]})).await;
        }
        let items = world.plane.items(world.system(), "a");
        items.delete(id(&a), &Precondition::None).await.unwrap();
        for slug in ["a", "b", "c", "d"] {
            assert!(
                world
                    .list(world.system(), slug, &Query::new())
                    .await
                    .unwrap()
                    .is_empty()
            );
        }
    }
}

#[tokio::test]
async fn a_batch_deletes_also_what_it_has_just_made() {
    for world in worlds().await {
        world.define(json!({"slug": "p"})).await;
        world
            .define(json!({"slug": "tree", "fields": [
                {"name": "up", "type": "relation", "to": "tree", "on_delete": "cascade"},
            ]}))
            .await;
        let root = world.create("tree", json!({})).await;
        let batch = json!({"atomic": true, "operations": [
            {"op": "create", "data": {"up": root["id"]}},
            {"op": "delete", "id": root["id"]},
        ]});
        world
            .plane
            .items(world.system(), "tree")
            .batch(&batch)
            .await
            .unwrap();
        assert!(
            world
                .list(world.system(), "tree", &Query::new())
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn any_version_will_do_also_in_a_race() {
    for world in worlds().await {
        world
            .define(json!({"slug": "c", "fields": [{"name": "n", "type": "integer"}]}))
            .await;
        let made = world.create("c", json!({})).await;
        let items = world.plane.items(world.system(), "c");
        let racing = (0..16).map(|n| {
            let (items, id) = (items.clone(), id(&made).to_owned());
            let any = Precondition::IfMatch(vec!["*".to_owned()]);
            tokio::spawn(async move { items.update(&id, &json!({"n": n}), &any).await })
        });
        for racer in racing.collect::<Vec<_>>() {
            racer.await.unwrap().unwrap();
        }
    }
}

/// SQLite holds in a column what it is given, whatever the declaration says.
#[tokio::test]
async fn a_dirty_row_can_be_read_paged_changed_and_deleted() {
    for world in worlds().await.into_iter().take(1) {
        world
            .run(&[
                "CREATE TABLE dirty (id INTEGER PRIMARY KEY, n INTEGER, r REAL, b BOOLEAN, t TEXT, \
                    at DATETIME, u UUID, j JSON, d DECIMAL(10,2), name TEXT)",
                "INSERT INTO dirty VALUES (1, 'abc', 'x', 'yes', x'00ff', 'never', 'nope', '{', 'free', 'a')",
                "INSERT INTO dirty VALUES (2, 1.5, 9e999, 2, 7, 12, '0190B6F0-0000-7000-8000-000000000001', '', 1e400, 'b')",
                "INSERT INTO dirty VALUES (3, x'01', x'01', x'01', 'x', x'01', x'01', x'01', x'01', 'c')",
                "INSERT INTO dirty VALUES (4, 1, 1, 1, 't', '2024-01-01 10:00:00', \
                    '0190b6f0-0000-7000-8000-000000000001', '{}', 1, 'd')",
                "INSERT INTO dirty VALUES (5, null, null, null, null, null, null, null, null, 'e')",
            ])
            .await;
        let body = json!({"slug": "dirty", "table": "dirty"});
        world
            .plane
            .adoption(world.system())
            .adopt(&body)
            .await
            .unwrap();
        let items = world.plane.items(world.system(), "dirty");
        for sort in [
            "n", "-n", "r", "-r", "b", "t", "-t", "at", "u", "-u", "d", "-d,r",
        ] {
            let whole = world
                .list(world.system(), "dirty", &Query::new().sort(sort))
                .await
                .unwrap();
            assert_eq!(whole.len(), 5);
            let (mut paged, mut cursor) = (Vec::new(), String::new());
            for _ in 0..6 {
                let query = Query::new().sort(sort).limit(1).cursor(cursor);
                let page = items.list(&query).await.unwrap();
                paged.extend(serde_json::from_slice::<Vec<Json>>(&page.json).unwrap());
                let Some(next) = page.next_cursor else { break };
                cursor = next;
            }
            assert_eq!(paged, whole, "by {sort}");
        }
        for id in ["1", "2", "3", "4", "5"] {
            items.get(id, &Query::new()).await.unwrap();
            let patch = json!({"name": "changed"});
            items.update(id, &patch, &Precondition::None).await.unwrap();
        }
        let untouched =
            "SELECT COUNT(*) FROM dirty WHERE name = 'changed' AND id = 2 AND n = 1.5 AND b = 2";
        assert_eq!(world.count(untouched).await, 1);
        for id in ["1", "2", "3", "4", "5"] {
            items.delete(id, &Precondition::None).await.unwrap();
        }
    }
}

#[tokio::test]
async fn numbers_that_are_none_are_no_hole_in_the_pages() {
    let on_postgres = |world: &World| world.opened.name == "postgres";
    for world in worlds().await.into_iter().filter(on_postgres) {
        world
            .run(&[
                "CREATE TABLE odd (id integer PRIMARY KEY, r double precision, f real, n numeric, at timestamptz, name text)",
                "INSERT INTO odd VALUES (1, 'NaN', 'NaN', 'NaN', 'infinity', 'a'), \
                    (2, 'Infinity', '-Infinity', 12345678901234567890.123456789, '-infinity', 'b'), \
                    (3, '-Infinity', 0.1, 0.1, '4000-01-01 BC', 'c'), \
                    (4, -0.0, 1e-45, 1e-200, '12024-01-01', 'd'), (5, null, null, null, null, 'e'), \
                    (6, 0.0, 1, 1, '2024-01-01', 'f'), (7, 'NaN', 'NaN', 'NaN', 'infinity', 'g')",
            ])
            .await;
        let body = json!({"slug": "odd", "table": "odd"});
        world
            .plane
            .adoption(world.system())
            .adopt(&body)
            .await
            .unwrap();
        let items = world.plane.items(world.system(), "odd");
        for sort in ["r", "-r", "f", "-f", "n", "-n", "at", "-at"] {
            let whole = world
                .list(world.system(), "odd", &Query::new().sort(sort))
                .await
                .unwrap();
            let (mut paged, mut cursor) = (Vec::new(), String::new());
            for _ in 0..9 {
                let query = Query::new().sort(sort).limit(1).cursor(cursor);
                let page = items.list(&query).await.unwrap();
                paged.extend(serde_json::from_slice::<Vec<Json>>(&page.json).unwrap());
                let Some(next) = page.next_cursor else { break };
                cursor = next;
            }
            assert_eq!(paged, whole, "by {sort}");
        }
        for id in ["1", "2", "3", "4", "5", "6", "7"] {
            let patch = json!({"name": "changed"});
            items.update(id, &patch, &Precondition::None).await.unwrap();
            items.delete(id, &Precondition::None).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_row_without_an_id_is_no_item_and_ends_no_list() {
    for world in worlds().await.into_iter().take(1) {
        world
            .run(&[
                "CREATE TABLE keyless (code TEXT PRIMARY KEY, n INTEGER)",
                "INSERT INTO keyless VALUES ('a', 1), (NULL, 2), ('b', 2), (NULL, NULL), ('c', 1)",
            ])
            .await;
        let body = json!({"slug": "keyless", "table": "keyless"});
        world
            .plane
            .adoption(world.system())
            .adopt(&body)
            .await
            .unwrap();
        let items = world.plane.items(world.system(), "keyless");
        for sort in ["id", "-id", "n", "-n", "n,-id"] {
            let (mut ids, mut cursor) = (Vec::new(), String::new());
            for _ in 0..6 {
                let page = items
                    .list(&Query::new().sort(sort).limit(1).cursor(cursor))
                    .await
                    .unwrap();
                let items: Vec<Json> = serde_json::from_slice(&page.json).unwrap();
                ids.extend(items.iter().map(|item| item["id"].clone()));
                let Some(next) = page.next_cursor else { break };
                cursor = next;
            }
            ids.sort_by_key(ToString::to_string);
            assert_eq!(ids, [json!("a"), json!("b"), json!("c")], "by {sort}");
        }
        let page = items.list(&Query::new().counted()).await.unwrap();
        assert_eq!(page.meta.unwrap().total_count, Some(3));
    }
}

/// A column that ignores case: a change of case alone is a change.
#[tokio::test]
async fn a_write_meets_the_row_it_read_to_the_letter() {
    let other = std::sync::Arc::new(std::sync::OnceLock::<
        std::sync::Arc<dyn workeros_core::Database>,
    >::new());
    let database = std::sync::Arc::clone(&other);
    let hooks = Hooks::default().before_update("people", move |_: HookContext, draft: Draft| {
        let database = std::sync::Arc::clone(database.get().unwrap());
        async move {
            let sql = "UPDATE people SET name = 'ANN' WHERE name = 'ann' COLLATE BINARY";
            let step = workeros_core::Step::new(workeros_core::Statement::new(sql, vec![]));
            database
                .apply(workeros_core::Batch::new().step(step))
                .await?;
            Ok(draft)
        }
    });
    for world in worlds_with(hooks).await.into_iter().take(1) {
        assert!(other.set(world.opened.database.clone()).is_ok());
        world
            .run(&[
                "CREATE TABLE people (id TEXT COLLATE NOCASE PRIMARY KEY, name TEXT COLLATE NOCASE, n INTEGER)",
                "INSERT INTO people VALUES ('Key', 'ann', 1)",
            ])
            .await;
        let body = json!({"slug": "people", "table": "people"});
        world
            .plane
            .adoption(world.system())
            .adopt(&body)
            .await
            .unwrap();
        let items = world.plane.items(world.system(), "people");
        refused(
            items
                .update("key", &json!({"n": 2}), &Precondition::None)
                .await,
            ErrorKind::NotFound,
        );
        items
            .update("Key", &json!({"n": 2}), &Precondition::None)
            .await
            .unwrap();
        let last = world.changes(2).await.pop().unwrap();
        let before: Json = serde_json::from_str(last.before.as_deref().unwrap()).unwrap();
        assert_eq!(before["name"], "ANN");
    }
}

/// An index of Postgres holds no long text.
#[tokio::test]
async fn a_text_too_long_for_an_index_is_refused_on_every_engine() {
    for world in worlds().await {
        world
            .define(json!({"slug": "c", "fields": [
                {"name": "n", "type": "text", "indexed": true}, {"name": "u", "type": "text", "unique": true},
                {"name": "free", "type": "text"},
            ]}))
            .await;
        let mut seed = 1_u64;
        let long: String = (0..20_000)
            .map(|_| {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                char::from(b'!' + u8::try_from(seed >> 57).unwrap() % 90)
            })
            .collect();
        let items = world.plane.items(world.system(), "c");
        for field in ["n", "u"] {
            let error = refused(
                items.create(&json!({field: long})).await,
                ErrorKind::Validation,
            );
            assert_eq!(
                error.details()[0].path,
                format!("/{field}"),
                "{}",
                world.opened.name
            );
            world.create("c", json!({field: &long[..2000]})).await;
        }
        world.create("c", json!({"free": long})).await;
    }
}
