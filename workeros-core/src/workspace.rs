use std::fmt::Debug;

use async_trait::async_trait;

use crate::{Error, ErrorKind, Result, TenantId};

/// A workspace, as everybody may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Workspace {
    /// Its id.
    pub id: TenantId,
    /// What it is called in URLs and in access tokens.
    pub slug: String,
}

impl Workspace {
    /// The workspace with this id and slug.
    #[must_use]
    pub fn new(id: TenantId, slug: impl Into<String>) -> Self {
        Self {
            id,
            slug: slug.into(),
        }
    }

    /// What it is called when there is no such workspace.
    pub const NOT_THERE: &str = "there is no such workspace";

    /// The one answer for a workspace that is not there and for one that
    /// somebody is no member of.
    #[must_use]
    pub fn not_there() -> Error {
        Error::new(ErrorKind::NotFound, Self::NOT_THERE)
    }
}

/// Knows the workspaces of an instance. The data plane does.
#[async_trait]
pub trait Workspaces: Debug + Send + Sync + 'static {
    /// The workspace with this slug; `None` when there is none.
    async fn by_slug(&self, slug: &str) -> Result<Option<Workspace>>;

    /// The workspace with this id; `None` when there is none.
    async fn by_id(&self, id: TenantId) -> Result<Option<Workspace>>;
}
