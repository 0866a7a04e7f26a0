//! The host's say in what happens to users.

use std::fmt::Debug;

use async_trait::async_trait;
use serde_json::{Map, Value as Json};
use workeros_core::Result;

mod answer;
mod calls;
mod claims;
mod event;
mod run;
mod webhook;

pub use answer::{Admission, MailHandling, PasswordVerdict, Refusal};
pub(crate) use calls::{PasswordAttempt, send_mail};
pub use event::{ClaimsRequest, ComingUser, PasswordCheck, PasswordUse, RenderedMail, UserOrigin};
pub use webhook::{HookEvent, WebhookHooks};

/// What a host has to say when users are made, sign in and are written to. Each
/// method does nothing unless it is written.
///
/// # Contract
///
/// * A hook is called before anything is written, and outside of any
///   transaction. What it was told of need not come about, and it may be told of
///   it again.
/// * An error, a panic, and more than ten seconds are one thing: nothing is
///   done, and whoever asked is told to try again
///   ([`Unavailable`](workeros_core::ErrorKind::Unavailable), code
///   `HOOK_UNAVAILABLE`). To refuse is an answer, not an error.
/// * Of several hooks each is asked, in order; the first refusal counts.
///
/// ```
/// use async_trait::async_trait;
/// use workeros_auth::{Admission, AuthHooks, ComingUser, Refusal};
/// use workeros_core::Result;
///
/// /// Lets in who works here.
/// #[derive(Debug)]
/// struct Colleagues;
///
/// #[async_trait]
/// impl AuthHooks for Colleagues {
///     async fn before_user(&self, user: &ComingUser) -> Result<Admission> {
///         if user.email.ends_with("@example.com") {
///             return Ok(Admission::admit());
///         }
///         let refusal = Refusal::new("sign up with your address at work");
///         Ok(Admission::refuse(refusal.with_code("NOT_A_COLLEAGUE")))
///     }
/// }
/// ```
#[async_trait]
pub trait AuthHooks: Debug + Send + Sync + 'static {
    /// Somebody is about to become a user, whichever way: he may be refused, or
    /// called something else.
    async fn before_user(&self, _user: &ComingUser) -> Result<Admission> {
        Ok(Admission::admit())
    }

    /// An end user is about to get access tokens for a session: what they say
    /// besides. That is for his client and for other services; here nobody goes
    /// by it. At most 2048 bytes of JSON, without what every token says (`iss`,
    /// `aud`, `sub`, `sid`, `tenant`, `exp`, `iat`, `nbf`, `jti`), `alg`, `kid`,
    /// `typ`, `act` and `cnf`.
    async fn access_claims(&self, _request: &ClaimsRequest) -> Result<Map<String, Json>> {
        Ok(Map::new())
    }

    /// A password was compared. Who gave the right one may be refused; who gave
    /// a wrong one is told that it was, whatever the answer.
    async fn password_checked(&self, _check: &PasswordCheck) -> Result<PasswordVerdict> {
        Ok(PasswordVerdict::Accept)
    }

    /// A mail is about to go out, behind the request that caused it. What fails
    /// is tried again, so a mail can come twice: by the same
    /// [id](RenderedMail::id).
    async fn send_mail(&self, _mail: &RenderedMail) -> Result<MailHandling> {
        Ok(MailHandling::Mailer)
    }
}
