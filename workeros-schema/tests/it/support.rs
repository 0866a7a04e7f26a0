use std::sync::Arc;

use serde_json::{Value as Json, json};
use uuid::Uuid;
use workeros_adapters::testkit::{Opened, databases};
use workeros_core::testkit::StandingClock;
use workeros_core::{
    Batch, Change, Error, Identity, Runtime, Secret, Statement, Step, Subject, TenantId,
};
use workeros_schema::{DataPlane, Hooks, Position, Query};

/// A data plane with an empty database to itself.
pub(crate) struct World {
    pub(crate) plane: DataPlane,
    pub(crate) clock: Arc<StandingClock>,
    pub(crate) opened: Opened,
}

/// A world on every database there is.
pub(crate) async fn worlds() -> Vec<World> {
    worlds_with(Hooks::default()).await
}

/// A world with these hooks on every database there is.
pub(crate) async fn worlds_with(hooks: Hooks) -> Vec<World> {
    let mut worlds = Vec::new();
    for opened in databases().await {
        worlds.push(World::open(opened, hooks.clone()).await);
    }
    worlds
}

pub(crate) fn secret() -> Secret {
    Secret::new("Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&").unwrap()
}

impl World {
    async fn open(opened: Opened, hooks: Hooks) -> Self {
        let clock = Arc::new(StandingClock::default());
        let runtime = Runtime::new(Arc::clone(&opened.database)).with_clock(clock.clone());
        let plane = DataPlane::open(runtime, &secret(), hooks).await.unwrap();
        Self {
            plane,
            clock,
            opened,
        }
    }

    pub(crate) fn system(&self) -> Subject {
        Subject::system(self.plane.default_tenant())
    }

    pub(crate) fn anonymous(&self) -> Subject {
        Subject::anonymous(self.plane.default_tenant())
    }

    /// A user by his id, with these roles.
    pub(crate) fn user(&self, id: &str, roles: &[&str]) -> Subject {
        let identity = Identity::host(id);
        let identity = roles
            .iter()
            .fold(identity, |identity, role| identity.with_role(*role));
        Subject::identified(self.plane.default_tenant(), identity)
    }

    /// Defines a collection.
    pub(crate) async fn define(&self, body: Json) {
        self.plane
            .collections(self.system())
            .create(&body)
            .await
            .unwrap();
    }

    /// Lets a role do something; the role is made if it is not there.
    pub(crate) async fn permit(&self, role: &str, collection: &str, action: &str, rest: Json) {
        let roles = self.plane.roles(self.system());
        if !roles
            .list()
            .await
            .unwrap()
            .iter()
            .any(|known| known.name == role)
        {
            roles.create(&json!({"name": role})).await.unwrap();
        }
        let mut body = json!({"role": role, "collection": collection, "action": action});
        for (key, value) in rest.as_object().unwrap() {
            body[key] = value.clone();
        }
        self.plane
            .permissions(self.system())
            .create(&body)
            .await
            .unwrap();
    }

    /// Creates an item as the host; answers what it became.
    pub(crate) async fn create(&self, collection: &str, body: Json) -> Json {
        let item = self
            .plane
            .items(self.system(), collection)
            .create(&body)
            .await
            .unwrap();
        serde_json::from_slice(&item.json).unwrap()
    }

    /// The list a subject is shown.
    pub(crate) async fn list(
        &self,
        subject: Subject,
        collection: &str,
        query: &Query,
    ) -> Result<Vec<Json>, Error> {
        let list = self.plane.items(subject, collection).list(query).await?;
        Ok(serde_json::from_slice(&list.json).unwrap())
    }

    /// The log, once it has that many entries. On Postgres an entry shows when
    /// no older transaction is open, and another test may hold one.
    pub(crate) async fn changes(&self, count: usize) -> Vec<Change> {
        for _ in 0..500 {
            let read = self
                .plane
                .changes()
                .read(Position::default(), 100)
                .await
                .unwrap();
            if read.len() >= count {
                return read.into_iter().map(|(_, change)| change).collect();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the log does not grow to {count} entries");
    }

    /// One number from the database itself.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let rows = self
            .opened
            .database
            .fetch(Statement::new(sql, vec![]))
            .await
            .unwrap();
        rows.first().unwrap().integer(0).unwrap()
    }

    /// Runs statements as somebody beside us would.
    pub(crate) async fn run(&self, statements: &[&'static str]) {
        let steps = statements
            .iter()
            .map(|sql| Step::new(Statement::new(*sql, vec![])));
        let mut batch = Batch::new();
        batch.extend(steps);
        self.opened.database.apply(batch).await.unwrap();
    }

    /// A workspace beside the default one, with nothing in it.
    pub(crate) async fn second_workspace(&self) -> TenantId {
        let tenant = TenantId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002));
        let sql =
            "INSERT INTO workeros_tenants (id, slug, name, created_at) VALUES ($1, $2, $3, $4)";
        let now = self.plane.runtime().now();
        let values = vec![tenant.into(), "second".into(), "Second".into(), now.into()];
        let batch = Batch::new().step(Step::new(Statement::new(sql, values)));
        self.opened.database.apply(batch).await.unwrap();
        tenant
    }
}
