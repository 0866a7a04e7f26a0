//! A backend as a crate.
//!
//! Add `workeros` to an axum, actix-web or hyper application, call the builder,
//! and mount what it gives: from then on the application has collections that
//! are defined while it runs (real tables), or adopted from a database that was
//! there before; one permission language; REST; users, sessions and API keys.
//!
//! ```
//! use axum::{Router, routing::get};
//! use serde_json::json;
//! use workeros::{Query, Sqlite, Workeros};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> workeros::Result<()> {
//! let backend = Workeros::builder()
//!     .db(Sqlite::memory().await?) // `Sqlite::open("app.db")` to keep it
//!     .public_url("http://127.0.0.1:3000/backend")
//!     .build()
//!     .await?;
//!
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "a page of the host" }))
//!     .nest_service("/backend", backend.clone());
//!
//! // The same without HTTP.
//! let posts = json!({"slug": "posts", "fields": [{"name": "title", "type": "text"}]});
//! backend.plane().collections(backend.system()).create(&posts).await?;
//! backend.items("posts").as_system().create(&json!({"title": "Hello"})).await?;
//! let page = backend.items("posts").as_system().list(&Query::new().limit(10)).await?;
//! assert!(!page.has_more);
//!
//! backend.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Where to go on
//!
//! | to | see |
//! | --- | --- |
//! | change or refuse writes, react to them | [`Hooks`] |
//! | bring users of your own | [`Authenticator`], [`Builder::authenticator`] |
//! | say who may sign up, and how one signs in | [`Builder::auth`], [`AuthBuilder`], [`RealmSettings`] |
//! | send mail | [`Builder::mailer`] |
//! | have a say in who becomes a user, and what tokens say | [`AuthHooks`], [`WebhookHooks`] |
//! | ask for a captcha | [`CaptchaPolicy`] |
//! | sign webhooks, and verify ours | [`webhook`] |
//! | use Postgres | `Postgres`, with the feature `postgres` |
//! | call the bundled users without HTTP | [`Workeros::auth`], [`auth`] |
//! | count in a store of your own | [`Builder::rate_limiter`], [`RateLimiter`] |
//! | write a database adapter | [`adapter`], and the suites in `workeros_core::testkit` |
//! | understand conditions | [`workeros_dsl`](https://docs.rs/workeros-dsl) |
//!
//! # Features
//!
//! | feature | gives |
//! | --- | --- |
//! | `sqlite` (default) | the embedded database |
//! | `postgres` | PostgreSQL |
//! | `postgres-no-tls` | the same without encrypted connections, and without the C library for them |
//! | `passkey` (default) | signing in by a passkey |
//! | `http-client` | requests to other servers: `ReqwestClient` and its `EgressPolicy` |
//! | `smtp` | mail by SMTP: `SmtpMailer` |
//! | `mail-api` | mail by HTTP: `ResendMailer`, `SendgridMailer`, `MailgunMailer`, `SesMailer` |
//! | `captcha` | `Turnstile`, `Hcaptcha`, `Recaptcha` |
//! | `actix` | the bridge to actix-web 4, `workeros::actix` |
//! | `testkit` | `TestApp` and scenarios, for your tests |

mod builder;
#[cfg(all(
    doctest,
    feature = "captcha",
    feature = "http-client",
    feature = "passkey",
    feature = "smtp"
))]
mod guide;
mod tasks;
mod workeros;

pub use builder::Builder;
pub use workeros::{ItemsOf, Workeros};

pub use workeros_adapters::{ConsoleMailer, DatabaseRateLimiter, MemoryMailer, MemoryRateLimiter};
#[cfg(feature = "http-client")]
pub use workeros_adapters::{
    EgressPolicy, ReqwestClient, ReqwestOptions, Resolver, SystemResolver,
};
#[cfg(feature = "captcha")]
pub use workeros_adapters::{Hcaptcha, KnownCaptchas, Recaptcha, Turnstile};
#[cfg(feature = "mail-api")]
pub use workeros_adapters::{
    MailgunMailer, ResendMailer, SendgridMailer, SesCredentials, SesMailer,
};
#[cfg(feature = "postgres-no-tls")]
pub use workeros_adapters::{Postgres, PostgresOptions};
#[cfg(feature = "smtp")]
pub use workeros_adapters::{SmtpMailer, SmtpOptions, SmtpTls};
#[cfg(feature = "sqlite")]
pub use workeros_adapters::{Sqlite, SqliteOptions};
#[cfg(feature = "passkey")]
pub use workeros_auth::RelyingParty;
pub use workeros_auth::oauth::{AppleKey, OAuthProvider};
pub use workeros_auth::{
    Admission, AnonymousLink, AnonymousUsers, App, Auth, AuthBuilder, AuthHooks, CaptchaPoint,
    CaptchaPolicy, ClaimsRequest, ComingUser, FailMode, HookEvent, Languages, Locale, MailHandling,
    MailTemplate, MailText, OrganizationCreation, OrganizationRules, PasswordCheck,
    PasswordVerdict, Platform, RealmSettings, Refusal, RenderedMail, SignUpPolicy, Templates,
    TokenIssuer, TokenKind, WebhookHooks,
};
pub use workeros_core::{
    Action, ActiveOrganization, ApiKeyId, Authenticator, Captcha, CaptchaResponse, CaptchaSolution,
    Change, Clock, CollectionId, Credential, Database, Decision, Detail, Email, Error, ErrorKind,
    HttpClient, HttpLimits, HttpRequest, HttpResponse, IdGenerator, Identity, Mailer, Origin,
    PermissionId, Quota, Random, RateKey, RateLimiter, Result, RoleId, Runtime, Scope, Secret,
    Sender, SessionId, Subject, SystemClock, SystemIds, SystemRandom, TenantId, Timestamp, UserId,
    Violation, Workspace, Workspaces, role, webhook,
};
#[cfg(feature = "actix")]
pub use workeros_http::actix;
#[cfg(feature = "testkit")]
pub use workeros_http::testkit;
pub use workeros_http::{
    Access, Backend, Body, ClientAddress, Endpoint, ResponseFuture, TrustedProxies,
};
pub use workeros_schema::{
    Adoption, AfterCommit, AppliedRule, BeforeWrite, Changes, Collection, Collections, DataPlane,
    Direction, Draft, Field, HookContext, Hooks, Item, Items, Kind, Limits, List, Meta, Outcome,
    Permission, PermissionFilter, PermissionView, Permissions, Position, Precondition, Query, Role,
    Roles, Simulation, SortKey, WorkspaceDetails, WorkspaceList,
};

/// The bundled users without HTTP: what the methods of [`Auth`] take and give.
pub mod auth {
    #[doc(no_inline)]
    pub use workeros_auth::*;
}

/// What a database, storage or other adapter of one's own is written with.
pub mod adapter {
    #[doc(no_inline)]
    pub use workeros_core::{
        Batch, Capability, Column, Cost, Database, Derive, Dialect, Expect, Migration, ObjectMeta,
        Page, PageWriter, Row, Rows, Shape, Statement, Step, Storage, Type, Value, Work, migrate,
    };
    #[doc(no_inline)]
    pub use workeros_dsl::sql::Sql;
}
