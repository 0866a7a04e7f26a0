//! Rows of the flows in which something is sealed until somebody comes back for
//! it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};
use workeros_core::{
    Batch, Cost, Error, ErrorKind, Expect, Result, Row, Statement, Step, Timestamp, UserId, Value,
};

use crate::changes::{NOBODY, SecretHash};
use crate::flow::sweep;
use crate::plane::{PlaneSql, planes};
use crate::refusal::INVALID_TOKEN;
use crate::session::later;
use crate::{Auth, Plane};

const INSERT: PlaneSql = planes!(
    "INSERT INTO " p "_auth_flows \
    (id, realm_id, purpose, user_id, secret_hash, data, attempts, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)"
);
const FIND: PlaneSql = planes!(
    "SELECT id, user_id, data, expires_at FROM " p "_auth_flows \
    WHERE realm_id = $1 AND purpose = $2 AND secret_hash = $3 AND expires_at > $4"
);
/// Of many who come with the same one gets it.
const TAKE: PlaneSql = planes!(
    "DELETE FROM " p "_auth_flows WHERE realm_id = $1 AND purpose = $2 AND secret_hash = $3 \
    AND expires_at > $4 RETURNING id, user_id, data, expires_at"
);
const USE_UP: PlaneSql = planes!(
    "DELETE FROM " p "_auth_flows WHERE realm_id = $1 AND purpose = $2 AND secret_hash = $3 \
    AND expires_at > $4"
);

/// What a row is for, and what it is found by: all that has to be shown at once,
/// so that none of it can be exchanged for another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    purpose: &'static str,
    hash: SecretHash,
}

/// What is kept.
#[derive(Default)]
pub(super) struct Kept {
    members: Map<String, Json>,
    /// The row goes when he does.
    pub(super) user: Option<UserId>,
}

impl Place {
    pub(super) fn new(purpose: &'static str, shown: &[SecretHash]) -> Self {
        let hash = shown.iter().fold(Sha256::new(), Sha256::chain_update);
        Self {
            purpose,
            hash: hash.finalize().into(),
        }
    }
}

impl Kept {
    pub(super) fn of_members(members: Map<String, Json>) -> Self {
        Self {
            members,
            user: None,
        }
    }

    pub(super) fn of_user(mut self, user: Option<UserId>) -> Self {
        self.user = user;
        self
    }

    /// With a text, if there is one.
    pub(super) fn with(mut self, name: &str, text: Option<String>) -> Self {
        if let Some(text) = text {
            self.members.insert(name.to_owned(), text.into());
        }
        self
    }

    pub(super) fn with_bytes(self, name: &str, bytes: Option<&[u8]>) -> Self {
        self.with(name, bytes.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        match self.members.remove(name) {
            Some(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn take_bytes(&mut self, name: &str) -> Option<[u8; 32]> {
        let bytes = URL_SAFE_NO_PAD.decode(self.take(name)?).ok()?;
        bytes.try_into().ok()
    }

    /// What was not taken.
    pub(super) fn rest(&self) -> &Map<String, Json> {
        &self.members
    }
}

impl<P: Plane> Auth<P> {
    /// Keeps something for a while.
    pub(super) async fn keep(&self, place: Place, kept: &Kept, lifetime: Duration) -> Result<()> {
        self.keep_until(place, kept, later(self.now(), lifetime))
            .await
    }

    pub(super) async fn keep_until(
        &self,
        place: Place,
        kept: &Kept,
        until: Timestamp,
    ) -> Result<()> {
        let (id, now) = (self.inner.ids.next_id(), self.now());
        let text = serde_json::to_vec(&kept.members).map_err(Error::internal)?;
        let sealed = self.sealer()?.seal(place.purpose, id.as_bytes(), &text)?;
        let params = vec![
            id.into(),
            self.realm.into(),
            place.purpose.into(),
            kept.user.map_or(Value::Null, Into::into),
            Value::Bytes(place.hash.to_vec()),
            sealed.into(),
            now.into(),
            until.into(),
        ];
        let batch = Batch::new()
            .step(sweep::<P>(now))
            .step(Step::new(Statement::new(INSERT.of::<P>(), params)));
        self.apply(&NOBODY, batch).await
    }

    /// What is kept there and until when, which is gone from then on.
    pub(super) async fn take_kept(&self, place: Place) -> Result<Option<(Kept, Timestamp)>> {
        let take = Step::new(Statement::new(TAKE.of::<P>(), self.at(place)));
        let batch = Batch::new().step(take);
        let rows = self.apply_and_read(&NOBODY, batch).await?;
        let read = |row: &Row| Ok((self.read_kept(place, row)?, row.timestamp(3)?));
        rows.first().map(read).transpose()
    }

    /// What is kept there, which stays.
    pub(super) async fn find_kept(&self, place: Place) -> Result<Option<Kept>> {
        let statement = Statement::new(FIND.of::<P>(), self.at(place)).with_cost(Cost::Short);
        let rows = self.fetch(statement).await?;
        let read = |row: &Row| self.read_kept(place, row);
        rows.first().map(read).transpose()
    }

    /// Takes away what is kept there: the first step of what it is for.
    pub(super) fn use_up_kept(&self, place: Place) -> Step {
        let step = Step::new(Statement::new(USE_UP.of::<P>(), self.at(place)));
        step.expect(Expect::One, ErrorKind::Gone, INVALID_TOKEN)
    }

    fn read_kept(&self, place: Place, row: &Row) -> Result<Kept> {
        let (id, sealed) = (row.uuid(0)?, row.text(2)?);
        let text = self.sealer()?.open(place.purpose, id.as_bytes(), sealed)?;
        let members = serde_json::from_slice(&text).map_err(Error::internal)?;
        let user = row.optional_uuid(1)?.map(UserId::new);
        Ok(Kept { members, user })
    }

    fn at(&self, place: Place) -> Vec<Value> {
        vec![
            self.realm.into(),
            place.purpose.into(),
            Value::Bytes(place.hash.to_vec()),
            self.now().into(),
        ]
    }
}
