//! The contracts of workeros: what an adapter owes, what a permission is, what
//! goes into the log.
//!
//! This crate holds traits and plain types and does no I/O. Everything that
//! touches the world (a database, a clock, random bytes, mail) is a trait here
//! and an implementation elsewhere: bundled in `workeros-adapters`, or yours.
//!
//! # A clock of your own
//!
//! Each trait is small and object-safe, and its `# Contract` section says
//! which error each failure must be.
//!
//! ```
//! use workeros_core::{Clock, Timestamp};
//!
//! /// A clock that stands still.
//! #[derive(Debug)]
//! struct Standing(Timestamp);
//!
//! impl Clock for Standing {
//!     fn now(&self) -> Timestamp {
//!         self.0
//!     }
//! }
//!
//! let noon = Timestamp::parse("2024-06-01T12:00:00Z").ok_or("not a timestamp")?;
//! assert_eq!(Standing(noon).now().to_string(), "2024-06-01T12:00:00.000000Z");
//! # Ok::<(), &str>(())
//! ```
//!
//! # The map
//!
//! | what | where |
//! | --- | --- |
//! | SQL databases | [`Database`], [`Statement`], [`Batch`], [`Shape`] |
//! | files, mail | [`Storage`], [`Mailer`] |
//! | other servers | [`HttpClient`], [`webhook`] |
//! | person or program | [`Captcha`] |
//! | time, randomness, ids | [`Clock`], [`Random`], [`IdGenerator`] |
//! | secrets at rest and in transit | [`Secret`], [`Sealer`], [`MacKeys`] |
//! | how often | [`RateLimiter`], [`RateKey`], [`Quota`] |
//! | who acts | [`Authenticator`], [`Identity`], [`Subject`] |
//! | what is allowed | [`Grant`], [`Rule`], [`FieldSet`] |
//! | what happened | [`Change`], [`Action`] |
//! | what went wrong | [`Error`], [`ErrorKind`] |
//!
//! With the feature `testkit` come conformance suites that hold an adapter to
//! its contract; see the module `testkit`.

mod authenticator;
mod captcha;
mod change;
mod clock;
mod database;
mod error;
mod grant;
pub mod html;
mod http_client;
mod id;
pub mod input;
pub mod json;
mod mailer;
mod migration;
mod origin;
mod random;
mod rate_limit;
mod runtime;
mod secret;
mod storage;
mod subject;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod webhook;
mod workspace;

pub use authenticator::Authenticator;
pub use captcha::{Captcha, CaptchaOptions, CaptchaResponse, CaptchaServices, CaptchaSolution};
pub use change::{Action, Change};
pub use clock::{Clock, SystemClock};
pub use database::{
    Batch, Capability, Column, Cost, Database, Derive, Expect, Page, PageWriter, Row, Rows, Shape,
    Statement, Step, Work,
};
pub use error::{Detail, Error, ErrorKind, Result, Violation};
pub use grant::{FieldSet, Grant, Rule, Visibility};
pub use http_client::{HttpClient, HttpLimits, HttpRequest, HttpResponse};
pub use id::{
    ApiKeyId, CollectionId, InvitationId, LinkedAccountId, OrganizationId, OrganizationMemberId,
    PasskeyId, PermissionId, RoleId, SessionId, TenantId, UserId,
};
pub use mailer::{Email, Mailer, Sender};
pub use migration::{Migration, migrate};
pub use origin::Origin;
pub use random::{IdGenerator, Random, SystemIds, SystemRandom};
pub use rate_limit::{Decision, Quota, RateKey, RateLimiter};
pub use runtime::Runtime;
pub use secret::{MacKeys, Sealer, Secret, Unsealed};
pub use storage::{ObjectMeta, Storage};
pub use subject::{ActiveOrganization, Credential, Identity, Scope, Subject, role};
pub use workeros_dsl::{Dialect, Timestamp, Type, Value};
pub use workspace::{Workspace, Workspaces};
