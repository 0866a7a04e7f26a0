//! Whether somebody who comes from a provider is a user here already.

/// Who has the address here that the provider tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Local {
    Nobody,
    /// A user who has not shown that he reads its mail.
    Unverified,
    Verified,
}

/// What becomes of somebody whom no account is known of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// He becomes a user, with an address that counts as verified or not.
    SignUp { verified: bool },
    /// He is the user with the address.
    Link,
    /// The user with the address must sign in as before, and say himself that
    /// the account there is his.
    AccountExists,
}

/// Decides for somebody who comes with an address for the first time. A
/// provider counts that is trusted and says that the address is verified.
///
/// An address that is not verified *here* may have been taken by somebody who
/// waits for its owner; who came in by it would share the account with him.
pub(super) fn decide(local: Local, verified: Option<bool>, is_trusted: bool) -> Decision {
    let is_proven = is_trusted && verified == Some(true);
    match local {
        Local::Nobody => Decision::SignUp {
            verified: is_proven,
        },
        Local::Verified if is_proven => Decision::Link,
        Local::Verified | Local::Unverified => Decision::AccountExists,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oa_6_accounts_are_linked_where_both_sides_have_verified() {
        use Decision::{AccountExists, Link, SignUp};
        use Local::{Nobody, Unverified, Verified};

        let unproven = SignUp { verified: false };
        let proven = SignUp { verified: true };
        let (yes, no, nothing) = (Some(true), Some(false), None);
        for (local, verified, trusted, expect) in [
            (Nobody, yes, true, proven),
            (Nobody, yes, false, unproven),
            (Nobody, no, true, unproven),
            (Nobody, no, false, unproven),
            (Nobody, nothing, true, unproven),
            (Nobody, nothing, false, unproven),
            (Unverified, yes, true, AccountExists),
            (Unverified, yes, false, AccountExists),
            (Unverified, no, true, AccountExists),
            (Unverified, no, false, AccountExists),
            (Unverified, nothing, true, AccountExists),
            (Unverified, nothing, false, AccountExists),
            (Verified, yes, true, Link),
            (Verified, yes, false, AccountExists),
            (Verified, no, true, AccountExists),
            (Verified, no, false, AccountExists),
            (Verified, nothing, true, AccountExists),
            (Verified, nothing, false, AccountExists),
        ] {
            let decision = decide(local, verified, trusted);
            assert_eq!(decision, expect, "{local:?} {verified:?} {trusted}");
        }
    }
}
