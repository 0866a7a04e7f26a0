//! The one door: what is read and written, by whom.

use serde_json::{Value as Json, json};
use workeros_core::{Error, ErrorKind, Secret, Timestamp};
use workeros_schema::{DataPlane, Hooks, Outcome, Precondition, Query};

use crate::support::{World, secret, worlds};

/// Posts with one field of each kind that matters here.
async fn posts(world: &World) {
    world
        .define(json!({
            "slug": "posts",
            "owner_scoped": true,
            "fields": [
                {"name": "title", "type": "text", "required": true},
                {"name": "body", "type": "longtext"},
                {"name": "views", "type": "integer", "default": 0, "indexed": true},
                {"name": "score", "type": "number"},
                {"name": "status", "type": "text", "choices": ["draft", "published"], "default": "draft"},
                {"name": "code", "type": "text", "unique": true},
                {"name": "data", "type": "json"},
                {"name": "at", "type": "timestamp"},
                {"name": "secret", "type": "text", "private": true},
            ],
        }))
        .await;
}

fn titles(items: &[Json]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["title"].as_str().unwrap())
        .collect()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    error
}

#[tokio::test]
async fn an_item_is_read_back_as_it_was_written() {
    for world in worlds().await {
        posts(&world).await;
        let body = json!({
            "title": "Ünï\n\"quoted\" 😀", "views": 9_007_199_254_740_993_i64, "score": 0.1 + 0.2,
            "data": {"a": [1, 2.5, null]}, "at": "2024-06-01T14:00:00.1234567+02:00", "secret": "s",
        });
        let made = world.create("posts", body.clone()).await;
        assert_eq!(made["views"], body["views"]);
        assert_eq!(made["score"], body["score"]);
        assert_eq!(made["at"], "2024-06-01T12:00:00.123456Z");
        assert_eq!(made["status"], "draft");
        assert_eq!(made.get("secret"), None, "private");
        let items = world.plane.items(world.system(), "posts");
        let id = made["id"].as_str().unwrap();
        let read = items.get(id, &Query::new()).await.unwrap();
        assert_eq!(serde_json::from_slice::<Json>(&read.json).unwrap(), made);
        let listed = world
            .list(world.system(), "posts", &Query::new())
            .await
            .unwrap();
        assert_eq!(listed, [made], "{}", world.opened.name);
    }
}

#[tokio::test]
async fn a_body_is_refused_where_it_is_wrong() {
    let cases = [
        (json!({}), "/title", "required"),
        (json!({"title": null}), "/title", "required"),
        (json!({"title": 7}), "/title", "type_mismatch"),
        (json!({"title": "a\0b"}), "/title", "invalid_value"),
        (
            json!({"title": "x", "views": "7"}),
            "/views",
            "type_mismatch",
        ),
        (
            json!({"title": "x", "views": 7.5}),
            "/views",
            "invalid_value",
        ),
        (
            json!({"title": "x", "status": "gone"}),
            "/status",
            "not_a_choice",
        ),
        (
            json!({"title": "x", "at": "yesterday"}),
            "/at",
            "invalid_value",
        ),
        (json!({"title": "x", "nope": 1}), "/nope", "unknown_field"),
        (json!({"title": "x", "id": "a"}), "/id", "read_only"),
        (
            json!({"title": "x", "owner_id": "a"}),
            "/owner_id",
            "read_only",
        ),
        (
            json!({"title": "x", "created_at": "2024-01-01"}),
            "/created_at",
            "read_only",
        ),
        (
            json!({"title": "x", "tenant_id": "a"}),
            "/tenant_id",
            "unknown_field",
        ),
        (
            json!({"title": "x", "_version": 1}),
            "/_version",
            "unknown_field",
        ),
        (json!([]), "", "type_mismatch"),
    ];
    for world in worlds().await {
        posts(&world).await;
        for (body, path, code) in &cases {
            let created = world
                .plane
                .items(world.system(), "posts")
                .create(body)
                .await;
            let error = refused(created, ErrorKind::Validation);
            let detail = &error.details()[0];
            assert_eq!((&*detail.path, &*detail.code), (*path, *code), "{body}");
        }
        let count = world.count("SELECT COUNT(*) FROM workeros_changes WHERE collection = 'posts'");
        assert_eq!(count.await, 0);
    }
}

#[tokio::test]
async fn a_list_is_filtered_sorted_paged_and_counted() {
    for world in worlds().await {
        posts(&world).await;
        for n in 0..25_i64 {
            let views = if n % 5 == 0 { Json::Null } else { json!(n % 7) };
            let status = if n % 2 == 0 { "published" } else { "draft" };
            world
                .create(
                    "posts",
                    json!({"title": format!("p{n:02}"), "views": views, "status": status}),
                )
                .await;
        }
        let published = Query::new().filter(json!({"status": "published"}));
        let query = published
            .clone()
            .sort("views,-title")
            .fields(["title", "views"]);
        for query in [query.clone().limit(200), query.limit(4)] {
            let whole = walk(&world, &query).await;
            let mut expected: Vec<(Option<i64>, String)> = (0..25_i64)
                .filter(|n| n % 2 == 0)
                .map(|n| ((n % 5 != 0).then_some(n % 7), format!("p{n:02}")))
                .collect();
            // Null is the smallest value.
            expected.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
            let got: Vec<(Option<i64>, String)> = whole
                .iter()
                .map(|item| {
                    (
                        item["views"].as_i64(),
                        item["title"].as_str().unwrap().to_owned(),
                    )
                })
                .collect();
            assert_eq!(got, expected, "{}", world.opened.name);
        }
        let items = world.plane.items(world.system(), "posts");
        let page = items
            .list(&published.counted().limit(2).offset(3))
            .await
            .unwrap();
        assert!(page.has_more);
        assert_eq!(page.offset, Some(3));
        let meta = page.meta.unwrap();
        assert_eq!((meta.filter_count, meta.total_count), (Some(13), Some(25)));
        let found = world
            .list(world.system(), "posts", &Query::new().search("P07"))
            .await
            .unwrap();
        assert_eq!(titles(&found), ["p07"]);
        let newest = world
            .list(world.system(), "posts", &Query::new().limit(2))
            .await
            .unwrap();
        assert_eq!(titles(&newest), ["p24", "p23"]);
    }
}

/// Every item, page by page by cursor.
async fn walk(world: &World, query: &Query) -> Vec<Json> {
    let items = world.plane.items(world.system(), "posts");
    let (mut all, mut cursor) = (Vec::new(), String::new());
    for _ in 0..100 {
        let page = items.list(&query.clone().cursor(cursor)).await.unwrap();
        all.extend(serde_json::from_slice::<Vec<Json>>(&page.json).unwrap());
        match page.next_cursor {
            Some(next) => cursor = next,
            None => return all,
        }
    }
    panic!("the pages do not end");
}

#[tokio::test]
async fn az_14_a_cursor_is_good_for_its_own_list_only() {
    for world in worlds().await {
        posts(&world).await;
        for n in 0..3 {
            world
                .create("posts", json!({"title": format!("p{n}")}))
                .await;
        }
        let items = world.plane.items(world.system(), "posts");
        let first = Query::new().sort("title").limit(1);
        let page = items.list(&first.clone().cursor("")).await.unwrap();
        let cursor = page.next_cursor.unwrap();
        let mut forged = cursor.clone().into_bytes();
        forged[3] = if forged[3] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let other_list = Query::new().sort("-title").limit(1);
        for (query, cursor) in [
            (&first, forged.as_str()),
            (&other_list, &cursor),
            (&first, "x"),
            (&first, "ÄÖ"),
        ] {
            let error = refused(
                items.list(&query.clone().cursor(cursor)).await,
                ErrorKind::Validation,
            );
            assert_eq!(error.details()[0].path, "cursor");
        }
        assert!(items.list(&first.cursor(cursor)).await.is_ok());
    }
}

/// What was handed out before the secret was changed is still good, as long as
/// the secret before is given too.
#[tokio::test]
async fn cursors_and_etags_outlive_a_change_of_the_secret() {
    for world in worlds().await {
        posts(&world).await;
        for n in 0..2 {
            let post = json!({"title": format!("p{n}")});
            world.create("posts", post).await;
        }
        let table = "CREATE TABLE parts (id integer PRIMARY KEY, name text)";
        let bolt = "INSERT INTO parts (id, name) VALUES (1, 'bolt')";
        world.run(&[table, bolt]).await;
        let adoption = world.plane.adoption(world.system());
        let adopted = json!({"slug": "parts", "table": "parts"});
        adoption.adopt(&adopted).await.unwrap();
        let first = Query::new().sort("title").limit(1);
        let items = world.plane.items(world.system(), "posts");
        let page = items.list(&first.clone().cursor("")).await.unwrap();
        let cursor = page.next_cursor.unwrap();
        let parts = world.plane.items(world.system(), "parts");
        let part = parts.get("1", &Query::new()).await.unwrap();

        let new = || Secret::new("rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5").unwrap();
        let rename = json!({"name": "nut"});
        let if_match = Precondition::IfMatch(vec![part.etag]);
        for (secret, knows) in [(new(), false), (new().with_previous(secret()), true)] {
            let runtime = world.plane.runtime().clone();
            let plane = DataPlane::open(runtime, &secret, Hooks::default());
            let plane = plane.await.unwrap();
            let items = plane.items(world.system(), "posts");
            let next = items.list(&first.clone().cursor(cursor.clone())).await;
            assert_eq!(next.is_ok(), knows, "{next:?}");
            let parts = plane.items(world.system(), "parts");
            let updated = parts.update("1", &rename, &if_match).await;
            assert_eq!(updated.is_ok(), knows, "{updated:?}");
        }
    }
}

#[tokio::test]
async fn a_query_is_refused_where_it_is_wrong() {
    for world in worlds().await {
        posts(&world).await;
        let queries = [
            (Query::new().limit(0), "limit"),
            (Query::new().limit(201), "limit"),
            (Query::new().sort("nope"), "sort"),
            (Query::new().sort("title,-title"), "sort"),
            (Query::new().sort("data"), "sort"),
            (Query::new().sort("secret"), "sort"),
            (Query::new().fields(["nope"]), "fields"),
            (Query::new().fields(["secret"]), "fields"),
            (Query::new().filter(json!({"nope": 1})), "filter/nope"),
            (Query::new().filter(json!({"secret": "s"})), "filter/secret"),
            (
                Query::new().filter(json!({"title": {"_like": "x"}})),
                "filter/title/_like",
            ),
            (Query::new().offset(u64::MAX), "offset"),
            (Query::new().offset(1).cursor(""), "offset"),
        ];
        for (query, path) in queries {
            let listed = world
                .plane
                .items(world.system(), "posts")
                .list(&query)
                .await;
            let error = refused(listed, ErrorKind::Validation);
            assert_eq!(error.details()[0].path, path, "{query:?}");
        }
    }
}

#[tokio::test]
async fn az_1_without_a_grant_nothing_can_be_told_apart() {
    for world in worlds().await {
        posts(&world).await;
        for (subject, kind) in [
            (world.anonymous(), ErrorKind::Unauthorized),
            (world.user("ann", &[]), ErrorKind::Forbidden),
        ] {
            let there = world.list(subject.clone(), "posts", &Query::new()).await;
            let not_there = world.list(subject.clone(), "nope", &Query::new()).await;
            let (there, not_there) = (refused(there, kind), refused(not_there, kind));
            assert_eq!(there.message(), not_there.message());
            refused(
                world
                    .plane
                    .items(subject, "posts")
                    .create(&json!({"title": "x"}))
                    .await,
                kind,
            );
        }
        refused(
            world.list(world.system(), "nope", &Query::new()).await,
            ErrorKind::NotFound,
        );
    }
}

#[tokio::test]
async fn az_2_and_7_rows_outside_the_condition_are_not_there() {
    for world in worlds().await {
        posts(&world).await;
        let own = json!({"condition": {"owner_id": {"_eq": "$user.id"}}});
        for action in ["read", "create", "update", "delete"] {
            world
                .permit("authenticated", "posts", action, own.clone())
                .await;
        }
        let ann = world.plane.items(world.user("ann", &[]), "posts");
        let bob = world.plane.items(world.user("bob", &[]), "posts");
        let item = ann.create(&json!({"title": "ann's"})).await.unwrap();
        let item: Json = serde_json::from_slice(&item.json).unwrap();
        assert_eq!(item["owner_id"], "ann");
        let id = item["id"].as_str().unwrap();
        let random = "0190b6f0-0000-7000-8000-000000000001";
        for id in [id, random, "x"] {
            let got = refused(bob.get(id, &Query::new()).await, ErrorKind::NotFound);
            assert_eq!(got.message(), "not found");
            let patch = json!({"title": "bob's"});
            refused(
                bob.update(id, &patch, &Precondition::None).await,
                ErrorKind::NotFound,
            );
            refused(
                bob.delete(id, &Precondition::None).await,
                ErrorKind::NotFound,
            );
        }
        let seen = world
            .list(world.user("bob", &[]), "posts", &Query::new())
            .await
            .unwrap();
        assert!(seen.is_empty());
        assert!(ann.get(id, &Query::new()).await.is_ok());
        assert!(ann.get(&id.to_uppercase(), &Query::new()).await.is_ok());
        // The resulting row counts, not only the one before.
        let published = json!({"condition": {"status": "draft"}, "fields": ["title", "status"]});
        world.permit("editor", "posts", "update", published).await;
        let editor = world.plane.items(world.user("ed", &["editor"]), "posts");
        let publish = json!({"status": "published"});
        refused(
            editor.update(id, &publish, &Precondition::None).await,
            ErrorKind::Forbidden,
        );
        let body = json!({"body": "x"});
        refused(
            editor.update(id, &body, &Precondition::None).await,
            ErrorKind::Forbidden,
        );
        let title = json!({"title": "edited"});
        assert!(editor.update(id, &title, &Precondition::None).await.is_ok());
    }
}

#[tokio::test]
async fn az_3_and_4_a_hidden_column_gives_no_sign_of_itself() {
    for world in worlds().await {
        posts(&world).await;
        for (title, score) in [("a", 1.0), ("b", 2.0), ("c", 3.0)] {
            world
                .create("posts", json!({"title": title, "score": score}))
                .await;
        }
        world
            .permit("public", "posts", "read", json!({"fields": ["title"]}))
            .await;
        let anonymous = world.plane.items(world.anonymous(), "posts");
        let page = anonymous.list(&Query::new().sort("title")).await.unwrap();
        let items: Vec<Json> = serde_json::from_slice(&page.json).unwrap();
        for item in &items {
            let keys: Vec<&String> = item.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["id", "title"]);
        }
        for (hidden, unknown) in [
            (
                Query::new().filter(json!({"score": {"_gt": 1}})),
                Query::new().filter(json!({"sc0re": {"_gt": 1}})),
            ),
            (Query::new().sort("score"), Query::new().sort("sc0re")),
        ] {
            let hidden = refused(anonymous.list(&hidden).await, ErrorKind::Validation);
            let unknown = refused(anonymous.list(&unknown).await, ErrorKind::Validation);
            let (hidden, unknown) = (&hidden.details()[0], &unknown.details()[0]);
            assert_eq!(hidden.code, unknown.code);
            assert_eq!(hidden.message, unknown.message.replace("sc0re", "score"));
        }
        refused(
            anonymous.list(&Query::new().fields(["score"])).await,
            ErrorKind::Forbidden,
        );
        // `body` is searched for those who see it, and for nobody else.
        world
            .create("posts", json!({"title": "d", "body": "needle"}))
            .await;
        let found = world
            .list(world.anonymous(), "posts", &Query::new().search("needle"))
            .await;
        assert!(found.unwrap().is_empty());
    }
}

/// Two roles, each with other rows and columns: a column shows only on a row
/// that one role shows it on, and counts nowhere else.
#[tokio::test]
async fn a_union_of_roles_never_shows_what_neither_shows() {
    for world in worlds().await {
        posts(&world).await;
        for (title, status, score) in [
            ("a", "published", Some(1.0)),
            ("b", "draft", Some(2.0)),
            ("c", "draft", None),
        ] {
            let body = json!({"title": title, "status": status, "score": score});
            world.create("posts", body).await;
        }
        let scores = json!({"condition": {"status": "published"}, "fields": ["title", "score"]});
        world.permit("analyst", "posts", "read", scores).await;
        world
            .permit("reader", "posts", "read", json!({"fields": ["title"]}))
            .await;
        let both = world.user("ann", &["analyst", "reader"]);
        let seen = world
            .list(both.clone(), "posts", &Query::new().sort("title"))
            .await
            .unwrap();
        let scores: Vec<Option<&Json>> = seen.iter().map(|item| item.get("score")).collect();
        assert_eq!(
            scores,
            [Some(&json!(1.0)), None, None],
            "{}",
            world.opened.name
        );
        for filter in [
            json!({"score": {"_gte": 0}}),
            json!({"score": {"_null": false}}),
            json!({"$not": {"score": {"_eq": 99}}}),
            json!({"$or": [{"score": {"_eq": 1}}, {"score": {"_null": true}}, {"score": {"_nin": []}}]}),
        ] {
            let found = world
                .list(both.clone(), "posts", &Query::new().filter(filter.clone()))
                .await;
            assert_eq!(
                titles(&found.unwrap()),
                ["a"],
                "{filter} {}",
                world.opened.name
            );
        }
        let sorted = world
            .list(both.clone(), "posts", &Query::new().sort("-score,title"))
            .await;
        assert_eq!(titles(&sorted.unwrap()), ["a", "b", "c"]);
        let by_id = world.plane.items(both, "posts");
        let id = seen[1]["id"].as_str().unwrap();
        let item: Json =
            serde_json::from_slice(&by_id.get(id, &Query::new()).await.unwrap().json).unwrap();
        assert_eq!(item.get("score"), None);
    }
}

#[tokio::test]
async fn a_precondition_is_compared_in_the_write() {
    for world in worlds().await {
        posts(&world).await;
        let items = world.plane.items(world.system(), "posts");
        let made = items
            .create(&json!({"title": "a", "views": 0}))
            .await
            .unwrap();
        let id = serde_json::from_slice::<Json>(&made.json).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let if_match = |tag: &str| Precondition::IfMatch(vec![tag.to_owned()]);
        let racing = (0..16).map(|n| {
            let (items, id, tag) = (items.clone(), id.clone(), if_match(&made.etag));
            tokio::spawn(async move { items.update(&id, &json!({"views": n}), &tag).await })
        });
        let mut won = 0;
        for racer in racing.collect::<Vec<_>>() {
            match racer.await.unwrap() {
                Ok(_) => won += 1,
                Err(error) => assert_eq!(error.kind(), ErrorKind::PreconditionFailed),
            }
        }
        assert_eq!(won, 1, "{}", world.opened.name);
        let stale = if_match(&made.etag);
        refused(
            items.delete(&id, &stale).await,
            ErrorKind::PreconditionFailed,
        );
        let past = Precondition::UnmodifiedSince(Timestamp::parse("2000-01-01").unwrap());
        let patch = json!({"title": "b"});
        refused(items.update(&id, &patch, &past).await, ErrorKind::Conflict);
        assert!(items.update(&id, &patch, &if_match("*")).await.is_ok());
        items.delete(&id, &Precondition::None).await.unwrap();
        refused(
            items.update(&id, &patch, &Precondition::None).await,
            ErrorKind::NotFound,
        );
    }
}

#[tokio::test]
async fn racing_updates_without_a_precondition_all_count() {
    for world in worlds().await {
        posts(&world).await;
        let items = world.plane.items(world.system(), "posts");
        let made = world.create("posts", json!({"title": "a"})).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let racing = (0..16).map(|n| {
            let (items, id) = (items.clone(), id.clone());
            let patch = json!({"title": format!("t{n}")});
            tokio::spawn(async move { items.update(&id, &patch, &Precondition::None).await })
        });
        for racer in racing.collect::<Vec<_>>() {
            racer.await.unwrap().unwrap();
        }
        let updates = world.count("SELECT COUNT(*) FROM workeros_changes WHERE action = 'update' AND collection = 'posts'");
        assert_eq!(updates.await, 16);
    }
}

#[tokio::test]
async fn a_value_that_must_be_unique_names_its_field_and_nothing_else() {
    for world in worlds().await {
        posts(&world).await;
        world
            .create("posts", json!({"title": "a", "code": "hush"}))
            .await;
        let items = world.plane.items(world.system(), "posts");
        let error = refused(
            items.create(&json!({"title": "b", "code": "hush"})).await,
            ErrorKind::Conflict,
        );
        assert_eq!(error.details()[0].path, "/code");
        assert!(!error.to_string().contains("hush"));
        assert_eq!(
            world
                .list(world.system(), "posts", &Query::new())
                .await
                .unwrap()
                .len(),
            1
        );
    }
}

#[tokio::test]
async fn every_write_has_its_change_and_every_change_its_write() {
    for world in worlds().await {
        posts(&world).await;
        let made = world
            .create("posts", json!({"title": "a", "secret": "hush"}))
            .await;
        let id = made["id"].as_str().unwrap();
        let items = world.plane.items(world.user("ann", &["admin"]), "posts");
        let items = items.with_request_id(Some("r-1".to_owned()));
        items
            .update(id, &json!({"title": "b"}), &Precondition::None)
            .await
            .unwrap();
        items.delete(id, &Precondition::None).await.unwrap();
        let changes = world.changes(4).await;
        let posts: Vec<_> = changes
            .iter()
            .filter(|change| change.collection == "posts")
            .collect();
        let told: Vec<(&str, &str)> = posts
            .iter()
            .map(|change| (change.action.as_str(), change.actor.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("create", "system"),
                ("update", "user:ann"),
                ("delete", "user:ann")
            ]
        );
        assert_eq!(posts[1].request_id.as_deref(), Some("r-1"));
        let image = |image: &Option<String>| -> Json {
            serde_json::from_str(image.as_deref().unwrap()).unwrap()
        };
        assert_eq!(image(&posts[1].before)["title"], "a");
        assert_eq!(image(&posts[1].after)["title"], "b");
        assert_eq!(posts[0].before, None);
        assert_eq!(posts[2].after, None);
        assert!(
            !format!("{changes:?}").contains("hush"),
            "a private value in the log"
        );
    }
}

#[tokio::test]
async fn a_key_makes_a_create_happen_once() {
    for world in worlds().await {
        posts(&world).await;
        let items = world.plane.items(world.system(), "posts");
        let body = json!({"title": "once", "score": 0.1 + 0.2});
        let racing = (0..16).map(|_| {
            let (items, body) = (items.clone(), body.clone());
            tokio::spawn(async move { items.create_once(&body, "key-1").await.unwrap() })
        });
        let mut answers = Vec::new();
        for racer in racing.collect::<Vec<_>>() {
            answers.push(racer.await.unwrap());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "one answer for all");
        assert_eq!(
            world
                .list(world.system(), "posts", &Query::new())
                .await
                .unwrap()
                .len(),
            1
        );
        let other = json!({"title": "other"});
        refused(
            items.create_once(&other, "key-1").await,
            ErrorKind::Conflict,
        );
        world
            .clock
            .advance(std::time::Duration::from_secs(25 * 3600));
        assert!(items.create_once(&other, "key-1").await.is_ok(), "expired");
        world
            .clock
            .advance(std::time::Duration::from_secs(25 * 3600));
        world.plane.sweep().await.unwrap();
        assert_eq!(
            world
                .count("SELECT COUNT(*) FROM workeros_idempotency")
                .await,
            0
        );
        refused(items.create_once(&other, "").await, ErrorKind::Validation);
    }
}

#[tokio::test]
async fn a_batch_is_all_or_nothing_or_one_by_one() {
    for world in worlds().await {
        posts(&world).await;
        let made = world.create("posts", json!({"title": "a"})).await;
        let items = world.plane.items(world.system(), "posts");
        let operations = json!([
            {"op": "create", "data": {"title": "b"}},
            {"op": "update", "id": made["id"], "data": {"title": "a2"}},
            {"op": "update", "id": made["id"], "data": {"views": 7}},
            {"op": "create", "data": {"views": "x"}},
        ]);
        let batch = |atomic: bool| json!({"operations": operations, "atomic": atomic});
        let error = refused(items.batch(&batch(true)).await, ErrorKind::Validation);
        assert_eq!(
            error.details()[0].path,
            "/operations/3/data/views".replace("/data", "")
        );
        let all = world
            .list(world.system(), "posts", &Query::new())
            .await
            .unwrap();
        assert_eq!(titles(&all), ["a"]);
        let outcomes = items.batch(&batch(false)).await.unwrap();
        assert!(matches!(
            outcomes.as_slice(),
            [
                Outcome::Created(_),
                Outcome::Updated(_),
                Outcome::Updated(_),
                Outcome::Failed(_)
            ]
        ));
        let good = json!({"atomic": true, "operations": [
            {"op": "update", "id": made["id"], "data": {"views": 8}},
            {"op": "update", "id": made["id"], "data": {"title": "a3"}},
            {"op": "delete", "id": made["id"]},
        ]});
        assert_eq!(items.batch(&good).await.unwrap().len(), 3);
        let all = world
            .list(world.system(), "posts", &Query::new())
            .await
            .unwrap();
        assert_eq!(titles(&all), ["b"]);
        let keys = json!({"keys": [all[0]["id"]], "data": {"views": 5}});
        let changed = items.bulk_update(&keys).await.unwrap();
        assert_eq!(changed.len(), 1);
        let missing = json!({"keys": [all[0]["id"], "nope"], "data": {"views": 6}});
        let error = refused(items.bulk_update(&missing).await, ErrorKind::NotFound);
        assert_eq!(error.details()[0].path, "/keys/1");
        let views = world
            .list(world.system(), "posts", &Query::new())
            .await
            .unwrap();
        assert_eq!(views[0]["views"], 5);
    }
}

/// An adopted table may have integers for ids, which an item shows as such.
#[tokio::test]
async fn a_batch_takes_ids_as_items_show_them() {
    for world in worlds().await {
        posts(&world).await;
        let items = world.plane.items(world.system(), "posts");
        let delete = |id: Json| json!({"atomic": true, "operations": [{"op": "delete", "id": id}]});
        let error = refused(items.batch(&delete(json!(7))).await, ErrorKind::NotFound);
        assert_eq!(error.details()[0].path, "/operations/0");
        let error = refused(
            items.batch(&delete(json!(true))).await,
            ErrorKind::Validation,
        );
        assert_eq!(error.details()[0].path, "/operations/0/id");
        let update = |keys: Json| json!({"keys": keys, "data": {"title": "x"}});
        refused(
            items.bulk_update(&update(json!([7]))).await,
            ErrorKind::NotFound,
        );
        refused(
            items.bulk_update(&update(json!([[]]))).await,
            ErrorKind::Validation,
        );
    }
}
