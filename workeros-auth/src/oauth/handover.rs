//! How an end user gets his tokens who is back from a provider: not in a URL.
//! The page he is sent to is given a code, and changes it for them.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use workeros_core::{Batch, Cost, ErrorKind, Expect, Result, Row, Statement, Step, Value};

use super::sign_in::{Recognized, overtaken, was_overtaken};
use super::{Callback, OAuthReturn};
use crate::door::Door;
use crate::entry::{Entry, Method};
use crate::refusal::{INVALID_TOKEN, invalid_token, used_up};
use crate::session::later;
use crate::{App, Auth, BrowserToken, Entered, LinkToken, RequestInfo, User};

/// How long a page may take to load.
const LIFETIME: Duration = Duration::from_mins(1);
const ATTEMPTS: usize = 3;

const PURPOSE: &str = "one-time-token";

const OPEN: &str = "INSERT INTO app_auth_flows \
    (id, realm_id, purpose, user_id, secret_hash, attempts, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, 0, $6, $7)";
const FIND: &str = "SELECT u.id, u.email, u.name, u.email_verified, u.disabled, u.created_at, \
    u.updated_at, u.image FROM app_auth_flows f JOIN app_users u ON u.id = f.user_id \
    WHERE f.realm_id = $1 AND f.purpose = $2 AND f.secret_hash = $3 AND f.expires_at > $4";
const CONSUME: &str = "DELETE FROM app_auth_flows \
    WHERE realm_id = $1 AND purpose = $2 AND secret_hash = $3 AND expires_at > $4";

/// What an end user is sent on with who is back from a provider.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OAuthHandover {
    /// What his page changes for tokens.
    pub token: LinkToken,
    /// Whether he became a user by it.
    pub is_new: bool,
}

impl Auth<App> {
    /// Recognizes somebody who is back from a provider, and gives what his page
    /// can [change for tokens](Self::sign_in_one_time_token), once and within a
    /// minute, if it is in the browser that has set out.
    ///
    /// # Errors
    ///
    /// As [`finish_oauth`](Self::finish_oauth).
    pub async fn hand_over_oauth(
        &self,
        back: &OAuthReturn,
        callback: &Callback,
        redirect_uri: &str,
        browser: &BrowserToken,
    ) -> Result<OAuthHandover> {
        let handover = self.hand_over(back, callback, redirect_uri, browser).await;
        handover.inspect_err(|error| self.note_refused(&back.provider, error))
    }

    async fn hand_over(
        &self,
        back: &OAuthReturn,
        callback: &Callback,
        redirect_uri: &str,
        browser: &BrowserToken,
    ) -> Result<OAuthHandover> {
        let identity = self.identify(back, callback, redirect_uri).await?;
        let token = LinkToken::generate(self.inner.random.as_ref())?;
        let request = back.arriving(&RequestInfo::new());
        for _ in 0..ATTEMPTS {
            let Recognized { entry, is_new } = self.recognize(&identity, &request).await?;
            let mut batch = Batch::new();
            batch.extend(entry.proof);
            batch.push(self.open_handover(&entry.user, &token, browser));
            match self.apply(&entry.affected, batch).await {
                Ok(()) => return Ok(OAuthHandover { token, is_new }),
                Err(error) if was_overtaken(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(overtaken())
    }

    /// Signs somebody in by what his page was given.
    ///
    /// # Errors
    ///
    /// [`BadRequest`](ErrorKind::BadRequest) with code `INVALID_TOKEN` when it
    /// does not hold, or no longer, or is in another browser than the one that
    /// has set out.
    pub async fn sign_in_one_time_token(
        &self,
        token: &LinkToken,
        browser: &BrowserToken,
        request: &RequestInfo,
    ) -> Result<Entered<App>> {
        let params = || {
            vec![
                self.realm.into(),
                PURPOSE.into(),
                secret_hash(token, browser),
                self.now().into(),
            ]
        };
        let statement = Statement::new(FIND, params()).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let read = |row: &Row| User::read(row, 0);
        let user = rows.first().map(read).transpose()?;
        let passed = self.pass(Door::Proof, request).await?;
        let mut entry = Entry::new(user.ok_or_else(invalid_token)?, Method::OAuth, passed);
        let consume = Step::new(Statement::new(CONSUME, params()));
        entry
            .proof
            .push(consume.expect(Expect::One, ErrorKind::Gone, INVALID_TOKEN));
        self.complete(entry, request).await.map_err(used_up)
    }

    fn open_handover(&self, user: &User, token: &LinkToken, browser: &BrowserToken) -> Step {
        let now = self.now();
        let params = vec![
            self.inner.ids.next_id().into(),
            self.realm.into(),
            PURPOSE.into(),
            user.id.into(),
            secret_hash(token, browser),
            now.into(),
            later(now, LIFETIME).into(),
        ];
        Step::new(Statement::new(OPEN, params))
    }
}

/// What the row is found by: neither of the two is of use without the other.
fn secret_hash(token: &LinkToken, browser: &BrowserToken) -> Value {
    let hash = Sha256::new()
        .chain_update(browser.hash())
        .chain_update(token.hash());
    Value::Bytes(hash.finalize().to_vec())
}
