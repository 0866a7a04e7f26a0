//! Bundled adapters of workeros: SQLite, Postgres, mail.
