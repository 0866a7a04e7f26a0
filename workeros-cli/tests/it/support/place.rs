use std::path::PathBuf;

use tempfile::TempDir;
use workeros_adapters::testkit::Schema;

/// Where the data of one test is; gone after it.
pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres(Schema),
}

impl Place {
    /// A folder for SQLite.
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// The options that name it.
    pub(crate) fn arguments(&self) -> [String; 2] {
        match self {
            Self::Sqlite(folder) => [
                "--data-dir".to_owned(),
                folder.path().to_str().unwrap().to_owned(),
            ],
            Self::Postgres(schema) => {
                let separator = if schema.url.contains('?') { '&' } else { '?' };
                let options = format!("options=-csearch_path%3D{}", schema.name);
                let url = format!("{}{separator}{options}", schema.url);
                ["--database-url".to_owned(), url]
            }
        }
    }

    /// The file of SQLite, and what stands beside it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.path().join(name),
            Self::Postgres(_) => panic!("a server has no file here"),
        }
    }

    /// Runs statements beside workeros.
    pub(crate) async fn execute(&self, sql: &str) {
        match self {
            Self::Sqlite(_) => self.connection().execute_batch(sql).unwrap(),
            Self::Postgres(schema) => schema.run(sql).await,
        }
    }

    /// The file of SQLite, opened beside workeros.
    pub(crate) fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.file("workeros.sqlite")).unwrap()
    }
}

/// An empty place of every kind there is.
pub(crate) async fn places() -> Vec<Place> {
    let mut places = vec![Place::sqlite()];
    places.extend(Schema::new().await.map(Place::Postgres));
    places
}
