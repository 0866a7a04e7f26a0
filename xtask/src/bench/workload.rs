use serde_json::{Map, Value as Json, json};

use super::posts::post;

/// One thing a server is asked to do, over and over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    Plain,
    FilterSort,
    Role,
    RoleAsAdmin,
    Counts,
    CountsWriting,
    KeysetFirst,
    KeysetDeep,
    ById,
    Update,
    Mixed,
    Create,
    SignIn,
}

/// All of them. What writes comes late, since it makes the tables longer;
/// signing in comes last, since hashing passwords takes memory of its own.
pub(crate) const ALL: [Workload; 13] = [
    Workload::Plain,
    Workload::FilterSort,
    Workload::Role,
    Workload::RoleAsAdmin,
    Workload::Counts,
    Workload::KeysetFirst,
    Workload::KeysetDeep,
    Workload::ById,
    Workload::Update,
    Workload::CountsWriting,
    Workload::Mixed,
    Workload::Create,
    Workload::SignIn,
];

impl Workload {
    /// Its name on the command line and in the results.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "list",
            Self::FilterSort => "list-filter-sort",
            Self::Role => "list-role",
            Self::RoleAsAdmin => "list-role-as-admin",
            Self::Counts => "list-counts",
            Self::CountsWriting => "list-counts-writing",
            Self::KeysetFirst => "keyset-first",
            Self::KeysetDeep => "keyset-deep",
            Self::ById => "by-id",
            Self::SignIn => "sign-in",
            Self::Update => "update",
            Self::Mixed => "mixed",
            Self::Create => "create",
        }
    }

    /// What it is, for a reader.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Plain => "list 50, newest first, as an admin",
            Self::FilterSort => "list 50, two conditions, sorted by an indexed column",
            Self::Role => "list 50 under a role that sees what is published or its own",
            Self::RoleAsAdmin => "list the same 50 as an admin, by a filter",
            Self::Counts => "list 50 with two conditions and both counts",
            Self::CountsWriting => "list-counts, and each tenth request changes a row",
            Self::KeysetFirst => "keyset: page 1 of the long table",
            Self::KeysetDeep => "keyset: the last full page of the long table",
            Self::ById => "get one by its id",
            Self::SignIn => "sign in with a password",
            Self::Update => "change two fields of one",
            Self::Mixed => "mixed: 45 lists, 45 by id, 5 creates, 5 updates",
            Self::Create => "create one",
        }
    }

    /// Whether each answer holds a page.
    pub(crate) fn is_list(self) -> bool {
        matches!(
            self,
            Self::Plain
                | Self::FilterSort
                | Self::Role
                | Self::RoleAsAdmin
                | Self::Counts
                | Self::KeysetFirst
                | Self::KeysetDeep
        )
    }

    /// With how many connections it is measured, if others are with these.
    /// Checking a password takes a core for tens of milliseconds: of many
    /// callers most only wait. Many who create share their commits, so that is
    /// always looked at.
    pub(crate) fn connections(self, others: &[usize]) -> Vec<usize> {
        match self {
            Self::SignIn => vec![4],
            Self::CountsWriting if others.contains(&16) => vec![16],
            Self::Create if !others.contains(&64) => [others, &[64]].concat(),
            _ => others.to_vec(),
        }
    }

    /// How long a run of it lasts, if others last that many seconds.
    pub(crate) fn seconds(self, others: u64) -> u64 {
        if self == Self::SignIn {
            others.max(2)
        } else {
            others
        }
    }

    /// The requests to send in turn; `None` where the contender has none.
    pub(crate) fn requests(self, endpoints: &Endpoints) -> Option<Vec<Request>> {
        let admin = |path: &str| vec![Request::new("GET", path, &endpoints.admin)];
        match self {
            Self::Plain => Some(admin(&endpoints.list)),
            Self::FilterSort => Some(admin(&endpoints.filter_sort)),
            Self::Role => {
                let member = endpoints.member.as_deref()?;
                Some(vec![Request::new("GET", &endpoints.list, member)])
            }
            Self::RoleAsAdmin => endpoints.role_as_admin.as_deref().map(admin),
            Self::Counts => Some(admin(&endpoints.counts)),
            Self::KeysetFirst => endpoints.keyset_first.as_deref().map(admin),
            Self::KeysetDeep => endpoints.keyset_deep.as_deref().map(admin),
            Self::ById => Some(endpoints.ids.iter().map(|id| endpoints.read(id)).collect()),
            Self::SignIn => {
                let (path, body) = &endpoints.sign_in;
                Some(vec![Request::new("POST", path, "").with_body(body)])
            }
            Self::Update => {
                let ids = endpoints.ids.iter().enumerate();
                Some(ids.map(|(n, id)| endpoints.update(id, n)).collect())
            }
            Self::Mixed => Some(mixed(endpoints)),
            Self::CountsWriting => Some(counts_writing(endpoints)),
            Self::Create => Some((0..64).map(|n| endpoints.create(n)).collect()),
        }
    }
}

fn counts_writing(endpoints: &Endpoints) -> Vec<Request> {
    let ids = endpoints.ids.iter().enumerate();
    ids.map(|(n, id)| match n % 10 {
        0 => endpoints.update(id, n),
        _ => Request::new("GET", &endpoints.counts, &endpoints.admin),
    })
    .collect()
}

fn mixed(endpoints: &Endpoints) -> Vec<Request> {
    let ids = endpoints.ids.iter().take(100).enumerate();
    ids.map(|(n, id)| match n % 20 {
        0 => endpoints.create(n),
        10 => endpoints.update(id, n),
        _ if n % 2 == 0 => Request::new("GET", &endpoints.list, &endpoints.admin),
        _ => endpoints.read(id),
    })
    .collect()
}

/// Where a contender answers, once it is filled.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    /// The value of `authorization` of an admin.
    pub(crate) admin: String,
    /// The same of a user under a row filter.
    pub(crate) member: Option<String>,
    pub(crate) list: String,
    pub(crate) filter_sort: String,
    pub(crate) role_as_admin: Option<String>,
    pub(crate) counts: String,
    pub(crate) keyset_first: Option<String>,
    pub(crate) keyset_deep: Option<String>,
    /// Where posts are made, and below which each is found.
    pub(crate) items: String,
    /// Ids of posts; 200 of them.
    pub(crate) ids: Vec<String>,
    /// What a new post needs beside what all have.
    pub(crate) members: Map<String, Json>,
    pub(crate) sign_in: (String, Json),
}

impl Endpoints {
    fn read(&self, id: &str) -> Request {
        Request::new("GET", format!("{}/{id}", self.items), &self.admin)
    }

    fn update(&self, id: &str, n: usize) -> Request {
        let change = json!({"title": format!("Changed {n}"), "score": 0.5});
        Request::new("PATCH", format!("{}/{id}", self.items), &self.admin).with_body(&change)
    }

    fn create(&self, n: usize) -> Request {
        Request::new("POST", &self.items, &self.admin).with_body(&self.complete(post(n)))
    }

    /// A post with what this contender needs beside.
    pub(crate) fn complete(&self, mut post: Json) -> Json {
        if let Some(object) = post.as_object_mut() {
            object.extend(self.members.clone());
        }
        post
    }
}

/// A request to send.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// The value of `authorization`; none if it is empty.
    token: String,
    pub(crate) body: Option<String>,
}

impl Request {
    pub(crate) fn new(method: &'static str, path: impl Into<String>, token: &str) -> Self {
        Self {
            method,
            path: path.into(),
            token: token.to_owned(),
            body: None,
        }
    }

    pub(crate) fn with_body(mut self, body: &Json) -> Self {
        self.body = Some(body.to_string());
        self
    }

    pub(crate) fn headers(&self) -> Vec<(&'static str, &str)> {
        let mut headers = Vec::new();
        if !self.token.is_empty() {
            headers.push(("authorization", self.token.as_str()));
        }
        if self.body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        headers
    }
}
