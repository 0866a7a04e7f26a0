use uuid::Uuid;
use webauthn_rs::prelude::{
    AttestationFormat, Credential, DiscoverableAuthentication, ParsedAttestation,
    PublicKeyCredential, WebauthnError,
};
use workeros_core::{Error, Result, UserId};

use super::RelyingParty;
use super::begun::Begun;
use super::presented::Presented;
use super::public_key::PublicKey;
use super::refusal::Source;

/// A passkey as an answer is held against it.
#[derive(Debug)]
pub(crate) struct KnownKey {
    pub(crate) user: UserId,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) public_key: PublicKey,
    pub(crate) counter: u32,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
}

/// What an answer that holds says of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asserted {
    pub(crate) counter: u32,
    pub(crate) backed_up: bool,
}

/// Why an answer does not count.
#[derive(Debug)]
pub(crate) enum Rejected {
    /// It could not be looked at.
    Failed(Error),
    /// It does not hold; why is for the log.
    Invalid(Source),
    /// It holds, but the device has been used before as often as this: there
    /// may be a copy of it.
    Cloned,
}

const SIGNED: [&str; 4] = [
    "authenticatorData",
    "clientDataJSON",
    "signature",
    "userHandle",
];

impl RelyingParty {
    /// Asks for any passkey there is.
    pub(crate) fn begin_assertion(&self) -> Result<Begun> {
        let (options, state) = self
            .webauthn()?
            .start_discoverable_authentication()
            .map_err(Error::internal)?;
        let options = serde_json::to_value(options.public_key).map_err(Error::internal)?;
        Begun::new(options, &state)
    }

    /// Checks the answer to what was asked, which nobody can answer again.
    pub(crate) fn finish_assertion(
        &self,
        state: &str,
        presented: &Presented<'_>,
        key: KnownKey,
    ) -> Result<Asserted, Rejected> {
        check_around(presented, key.user)?;
        let state: DiscoverableAuthentication =
            serde_json::from_str(state).map_err(Error::internal)?;
        let signed = presented.only(&SIGNED);
        let response: PublicKeyCredential =
            serde_json::from_value(signed).map_err(|error| Rejected::Invalid(error.into()))?;
        let result = self.webauthn()?.finish_discoverable_authentication_v2(
            &response,
            state,
            key.credential()?,
        )?;
        if !result.user_verified() {
            return Err(WebauthnError::UserNotVerified.into());
        }
        Ok(Asserted {
            counter: result.counter(),
            backed_up: result.backup_state(),
        })
    }
}

/// What `webauthn-rs` leaves to its caller.
fn check_around(presented: &Presented<'_>, user: UserId) -> Result<(), Rejected> {
    if !presented.is_same_origin() {
        return Err(WebauthnError::CredentialCrossOrigin.into());
    }
    // The device says whose passkey it is, and the table does too.
    let handle = presented.bytes("userHandle");
    let named = handle.and_then(|bytes| Uuid::from_slice(&bytes).ok());
    if named != Some(user.uuid()) {
        return Err(WebauthnError::InvalidUserUniqueId.into());
    }
    Ok(())
}

impl KnownKey {
    /// As `webauthn-rs` has it. All passkeys are made under one policy, and
    /// nothing is made of who vouched for the device.
    fn credential(self) -> Result<Credential> {
        Ok(Credential {
            cred: self.public_key.read()?,
            cred_id: self.credential_id,
            counter: self.counter,
            transports: None,
            user_verified: true,
            backup_eligible: self.backup_eligible,
            backup_state: self.backed_up,
            registration_policy: Default::default(),
            extensions: serde_json::from_str("{}").map_err(Error::internal)?,
            attestation: ParsedAttestation::default(),
            attestation_format: AttestationFormat::None,
        })
    }
}

impl From<Error> for Rejected {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<WebauthnError> for Rejected {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::CredentialPossibleCompromise => Self::Cloned,
            error => Self::Invalid(error.into()),
        }
    }
}
