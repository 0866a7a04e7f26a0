use workeros_core::{Error, Result};

const MAX_BYTES: usize = 1024;

/// Refuses a key that the contract of `Storage` does not admit.
pub(super) fn check(key: &str) -> Result<()> {
    check_text(key)?;
    if key.split('/').all(is_segment) {
        Ok(())
    } else {
        Err(invalid())
    }
}

/// Refuses a prefix that no key can start with.
pub(super) fn check_prefix(prefix: &str) -> Result<()> {
    check_text(prefix)?;
    match prefix.rsplit_once('/') {
        Some((folders, _)) if !folders.split('/').all(is_segment) => Err(invalid()),
        _ => Ok(()),
    }
}

fn check_text(text: &str) -> Result<()> {
    let strange = |letter: char| letter.is_control() || letter == '\\';
    if text.len() > MAX_BYTES || text.contains(strange) {
        Err(invalid())
    } else {
        Ok(())
    }
}

/// Not ending in a dot, it is neither `.` nor `..`; and there are systems that
/// cut a dot or a space off, so that two keys would be one file.
fn is_segment(segment: &str) -> bool {
    !segment.is_empty() && !segment.ends_with(['.', ' '])
}

fn invalid() -> Error {
    Error::validation("key", "invalid_key", "is not a key of an object")
}
