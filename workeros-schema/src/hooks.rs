use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use workeros_core::{Action, Change, Result, Subject};

use crate::data_plane::DataPlane;
use crate::items::Items;

/// What a write is about to store: the members of the item by name. For a
/// delete it is empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft(Map<String, Json>);

impl Draft {
    pub(crate) fn new(members: Map<String, Json>) -> Self {
        Self(members)
    }

    pub(crate) fn into_members(self) -> Map<String, Json> {
        self.0
    }

    /// The value of a member, if the draft has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// Sets a member. It is checked like one that a client sent.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Json>) {
        self.0.insert(name.into(), value.into());
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        self.0.remove(name)
    }

    /// Every member.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// What a hook knows of the write it stands before.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HookContext {
    /// Who writes.
    pub subject: Subject,
    /// The collection's slug.
    pub collection: String,
    /// What is about to be done.
    pub action: Action,
    /// The item as it is now, for an update or a delete.
    pub previous: Option<Json>,
    plane: DataPlane,
}

impl HookContext {
    pub(crate) fn new(
        plane: DataPlane,
        subject: Subject,
        collection: String,
        action: Action,
        previous: Option<Json>,
    ) -> Self {
        Self {
            subject,
            collection,
            action,
            previous,
            plane,
        }
    }

    /// The rows of a collection, as the writer may see them.
    #[must_use]
    pub fn items(&self, slug: impl Into<String>) -> Items {
        self.plane.items(self.subject.clone(), slug)
    }
}

/// Code that runs before a write and may change or refuse it.
///
/// # Contract
///
/// It may run more than once for one write: when somebody else changed the item
/// meanwhile, the write starts over. An error refuses the write and is what
/// the client is told. Nothing is stored until every hook has answered.
#[async_trait]
pub trait BeforeWrite: Send + Sync + 'static {
    /// The draft to store, or why not.
    async fn before(&self, context: HookContext, draft: Draft) -> Result<Draft>;
}

#[async_trait]
impl<F, Fut> BeforeWrite for F
where
    F: Fn(HookContext, Draft) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Draft>> + Send + 'static,
{
    async fn before(&self, context: HookContext, draft: Draft) -> Result<Draft> {
        self(context, draft).await
    }
}

/// Code that runs after a write was committed.
///
/// # Contract
///
/// It is told of every change of its collection, in order, at least once: a
/// change it answered with an error, or that was under way when the process
/// ended, comes again. It cannot fail or delay the write.
#[async_trait]
pub trait AfterCommit: Send + Sync + 'static {
    /// Reacts to a change.
    async fn after(&self, change: Change) -> Result<()>;
}

#[async_trait]
impl<F, Fut> AfterCommit for F
where
    F: Fn(Change) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    async fn after(&self, change: Change) -> Result<()> {
        self(change).await
    }
}

/// The hooks of an instance.
///
/// ```
/// use workeros_core::{Error, ErrorKind};
/// use workeros_schema::{Draft, HookContext, Hooks};
///
/// let hooks = Hooks::default().before_create("posts", async |_: HookContext, mut draft: Draft| {
///     if draft.get("title").is_none() {
///         return Err(Error::new(ErrorKind::Forbidden, "a post needs a title"));
///     }
///     draft.set("status", "draft");
///     Ok(draft)
/// });
/// ```
#[derive(Default, Clone)]
pub struct Hooks {
    before: Vec<Before>,
    after: Vec<After>,
}

#[derive(Clone)]
struct Before {
    action: Action,
    collection: String,
    hook: Arc<dyn BeforeWrite>,
}

/// A hook that reacts, with the name its place in the log is kept under.
#[derive(Clone)]
pub(crate) struct After {
    pub(crate) name: String,
    pub(crate) collection: String,
    pub(crate) hook: Arc<dyn AfterCommit>,
}

impl Hooks {
    /// Adds a hook before an item of the collection is created.
    #[must_use]
    pub fn before_create(self, collection: impl Into<String>, hook: impl BeforeWrite) -> Self {
        self.before(Action::Create, collection.into(), hook)
    }

    /// Adds a hook before an item of the collection is updated. The draft
    /// holds what changes.
    #[must_use]
    pub fn before_update(self, collection: impl Into<String>, hook: impl BeforeWrite) -> Self {
        self.before(Action::Update, collection.into(), hook)
    }

    /// Adds a hook before an item of the collection is deleted.
    #[must_use]
    pub fn before_delete(self, collection: impl Into<String>, hook: impl BeforeWrite) -> Self {
        self.before(Action::Delete, collection.into(), hook)
    }

    /// Adds a reaction to every committed change of the collection. `name` is
    /// what its place in the log is kept under: it must stay the same from
    /// start to start. A hook of the same name is replaced.
    #[must_use]
    pub fn after_commit(
        mut self,
        name: impl Into<String>,
        collection: impl Into<String>,
        hook: impl AfterCommit,
    ) -> Self {
        let (name, collection) = (name.into(), collection.into());
        self.after.retain(|other| other.name != name);
        self.after.push(After {
            name,
            collection,
            hook: Arc::new(hook),
        });
        self
    }

    fn before(mut self, action: Action, collection: String, hook: impl BeforeWrite) -> Self {
        self.before.push(Before {
            action,
            collection,
            hook: Arc::new(hook),
        });
        self
    }

    /// Runs the hooks before a write, in the order they were added.
    pub(crate) async fn run(&self, context: &HookContext, mut draft: Draft) -> Result<Draft> {
        for before in &self.before {
            if before.action == context.action && before.collection == context.collection {
                draft = before.hook.before(context.clone(), draft).await?;
            }
        }
        Ok(draft)
    }

    /// Whether any hook stands before this write.
    pub(crate) fn any(&self, action: Action, collection: &str) -> bool {
        self.before
            .iter()
            .any(|before| before.action == action && before.collection == collection)
    }

    pub(crate) fn reactions(&self) -> &[After] {
        &self.after
    }

    /// The collections hooks were added for.
    pub(crate) fn collections(&self) -> impl Iterator<Item = &str> {
        let before = self.before.iter().map(|before| before.collection.as_str());
        before.chain(self.after.iter().map(|after| after.collection.as_str()))
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.collections()).finish()
    }
}
