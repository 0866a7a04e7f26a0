use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::clock;
use crate::cursor::Cursor;
use crate::failure::Failure;
use crate::password::Passwords;
use crate::post::{NewPost, Patch};
use crate::session::{self, Caller};
use crate::store::{Counts, Page, Store, Table};

/// The most posts of a page, and how many without a word.
const MAX_LIMIT: usize = 200;
const DEFAULT_LIMIT: usize = 50;

/// What handlers share.
#[derive(Debug, Clone)]
pub(crate) struct App<S> {
    pub(crate) store: S,
    passwords: Passwords,
}

pub(crate) fn router<S: Store>(store: S) -> Router {
    let app = App {
        store,
        passwords: Passwords::new(),
    };
    Router::new()
        .route("/health", get(async || "ok"))
        .route("/api/sign-in", post(sign_in::<S>))
        .route("/api/posts", get(list_posts::<S>).post(create::<S>))
        .route("/api/posts/{id}", get(read::<S>).patch(update::<S>))
        .route("/api/archive", get(list_archive::<S>))
        .with_state(app)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListParameters {
    limit: Option<usize>,
    /// The end of the page before; empty for the first page.
    cursor: Option<String>,
    status: Option<String>,
    max_views: Option<i64>,
    #[serde(default)]
    counted: bool,
}

#[derive(Debug, Serialize)]
struct List<T> {
    data: Vec<T>,
    limit: usize,
    has_more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Counts>,
}

#[derive(Debug, Serialize)]
struct One<T> {
    data: T,
}

async fn list_posts<S: Store>(
    State(app): State<App<S>>,
    caller: Caller<S::Id>,
    Query(parameters): Query<ListParameters>,
) -> Result<Json<List<S::Post>>, Failure> {
    list(&app, Table::Posts, &caller, parameters).await
}

async fn list_archive<S: Store>(
    State(app): State<App<S>>,
    caller: Caller<S::Id>,
    Query(parameters): Query<ListParameters>,
) -> Result<Json<List<S::Post>>, Failure> {
    if !caller.admin {
        return Err(Failure::Forbidden);
    }
    list(&app, Table::Archive, &caller, parameters).await
}

async fn list<S: Store>(
    app: &App<S>,
    table: Table,
    caller: &Caller<S::Id>,
    parameters: ListParameters,
) -> Result<Json<List<S::Post>>, Failure> {
    let limit = parameters.limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > MAX_LIMIT {
        return Err(Failure::BadRequest);
    }
    let keyset = parameters.cursor.is_some();
    let cursor = parameters.cursor.filter(|cursor| !cursor.is_empty());
    let page = match (parameters.status, parameters.max_views, cursor) {
        (None, None, None) => Page::Newest,
        (None, None, Some(cursor)) => Page::Before(Cursor::read(&cursor)?),
        (Some(status), Some(max_views), None) => Page::MostViewed { status, max_views },
        _ => return Err(Failure::BadRequest),
    };
    // One more than the page tells whether there is more.
    let rows = app.store.list(table, caller, &page, limit + 1);
    let (mut data, meta) = if parameters.counted {
        let (rows, counts) = tokio::try_join!(rows, app.store.counts(table, caller, &page))?;
        (rows, Some(counts))
    } else {
        (rows.await?, None)
    };
    let has_more = data.len() > limit;
    data.truncate(limit);
    let next_cursor = data
        .last()
        .filter(|_| keyset && has_more)
        .map(|last| app.store.cursor(last));
    Ok(Json(List {
        data,
        limit,
        has_more,
        next_cursor,
        meta,
    }))
}

async fn read<S: Store>(
    State(app): State<App<S>>,
    caller: Caller<S::Id>,
    Path(id): Path<String>,
) -> Result<Json<One<S::Post>>, Failure> {
    let data = app.store.get(&caller, &id).await?;
    Ok(Json(One {
        data: data.ok_or(Failure::NotFound)?,
    }))
}

async fn create<S: Store>(
    State(app): State<App<S>>,
    caller: Caller<S::Id>,
    Json(new): Json<NewPost>,
) -> Result<(StatusCode, Json<One<S::Post>>), Failure> {
    if !caller.admin {
        return Err(Failure::Forbidden);
    }
    let data = app.store.create(&caller, new, clock::now()).await?;
    Ok((StatusCode::CREATED, Json(One { data })))
}

async fn update<S: Store>(
    State(app): State<App<S>>,
    caller: Caller<S::Id>,
    Path(id): Path<String>,
    Json(patch): Json<Patch>,
) -> Result<Json<One<S::Post>>, Failure> {
    if !caller.admin {
        return Err(Failure::Forbidden);
    }
    let data = app.store.update(&caller, &id, patch, clock::now()).await?;
    Ok(Json(One {
        data: data.ok_or(Failure::NotFound)?,
    }))
}

#[derive(Debug, Deserialize)]
struct SignIn {
    email: String,
    password: String,
}

#[derive(Debug, Serialize)]
struct SignedIn<Id> {
    token: String,
    user: User<Id>,
}

#[derive(Debug, Serialize)]
struct User<Id> {
    id: Id,
    email: String,
}

async fn sign_in<S: Store>(
    State(app): State<App<S>>,
    Json(sign_in): Json<SignIn>,
) -> Result<Json<SignedIn<S::Id>>, Failure> {
    let login = app.store.login(&sign_in.email).await?;
    let login = login.ok_or(Failure::Unauthorized)?;
    let proven = app.passwords.verify(sign_in.password, login.password_hash);
    if !proven.await? {
        return Err(Failure::Unauthorized);
    }
    let token = session::new_token()?;
    let now: OffsetDateTime = clock::now();
    let hash = session::hash(&token);
    let until = now + session::LIFETIME;
    app.store.open_session(&login.id, &hash, now, until).await?;
    Ok(Json(SignedIn {
        token,
        user: User {
            id: login.id,
            email: sign_in.email,
        },
    }))
}
