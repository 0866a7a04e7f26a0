//! What nobody may learn: hidden columns, other rows, what was revoked.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::sync::Notify;
use workeros_core::{Error, ErrorKind, Runtime, Secret};
use workeros_schema::{DataPlane, Draft, HookContext, Hooks, Precondition, Query};

use crate::support::{World, worlds, worlds_with};

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    error
}

fn parsed(json: &[u8]) -> Json {
    serde_json::from_slice(json).unwrap()
}

/// Everything an error tells a client.
fn told(error: &Error) -> String {
    format!("{} {:?}", error.message(), error.details())
}

async fn staff(world: &World) {
    world
        .define(json!({"slug": "staff", "fields": [
            {"name": "name", "type": "text"},
            {"name": "salary", "type": "integer"},
            {"name": "band", "type": "text", "choices": ["low", "high"], "default": "low"},
            {"name": "pin", "type": "text", "private": true},
        ]}))
        .await;
}

#[tokio::test]
async fn a_patch_that_does_not_speak_of_it_leaves_a_field_private() {
    for world in worlds().await {
        staff(&world).await;
        world
            .create("staff", json!({"name": "ann", "pin": "1234"}))
            .await;
        let patch = json!({"fields": [
            {"name": "pin", "type": "text", "label": "PIN"},
            {"name": "band", "note": "how much"},
        ]});
        let collections = world.plane.collections(world.system());
        let staff = collections.update("staff", &patch).await.unwrap();
        let pin = staff.field("pin").unwrap();
        assert!(pin.private, "{}", world.opened.name);
        assert_eq!(pin.label.as_deref(), Some("PIN"));
        let band = staff.field("band").unwrap();
        assert_eq!(band.choices, Some(vec![json!("low"), json!("high")]));
        assert_eq!(band.default, Some("low".into()));
        let seen = world
            .list(world.system(), "staff", &Query::new())
            .await
            .unwrap();
        assert_eq!(seen[0].get("pin"), None);
        // What is to go is said to be null.
        let patch = json!({"fields": [{"name": "band", "default": null, "choices": null}]});
        let staff = collections.update("staff", &patch).await.unwrap();
        let band = staff.field("band").unwrap();
        assert_eq!(
            (&band.choices, &band.default, band.note.as_deref()),
            (&None, &None, Some("how much"))
        );
    }
}

#[tokio::test]
async fn the_validator_of_an_adopted_row_is_no_digest_of_what_is_hidden() {
    for world in worlds().await {
        world
            .run(&[
                "CREATE TABLE wages (id integer PRIMARY KEY, name text, salary integer)",
                "INSERT INTO wages VALUES (1, 'ann', 4000)",
            ])
            .await;
        let body = json!({"slug": "wages", "table": "wages"});
        world
            .plane
            .adoption(world.system())
            .adopt(&body)
            .await
            .unwrap();
        world
            .permit("public", "wages", "read", json!({"fields": ["name"]}))
            .await;
        // Whoever could compute it from the values could try them all out.
        let runtime = Runtime::new(Arc::clone(&world.opened.database));
        let secret = Secret::new("Kq9w2v!T%F*H-LbQeThXmZr5t8y1u$C&").unwrap();
        let other = DataPlane::open(runtime, &secret, Hooks::default())
            .await
            .unwrap();
        let mut etags = Vec::new();
        for plane in [&world.plane, &world.plane, &other] {
            let items = plane.items(world.anonymous(), "wages");
            etags.push(items.get("1", &Query::new()).await.unwrap().etag);
        }
        assert_eq!(etags[0], etags[1]);
        assert_ne!(etags[0], etags[2], "{}", world.opened.name);
    }
}

#[tokio::test]
async fn an_answer_given_again_shows_no_more_than_may_be_read_now() {
    for world in worlds().await {
        staff(&world).await;
        world.permit("clerk", "staff", "create", json!({})).await;
        world.permit("clerk", "staff", "read", json!({})).await;
        let clerk = world.plane.items(world.user("ann", &["clerk"]), "staff");
        let body = json!({"name": "bob", "salary": 4000});
        let first = clerk.create_once(&body, "k").await.unwrap();
        assert_eq!(clerk.create_once(&body, "k").await.unwrap(), first);
        let permissions = world.plane.permissions(world.system());
        let rows = permissions.list(&Default::default()).await.unwrap();
        let row = |action: &str| {
            let found = rows
                .iter()
                .find(|row| row.permission.action.as_str() == action);
            found.unwrap().permission.id
        };
        let narrower = json!({"fields": ["name"]});
        permissions.update(row("read"), &narrower).await.unwrap();
        let again = parsed(&clerk.create_once(&body, "k").await.unwrap().json);
        assert_eq!(
            (again.get("salary"), &again["name"]),
            (None, &json!("bob")),
            "{}",
            world.opened.name
        );
        permissions.delete(row("read")).await.unwrap();
        let again = parsed(&clerk.create_once(&body, "k").await.unwrap().json);
        assert_eq!(again, json!({"id": parsed(&first.json)["id"]}));
        // The same user, with a role less.
        let former = world.plane.items(world.user("ann", &[]), "staff");
        refused(former.create_once(&body, "k").await, ErrorKind::Forbidden);
        permissions.delete(row("create")).await.unwrap();
        refused(clerk.create_once(&body, "k").await, ErrorKind::Forbidden);
        assert_eq!(
            world
                .list(world.system(), "staff", &Query::new())
                .await
                .unwrap()
                .len(),
            1
        );
    }
}

#[tokio::test]
async fn who_may_not_write_a_field_is_not_told_what_it_would_take() {
    for world in worlds().await {
        staff(&world).await;
        let made = world.create("staff", json!({"name": "bob"})).await;
        for action in ["read", "create", "update"] {
            world
                .permit("public", "staff", action, json!({"fields": ["name"]}))
                .await;
        }
        let anonymous = world.plane.items(world.anonymous(), "staff");
        let id = made["id"].as_str().unwrap();
        for create in [true, false] {
            let write = async |name: &str, value: Json| {
                let body = json!({"name": "eve", name: value});
                if create {
                    anonymous.create(&body).await
                } else {
                    anonymous.update(id, &body, &Precondition::None).await
                }
            };
            let good = refused(write("band", json!("low")).await, ErrorKind::Forbidden);
            let bad = refused(write("band", json!("x")).await, ErrorKind::Forbidden);
            assert_eq!(told(&good), told(&bad));
            refused(write("salary", json!("x")).await, ErrorKind::Forbidden);
            // A private field is not there at all.
            let private = refused(write("pin", json!(1)).await, ErrorKind::Validation);
            let unknown = refused(write("pim", json!(1)).await, ErrorKind::Validation);
            assert_eq!(told(&private), told(&unknown).replace("pim", "pin"));
        }
    }
}

#[tokio::test]
async fn a_constraint_names_no_column_that_is_hidden() {
    for world in worlds().await {
        world
            .run(&[
                "CREATE TABLE mail (id integer PRIMARY KEY, address text UNIQUE, \
                    token text UNIQUE DEFAULT 'same', purpose text)",
                "CREATE TABLE visits (id integer PRIMARY KEY, place text, badge text NOT NULL)",
            ])
            .await;
        let adoption = world.plane.adoption(world.system());
        for body in [
            json!({"slug": "mail", "table": "mail", "fields": [{"name": "e_mail", "column": "address"}]}),
            json!({"slug": "visits", "table": "visits", "fields": [{"name": "place", "column": "place"}]}),
        ] {
            adoption.adopt(&body).await.unwrap();
        }
        // Another collection that happens to have such a column.
        world
            .define(json!({"slug": "other", "fields": [{"name": "token", "type": "text"}]}))
            .await;
        let mail = world.plane.items(world.system(), "mail");
        mail.create(&json!({"id": 1, "e_mail": "a@b.c"})).await.ok();
        let first = world
            .list(world.system(), "mail", &Query::new())
            .await
            .unwrap();
        let body = if first.is_empty() {
            json!({"e_mail": "a@b.c"})
        } else {
            json!({"id": 2, "e_mail": "x@b.c"})
        };
        mail.create(&body).await.ok();
        let body = if first.is_empty() {
            json!({"e_mail": "x@b.c"})
        } else {
            json!({"id": 3, "e_mail": "y@b.c"})
        };
        let error = refused(mail.create(&body).await, ErrorKind::Conflict);
        assert!(!told(&error).contains("token"), "{}", told(&error));
        let visits = world.plane.items(world.system(), "visits");
        let error = visits.create(&json!({"place": "here"})).await.unwrap_err();
        let error = if error.details().iter().any(|detail| detail.path == "/id") {
            visits
                .create(&json!({"id": 1, "place": "here"}))
                .await
                .unwrap_err()
        } else {
            error
        };
        assert!(!told(&error).contains("badge"), "{}", told(&error));
    }
}

#[tokio::test]
async fn a_refused_deletion_names_no_collection_that_is_hidden() {
    for world in worlds().await {
        staff(&world).await;
        world
            .define(json!({"slug": "complaints", "fields": [
                {"name": "about", "type": "relation", "to": "staff", "on_delete": "restrict"},
            ]}))
            .await;
        let bob = world.create("staff", json!({"name": "bob"})).await;
        world
            .create("complaints", json!({"about": bob["id"]}))
            .await;
        world.permit("public", "staff", "delete", json!({})).await;
        let id = bob["id"].as_str().unwrap();
        let anonymous = world.plane.items(world.anonymous(), "staff");
        let error = refused(
            anonymous.delete(id, &Precondition::None).await,
            ErrorKind::Conflict,
        );
        assert!(!told(&error).contains("complaints"), "{}", told(&error));
        let system = world.plane.items(world.system(), "staff");
        let error = refused(
            system.delete(id, &Precondition::None).await,
            ErrorKind::Conflict,
        );
        assert!(told(&error).contains("complaints"));
    }
}

#[tokio::test]
async fn a_collection_is_shown_without_what_it_says_of_hidden_fields() {
    for world in worlds().await {
        staff(&world).await;
        let collections = world.plane.collections(world.system());
        let patch = json!({"default_sort": "-salary,name"});
        collections.update("staff", &patch).await.unwrap();
        world
            .permit("public", "staff", "read", json!({"fields": ["name"]}))
            .await;
        let shown = world
            .plane
            .collections(world.anonymous())
            .get("staff")
            .await
            .unwrap();
        assert!(
            !shown.to_json().to_string().contains("salary"),
            "{}",
            shown.to_json()
        );
        let shown = collections.get("staff").await.unwrap();
        assert_eq!(shown.to_json()["default_sort"], "-salary,name");
    }
}

/// A client that hangs up while his change is under way must not leave the
/// instance with what was before it.
#[tokio::test]
async fn a_revocation_counts_even_if_nobody_waits_for_its_answer() {
    for world in worlds().await {
        staff(&world).await;
        world.permit("public", "staff", "read", json!({})).await;
        world
            .list(world.anonymous(), "staff", &Query::new())
            .await
            .unwrap();
        let permissions = world.plane.permissions(world.system());
        let rows = permissions.list(&Default::default()).await.unwrap();
        let deletion = permissions.delete(rows[0].permission.id);
        tokio::time::timeout(Duration::ZERO, deletion).await.ok();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let left = world
            .count("SELECT COUNT(*) FROM workeros_permissions")
            .await;
        let listed = world.list(world.anonymous(), "staff", &Query::new()).await;
        assert_eq!(listed.is_ok(), left == 1, "{} {left}", world.opened.name);
    }
}

#[tokio::test]
async fn a_write_under_way_is_refused_once_its_permission_was_revoked() {
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, wait) = (Arc::clone(&asked), Arc::clone(&go_on));
    let slow = move |_: HookContext, draft: Draft| {
        let (told, wait) = (Arc::clone(&told), Arc::clone(&wait));
        async move {
            told.notify_one();
            wait.notified().await;
            Ok(draft)
        }
    };
    let hooks = Hooks::default()
        .before_create("staff", slow.clone())
        .before_update("staff", slow);
    for world in worlds_with(hooks).await {
        staff(&world).await;
        go_on.notify_one();
        let bob = world.create("staff", json!({"name": "bob"})).await;
        asked.notified().await;
        let id = bob["id"].as_str().unwrap().to_owned();
        for (action, key) in [("create", None), ("create", Some("k")), ("update", None)] {
            world.permit("public", "staff", action, json!({})).await;
            let items = world.plane.items(world.anonymous(), "staff");
            let (body, id) = (json!({"name": "eve"}), id.clone());
            let write = tokio::spawn(async move {
                match (action, key) {
                    ("update", _) => items.update(&id, &body, &Precondition::None).await,
                    (_, Some(key)) => items.create_once(&body, key).await,
                    (_, None) => items.create(&body).await,
                }
            });
            asked.notified().await;
            let permissions = world.plane.permissions(world.system());
            for row in permissions.list(&Default::default()).await.unwrap() {
                permissions.delete(row.permission.id).await.unwrap();
            }
            go_on.notify_one();
            refused(write.await.unwrap(), ErrorKind::Unauthorized);
        }
        let names = world
            .list(world.system(), "staff", &Query::new())
            .await
            .unwrap();
        assert_eq!(names.len(), 1, "{}", world.opened.name);
        assert_eq!(names[0]["name"], "bob");
    }
}

/// A permission whose condition names a field that is gone denies.
#[tokio::test]
async fn az_9_a_condition_that_cannot_be_read_denies() {
    for world in worlds().await {
        staff(&world).await;
        world
            .create("staff", json!({"name": "ann", "salary": 1}))
            .await;
        let low = json!({"condition": {"$not": {"salary": {"_gt": 9}}}});
        for action in ["read", "create", "update", "delete"] {
            world.permit("public", "staff", action, low.clone()).await;
        }
        let seen = world
            .list(world.anonymous(), "staff", &Query::new())
            .await
            .unwrap();
        assert_eq!(seen.len(), 1);
        let collections = world.plane.collections(world.system());
        collections.drop_field("staff", "salary").await.unwrap();
        let anonymous = world.plane.items(world.anonymous(), "staff");
        let id = seen[0]["id"].as_str().unwrap();
        let body = json!({"name": "x"});
        refused(anonymous.list(&Query::new()).await, ErrorKind::Unauthorized);
        refused(
            anonymous.get(id, &Query::new()).await,
            ErrorKind::Unauthorized,
        );
        refused(anonymous.create(&body).await, ErrorKind::Unauthorized);
        refused(
            anonymous.update(id, &body, &Precondition::None).await,
            ErrorKind::Unauthorized,
        );
        refused(
            anonymous.delete(id, &Precondition::None).await,
            ErrorKind::Unauthorized,
        );
        // A field of the name that holds something else opens nothing either.
        let again = json!({"fields": [{"name": "salary", "type": "text"}]});
        collections.update("staff", &again).await.unwrap();
        refused(anonymous.list(&Query::new()).await, ErrorKind::Unauthorized);
        // A field that became private is one a condition cannot speak of.
        let on_name = json!({"condition": {"name": "ann"}});
        world.permit("public", "staff", "read", on_name).await;
        assert!(!anonymous.list(&Query::new()).await.unwrap().has_more);
        let private = json!({"fields": [{"name": "name", "private": true}]});
        collections.update("staff", &private).await.unwrap();
        refused(anonymous.list(&Query::new()).await, ErrorKind::Unauthorized);
    }
}
