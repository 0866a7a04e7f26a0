use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;

/// What a browser says of what it was asked, and by whom. The device signs it,
/// so it is to be believed once the signature holds.
#[derive(Debug)]
pub(crate) struct ClientData {
    challenge: Vec<u8>,
    is_same_origin: bool,
}

impl ClientData {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let data: Json = serde_json::from_slice(bytes).ok()?;
        let challenge = data.get("challenge")?.as_str()?;
        let is_same_origin = match data.get("crossOrigin") {
            None => true,
            Some(value) => !value.as_bool()?,
        };
        Some(Self {
            challenge: URL_SAFE_NO_PAD.decode(challenge).ok()?,
            is_same_origin: is_same_origin && data.get("topOrigin").is_none(),
        })
    }

    /// What it answers to.
    pub(super) fn challenge(&self) -> &[u8] {
        &self.challenge
    }

    /// Whether the page that asked is in no frame of somebody else's.
    pub(super) fn is_same_origin(&self) -> bool {
        self.is_same_origin
    }
}
