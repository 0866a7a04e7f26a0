//! Bundled adapters of workeros: implementations of the traits of
//! [`workeros_core`].
//!
//! | trait | adapters | feature |
//! | --- | --- | --- |
//! | [`Database`](workeros_core::Database) | `Sqlite` | `sqlite` (default) |
//! | | `Postgres` | `postgres` |
//! | [`Storage`](workeros_core::Storage) | [`FsStorage`], [`MemoryStorage`] | |
//! | [`HttpClient`](workeros_core::HttpClient) | `ReqwestClient`, with its `EgressPolicy` | `http-client` |
//! | [`Mailer`](workeros_core::Mailer) | [`ConsoleMailer`], [`MemoryMailer`] | |
//! | | `SmtpMailer` | `smtp` |
//! | | `ResendMailer`, `SendgridMailer`, `MailgunMailer`, `SesMailer`, over any `HttpClient` | `mail-api` |
//! | [`Captcha`](workeros_core::Captcha) | `Turnstile`, `Hcaptcha`, `Recaptcha`, over any `HttpClient` | `captcha` |
//! | [`CaptchaServices`](workeros_core::CaptchaServices) | `KnownCaptchas` | `captcha` |
//! | [`RateLimiter`](workeros_core::RateLimiter) | [`MemoryRateLimiter`], [`DatabaseRateLimiter`] | |
//!
//! # Writing and reading
//!
//! What belongs together goes into one batch and is applied whole or not at
//! all; a step says what it expects, and what it means when that is not so.
//!
#![cfg_attr(
    feature = "sqlite",
    doc = r##"
```
use workeros_adapters::Sqlite;
use workeros_core::{Batch, Database, ErrorKind, Expect, Statement, Step};

# tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
let db = Sqlite::memory().await?; // `Sqlite::open("app.db")` for one that stays
let statement = |sql: &'static str| Step::new(Statement::new(sql, vec![]));
db.apply(
    Batch::new()
        .step(statement("CREATE TABLE account (id text PRIMARY KEY, balance integer)"))
        .step(statement("INSERT INTO account (id, balance) VALUES ('ann', 10), ('bob', 0)")),
)
.await?;

let pay = |amount: i64| {
    Batch::new()
        .step(Step::new(Statement::new(
            "UPDATE account SET balance = balance + $1 WHERE id = 'bob'",
            vec![amount.into()],
        )))
        .step(
            Step::new(Statement::new(
                "UPDATE account SET balance = balance - $1 WHERE id = 'ann' AND balance >= $1",
                vec![amount.into()],
            ))
            .expect(Expect::One, ErrorKind::Conflict, "the balance is too low"),
        )
};
db.apply(pay(7)).await?;
let refused = db.apply(pay(7)).await;
assert!(refused.is_err_and(|error| error.message() == "the balance is too low"));

let rows = db.fetch(Statement::new("SELECT balance FROM account ORDER BY id", vec![])).await?;
assert_eq!((rows.rows[0].integer(0)?, rows.rows[1].integer(0)?), (3, 7));
# Ok::<(), workeros_core::Error>(())
# })?;
# Ok::<(), Box<dyn std::error::Error>>(())
```
"##
)]
//!
//! An adapter of your own is held to the same contract by the suites in
//! `workeros_core::testkit`.

#[cfg(feature = "captcha")]
mod captcha;
mod database;
#[cfg(feature = "http-client")]
mod http_client;
mod mailer;
mod rate_limit;
mod storage;
#[cfg(feature = "testkit")]
pub mod testkit;

#[cfg(feature = "captcha")]
pub use captcha::{Hcaptcha, KnownCaptchas, Recaptcha, Turnstile};
#[cfg(feature = "postgres")]
pub use database::{Postgres, PostgresOptions};
#[cfg(feature = "sqlite")]
pub use database::{Sqlite, SqliteOptions};
#[cfg(feature = "http-client")]
pub use http_client::{EgressPolicy, ReqwestClient, ReqwestOptions, Resolver, SystemResolver};
pub use mailer::{ConsoleMailer, MemoryMailer};
#[cfg(feature = "mail-api")]
pub use mailer::{MailgunMailer, ResendMailer, SendgridMailer, SesCredentials, SesMailer};
#[cfg(feature = "smtp")]
pub use mailer::{SmtpMailer, SmtpOptions, SmtpTls};
pub use rate_limit::{DatabaseRateLimiter, MemoryRateLimiter};
pub use storage::{FsStorage, MemoryStorage};
