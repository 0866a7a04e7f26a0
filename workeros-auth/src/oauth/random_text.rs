use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use workeros_core::{Random, Result};
use zeroize::Zeroizing;

/// 256 random bits that can stand in a URL, and be the verifier of a challenge
/// (RFC 7636).
pub(super) fn random_text(random: &dyn Random) -> Result<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(*bytes))
}
