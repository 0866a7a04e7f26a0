use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use workeros::{Clock, Error, Result};

/// The cookie the shop's sessions are in.
pub const COOKIE: &str = "shop_session";

/// How long a session lasts, in microseconds.
const LIFETIME: i64 = 8 * 60 * 60 * 1_000_000;

/// The shop's sessions: `<name>.<end>.<signature>`, where the end is in
/// microseconds of Unix time. Nothing of them is stored.
#[derive(Debug, Clone)]
pub struct Sessions {
    mac: Hmac<Sha256>,
    clock: Arc<dyn Clock>,
}

impl Sessions {
    /// Sessions signed with a key.
    ///
    /// # Errors
    ///
    /// None for a key of any length.
    pub fn new(key: &[u8], clock: impl Clock) -> Result<Self> {
        let mac = Hmac::new_from_slice(key).map_err(Error::internal)?;
        let clock = Arc::new(clock);
        Ok(Self { mac, clock })
    }

    /// A session for somebody who has just proven who he is.
    #[must_use]
    pub fn begin(&self, name: &str) -> String {
        let end = self.clock.now().saturating_add_micros(LIFETIME).micros();
        let signed = format!("{name}.{end}");
        let signature = self
            .mac
            .clone()
            .chain_update(&signed)
            .finalize()
            .into_bytes();
        format!("{signed}.{}", hex::encode(signature))
    }

    /// Whose session it is, while it lasts.
    #[must_use]
    pub fn name<'a>(&self, session: &'a str) -> Option<&'a str> {
        let (signed, signature) = session.rsplit_once('.')?;
        let signature = hex::decode(signature).ok()?;
        let mac = self.mac.clone().chain_update(signed);
        mac.verify_slice(&signature).ok()?;
        let (name, end) = signed.rsplit_once('.')?;
        let end: i64 = end.parse().ok()?;
        (self.clock.now().micros() < end).then_some(name)
    }
}
