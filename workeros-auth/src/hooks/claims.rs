//! What hooks may have access tokens say.

use serde_json::{Map, Value as Json};
use workeros_core::{Error, Result};

use crate::jwt::AccessToken;

/// The most bytes of what is added, as JSON: a token goes along with each
/// request.
const MAX_BYTES: usize = 2048;

/// Adds what a hook says to what others have said. Who says something first is
/// right.
pub(super) fn add(said: &mut Map<String, Json>, more: Map<String, Json>) -> Result<()> {
    for (name, value) in more {
        AccessToken::check_claim(&name)?;
        said.entry(name).or_insert(value);
    }
    let bytes = serde_json::to_vec(said).map_err(Error::internal)?.len();
    if bytes > MAX_BYTES {
        let message = format!("are {bytes} bytes of JSON, more than {MAX_BYTES}");
        return Err(Error::validation("claims", "too_long", message));
    }
    Ok(())
}
