//! The compact form of a signed token (RFC 7515), read strictly.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json};
use workeros_core::{Error, Result, input};

use super::algorithm::Algorithm;
use super::refusal;

/// The longest token that is looked at, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// Members that lead to a key of the token's own, or that a reader who does not
/// know them must not pass over.
const REFUSED: [&str; 8] = ["jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc"];

/// A token in its parts. Nothing in it is to be believed before its signature
/// was verified.
#[derive(Debug)]
pub(super) struct Compact<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    /// In lower case, without `application/`.
    pub(super) media_type: Option<String>,
    /// What is signed.
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
    payload: Vec<u8>,
}

impl<'a> Compact<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self> {
        if token.len() > MAX_BYTES {
            return Err(refusal("longer than 16 KiB"));
        }
        let parts = || {
            let (signed, signature) = token.rsplit_once('.')?;
            let (header, payload) = signed.split_once('.')?;
            Some((signed, header, payload, signature))
        };
        let (signed, header, payload, signature) =
            parts().ok_or_else(|| refusal("not three parts"))?;
        let mut header = object(&decode(header)?)?;
        if REFUSED.iter().any(|name| header.contains_key(*name)) {
            return Err(refusal("a header that brings its key, or asks for more"));
        }
        let algorithm = text(&mut header, "alg")?
            .as_deref()
            .and_then(Algorithm::parse);
        Ok(Self {
            algorithm: algorithm.ok_or_else(|| refusal("an algorithm that is not trusted"))?,
            key_id: text(&mut header, "kid")?,
            media_type: text(&mut header, "typ")?.map(|typ| media_type(&typ)),
            signed,
            signature: decode(signature)?,
            payload: decode(payload)?,
        })
    }

    /// What the token says, to be read once its signature was verified.
    pub(super) fn claims(&self) -> Result<Map<String, Json>> {
        object(&self.payload)
    }
}

/// Puts a token together and signs it.
pub(super) fn write(
    header: &Json,
    claims: &Map<String, Json>,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Result<String> {
    let claims = serde_json::to_vec(claims).map_err(Error::internal)?;
    let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = sign(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

fn decode(part: &str) -> Result<Vec<u8>> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| refusal("a part that is not base64url"))
}

fn object(json: &[u8]) -> Result<Map<String, Json>> {
    match input::parse(json) {
        Ok(Json::Object(object)) => Ok(object),
        _ => Err(refusal("a part that is not an object of JSON")),
    }
}

fn text(header: &mut Map<String, Json>, name: &str) -> Result<Option<String>> {
    match header.remove(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(refusal("a header member that is not text")),
    }
}

fn media_type(typ: &str) -> String {
    let typ = typ.to_ascii_lowercase();
    match typ.strip_prefix("application/") {
        Some(short) => short.to_owned(),
        None => typ,
    }
}
