//! A device that keeps passkeys, as far as a server can tell, and the browser
//! it is asked by. It does what it is told to, which no browser would.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use workeros_core::{Random as _, SystemRandom};

/// The user was there.
pub(crate) const PRESENT: u8 = 0x01;
/// The device verified who it was.
pub(crate) const VERIFIED: u8 = 0x04;
/// A key is attested.
const ATTESTED: u8 = 0x40;

/// A browser on a page, with a device.
pub(crate) struct SoftAuthenticator {
    origin: String,
    keys: Vec<Key>,
}

/// A passkey on the device.
#[derive(Clone)]
struct Key {
    id: Vec<u8>,
    secret: SigningKey,
    rp_id: String,
    user_handle: Vec<u8>,
    counter: u32,
}

/// What the device is about to sign.
pub(crate) struct Draft {
    /// What the browser says.
    pub(crate) client_data: Json,
    /// Whose page asks, as the device was told.
    pub(crate) rp_id: String,
    /// See [`PRESENT`] and [`VERIFIED`].
    pub(crate) flags: u8,
    /// How often the device has signed.
    pub(crate) counter: u32,
    /// Whose passkey it is, as the device says.
    pub(crate) user_handle: Vec<u8>,
    /// What the device calls the passkey.
    pub(crate) credential_id: Vec<u8>,
}

impl SoftAuthenticator {
    /// A browser on a page of this origin, with a device that has no passkey.
    pub(crate) fn on(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            keys: Vec::new(),
        }
    }

    /// A copy of the device.
    pub(crate) fn copy(&self) -> Self {
        Self {
            origin: self.origin.clone(),
            keys: self.keys.clone(),
        }
    }

    /// Makes a passkey: what a page posts that called
    /// `navigator.credentials.create`.
    pub(crate) fn create(&mut self, options: &Json) -> Json {
        self.create_with(options, |_| ())
    }

    /// Makes a passkey, of which something is not as it should be.
    pub(crate) fn create_with(&mut self, options: &Json, edit: impl FnOnce(&mut Draft)) -> Json {
        let mut draft = Draft {
            client_data: self.client_data("webauthn.create", options),
            rp_id: text(&options["rp"]["id"]).to_owned(),
            flags: PRESENT | VERIFIED,
            counter: 0,
            user_handle: decode(&options["user"]["id"]),
            credential_id: random::<32>().to_vec(),
        };
        edit(&mut draft);
        let key = Key {
            id: draft.credential_id.clone(),
            secret: secret(),
            rp_id: draft.rp_id.clone(),
            user_handle: draft.user_handle.clone(),
            counter: draft.counter,
        };
        let client_data = draft.client_data.to_string();
        let mut data = draft.authenticator_data(ATTESTED);
        data.extend(key.attested());
        let answer = json!({
            "id": encode(&key.id),
            "rawId": encode(&key.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {"credProps": {"rk": true}},
            "response": {
                "clientDataJSON": encode(client_data.as_bytes()),
                "attestationObject": encode(&attestation_object(&data)),
                "transports": ["internal", "hybrid", "pigeon"],
            },
        });
        self.keys.push(key);
        answer
    }

    /// Signs with its newest passkey: what a page posts that called
    /// `navigator.credentials.get`.
    pub(crate) fn get(&mut self, options: &Json) -> Json {
        self.get_with(options, |_| ())
    }

    /// Signs something that is not as it should be.
    pub(crate) fn get_with(&mut self, options: &Json, edit: impl FnOnce(&mut Draft)) -> Json {
        let client_data = self.client_data("webauthn.get", options);
        let key = self.keys.last_mut().expect("a passkey");
        key.counter += 1;
        let mut draft = Draft {
            client_data,
            rp_id: key.rp_id.clone(),
            flags: PRESENT | VERIFIED,
            counter: key.counter,
            user_handle: key.user_handle.clone(),
            credential_id: key.id.clone(),
        };
        edit(&mut draft);
        let client_data = draft.client_data.to_string();
        let data = draft.authenticator_data(0);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: Signature = key.secret.sign(&signed);
        json!({
            "id": encode(&draft.credential_id),
            "rawId": encode(&draft.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(client_data.as_bytes()),
                "authenticatorData": encode(&data),
                "signature": encode(signature.to_der().as_bytes()),
                "userHandle": encode(&draft.user_handle),
            },
        })
    }

    fn client_data(&self, ceremony: &str, options: &Json) -> Json {
        json!({
            "type": ceremony,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        })
    }
}

impl Draft {
    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(&self.rp_id).to_vec();
        data.push(self.flags | flags);
        data.extend(self.counter.to_be_bytes());
        data
    }
}

impl Key {
    /// Model, id and public key: a map of CBOR with the numbers of COSE.
    fn attested(&self) -> Vec<u8> {
        let point = self.secret.verifying_key().to_sec1_point(false);
        let mut data = [0x11; 16].to_vec();
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(point.x().unwrap());
        data.extend([0x22, 0x58, 0x20]);
        data.extend(point.y().unwrap());
        data
    }
}

/// `{"fmt": "none", "attStmt": {}, "authData": …}` in CBOR.
fn attestation_object(data: &[u8]) -> Vec<u8> {
    let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
    object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    object.extend(data);
    object
}

fn secret() -> SigningKey {
    SigningKey::from_slice(&random::<32>()).unwrap()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom.fill(&mut bytes).unwrap();
    bytes
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &Json) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(self::text(text)).unwrap()
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap()
}
