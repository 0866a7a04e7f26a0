use std::sync::Arc;

use serde::Serialize;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::types::Json;
use sqlx::{ConnectOptions as _, FromRow, Row as _, SqliteConnection};
use time::OffsetDateTime;

use super::{Counts, Login, Page, Result, Store, Table, columns, count_page, select_page};
use crate::clock;
use crate::cursor::Cursor;
use crate::post::{NewPost, Patch, Post, new_id};
use crate::session::{Caller, TokenHash};

type SqlitePost = Post<String, String>;
type Query = sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>;

/// How many connections read.
const READERS: u32 = 4;

const SCHEMA: &str = include_str!("sqlite.sql");
const CALLER: &str = "SELECT u.id, u.admin FROM sessions s JOIN users u ON u.id = s.user_id \
    WHERE s.token_hash = $1 AND s.expires_at > $2 AND NOT u.disabled";
const LOGIN: &str = "SELECT id, password_hash FROM users WHERE email = $1 AND NOT disabled";
const OPEN_SESSION: &str =
    "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
const ENSURE_USER: &str = "INSERT INTO users (id, email, admin, disabled, password_hash) \
    VALUES ($1, $2, $3, FALSE, $4) ON CONFLICT (email) DO UPDATE SET admin = excluded.admin \
    RETURNING id";
const GET: &str = concat!("SELECT ", columns!(), " FROM posts WHERE id = $1");
const GET_VISIBLE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM posts WHERE id = $1 AND (status = 'published' OR owner_id = $2)"
);
const INSERT: &str = concat!(
    "INSERT INTO posts (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
);
const INSERT_ARCHIVE: &str = concat!(
    "INSERT INTO archive (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
);
const UPDATE: &str = "UPDATE posts SET updated_at = $2, title = $3, body = $4, status = $5, \
    views = $6, score = $7, featured = $8 WHERE id = $1";
const LOG: &str = "INSERT INTO changes (collection, item, action, before, after, actor, at) \
    VALUES ('posts', $1, $2, $3, $4, $5, $6)";

/// SQLite with a write-ahead log: one connection writes, several read.
#[derive(Debug, Clone)]
pub(crate) struct SqliteStore {
    reader: SqlitePool,
    writer: SqlitePool,
}

impl SqliteStore {
    pub(crate) async fn open(path: &str) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(std::time::Duration::from_secs(5))
            .foreign_keys(true)
            .pragma("temp_store", "MEMORY")
            .pragma("mmap_size", "268435456")
            .disable_statement_logging();
        let pool = || SqlitePoolOptions::new().test_before_acquire(false);
        let writer = options
            .clone()
            .pragma("cache_size", "-32768")
            .pragma("journal_size_limit", "67108864");
        let writer = pool().max_connections(1).connect_with(writer).await?;
        let reader = options.pragma("query_only", "ON");
        let reader = pool().max_connections(READERS).connect_with(reader).await?;
        Ok(Self { reader, writer })
    }
}

impl Store for SqliteStore {
    type Id = Arc<str>;
    type Post = SqlitePost;

    async fn caller(&self, token: &TokenHash) -> Result<Option<Caller<Arc<str>>>> {
        let row = sqlx::query(CALLER)
            .bind(token.to_vec())
            .bind(clock::text(clock::now()))
            .fetch_optional(&self.reader)
            .await?;
        let caller = row.map(|row| {
            Ok::<_, sqlx::Error>(Caller {
                id: row.try_get::<&str, _>(0)?.into(),
                admin: row.try_get(1)?,
            })
        });
        Ok(caller.transpose()?)
    }

    async fn login(&self, email: &str) -> Result<Option<Login<Arc<str>>>> {
        let row: Option<(String, String)> = sqlx::query_as(LOGIN)
            .bind(email)
            .fetch_optional(&self.reader)
            .await?;
        Ok(row.map(|(id, password_hash)| Login {
            id: id.into(),
            password_hash,
        }))
    }

    async fn open_session(
        &self,
        user: &Arc<str>,
        token: &TokenHash,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<()> {
        sqlx::query(OPEN_SESSION)
            .bind(token.as_slice())
            .bind(&**user)
            .bind(clock::text(now))
            .bind(clock::text(until))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn list(
        &self,
        table: Table,
        caller: &Caller<Arc<str>>,
        page: &Page,
        limit: usize,
    ) -> Result<Vec<SqlitePost>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = sqlx::query_as(select_page(table, page, caller.admin)).bind(limit);
        let query = match page {
            Page::Newest => query,
            Page::Before(cursor) => query.bind(&cursor.created_at).bind(&cursor.id),
            Page::MostViewed { status, max_views } => query.bind(status).bind(max_views),
        };
        let query = if caller.admin {
            query
        } else {
            query.bind(&*caller.id)
        };
        Ok(query.fetch_all(&self.reader).await?)
    }

    async fn counts(&self, table: Table, caller: &Caller<Arc<str>>, page: &Page) -> Result<Counts> {
        let query = sqlx::query_as(count_page(table, page, caller.admin));
        let query = match page {
            Page::Newest | Page::Before(_) => query,
            Page::MostViewed { status, max_views } => query.bind(status).bind(max_views),
        };
        let query = if caller.admin {
            query
        } else {
            query.bind(&*caller.id)
        };
        let (filter_count, total_count) = query.fetch_one(&self.reader).await?;
        Ok(Counts {
            filter_count,
            total_count,
        })
    }

    fn cursor(&self, last: &SqlitePost) -> String {
        Cursor::write(&last.created_at, &last.id)
    }

    async fn get(&self, caller: &Caller<Arc<str>>, id: &str) -> Result<Option<SqlitePost>> {
        let query = if caller.admin {
            sqlx::query_as(GET).bind(id)
        } else {
            sqlx::query_as(GET_VISIBLE).bind(id).bind(&*caller.id)
        };
        Ok(query.fetch_optional(&self.reader).await?)
    }

    async fn create(
        &self,
        caller: &Caller<Arc<str>>,
        new: NewPost,
        now: OffsetDateTime,
    ) -> Result<SqlitePost> {
        let owner = caller.id.to_string();
        let post = new.into_post(now, owner, |id| id.to_string(), clock::text);
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        insert(INSERT, &post).execute(&mut *transaction).await?;
        log(&mut transaction, "create", None, &post, &caller.id).await?;
        transaction.commit().await?;
        Ok(post)
    }

    async fn update(
        &self,
        caller: &Caller<Arc<str>>,
        id: &str,
        patch: Patch,
        now: OffsetDateTime,
    ) -> Result<Option<SqlitePost>> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let found: Option<SqlitePost> = sqlx::query_as(GET)
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(before) = found else {
            return Ok(None);
        };
        let mut post = before.clone();
        patch.apply(&mut post, clock::text(now));
        sqlx::query(UPDATE)
            .bind(&post.id)
            .bind(&post.updated_at)
            .bind(&post.title)
            .bind(&post.body)
            .bind(&post.status)
            .bind(post.views)
            .bind(post.score)
            .bind(post.featured)
            .execute(&mut *transaction)
            .await?;
        log(&mut transaction, "update", Some(&before), &post, &caller.id).await?;
        transaction.commit().await?;
        Ok(Some(post))
    }

    async fn create_schema(&self) -> Result<()> {
        sqlx::raw_sql(SCHEMA).execute(&self.writer).await?;
        Ok(())
    }

    async fn ensure_user(&self, email: &str, admin: bool, password_hash: &str) -> Result<Arc<str>> {
        let id: String = sqlx::query_scalar(ENSURE_USER)
            .bind(new_id(clock::now()).to_string())
            .bind(email)
            .bind(admin)
            .bind(password_hash)
            .fetch_one(&self.writer)
            .await?;
        Ok(id.into())
    }

    async fn import(
        &self,
        table: Table,
        owner: &Arc<str>,
        posts: Vec<(NewPost, OffsetDateTime)>,
    ) -> Result<()> {
        let statement = match table {
            Table::Posts => INSERT,
            Table::Archive => INSERT_ARCHIVE,
        };
        let mut transaction = self.writer.begin().await?;
        for (new, at) in posts {
            let post = new.into_post(at, owner.to_string(), |id| id.to_string(), clock::text);
            insert(statement, &post).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn insert(statement: &'static str, post: &SqlitePost) -> Query {
    sqlx::query(statement)
        .bind(post.id.clone())
        .bind(post.created_at.clone())
        .bind(post.updated_at.clone())
        .bind(post.owner_id.clone())
        .bind(post.title.clone())
        .bind(post.body.clone())
        .bind(post.status.clone())
        .bind(post.views)
        .bind(post.score)
        .bind(post.featured)
        .bind(post.published_at.clone())
        .bind(post.data.as_ref().map(|data| data.get().to_owned()))
}

async fn log(
    connection: &mut SqliteConnection,
    action: &'static str,
    before: Option<&SqlitePost>,
    after: &SqlitePost,
    actor: &str,
) -> Result<()> {
    sqlx::query(LOG)
        .bind(&after.id)
        .bind(action)
        .bind(before.map(json).transpose()?)
        .bind(json(after)?)
        .bind(actor)
        .bind(&after.updated_at)
        .execute(connection)
        .await?;
    Ok(())
}

fn json(post: &impl Serialize) -> Result<String> {
    serde_json::to_string(post).map_err(crate::failure::Failure::internal)
}

/// By position, as `query_as!` would: looking columns up by name costs more.
impl FromRow<'_, SqliteRow> for SqlitePost {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get(0)?,
            created_at: row.try_get(1)?,
            updated_at: row.try_get(2)?,
            owner_id: row.try_get(3)?,
            title: row.try_get(4)?,
            body: row.try_get(5)?,
            status: row.try_get(6)?,
            views: row.try_get(7)?,
            score: row.try_get(8)?,
            featured: row.try_get(9)?,
            published_at: row.try_get(10)?,
            data: row
                .try_get::<Option<Json<_>>, _>(11)?
                .map(|Json(data)| data),
        })
    }
}
