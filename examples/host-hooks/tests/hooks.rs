//! What the hooks do to posts.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test reports by panicking"
)]

use std::path::Path;
use std::time::Duration;

use example_host_hooks::{Announcement, MAX_DRAFTS};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;
use workeros::{Error, ErrorKind, Identity, Item, Items, Precondition, Sqlite, Subject, Workeros};

async fn open(database: Sqlite) -> (Workeros, Receiver<Announcement>) {
    let (sender, news) = channel(16);
    let (_, backend) = example_host_hooks::app(database, sender).await.unwrap();
    (backend, news)
}

async fn blog() -> (Workeros, Receiver<Announcement>) {
    open(Sqlite::memory().await.unwrap()).await
}

/// The posts as somebody sees them.
fn posts(backend: &Workeros, name: &str) -> Items {
    let tenant = backend.plane().default_tenant();
    let subject = Subject::identified(tenant, Identity::host(name));
    backend.items("posts").as_subject(subject)
}

fn json(item: &Item) -> Json {
    serde_json::from_slice(&item.json).unwrap()
}

fn pointers(error: &Error) -> Vec<&str> {
    let details = error.details().iter();
    details.map(|detail| detail.path.as_str()).collect()
}

async fn next(news: &mut Receiver<Announcement>) -> String {
    let news = timeout(Duration::from_secs(10), news.recv()).await;
    news.unwrap().unwrap().title
}

#[tokio::test]
async fn a_post_gets_its_slug_from_its_title() {
    let (backend, _news) = blog().await;
    let posts = posts(&backend, "ann");
    let post = posts
        .create(&json!({"title": "Hello, world!"}))
        .await
        .unwrap();
    assert_eq!(json(&post)["slug"], "hello-world");
    let own = json!({"title": "Hello, world!", "slug": "mine"});
    assert_eq!(json(&posts.create(&own).await.unwrap())["slug"], "mine");
    // What a hook sets is held to the rules of the field.
    let twice = posts.create(&json!({"title": "Hello world"})).await;
    assert_eq!(twice.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_forbidden_word_is_refused_wherever_it_stands() {
    let (backend, _news) = blog().await;
    let posts = posts(&backend, "ann");
    let error = posts
        .create(&json!({"title": "Win the Lottery"}))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), pointers(&error)),
        (ErrorKind::Validation, vec!["/title"])
    );

    let post = json(&posts.create(&json!({"title": "Good"})).await.unwrap());
    let id = post["id"].as_str().unwrap();
    let change = json!({"text": "come to the casino"});
    let error = posts
        .update(id, &change, &Precondition::None)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), pointers(&error)),
        (ErrorKind::Validation, vec!["/text"])
    );
    let change = json!({"text": "come home"});
    posts
        .update(id, &change, &Precondition::None)
        .await
        .unwrap();
}

#[tokio::test]
async fn one_draft_too_many_is_refused() {
    let (backend, _news) = blog().await;
    let (ann, bob) = (posts(&backend, "ann"), posts(&backend, "bob"));
    let mut first = Json::Null;
    for number in 0..MAX_DRAFTS {
        let post = ann
            .create(&json!({"title": format!("ann {number}")}))
            .await
            .unwrap();
        first = json(&post);
    }
    let fourth = json!({"title": "one more"});
    let error = ann.create(&fourth).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    // Neither what is published counts, nor what others write.
    ann.create(&json!({"title": "at once", "published": true}))
        .await
        .unwrap();
    bob.create(&json!({"title": "bob 0"})).await.unwrap();

    let publish = json!({"published": true});
    let id = first["id"].as_str().unwrap();
    ann.update(id, &publish, &Precondition::None).await.unwrap();
    ann.create(&fourth).await.unwrap();
}

#[tokio::test]
async fn what_is_published_is_announced_once_it_is_stored() {
    let (backend, mut news) = blog().await;
    let posts = posts(&backend, "ann");
    let draft = json(&posts.create(&json!({"title": "First"})).await.unwrap());
    posts
        .create(&json!({"title": "Second", "published": true}))
        .await
        .unwrap();
    posts
        .create(&json!({"title": "Lottery", "published": true}))
        .await
        .unwrap_err();
    let id = draft["id"].as_str().unwrap();
    for change in [
        json!({"published": true}),
        json!({"text": "published already"}),
    ] {
        posts
            .update(id, &change, &Precondition::None)
            .await
            .unwrap();
    }
    posts
        .create(&json!({"title": "Third", "published": true}))
        .await
        .unwrap();
    for title in ["Second", "First", "Third"] {
        assert_eq!(next(&mut news).await, title);
    }
}

#[tokio::test]
async fn what_nobody_listened_to_comes_after_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let path: &Path = &directory.path().join("blog.sqlite");
    let open = async || open(Sqlite::open(path).await.unwrap()).await;
    let (backend, news) = open().await;
    drop(news);
    let post = json!({"title": "Unheard", "published": true});
    posts(&backend, "ann").create(&post).await.unwrap();
    backend.shutdown().await;
    drop(backend);
    let (_backend, mut news) = open().await;
    assert_eq!(next(&mut news).await, "Unheard");
}
