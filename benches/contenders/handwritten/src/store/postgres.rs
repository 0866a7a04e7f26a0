use serde::Serialize;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::types::Json;
use sqlx::{ConnectOptions as _, FromRow, PgConnection, Row as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::{Counts, Login, Page, Result, Store, Table, columns, count_page, select_page};
use crate::clock;
use crate::cursor::Cursor;
use crate::failure::Failure;
use crate::post::{NewPost, Patch, Post, new_id};
use crate::session::{Caller, TokenHash};

type PostgresPost = Post<Uuid, At>;
type Query = sqlx::query::Query<'static, sqlx::Postgres, PgArguments>;

/// How many connections there are.
const CONNECTIONS: u32 = 10;

const SCHEMA: &str = include_str!("postgres.sql");
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
const GET_TO_CHANGE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM posts WHERE id = $1 FOR UPDATE"
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

/// A time, written as RFC 3339.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
pub(crate) struct At(#[serde(with = "time::serde::rfc3339")] OffsetDateTime);

/// PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) struct PostgresStore(PgPool);

impl PostgresStore {
    pub(crate) async fn connect(url: &str) -> sqlx::Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .test_before_acquire(false)
            .connect_with(options.disable_statement_logging())
            .await?;
        Ok(Self(pool))
    }
}

impl Store for PostgresStore {
    type Id = Uuid;
    type Post = PostgresPost;

    async fn caller(&self, token: &TokenHash) -> Result<Option<Caller<Uuid>>> {
        let row: Option<(Uuid, bool)> = sqlx::query_as(CALLER)
            .bind(token.as_slice())
            .bind(clock::now())
            .fetch_optional(&self.0)
            .await?;
        Ok(row.map(|(id, admin)| Caller { id, admin }))
    }

    async fn login(&self, email: &str) -> Result<Option<Login<Uuid>>> {
        let row: Option<(Uuid, String)> = sqlx::query_as(LOGIN)
            .bind(email)
            .fetch_optional(&self.0)
            .await?;
        Ok(row.map(|(id, password_hash)| Login { id, password_hash }))
    }

    async fn open_session(
        &self,
        user: &Uuid,
        token: &TokenHash,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<()> {
        sqlx::query(OPEN_SESSION)
            .bind(token.as_slice())
            .bind(user)
            .bind(now)
            .bind(until)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    async fn list(
        &self,
        table: Table,
        caller: &Caller<Uuid>,
        page: &Page,
        limit: usize,
    ) -> Result<Vec<PostgresPost>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let query = sqlx::query_as(select_page(table, page, caller.admin)).bind(limit);
        let query = match page {
            Page::Newest => query,
            Page::Before(cursor) => {
                let at = OffsetDateTime::parse(&cursor.created_at, &Rfc3339);
                let at = at.map_err(|_| Failure::BadRequest)?;
                let id: Uuid = cursor.id.parse().map_err(|_| Failure::BadRequest)?;
                query.bind(at).bind(id)
            }
            Page::MostViewed { status, max_views } => query.bind(status).bind(max_views),
        };
        let query = if caller.admin {
            query
        } else {
            query.bind(caller.id)
        };
        Ok(query.fetch_all(&self.0).await?)
    }

    async fn counts(&self, table: Table, caller: &Caller<Uuid>, page: &Page) -> Result<Counts> {
        let query = sqlx::query_as(count_page(table, page, caller.admin));
        let query = match page {
            Page::Newest | Page::Before(_) => query,
            Page::MostViewed { status, max_views } => query.bind(status).bind(max_views),
        };
        let query = if caller.admin {
            query
        } else {
            query.bind(caller.id)
        };
        let (filter_count, total_count) = query.fetch_one(&self.0).await?;
        Ok(Counts {
            filter_count,
            total_count,
        })
    }

    fn cursor(&self, last: &PostgresPost) -> String {
        Cursor::write(clock::text(last.created_at.0), last.id)
    }

    async fn get(&self, caller: &Caller<Uuid>, id: &str) -> Result<Option<PostgresPost>> {
        let id: Uuid = id.parse().map_err(|_| Failure::NotFound)?;
        let query = if caller.admin {
            sqlx::query_as(GET).bind(id)
        } else {
            sqlx::query_as(GET_VISIBLE).bind(id).bind(caller.id)
        };
        Ok(query.fetch_optional(&self.0).await?)
    }

    async fn create(
        &self,
        caller: &Caller<Uuid>,
        new: NewPost,
        now: OffsetDateTime,
    ) -> Result<PostgresPost> {
        let post = new.into_post(now, caller.id, |id| id, At);
        let mut transaction = self.0.begin().await?;
        insert(INSERT, &post).execute(&mut *transaction).await?;
        log(&mut transaction, "create", None, &post, caller.id).await?;
        transaction.commit().await?;
        Ok(post)
    }

    async fn update(
        &self,
        caller: &Caller<Uuid>,
        id: &str,
        patch: Patch,
        now: OffsetDateTime,
    ) -> Result<Option<PostgresPost>> {
        let id: Uuid = id.parse().map_err(|_| Failure::NotFound)?;
        let mut transaction = self.0.begin().await?;
        let found: Option<PostgresPost> = sqlx::query_as(GET_TO_CHANGE)
            .bind(id)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(before) = found else {
            return Ok(None);
        };
        let mut post = before.clone();
        patch.apply(&mut post, At(now));
        sqlx::query(UPDATE)
            .bind(post.id)
            .bind(post.updated_at.0)
            .bind(&post.title)
            .bind(&post.body)
            .bind(&post.status)
            .bind(post.views)
            .bind(post.score)
            .bind(post.featured)
            .execute(&mut *transaction)
            .await?;
        log(&mut transaction, "update", Some(&before), &post, caller.id).await?;
        transaction.commit().await?;
        Ok(Some(post))
    }

    async fn create_schema(&self) -> Result<()> {
        sqlx::raw_sql(SCHEMA).execute(&self.0).await?;
        Ok(())
    }

    async fn ensure_user(&self, email: &str, admin: bool, password_hash: &str) -> Result<Uuid> {
        let id = sqlx::query_scalar(ENSURE_USER)
            .bind(new_id(clock::now()))
            .bind(email)
            .bind(admin)
            .bind(password_hash)
            .fetch_one(&self.0)
            .await?;
        Ok(id)
    }

    async fn import(
        &self,
        table: Table,
        owner: &Uuid,
        posts: Vec<(NewPost, OffsetDateTime)>,
    ) -> Result<()> {
        let statement = match table {
            Table::Posts => INSERT,
            Table::Archive => INSERT_ARCHIVE,
        };
        let mut transaction = self.0.begin().await?;
        for (new, at) in posts {
            let post = new.into_post(at, *owner, |id| id, At);
            insert(statement, &post).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn insert(statement: &'static str, post: &PostgresPost) -> Query {
    sqlx::query(statement)
        .bind(post.id)
        .bind(post.created_at.0)
        .bind(post.updated_at.0)
        .bind(post.owner_id)
        .bind(post.title.clone())
        .bind(post.body.clone())
        .bind(post.status.clone())
        .bind(post.views)
        .bind(post.score)
        .bind(post.featured)
        .bind(post.published_at.map(|At(at)| at))
        .bind(post.data.clone().map(Json))
}

async fn log(
    connection: &mut PgConnection,
    action: &'static str,
    before: Option<&PostgresPost>,
    after: &PostgresPost,
    actor: Uuid,
) -> Result<()> {
    sqlx::query(LOG)
        .bind(after.id.to_string())
        .bind(action)
        .bind(before.map(Json))
        .bind(Json(after))
        .bind(actor.to_string())
        .bind(after.updated_at.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// By position, as `query_as!` would: looking columns up by name costs more.
impl FromRow<'_, PgRow> for PostgresPost {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get(0)?,
            created_at: At(row.try_get(1)?),
            updated_at: At(row.try_get(2)?),
            owner_id: row.try_get(3)?,
            title: row.try_get(4)?,
            body: row.try_get(5)?,
            status: row.try_get(6)?,
            views: row.try_get(7)?,
            score: row.try_get(8)?,
            featured: row.try_get(9)?,
            published_at: row.try_get::<Option<_>, _>(10)?.map(At),
            data: row
                .try_get::<Option<Json<_>>, _>(11)?
                .map(|Json(data)| data),
        })
    }
}
