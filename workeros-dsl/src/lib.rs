//! The filter and permission language of workeros: one meaning in memory, on SQLite and on Postgres.
