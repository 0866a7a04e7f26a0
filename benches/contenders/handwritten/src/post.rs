use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::{NoContext, Timestamp, Uuid};

use crate::clock;

/// A post as it is stored and answered. SQLite keeps ids and times as text and
/// they are answered as they are; Postgres has types for them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Post<Id, At> {
    pub(crate) id: Id,
    pub(crate) created_at: At,
    pub(crate) updated_at: At,
    pub(crate) owner_id: Id,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) views: Option<i64>,
    pub(crate) score: Option<f64>,
    pub(crate) featured: Option<bool>,
    pub(crate) published_at: Option<At>,
    /// Passed through as it is, without a tree in between.
    pub(crate) data: Option<Box<RawValue>>,
}

/// What a client sends to make a post.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPost {
    title: String,
    body: Option<String>,
    status: Option<String>,
    views: Option<i64>,
    score: Option<f64>,
    featured: Option<bool>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    published_at: Option<OffsetDateTime>,
    data: Option<Box<RawValue>>,
}

/// What a client sends to change a post: what is absent stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patch {
    title: Option<String>,
    body: Option<String>,
    status: Option<String>,
    views: Option<i64>,
    score: Option<f64>,
    featured: Option<bool>,
}

impl NewPost {
    /// The post, made now. `id` and `at` say how the database keeps them.
    pub(crate) fn into_post<Id, At: Clone>(
        self,
        made: OffsetDateTime,
        owner_id: Id,
        id: impl FnOnce(Uuid) -> Id,
        at: impl Fn(OffsetDateTime) -> At,
    ) -> Post<Id, At> {
        let now = at(made);
        Post {
            id: id(new_id(made)),
            created_at: now.clone(),
            updated_at: now,
            owner_id,
            title: self.title,
            body: self.body,
            status: self.status,
            views: self.views,
            score: self.score,
            featured: self.featured,
            published_at: self.published_at.map(clock::to_microsecond).map(at),
            data: self.data,
        }
    }
}

impl Patch {
    pub(crate) fn apply<Id, At>(self, post: &mut Post<Id, At>, now: At) {
        fn set<T>(field: &mut Option<T>, value: Option<T>) {
            if value.is_some() {
                *field = value;
            }
        }
        if let Some(title) = self.title {
            post.title = title;
        }
        set(&mut post.body, self.body);
        set(&mut post.status, self.status);
        set(&mut post.views, self.views);
        set(&mut post.score, self.score);
        set(&mut post.featured, self.featured);
        post.updated_at = now;
    }
}

/// A UUIDv7, so that new rows go to the end of the index.
pub(crate) fn new_id(at: OffsetDateTime) -> Uuid {
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, at.nanosecond()))
}
