//! Refresh tokens: how an end user stays signed in while access tokens last
//! minutes.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json};
use uuid::Uuid;
use workeros_core::{
    Batch, Cost, ErrorKind, Expect, Migration, Result, Row, SessionId, Statement, Step, Timestamp,
    Value,
};

use crate::activity::{ActivityKind, NewActivity};
use crate::changes::{Affected, NOBODY};
use crate::key::SessionKey;
use crate::plane::{Issued, PlaneSql, planes};
use crate::refusal::invalid_credentials;
use crate::session::{end, later};
use crate::{App, Auth, Session, SignedIn, User};

/// What an end user gets another access token for: the id of his session, a
/// generation that grows with each use, and a tag nobody else can make. It
/// never shows in debug output.
///
/// The tag's key takes the secret of the instance and salt of the session's row:
/// neither of them alone makes a token.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session: Uuid,
    generation: u32,
    tag: [u8; 32],
}

/// How long the token before is taken for the same as its successor: two tabs
/// may refresh at once, and an answer may be lost on its way.
const GRACE: Duration = Duration::from_secs(10);

const MARK: &str = "wrt_";
const PURPOSE: &str = "refresh tokens";

const INSERT: &str = "INSERT INTO app_refresh (session_id, salt, generation, rotated_at) \
    VALUES ($1, $2, 0, $3)";
const FIND: PlaneSql = planes!(
    "SELECT " session ", " user ", r.salt, r.generation, r.rotated_at \
    FROM app_refresh r JOIN " p "_sessions s ON s.id = r.session_id \
    JOIN " p "_users u ON u.id = s.user_id WHERE r.session_id = $1 AND s.realm_id = $2"
);
/// Where what stands in `app_refresh` begins.
const SALT: usize = Session::COLUMNS + User::COLUMNS;
/// Of many who come with the same token one moves on.
const ROTATE: &str = "UPDATE app_refresh SET generation = generation + 1, rotated_at = $1 \
    WHERE session_id = $2 AND generation = $3";
const TOUCH: &str = "UPDATE app_sessions SET last_seen_at = $1 WHERE id = $2";

/// The generations of the sessions of end users.
pub(crate) const REFRESH: Migration = Migration {
    name: "auth-app-0009-refresh",
    sqlite: &["CREATE TABLE app_refresh (\
        session_id TEXT PRIMARY KEY NOT NULL REFERENCES app_sessions (id) ON DELETE CASCADE, \
        salt BLOB NOT NULL, \
        generation INTEGER NOT NULL, \
        rotated_at TEXT NOT NULL) STRICT"],
    postgres: &["CREATE TABLE app_refresh (\
        session_id uuid PRIMARY KEY REFERENCES app_sessions (id) ON DELETE CASCADE, \
        salt bytea NOT NULL, \
        generation bigint NOT NULL, \
        rotated_at timestamptz NOT NULL)"],
};

impl RefreshToken {
    /// Reads a token; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(MARK)?).ok()?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, tag) = rest.split_first_chunk::<4>()?;
        Some(Self {
            session: Uuid::from_bytes(*session),
            generation: u32::from_be_bytes(*generation),
            tag: tag.try_into().ok()?,
        })
    }

    /// The token itself, for the one who signed in.
    #[must_use]
    pub fn expose(&self) -> String {
        let generation = self.generation.to_be_bytes();
        let parts = [self.session.as_bytes().as_slice(), &generation, &self.tag];
        MARK.to_owned() + &URL_SAFE_NO_PAD.encode(parts.concat())
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

/// A session with where its tokens stand.
struct Found {
    session: Session,
    user: User,
    salt: Vec<u8>,
    generation: u32,
    rotated_at: Timestamp,
}

impl Found {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            session: Session::read(row)?,
            user: User::read(row, Session::COLUMNS)?,
            salt: row.bytes(SALT)?.to_vec(),
            generation: u32::try_from(row.integer(SALT + 1)?).unwrap_or(u32::MAX),
            rotated_at: row.timestamp(SALT + 2)?,
        })
    }
}

impl Auth<App> {
    /// Gives the next refresh token of a session for the one in use, once. Who
    /// comes with the same one within ten seconds is given the same successor;
    /// who comes with it later has a copy of what somebody else has used, so
    /// the session ends for both.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](ErrorKind::Unauthorized) when the token is none of this
    /// workspace, its session has ended or its user is disabled.
    pub async fn refresh_session(&self, token: &RefreshToken) -> Result<SignedIn<App>> {
        let found = self.find_refresh(token).await?;
        if !self.is_genuine(token, &found.salt)? || self.is_over(&found) {
            return Err(invalid_credentials());
        }
        // Before anything moves on: whoever has to try again has the same token.
        let claims = self.ask_for_claims(&found.user, &found.session).await?;
        if token.generation == found.generation && self.rotate(token).await? {
            return self.succeed(found, token.generation, claims);
        }
        // Somebody has used it, now or before: the row says when.
        let found = self.find_refresh(token).await?;
        let is_next = token.generation.checked_add(1) == Some(found.generation);
        if is_next && self.now() < later(found.rotated_at, GRACE) {
            return self.succeed(found, token.generation, claims);
        }
        self.end_reused(&found).await?;
        Err(invalid_credentials())
    }

    pub(crate) fn issue_refresh_token(&self, session: SessionId) -> Result<Issued<RefreshToken>> {
        let mut salt = vec![0; 32];
        self.inner.random.fill(&mut salt)?;
        let token = self.refresh_token(session.uuid(), 0, &salt)?;
        let params = vec![session.into(), Value::Bytes(salt), self.now().into()];
        Ok(Issued {
            token,
            key: SessionKey::of_id(session),
            steps: vec![Step::new(Statement::new(INSERT, params))],
        })
    }

    async fn find_refresh(&self, token: &RefreshToken) -> Result<Found> {
        let params = vec![token.session.into(), self.realm.into()];
        let statement = Statement::new(FIND.of::<App>(), params).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        Found::read(rows.first().ok_or_else(invalid_credentials)?)
    }

    fn is_over(&self, found: &Found) -> bool {
        let session = &found.session;
        let lifetime = self.settings.lifetime;
        found.user.disabled || lifetime.has_ended(session, session.last_seen_at, self.now())
    }

    /// Whether this was the one to move the session on.
    async fn rotate(&self, token: &RefreshToken) -> Result<bool> {
        let (now, session) = (self.now(), Value::Uuid(token.session));
        let generation = i64::from(token.generation).into();
        let params = vec![now.into(), session.clone(), generation];
        let rotate = Step::new(Statement::new(ROTATE, params)).expect(
            Expect::One,
            ErrorKind::Conflict,
            "another request was faster",
        );
        let touch = Step::new(Statement::new(TOUCH, vec![now.into(), session]));
        let batch = Batch::new().step(rotate).step(touch);
        match self.apply(&NOBODY, batch).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn succeed(
        &self,
        found: Found,
        generation: u32,
        claims: Map<String, Json>,
    ) -> Result<SignedIn<App>> {
        let next = generation.saturating_add(1);
        Ok(SignedIn {
            token: self.refresh_token(found.session.id.uuid(), next, &found.salt)?,
            session: found.session,
            user: found.user,
            claims,
        })
    }

    /// Ends a session whose token somebody has a copy of.
    async fn end_reused(&self, found: &Found) -> Result<()> {
        let (session, user) = (found.session.id, found.user.id);
        tracing::warn!(%session, %user, "a refresh token was used twice: its session is ended");
        let key = SessionKey::of_id(session);
        let activity = NewActivity::new(ActivityKind::RefreshReuse)
            .about(user)
            .with("session_id", session.to_string());
        let batch = Batch::new()
            .step(end::<App>(&key))
            .step(self.note_activity(activity));
        self.apply(&[Affected::Session(key)], batch).await
    }

    fn refresh_token(&self, session: Uuid, generation: u32, salt: &[u8]) -> Result<RefreshToken> {
        let count = generation.to_be_bytes();
        let realm = self.realm.id();
        let parts: [&[u8]; 4] = [realm.as_bytes(), session.as_bytes(), &count, salt];
        Ok(RefreshToken {
            session,
            generation,
            tag: self.secret()?.mac(PURPOSE).tag(&parts),
        })
    }

    fn is_genuine(&self, token: &RefreshToken, salt: &[u8]) -> Result<bool> {
        let count = token.generation.to_be_bytes();
        let realm = self.realm.id();
        let parts: [&[u8]; 4] = [realm.as_bytes(), token.session.as_bytes(), &count, salt];
        Ok(self.secret()?.mac(PURPOSE).verify(&parts, &token.tag))
    }
}
