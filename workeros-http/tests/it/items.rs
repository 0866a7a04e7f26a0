//! Versions of items, and requests sent twice.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use crate::support::{id, worlds};

#[tokio::test]
async fn an_item_that_is_known_is_not_sent_again() {
    for world in worlds().await {
        let path = format!("/api/items/pages/{}", world.page);
        let anonymous = world.app.anonymous();
        let etag = anonymous
            .get(&path)
            .await
            .expect(200)
            .header("etag")
            .to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
        let read = |known: String| anonymous.get(&path).header("if-none-match", known);
        for known in [
            etag.clone(),
            format!("W/{etag}"),
            format!("\"x\", {etag}"),
            "*".to_owned(),
        ] {
            let response = read(known).await.expect(304);
            assert!(response.body.is_empty());
            assert_eq!(response.header("etag"), etag);
        }
        read("\"x\"".to_owned()).await.expect(200);
        read("x".to_owned()).await.expect(400);

        let admin = world.app.admin().await;
        let changed = admin
            .patch(&path)
            .json(&json!({"title": "changed"}))
            .await
            .expect(200);
        assert_ne!(changed.header("etag"), etag);
        assert_eq!(
            read(etag).await.expect(200).header("etag"),
            changed.header("etag")
        );
    }
}

#[tokio::test]
async fn a_stale_write_is_refused() {
    for world in worlds().await {
        let path = format!("/api/items/pages/{}", world.page);
        let admin = world.app.admin().await;
        let read = admin.get(&path).await.expect(200);
        let etag = read.header("etag");
        let body = json!({"views": 1});
        let patch = |name: &str, value: &str| admin.patch(&path).header(name, value).json(&body);
        patch("if-match", etag).await.expect(200);
        patch("if-match", etag).await.expect(412);
        patch("if-match", &format!("W/{etag}")).await.expect(412);
        admin
            .delete(&path)
            .header("if-match", etag)
            .await
            .expect(412);
        patch("if-match", "*").await.expect(200);

        world.app.clock().advance(Duration::from_secs(1));
        let read = admin.get(&path).await.expect(200).data();
        let since = read["updated_at"].as_str().unwrap();
        patch("x-if-unmodified-since", since).await.expect(200);
        let stale = patch("x-if-unmodified-since", since).await.expect(409);
        assert_eq!(stale.code(), "CONFLICT");
        patch("x-if-unmodified-since", "yesterday")
            .await
            .expect(422);
    }
}

#[tokio::test]
async fn of_racing_writers_exactly_one_wins() {
    for world in worlds().await {
        let path = format!("/api/items/pages/{}", world.page);
        let admin = world.app.admin().await;
        let etag = admin.get(&path).await.expect(200).header("etag").to_owned();
        let body = json!({"views": 1});
        let patches = (0..8).map(|_| admin.patch(&path).header("if-match", &etag).json(&body));
        let responses = join_all(patches.map(IntoFuture::into_future)).await;
        let won = responses
            .iter()
            .filter(|response| response.status == 200)
            .count();
        let lost = responses
            .iter()
            .filter(|response| response.status == 412)
            .count();
        assert_eq!((won, lost), (1, 7));
    }
}

#[tokio::test]
async fn of_racing_writers_by_time_exactly_one_wins() {
    for world in worlds().await {
        let path = format!("/api/items/pages/{}", world.page);
        let admin = world.app.admin().await;
        let read = admin.get(&path).await.expect(200).data();
        let since = read["updated_at"].as_str().unwrap();
        let body = json!({"views": 1});
        let patches = (0..8).map(|_| {
            let patch = admin.patch(&path).header("x-if-unmodified-since", since);
            patch.json(&body).into_future()
        });
        let responses = join_all(patches).await;
        let won = responses.iter().filter(|response| response.status == 200);
        let lost = responses.iter().filter(|response| response.status == 409);
        assert_eq!((won.count(), lost.count()), (1, 7));
    }
}

#[tokio::test]
async fn a_request_with_a_key_has_one_effect() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        let post = |key: &str, title: &str| {
            let post = admin
                .post("/api/items/pages")
                .header("idempotency-key", key);
            post.json(&json!({"title": title}))
        };
        let first = post("k-1", "once").await.expect(201);
        let again = post("k-1", "once").await.expect(201);
        assert_eq!(first.text(), again.text());
        assert_eq!(first.header("etag"), again.header("etag"));
        assert_ne!(id(&first), id(&post("k-2", "once").await.expect(201)));
        post("k-1", "twice").await.expect(409);
        post("", "x").await.expect(422);
        post(&"k".repeat(256), "x").await.expect(422);
    }
}

#[tokio::test]
async fn a_cursor_goes_through_the_whole_list_once() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        for number in 0..7 {
            let page = json!({"title": format!("{number}")});
            admin.post("/api/items/pages").json(&page).await.expect(201);
        }
        let (mut cursor, mut seen) = (String::new(), Vec::new());
        loop {
            let path = format!("/api/items/pages?limit=3&cursor={cursor}");
            let page = admin.get(path).await.expect(200).json();
            assert!(page.get("offset").is_none());
            let ids = page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].to_string());
            seen.extend(ids);
            assert_eq!(page["has_more"], !page["next_cursor"].is_null());
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = next.to_owned();
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((count, seen.len()), (8, 8));
    }
}

#[tokio::test]
async fn two_parallel_creates_of_a_slug_are_one() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        let body = json!({"slug": "twins", "fields": []});
        let posts = (0..2).map(|_| admin.post("/api/collections").json(&body).into_future());
        let mut statuses: Vec<u16> = join_all(posts)
            .await
            .iter()
            .map(|made| made.status)
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}
