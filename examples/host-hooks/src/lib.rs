//! A blog that puts code of its own before and after a write: a post gets its
//! slug from its title, some are refused, and what is published is announced.

mod announce;
mod collections;
mod limit;
mod slug;
mod words;

use axum::Router;
use tokio::sync::mpsc::Sender;
use workeros::{Database, Hooks, Result, Workeros};

pub use announce::Announcement;
pub use limit::MAX_DRAFTS;

/// The blog with its backend below `/backend`. What is published goes to
/// `announcements`.
///
/// # Errors
///
/// What the database answers.
pub async fn app(
    database: impl Database,
    announcements: Sender<Announcement>,
) -> Result<(Router, Workeros)> {
    let hooks = Hooks::default()
        // They run in this order: words are looked for in what the client sent,
        // before a slug is made of it.
        .before_create("posts", words::check)
        .before_create("posts", slug::from_title)
        .before_update("posts", words::check)
        .before_create("posts", limit::drafts)
        .after_commit("announce", "posts", announce::announce(announcements));
    let backend = Workeros::builder()
        .db(database)
        .public_url("http://localhost:3000/backend")
        .hooks(hooks)
        .build()
        .await?;
    collections::define(&backend).await?;
    let app = Router::new().nest_service("/backend", backend.clone());
    Ok((app, backend))
}
