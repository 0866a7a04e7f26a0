//! Requests that say who sent them, as the [Standard
//! Webhooks](https://www.standardwebhooks.com) specification has it: how they
//! are signed, and how a receiver verifies them.
//!
//! ```
//! use workeros_core::webhook::{WebhookKeys, WebhookSecret};
//! use workeros_core::Timestamp;
//!
//! let keys = WebhookKeys::new(WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?);
//! let now = Timestamp::parse("2024-06-01T12:00:00Z").ok_or("not a timestamp")?;
//!
//! // Whoever sends puts three headers on the request,
//! let signed = keys.sign("msg_1", now, b"{}")?;
//! let headers = signed.headers()?;
//! // and whoever receives it asks whether they are genuine.
//! assert!(keys.verify(&headers, b"{}", now).is_ok());
//! assert!(keys.verify(&headers, b"{\"more\":1}", now).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::time::Duration;

mod keys;
mod secret;
mod signed;

pub use keys::WebhookKeys;
pub use secret::WebhookSecret;
pub use signed::SignedWebhook;

/// How far the clocks of sender and receiver may be apart, and how long a
/// request may be under way.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// The header that names a message. It stays the same when it is sent again.
pub const ID: &str = "webhook-id";
/// The header that says when it was sent, in seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header that shows who sent it.
pub const SIGNATURE: &str = "webhook-signature";
