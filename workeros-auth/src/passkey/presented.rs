use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json, json};

use super::client_data::ClientData;

/// What a browser hands in at the end of a ceremony: a `PublicKeyCredential` as
/// JSON. Nothing of it is proven yet.
#[derive(Debug)]
pub(crate) struct Presented<'a> {
    id: &'a str,
    credential_id: Vec<u8>,
    response: &'a Map<String, Json>,
    client_data: ClientData,
}

/// Longer than any device's answer.
const MAX_CHARS: usize = 64 * 1024;

impl<'a> Presented<'a> {
    /// Reads what can be one.
    pub(crate) fn read(value: &'a Json) -> Option<Self> {
        let id = value.get("id")?.as_str()?;
        let is_key = value.get("type")? == "public-key" && value.get("rawId")? == id;
        let response = value.get("response")?.as_object()?;
        let texts = response.values().filter_map(Json::as_str);
        let chars = texts.map(str::len).sum::<usize>() + id.len();
        if !is_key || chars > MAX_CHARS {
            return None;
        }
        Some(Self {
            id,
            credential_id: URL_SAFE_NO_PAD.decode(id).ok()?,
            client_data: ClientData::read(&decode(response, "clientDataJSON")?)?,
            response,
        })
    }

    pub(crate) fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// What it answers to.
    pub(crate) fn challenge(&self) -> &[u8] {
        self.client_data.challenge()
    }

    /// Whether the page that asked is in no frame of somebody else's.
    pub(super) fn is_same_origin(&self) -> bool {
        self.client_data.is_same_origin()
    }

    /// The bytes of a member of the response.
    pub(super) fn bytes(&self, member: &str) -> Option<Vec<u8>> {
        decode(self.response, member)
    }

    /// The texts of a list in the response.
    pub(super) fn texts(&self, member: &str) -> impl Iterator<Item = &'a str> {
        let list = self.response.get(member).and_then(Json::as_array);
        list.into_iter().flatten().filter_map(Json::as_str)
    }

    /// What is to be verified: these members of the response, and nothing that
    /// is not signed.
    pub(super) fn only(&self, members: &[&str]) -> Json {
        let member = |name: &&str| {
            let value = self.response.get(*name).cloned().unwrap_or_default();
            ((*name).to_owned(), value)
        };
        let response: Map<_, _> = members.iter().map(member).collect();
        json!({"id": self.id, "rawId": self.id, "type": "public-key", "response": response})
    }
}

fn decode(response: &Map<String, Json>, member: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(response.get(member)?.as_str()?).ok()
}
