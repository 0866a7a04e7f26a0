use serde_cbor_2::{Deserializer, Value as Cbor};
use uuid::Uuid;
use webauthn_rs::prelude::COSEKey;
use workeros_core::{Error, Result};

/// The public half of a passkey, as the device wrote it (a `COSE_Key`, in
/// CBOR).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicKey(Vec<u8>);

/// What an attestation says besides who vouches for it.
#[derive(Debug)]
pub(super) struct AttestedKey {
    pub(super) public_key: PublicKey,
    /// The model of the device, which nobody vouches for; `None` when it does
    /// not say.
    pub(super) model: Option<Uuid>,
}

impl PublicKey {
    pub(crate) fn from_stored(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn read(&self) -> Result<COSEKey> {
        let value: Cbor = serde_cbor_2::from_slice(&self.0).map_err(Error::internal)?;
        COSEKey::try_from(&value).map_err(Error::internal)
    }
}

impl AttestedKey {
    /// Reads it from an attestation object that was verified.
    pub(super) fn read(attestation_object: &[u8]) -> Option<Self> {
        let object: Cbor = serde_cbor_2::from_slice(attestation_object).ok()?;
        let Cbor::Map(members) = object else {
            return None;
        };
        match members.get(&Cbor::Text("authData".to_owned()))? {
            Cbor::Bytes(bytes) => Self::read_authenticator_data(bytes),
            _ => None,
        }
    }

    /// <https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data>: hash, flags
    /// and counter; then model, length of the id, id, and the key.
    fn read_authenticator_data(bytes: &[u8]) -> Option<Self> {
        let (_, rest) = bytes.split_at_checked(32 + 1 + 4)?;
        let (model, rest) = rest.split_first_chunk()?;
        let (id_length, rest) = rest.split_first_chunk()?;
        let (_, rest) = rest.split_at_checked(u16::from_be_bytes(*id_length).into())?;
        let mut keys = Deserializer::from_slice(rest).into_iter::<Cbor>();
        keys.next()?.ok()?;
        let (key, _) = rest.split_at_checked(keys.byte_offset())?;
        let model = Uuid::from_bytes(*model);
        Some(Self {
            public_key: PublicKey(key.to_vec()),
            model: (!model.is_nil()).then_some(model),
        })
    }
}
