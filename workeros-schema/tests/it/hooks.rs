//! The host's code before and after a write.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use workeros_core::{Change, Error, ErrorKind};
use workeros_schema::{Draft, HookContext, Hooks, Precondition, Query};

use crate::support::worlds_with;

fn posts() -> Json {
    json!({"slug": "posts", "fields": [
        {"name": "title", "type": "text", "required": true},
        {"name": "slug", "type": "text"},
        {"name": "locked", "type": "boolean", "default": false},
    ]})
}

async fn slugify(_: HookContext, mut draft: Draft) -> Result<Draft, Error> {
    if let Some(title) = draft.get("title").and_then(Json::as_str) {
        let slug = title.to_lowercase().replace(' ', "-");
        draft.set("slug", slug);
    }
    Ok(draft)
}

async fn refuse_locked(context: HookContext, draft: Draft) -> Result<Draft, Error> {
    match context.previous {
        Some(previous) if previous["locked"] == true => {
            Err(Error::new(ErrorKind::Forbidden, "the post is locked"))
        }
        _ => Ok(draft),
    }
}

#[tokio::test]
async fn hooks_change_and_refuse_through_every_door() {
    let hooks = Hooks::default()
        .before_create("posts", slugify)
        .before_update("posts", slugify)
        .before_update("posts", refuse_locked)
        .before_delete("posts", refuse_locked);
    for world in worlds_with(hooks).await {
        world.define(posts()).await;
        let made = world.create("posts", json!({"title": "Hello World"})).await;
        assert_eq!(made["slug"], "hello-world");
        let id = made["id"].as_str().unwrap();
        // A field that the caller may not write is the hook's to set.
        let title = json!({"fields": ["title", "locked"]});
        world.permit("public", "posts", "update", title).await;
        world.permit("public", "posts", "read", json!({})).await;
        let anonymous = world.plane.items(world.anonymous(), "posts");
        let patch = json!({"title": "New Title"});
        let item = anonymous
            .update(id, &patch, &Precondition::None)
            .await
            .unwrap();
        assert_eq!(
            serde_json::from_slice::<Json>(&item.json).unwrap()["slug"],
            "new-title"
        );
        let slug = json!({"slug": "mine"});
        let error = anonymous
            .update(id, &slug, &Precondition::None)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        let items = world.plane.items(world.system(), "posts");
        let batch = json!({"operations": [{"op": "create", "data": {"title": "By Batch"}}]});
        items.batch(&batch).await.unwrap();
        items
            .update(id, &json!({"locked": true}), &Precondition::None)
            .await
            .unwrap();
        for refused in [
            items
                .update(id, &json!({"title": "x"}), &Precondition::None)
                .await
                .map(drop),
            items.delete(id, &Precondition::None).await,
        ] {
            assert_eq!(refused.unwrap_err().message(), "the post is locked");
        }
        let query = Query::new().filter(json!({"slug": "by-batch"}));
        assert_eq!(
            world
                .list(world.system(), "posts", &query)
                .await
                .unwrap()
                .len(),
            1
        );
    }
}

#[tokio::test]
async fn what_a_hook_sets_is_checked_like_what_a_client_sends() {
    let hooks =
        Hooks::default().before_create("posts", async |_: HookContext, mut draft: Draft| {
            draft.set("locked", "yes");
            Ok(draft)
        });
    for world in worlds_with(hooks).await {
        world.define(posts()).await;
        let items = world.plane.items(world.system(), "posts");
        let error = items.create(&json!({"title": "x"})).await.unwrap_err();
        assert_eq!(error.details()[0].path, "/locked");
    }
}

/// A reaction is told of everything once it went well, in order; what failed
/// comes again, and what was there before it came is not told.
#[tokio::test]
async fn a_reaction_sees_every_change_in_order_and_again_after_a_failure() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let failures = Arc::new(AtomicUsize::new(0));
    let (record, fail) = (Arc::clone(&seen), Arc::clone(&failures));
    let hooks = Hooks::default().after_commit("recorder", "posts", move |change: Change| {
        let (record, fail) = (Arc::clone(&record), Arc::clone(&fail));
        async move {
            let after: Json =
                serde_json::from_str(change.after.as_deref().unwrap_or("{}")).unwrap();
            let title = after["title"].as_str().unwrap_or("-").to_owned();
            if title == "b" && fail.fetch_add(1, Ordering::SeqCst) < 2 {
                return Err(Error::new(ErrorKind::Unavailable, "not now"));
            }
            record.lock().unwrap().push(title);
            Ok(())
        }
    });
    for world in worlds_with(hooks).await {
        seen.lock().unwrap().clear();
        failures.store(0, Ordering::SeqCst);
        world.define(posts()).await;
        world.create("posts", json!({"title": "before"})).await;
        world.changes(2).await;
        let reaction = world.plane.reactions().remove(0);
        reaction.start().await.unwrap();
        reaction.start().await.unwrap();
        let a = world.create("posts", json!({"title": "a"})).await;
        for title in ["b", "c"] {
            world.create("posts", json!({"title": title})).await;
        }
        let items = world.plane.items(world.system(), "posts");
        items
            .delete(a["id"].as_str().unwrap(), &Precondition::None)
            .await
            .unwrap();
        world.changes(6).await;
        for _ in 0..2 {
            assert!(reaction.run_once().await.is_err());
            assert_eq!(*seen.lock().unwrap(), ["a"], "{}", world.opened.name);
        }
        while reaction.run_once().await.unwrap() > 0 {}
        assert_eq!(*seen.lock().unwrap(), ["a", "b", "c", "-"]);
    }
}
