use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value as Json;
use sha2::Sha256;
use workeros_core::{Error, Result, Value};
use workeros_dsl::Type;

/// Makes and reads cursors: the sort keys of the last item of a page, bound to
/// the list they were made for and protected against change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursors<'a> {
    key: &'a [u8; 32],
    /// What a cursor is good for: workspace, collection and order.
    scope: &'a str,
}

/// Bytes of the protection.
const TAG: usize = 16;

impl<'a> Cursors<'a> {
    pub(crate) fn new(key: &'a [u8; 32], scope: &'a str) -> Self {
        Self { key, scope }
    }

    /// The cursor after an item with these sort keys.
    pub(crate) fn write(&self, values: &[Value], types: &[Type]) -> String {
        let values = values
            .iter()
            .zip(types)
            .map(|(value, ty)| ty.value_to_json(value));
        let payload = Json::Array(values.collect()).to_string();
        let mut bytes = self.tag(payload.as_bytes()).to_vec();
        bytes.extend_from_slice(payload.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The sort keys a cursor holds.
    pub(crate) fn read(&self, cursor: &str, types: &[Type]) -> Result<Vec<Value>> {
        self.parse(cursor, types).ok_or_else(|| {
            let message =
                "is not a cursor of this list; start from the first page with an empty one";
            Error::validation("cursor", "invalid_cursor", message)
        })
    }

    fn parse(&self, cursor: &str, types: &[Type]) -> Option<Vec<Value>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, payload) = bytes.split_at_checked(TAG)?;
        self.mac(payload).verify_truncated_left(tag).ok()?;
        let values: Vec<Json> = serde_json::from_slice(payload).ok()?;
        if values.len() != types.len() {
            return None;
        }
        values
            .iter()
            .zip(types)
            .map(|(json, ty)| ty.value_from_json(json).ok())
            .collect()
    }

    fn tag(&self, payload: &[u8]) -> [u8; TAG] {
        let mut tag = [0; TAG];
        let full = self.mac(payload).finalize().into_bytes();
        for (place, byte) in tag.iter_mut().zip(full) {
            *place = byte;
        }
        tag
    }

    fn mac(&self, payload: &[u8]) -> Hmac<Sha256> {
        // HMAC pads a key to the block of its hash with zeros.
        let mut block = [0; 64];
        for (place, byte) in block.iter_mut().zip(self.key) {
            *place = *byte;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(self.scope.as_bytes());
        mac.update(&[0]);
        mac.update(payload);
        mac
    }
}
