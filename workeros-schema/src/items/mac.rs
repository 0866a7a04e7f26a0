use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The start of a keyed digest: what nobody without the key can compute or
/// check.
pub(crate) fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC pads a key to the block of its hash with zeros.
    let mut block = [0; 64];
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    Hmac::<Sha256>::new(&block.into())
}

/// The first half of a keyed digest.
pub(crate) fn half(mac: Hmac<Sha256>) -> [u8; 16] {
    let mut half = [0; 16];
    for (place, byte) in half.iter_mut().zip(mac.finalize().into_bytes()) {
        *place = byte;
    }
    half
}
