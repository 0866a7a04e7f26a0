//! Where posts, users and sessions are kept. One file for each database.

mod postgres;
mod sqlite;

use std::fmt::Debug;

use serde::Serialize;
use time::OffsetDateTime;

pub(crate) use postgres::PostgresStore;
pub(crate) use sqlite::SqliteStore;

use crate::cursor::Cursor;
use crate::failure::Failure;
use crate::post::{NewPost, Patch};
use crate::session::{Caller, TokenHash};

macro_rules! columns {
    () => {
        "id, created_at, updated_at, owner_id, title, body, status, views, score, featured, \
         published_at, data"
    };
}
use columns;

macro_rules! select {
    ($table:literal, $rest:literal) => {
        concat!("SELECT ", columns!(), " FROM ", $table, " ", $rest)
    };
}

macro_rules! select_page {
    ($table:literal, $page:expr, $admin:expr) => {
        match ($page, $admin) {
            (Page::Newest, true) => {
                select!($table, "ORDER BY created_at DESC, id DESC LIMIT $1")
            }
            (Page::Newest, false) => select!(
                $table,
                "WHERE (status = 'published' OR owner_id = $2) \
                 ORDER BY created_at DESC, id DESC LIMIT $1"
            ),
            (Page::Before(_), true) => select!(
                $table,
                "WHERE (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $1"
            ),
            (Page::Before(_), false) => select!(
                $table,
                "WHERE (created_at, id) < ($2, $3) AND (status = 'published' OR owner_id = $4) \
                 ORDER BY created_at DESC, id DESC LIMIT $1"
            ),
            (Page::MostViewed { .. }, true) => select!(
                $table,
                "WHERE status = $2 AND views <= $3 ORDER BY views DESC, id DESC LIMIT $1"
            ),
            (Page::MostViewed { .. }, false) => select!(
                $table,
                "WHERE status = $2 AND views <= $3 AND (status = 'published' OR owner_id = $4) \
                 ORDER BY views DESC, id DESC LIMIT $1"
            ),
        }
    };
}

macro_rules! count_page {
    ($table:literal, $page:expr, $admin:expr) => {
        match ($page, $admin) {
            (Page::Newest | Page::Before(_), true) => concat!(
                "SELECT total, total FROM (SELECT count(*) AS total FROM ",
                $table,
                ") AS counted"
            ),
            (Page::Newest | Page::Before(_), false) => concat!(
                "SELECT total, total FROM (SELECT count(*) AS total FROM ",
                $table,
                " WHERE (status = 'published' OR owner_id = $1)) AS counted"
            ),
            (Page::MostViewed { .. }, true) => concat!(
                "SELECT (SELECT count(*) FROM ",
                $table,
                " WHERE status = $1 AND views <= $2), (SELECT count(*) FROM ",
                $table,
                ")"
            ),
            (Page::MostViewed { .. }, false) => concat!(
                "SELECT (SELECT count(*) FROM ",
                $table,
                " WHERE status = $1 AND views <= $2 AND (status = 'published' OR owner_id = $3)), \
                 (SELECT count(*) FROM ",
                $table,
                " WHERE (status = 'published' OR owner_id = $3))"
            ),
        }
    };
}

type Result<T> = std::result::Result<T, Failure>;

/// A table of posts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Table {
    Posts,
    Archive,
}

impl Table {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "posts" => Some(Self::Posts),
            "archive" => Some(Self::Archive),
            _ => None,
        }
    }
}

/// Which posts are asked for.
#[derive(Debug)]
pub(crate) enum Page {
    Newest,
    Before(Cursor),
    MostViewed { status: String, max_views: i64 },
}

/// How many posts there are beside the page.
#[derive(Debug, Serialize)]
pub(crate) struct Counts {
    pub(crate) filter_count: i64,
    pub(crate) total_count: i64,
}

/// What a sign-in is checked against.
#[derive(Debug)]
pub(crate) struct Login<Id> {
    pub(crate) id: Id,
    pub(crate) password_hash: String,
}

/// A database, known at compile time: nothing is dispatched or boxed.
pub(crate) trait Store: Debug + Clone + Send + Sync + 'static {
    /// How an id is kept.
    type Id: Debug + Clone + Serialize + Send + Sync;
    /// A row of a table of posts.
    type Post: Debug + Serialize + Send;

    fn caller(
        &self,
        token: &TokenHash,
    ) -> impl Future<Output = Result<Option<Caller<Self::Id>>>> + Send;

    fn login(&self, email: &str) -> impl Future<Output = Result<Option<Login<Self::Id>>>> + Send;

    fn open_session(
        &self,
        user: &Self::Id,
        token: &TokenHash,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> impl Future<Output = Result<()>> + Send;

    fn list(
        &self,
        table: Table,
        caller: &Caller<Self::Id>,
        page: &Page,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Self::Post>>> + Send;

    fn counts(
        &self,
        table: Table,
        caller: &Caller<Self::Id>,
        page: &Page,
    ) -> impl Future<Output = Result<Counts>> + Send;

    /// Where the page that ends with this post ends.
    fn cursor(&self, last: &Self::Post) -> String;

    fn get(
        &self,
        caller: &Caller<Self::Id>,
        id: &str,
    ) -> impl Future<Output = Result<Option<Self::Post>>> + Send;

    fn create(
        &self,
        caller: &Caller<Self::Id>,
        new: NewPost,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<Self::Post>> + Send;

    fn update(
        &self,
        caller: &Caller<Self::Id>,
        id: &str,
        patch: Patch,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<Option<Self::Post>>> + Send;

    fn create_schema(&self) -> impl Future<Output = Result<()>> + Send;

    /// The id of the user with that address, made if there is none.
    fn ensure_user(
        &self,
        email: &str,
        admin: bool,
        password_hash: &str,
    ) -> impl Future<Output = Result<Self::Id>> + Send;

    /// Writes many posts at once, each with its time.
    fn import(
        &self,
        table: Table,
        owner: &Self::Id,
        posts: Vec<(NewPost, OffsetDateTime)>,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// The statement of a page, one for each table, page and kind of caller. Its
/// values are the limit, those of the page, and the caller where it is no
/// admin: a member sees what is published and what is its own.
fn select_page(table: Table, page: &Page, admin: bool) -> &'static str {
    match table {
        Table::Posts => select_page!("posts", page, admin),
        Table::Archive => select_page!("archive", page, admin),
    }
}

/// How many posts of the table match, and how many there are, seen by an admin
/// or a member: both in one round trip.
fn count_page(table: Table, page: &Page, admin: bool) -> &'static str {
    match table {
        Table::Posts => count_page!("posts", page, admin),
        Table::Archive => count_page!("archive", page, admin),
    }
}
