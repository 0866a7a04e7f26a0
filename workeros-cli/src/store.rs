use std::path::PathBuf;
use std::sync::Arc;

use workeros::{Database, Result, Sqlite};

use crate::options::Store;

impl Store {
    /// Opens the database the options name.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Database>> {
        match &self.database_url {
            Some(url) => match url.strip_prefix("sqlite:") {
                Some(path) => sqlite(path.strip_prefix("//").unwrap_or(path).into()).await,
                None => postgres(url).await,
            },
            None => sqlite(self.data_dir.join("workeros.sqlite")).await,
        }
    }
}

async fn sqlite(path: PathBuf) -> Result<Arc<dyn Database>> {
    Ok(Arc::new(Sqlite::open(path).await?))
}

#[cfg(feature = "postgres")]
async fn postgres(url: &str) -> Result<Arc<dyn Database>> {
    if !(url.starts_with("postgres:") || url.starts_with("postgresql:")) {
        let why = "the URL of the database begins with `postgres://` or `sqlite:`";
        return Err(workeros::Error::new(workeros::ErrorKind::Validation, why));
    }
    Ok(Arc::new(workeros::Postgres::connect(url).await?))
}

#[cfg(not(feature = "postgres"))]
async fn postgres(_: &str) -> Result<Arc<dyn Database>> {
    let why = "this binary was built without Postgres";
    Err(workeros::Error::new(workeros::ErrorKind::Unsupported, why))
}
