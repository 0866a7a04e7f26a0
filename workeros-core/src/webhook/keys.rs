use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use sha2::Sha256;
use workeros_dsl::Timestamp;

use super::signed::not_an_id;
use super::{ID, SIGNATURE, SignedWebhook, TIMESTAMP, TOLERANCE, WebhookSecret};
use crate::{Error, ErrorKind, Result};

/// The secrets that requests to, or of, one place are signed with: one, or two
/// while it is changed. Each request is signed with all of them, and one
/// signature is enough for a receiver, so the two sides need not change at the
/// same moment.
#[derive(Debug, Clone)]
pub struct WebhookKeys {
    secret: WebhookSecret,
    previous: Vec<WebhookSecret>,
}

const VERSION: &str = "v1";
/// How many signatures of a request are looked at.
const MAX_SIGNATURES: usize = 16;
const MAX_ID_BYTES: usize = 256;

impl WebhookKeys {
    /// One secret.
    #[must_use]
    pub fn new(secret: WebhookSecret) -> Self {
        Self {
            secret,
            previous: Vec::new(),
        }
    }

    /// Adds one that was in use before.
    #[must_use]
    pub fn with_previous(mut self, secret: WebhookSecret) -> Self {
        self.previous.push(secret);
        self
    }

    /// Signs a message that is sent at that instant.
    ///
    /// # Errors
    ///
    /// [`Validation`](ErrorKind::Validation) when the id is empty, longer than
    /// 256 bytes, or holds a dot or what is not printable ASCII.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> Result<SignedWebhook> {
        let is_fit = |byte: u8| byte.is_ascii_graphic() && byte != b'.';
        if id.is_empty() || id.len() > MAX_ID_BYTES || !id.bytes().all(is_fit) {
            return Err(not_an_id());
        }
        let timestamp = at.micros().div_euclid(1_000_000);
        let written = timestamp.to_string();
        let signatures: Vec<_> = self
            .secrets()
            .map(|secret| {
                let tag = mac(secret, id, &written, body)?.finalize().into_bytes();
                Ok(format!("{VERSION},{}", STANDARD.encode(tag)))
            })
            .collect::<Result<_>>()?;
        Ok(SignedWebhook {
            id: id.to_owned(),
            timestamp,
            signature: signatures.join(" "),
        })
    }

    /// Verifies that a request comes from who has one of the secrets, and was
    /// sent within five minutes of now. It takes the same time wherever
    /// signatures differ. The id of the message comes back: who must not take a
    /// message twice keeps it for as long.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](ErrorKind::Unauthorized), the same for all that can be
    /// wrong.
    pub fn verify<'a>(
        &self,
        headers: &'a HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<&'a str> {
        let only = |name: &str| {
            let mut values = headers.get_all(name).iter();
            let value = values.next()?.to_str().ok()?;
            values.next().is_none().then_some(value)
        };
        let parts = only(ID).zip(only(TIMESTAMP)).zip(only(SIGNATURE));
        let ((id, timestamp), signatures) = parts.ok_or_else(not_genuine)?;
        // What is signed can be cut in one way only.
        if id.contains('.') || !is_recent(timestamp, now) {
            return Err(not_genuine());
        }
        let mut given = signatures.split(' ').take(MAX_SIGNATURES).filter_map(read);
        if given.any(|tag| self.is_signed(id, timestamp, body, &tag)) {
            Ok(id)
        } else {
            Err(not_genuine())
        }
    }

    fn is_signed(&self, id: &str, timestamp: &str, body: &[u8], tag: &[u8]) -> bool {
        self.secrets().any(|secret| {
            mac(secret, id, timestamp, body).is_ok_and(|mac| mac.verify_slice(tag).is_ok())
        })
    }

    fn secrets(&self) -> impl Iterator<Item = &WebhookSecret> {
        std::iter::once(&self.secret).chain(&self.previous)
    }
}

/// Over `<id>.<timestamp>.<body>`.
fn mac(secret: &WebhookSecret, id: &str, timestamp: &str, body: &[u8]) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).map_err(Error::internal)?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Ok(mac)
}

/// The tag of a signature, if it is one of ours: those of other versions are
/// passed over.
fn read(signature: &str) -> Option<Vec<u8>> {
    let (version, tag) = signature.split_once(',')?;
    (version == VERSION).then(|| STANDARD.decode(tag).ok())?
}

fn is_recent(timestamp: &str, now: Timestamp) -> bool {
    let now = now.micros().div_euclid(1_000_000);
    let sent = timestamp.parse::<i64>().ok();
    sent.is_some_and(|sent| now.abs_diff(sent) <= TOLERANCE.as_secs())
}

fn not_genuine() -> Error {
    let why = "the request was not signed with a secret that is known here, or is too old";
    Error::new(ErrorKind::Unauthorized, why).with_code("INVALID_SIGNATURE")
}
