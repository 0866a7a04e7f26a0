//! Where a page ends: the sort key of its last post, opaque to clients.

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::failure::Failure;

/// The creation time and id of a post.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    pub(crate) created_at: String,
    pub(crate) id: String,
}

impl Cursor {
    pub(crate) fn write(created_at: impl Display, id: impl Display) -> String {
        URL_SAFE_NO_PAD.encode(format!("{created_at}|{id}"))
    }

    pub(crate) fn read(text: &str) -> Result<Self, Failure> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| Failure::BadRequest)?;
        let text = String::from_utf8(bytes).map_err(|_| Failure::BadRequest)?;
        let (created_at, id) = text.split_once('|').ok_or(Failure::BadRequest)?;
        Ok(Self {
            created_at: created_at.to_owned(),
            id: id.to_owned(),
        })
    }
}
