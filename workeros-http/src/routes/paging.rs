//! Lists that are paged by the id of their last element.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Value as Json, json};
use workeros_core::{Error, Result};

use crate::call::Call;
use crate::reply::Reply;

pub(super) const PARAMETERS: &[&str] = &["limit", "cursor"];

const DEFAULT_LIMIT: u32 = 50;

/// Which part of a list is asked for.
pub(super) struct Paging<Id> {
    pub(super) limit: u32,
    /// The last element of the page before; an empty cursor is the first page.
    pub(super) before: Option<Id>,
}

impl<Id: FromStr> Paging<Id> {
    pub(super) fn read(call: &Call) -> Result<Self> {
        let limit = match call.parameter("limit") {
            None => DEFAULT_LIMIT,
            Some(text) => text.parse().map_err(|_| {
                Error::validation("limit", "invalid_value", "must be a number from 1 to 200")
            })?,
        };
        let cursor = call.parameter("cursor").filter(|cursor| !cursor.is_empty());
        let before = cursor.map(str::parse).transpose().map_err(|_| {
            Error::validation("cursor", "invalid_cursor", "is not a cursor of this list")
        })?;
        Ok(Self { limit, before })
    }

    /// A page of the list.
    pub(super) fn reply(
        &self,
        data: Vec<Json>,
        last: Option<impl Display>,
        has_more: bool,
    ) -> Reply {
        let next_cursor = last.filter(|_| has_more).map(|id| id.to_string());
        Reply::json(&json!({
            "data": Json::Array(data),
            "limit": self.limit,
            "next_cursor": next_cursor,
            "has_more": has_more,
        }))
    }
}
