//! Signing in by a link in a mail.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use workeros_core::{Batch, Result};

use crate::door::Door;
use crate::entry::Method;
use crate::flow::{Arrival, EntryFlow, NewEntryFlow, Purpose};
use crate::refusal::{invalid_token, used_up};
use crate::template::{Contents, Template};
use crate::{Auth, DisplayName, EmailAddress, LinkToken, Plane, RequestInfo};

/// What the key of browsers' proofs is derived for.
const PURPOSE: &str = "magic link browser";

/// What a browser keeps that asked for a link, to be known by when it follows
/// it. It never shows in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserProof(String);

impl BrowserProof {
    /// How long a browser keeps it: as long as the link is good.
    pub const LIFETIME: Duration = Purpose::MagicLink.lifetime();

    /// What a browser presents.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The proof itself, for the browser.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BrowserProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserProof(..)")
    }
}

impl<P: Plane> Auth<P> {
    /// Mails a link by which whoever reads the mail signs in, once and within
    /// ten minutes; also somebody who is no user yet, where everybody may sign
    /// up. `link` makes the URL of it, and `name` is what he is called if he is
    /// new. It ends the link mailed before. Nothing tells whether there is such
    /// a user, or whether a mail was held back; see
    /// [`request_password_reset`](Self::request_password_reset).
    ///
    /// What comes back is for the browser that asked.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](workeros_core::ErrorKind::Unsupported) without
    /// [mail](crate::AuthBuilder::with_mailer).
    pub async fn send_magic_link(
        &self,
        email: &EmailAddress,
        name: &DisplayName,
        request: &RequestInfo,
        link: impl FnOnce(&LinkToken) -> String,
    ) -> Result<BrowserProof> {
        self.require_mail()?;
        let passed = self.pass(Door::MagicLink, request).await?;
        let token = LinkToken::generate(self.inner.random.as_ref())?;
        let proof = self.browser_proof(&token)?;
        let purpose = Purpose::MagicLink;
        if !self.admits_mail(purpose, email, request, passed).await? {
            return Ok(proof);
        }
        let flow = NewEntryFlow {
            id: self.inner.ids.next_id(),
            purpose,
            address: email,
            name: Some(name),
            secret_hash: token.hash(),
        };
        let contents = Contents::Link(&link(&token));
        let mail = self.compose_mail(Template::of(purpose)?, contents)?;
        let batch = Batch::new()
            .step(self.open_entry(&flow).await?)
            .step(self.queue_mail(mail, flow.id));
        self.apply_and_mail(batch).await?;
        Ok(proof)
    }

    /// Whose link it is, without using it up.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code `INVALID_TOKEN` when it
    /// does not hold, or no longer.
    pub async fn check_magic_link(&self, token: &LinkToken) -> Result<EmailAddress> {
        Ok(self.find_magic_link(token).await?.address)
    }

    /// Whether it was this browser that asked for the link. Who follows it in
    /// another one may be a program that looks into mails, or somebody who was
    /// given a link of somebody else's.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](workeros_core::ErrorKind::Unsupported) without a secret.
    pub fn asked_for(&self, token: &LinkToken, presented: &BrowserProof) -> Result<bool> {
        let Ok(tag) = URL_SAFE_NO_PAD.decode(&presented.0) else {
            return Ok(false);
        };
        let keys = self.secret()?.mac(PURPOSE);
        Ok(keys.verify(&[token.expose().as_bytes()], &tag))
    }

    /// Signs somebody in by a link, once. Whoever is new becomes a user. The
    /// first time somebody shows that he reads mail at the address of an
    /// account, everything goes that was made before to sign in to it by:
    /// password, sessions, keys and second factor.
    ///
    /// # Errors
    ///
    /// * [`BadRequest`](workeros_core::ErrorKind::BadRequest) with code `INVALID_TOKEN` when
    ///   the link does not hold, or no longer.
    /// * [`Forbidden`](workeros_core::ErrorKind::Forbidden) with code `SIGN_UP_CLOSED` when
    ///   he is new, and nobody may sign up any more.
    pub async fn sign_in_magic_link(
        &self,
        token: &LinkToken,
        request: &RequestInfo,
    ) -> Result<Arrival<P>> {
        let passed = self.pass(Door::Proof, request).await?;
        let flow = self.find_magic_link(token).await?;
        let entered = self.enter(flow, Method::MagicLink, passed, request).await;
        entered.map_err(used_up)
    }

    async fn find_magic_link(&self, token: &LinkToken) -> Result<EntryFlow> {
        let found = self.find_entry(Purpose::MagicLink, &token.hash()).await?;
        found.ok_or_else(invalid_token)
    }

    fn browser_proof(&self, token: &LinkToken) -> Result<BrowserProof> {
        let tag = self
            .secret()?
            .mac(PURPOSE)
            .tag(&[token.expose().as_bytes()]);
        Ok(BrowserProof(URL_SAFE_NO_PAD.encode(tag)))
    }
}
