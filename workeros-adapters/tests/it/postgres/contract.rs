//! The suite, in each way of opening the database.

use std::sync::Arc;

use async_trait::async_trait;
use workeros_adapters::Postgres;
use workeros_core::testkit::fault::FaultyDatabase;
use workeros_core::{Batch, Capability, Database, Dialect, Page, Result, Rows, Shape, Statement};

use super::{Schema, Ways as _, temporary};

mod default_options {
    workeros_core::database_conformance!(async { super::Scratch::new().await });
}

mod one_connection {
    workeros_core::database_conformance!(async { super::Scratch::single().await });
}

mod pool_without_statements {
    workeros_core::database_conformance!(async { super::Scratch::without_statements().await });
}

mod wrapped {
    workeros_core::database_conformance!(async {
        super::Scratch::new().await.map(super::FaultyDatabase::new)
    });
}

/// A database in a schema that goes with it.
#[derive(Debug)]
struct Scratch {
    database: Postgres,
    _schema: Schema,
}

impl Scratch {
    async fn new() -> Option<Self> {
        let (database, schema) = temporary().await?;
        Some(Self {
            database,
            _schema: schema,
        })
    }

    async fn single() -> Option<Self> {
        let (database, schema) = super::single().await?;
        Some(Self {
            database,
            _schema: schema,
        })
    }

    async fn without_statements() -> Option<Self> {
        let schema = Schema::new().await?;
        let database = Postgres::from_pool(schema.pool(0)).await.unwrap();
        Some(Self {
            database,
            _schema: schema,
        })
    }
}

#[async_trait]
impl Database for Scratch {
    fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    fn capability(&self) -> Capability {
        self.database.capability()
    }

    async fn fetch(&self, statement: Statement) -> Result<Rows> {
        self.database.fetch(statement).await
    }

    async fn fetch_json(&self, statement: Statement, shape: Arc<Shape>) -> Result<Page> {
        self.database.fetch_json(statement, shape).await
    }

    async fn apply(&self, batch: Batch) -> Result<Vec<Rows>> {
        self.database.apply(batch).await
    }
}
