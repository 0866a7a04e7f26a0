use std::sync::Arc;

use workeros::{Database, Error, ErrorKind, Result, Sqlite};

use crate::options::Store;

impl Store {
    /// Opens the database the options name.
    pub(crate) async fn open(&self) -> Result<Arc<dyn Database>> {
        match &self.database_url {
            Some(url) => postgres(url).await,
            None => self.sqlite().await,
        }
    }

    async fn sqlite(&self) -> Result<Arc<dyn Database>> {
        std::fs::create_dir_all(&self.data_dir).map_err(|error| {
            let why = format!("the folder `{}` cannot be made", self.data_dir.display());
            Error::new(ErrorKind::Validation, why).with_source(error)
        })?;
        Ok(Arc::new(
            Sqlite::open(self.data_dir.join("workeros.sqlite")).await?,
        ))
    }
}

#[cfg(feature = "postgres")]
async fn postgres(url: &str) -> Result<Arc<dyn Database>> {
    Ok(Arc::new(workeros::Postgres::connect(url).await?))
}

#[cfg(not(feature = "postgres"))]
async fn postgres(_: &str) -> Result<Arc<dyn Database>> {
    let why = "this binary was built without Postgres";
    Err(Error::new(ErrorKind::Unsupported, why))
}
