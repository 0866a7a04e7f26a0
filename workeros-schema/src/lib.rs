//! The data plane of workeros: collections, permissions and rows.
//!
//! A collection is a real table: one that is created while the instance runs,
//! or one that was there before and is adopted. [`Items`] is the one door to
//! its rows; whoever reads or writes, by whatever protocol, comes through it
//! and is held to the same [`Grant`](workeros_core::Grant).
//!
//! ```
//! use std::sync::Arc;
//!
//! use serde_json::json;
//! use workeros_adapters::Sqlite;
//! use workeros_core::{Runtime, Secret, Subject};
//! use workeros_schema::{DataPlane, Hooks, Query};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> workeros_core::Result<()> {
//! let runtime = Runtime::new(Arc::new(Sqlite::memory().await?));
//! let secret = Secret::new("Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&")?;
//! let plane = DataPlane::open(runtime, &secret, Hooks::default()).await?;
//! let system = Subject::system(plane.default_tenant());
//!
//! // A real table, made now.
//! let posts = json!({"slug": "posts", "fields": [{"name": "title", "type": "text"}]});
//! plane.collections(system.clone()).create(&posts).await?;
//!
//! // Rows, through the one door.
//! let posts = plane.items(system, "posts");
//! posts.create(&json!({"title": "Hello"})).await?;
//! let list = posts.list(&Query::new().filter(json!({"title": "Hello"})).fields(["title"])).await?;
//! assert_eq!(String::from_utf8_lossy(&list.json), r#"[{"title":"Hello"}]"#);
//! # Ok(())
//! # }
//! ```

mod adoption;
mod collection;
mod collections;
mod data_plane;
mod ddl;
mod field;
mod hooks;
mod instance;
mod items;
mod limits;
mod migrations;
mod name;
mod permissions;
mod roles;
mod snapshot;
mod workspaces;

pub use adoption::Adoption;
pub use collection::{Collection, Kind, MAX_FIELDS, Settings, TenantColumn};
pub use collections::Collections;
pub use data_plane::DataPlane;
pub use field::{Encoding, Field, FieldType, OnDelete, Rules, System, TYPES, field_type};
pub use hooks::{AfterCommit, BeforeWrite, Draft, HookContext, Hooks};
pub use items::{
    Changes, Direction, Item, Items, List, Meta, Outcome, Position, Precondition, Query, Reaction,
    SortKey,
};
pub use limits::Limits;
pub use name::{FieldName, Slug};
pub use permissions::{AppliedRule, PermissionFilter, PermissionView, Permissions, Simulation};
pub use roles::Roles;
pub use snapshot::{Permission, Role};
pub use workspaces::{WorkspaceDetails, WorkspaceList};
