//! Passkeys: keys that a user's device keeps and never shows, of which we know
//! the public half.
//!
//! The rules of WebAuthn are held by `webauthn-rs`. This module says what it is
//! asked for, adds what it leaves to its caller, and keeps what comes of it:
//!
//! * a passkey is always found by the device itself (a *discoverable* one), so
//!   nobody says who he is before he has proven it;
//! * the device always verifies its user, by a finger, a face or a PIN, so a
//!   passkey is two factors at once;
//! * what was asked is a row that is used up before the answer is looked at, so
//!   an answer counts once, whatever it is worth;
//! * pages in a frame of somebody else's are refused.

use std::time::Duration;

use uuid::Uuid;
use workeros_core::{PasskeyId, Result, Row, Timestamp, UserId};

use self::assertion::KnownKey;
use self::public_key::PublicKey;
use self::refusal::no_passkeys;
use crate::{Auth, Plane};

mod assertion;
mod attachment;
mod begun;
mod challenge;
mod client_data;
mod own;
mod presented;
mod public_key;
mod refusal;
mod registering;
mod registration;
mod relying_party;
mod signing_in;
mod table;

pub use attachment::Attachment;
pub use relying_party::RelyingParty;

/// How long a device may take to answer.
pub(crate) const CHALLENGE_LIFETIME: Duration = Duration::from_mins(5);

/// What it is called in the activity.
const FACTOR: &str = "passkey";

/// A passkey of a user: what is known of it, which proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the user calls it.
    pub name: Option<String>,
    /// What the device calls it.
    pub credential_id: Vec<u8>,
    /// How often its device says that it was used; 0 where it does not count,
    /// as those do not that keep their passkeys in more than one place.
    pub counter: u32,
    /// Whether its device may keep it in more than one place.
    pub backup_eligible: bool,
    /// Whether it did when it was last used.
    pub backed_up: bool,
    /// How a browser may reach its device, as it said itself.
    pub transports: Vec<String>,
    /// The model of its device, as it said itself.
    pub model: Option<Uuid>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody last signed in by it.
    pub last_used_at: Option<Timestamp>,
    pub(crate) public_key: PublicKey,
}

impl Passkey {
    /// Its public half: a `COSE_Key`, in CBOR.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.public_key.as_bytes()
    }

    /// Reads what the statements of [`table`] select.
    pub(super) fn read(row: &Row) -> Result<Self> {
        let transports = row.text(8)?.split(',').filter(|name| !name.is_empty());
        Ok(Self {
            id: PasskeyId::new(row.uuid(0)?),
            user_id: UserId::new(row.uuid(1)?),
            name: row.optional_text(2)?.map(ToOwned::to_owned),
            credential_id: row.bytes(3)?.to_vec(),
            public_key: PublicKey::from_stored(row.bytes(4)?),
            counter: u32::try_from(row.integer(5)?).unwrap_or(u32::MAX),
            backup_eligible: row.boolean(6)?,
            backed_up: row.boolean(7)?,
            transports: transports.map(ToOwned::to_owned).collect(),
            model: if row.is_null(9) {
                None
            } else {
                Some(row.uuid(9)?)
            },
            created_at: row.timestamp(10)?,
            last_used_at: row.optional_timestamp(11)?,
        })
    }

    /// What an answer is held against.
    pub(super) fn key(&self) -> KnownKey {
        KnownKey {
            user: self.user_id,
            credential_id: self.credential_id.clone(),
            public_key: self.public_key.clone(),
            counter: self.counter,
            backup_eligible: self.backup_eligible,
            backed_up: self.backed_up,
        }
    }
}

impl<P: Plane> Auth<P> {
    /// Whom passkeys of this realm are made for.
    fn relying_party(&self) -> Result<&RelyingParty> {
        self.settings.passkeys.as_ref().ok_or_else(no_passkeys)
    }
}
