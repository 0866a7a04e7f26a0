use serde_json::Value as Json;
use tokio::sync::mpsc::Sender;
use workeros::{AfterCommit, Change, Error, Result};

/// That a post was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The post. Now and then a change is told of twice, and this tells.
    pub id: String,
    /// Its title.
    pub title: String,
}

/// Reacts: sends word of every post that is published. A post waits until
/// there is room; while nobody listens any more, it stays in the log and comes
/// again after the next start.
pub(crate) fn announce(sender: Sender<Announcement>) -> impl AfterCommit {
    move |change: Change| {
        let sender = sender.clone();
        async move {
            match published(&change)? {
                Some(news) => sender.send(news).await.map_err(Error::internal),
                None => Ok(()),
            }
        }
    }
}

/// The post, if it was published by this change.
fn published(change: &Change) -> Result<Option<Announcement>> {
    let before = image(change.before.as_deref())?;
    let after = image(change.after.as_deref())?;
    let is_published = |post: &Json| post.get("published") == Some(&Json::Bool(true));
    if is_published(&before) || !is_published(&after) {
        return Ok(None);
    }
    let title = after.get("title").and_then(Json::as_str);
    Ok(Some(Announcement {
        id: change.item.clone(),
        title: title.unwrap_or_default().to_owned(),
    }))
}

fn image(json: Option<&str>) -> Result<Json> {
    json.map_or(Ok(Json::Null), |json| {
        serde_json::from_str(json).map_err(Error::internal)
    })
}
