use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue};
use workeros_core::Decision;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// Tells a client of the quotas its request was counted against, and what is
/// left of them (draft-ietf-httpapi-ratelimit-headers-11).
pub(crate) fn put(headers: &mut HeaderMap, quotas: &[Decision]) {
    if quotas.is_empty() {
        return;
    }
    let (mut policies, mut left) = (String::new(), String::new());
    for decision in quotas {
        let (quota, separator) = (decision.quota, if left.is_empty() { "" } else { ", " });
        let (name, limit) = (quota.name(), quota.limit());
        let window = quota.window().as_secs().max(1);
        let (remaining, resets) = (decision.remaining, decision.resets_in_seconds());
        // INVARIANT: a string takes whatever is written to it.
        let _ = write!(policies, "{separator}\"{name}\";q={limit};w={window}");
        let _ = write!(left, "{separator}\"{name}\";r={remaining};t={resets}");
    }
    for (name, value) in [(POLICY, policies), (LEFT, left)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}
