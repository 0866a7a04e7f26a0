use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;
use webauthn_rs::prelude::{
    Credential, PasskeyRegistration, RegisterPublicKeyCredential, WebauthnError,
};
use workeros_core::{Error, Result};

use super::begun::Begun;
use super::presented::Presented;
use super::public_key::{AttestedKey, PublicKey};
use super::refusal::registration_failed;
use super::{Attachment, Passkey, RelyingParty};
use crate::User;

/// What a device has made.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) public_key: PublicKey,
    pub(crate) counter: u32,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
    pub(crate) transports: Vec<String>,
    pub(crate) model: Option<Uuid>,
}

/// How a device can be reached, as far as browsers know.
const TRANSPORTS: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

impl RelyingParty {
    /// Asks for a passkey of a user, on a device that has none of these.
    pub(crate) fn begin_registration(
        &self,
        user: &User,
        existing: &[Passkey],
        attachment: Option<Attachment>,
    ) -> Result<Begun> {
        let account = user.address().unwrap_or(&user.name);
        let name = if user.name.is_empty() {
            account
        } else {
            &user.name
        };
        // Which ones there are is a hint to the browser: whether the new one is
        // among them, the table says.
        let (options, state) = self
            .webauthn()?
            .start_passkey_registration(user.id.uuid(), account, name, None)
            .map_err(Error::internal)?;
        let mut options = serde_json::to_value(options.public_key).map_err(Error::internal)?;
        if let Some(options) = options.as_object_mut() {
            let existing = existing.iter().map(describe).collect();
            options.insert("excludeCredentials".to_owned(), Json::Array(existing));
            options.insert("authenticatorSelection".to_owned(), selection(attachment));
        }
        Begun::new(options, &state)
    }

    /// Checks the answer to what was asked, which nobody can answer again.
    pub(crate) fn finish_registration(
        &self,
        state: &str,
        presented: &Presented<'_>,
    ) -> Result<Registered> {
        if !presented.is_same_origin() {
            return Err(registration_failed(WebauthnError::CredentialCrossOrigin));
        }
        let state: PasskeyRegistration = serde_json::from_str(state).map_err(Error::internal)?;
        let signed = presented.only(&["attestationObject", "clientDataJSON"]);
        let response: RegisterPublicKeyCredential =
            serde_json::from_value(signed).map_err(registration_failed)?;
        let passkey = self
            .webauthn()?
            .finish_passkey_registration(&response, &state)
            .map_err(registration_failed)?;
        let credential = Credential::from(passkey);
        let attested = presented.bytes("attestationObject");
        let attested = attested.and_then(|bytes| AttestedKey::read(&bytes));
        let attested = attested.ok_or_else(|| registration_failed("no attested key"))?;
        Ok(Registered {
            credential_id: credential.cred_id,
            public_key: attested.public_key,
            counter: credential.counter,
            backup_eligible: credential.backup_eligible,
            backed_up: credential.backup_state,
            transports: read_transports(presented),
            model: attested.model,
        })
    }
}

/// A device that finds the passkey by itself, and verifies its user.
fn selection(attachment: Option<Attachment>) -> Json {
    let selection = [
        ("residentKey", json!("required")),
        ("requireResidentKey", json!(true)),
        ("userVerification", json!("required")),
    ];
    let attachment = attachment.map(|one| ("authenticatorAttachment", json!(one.name())));
    let members = selection.into_iter().chain(attachment);
    let members: Map<_, _> = members
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Json::Object(members)
}

fn describe(passkey: &Passkey) -> Json {
    let id = URL_SAFE_NO_PAD.encode(&passkey.credential_id);
    if passkey.transports.is_empty() {
        return json!({"type": "public-key", "id": id});
    }
    json!({"type": "public-key", "id": id, "transports": passkey.transports})
}

/// Nobody vouches for these: they are given back to the browser that named
/// them.
fn read_transports(presented: &Presented<'_>) -> Vec<String> {
    let mut known: Vec<_> = presented
        .texts("transports")
        .filter(|name| TRANSPORTS.contains(name))
        .map(ToOwned::to_owned)
        .collect();
    known.sort_unstable();
    known.dedup();
    known
}
