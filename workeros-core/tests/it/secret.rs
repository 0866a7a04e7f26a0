//! The master secret and the keys made of it.

use workeros_core::{ErrorKind, Secret};

const OLD: &str = "Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&";
const NEW: &str = "rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5";

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

/// CFG-1: a short or sample secret is refused.
#[test]
fn cfg_1_a_short_or_sample_secret_is_refused() {
    let refused = [
        "",
        "Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B",
        "this-is-my-very-secret-key-0123456789",
        "CHANGEME-Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&",
        "please-change-me-0123456789-abcdefgh",
        "Example-Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abababababababababababababababababababab",
        "0123456012345601234560123456012345601234",
    ];
    for text in refused {
        let error = Secret::new(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{text}");
        assert!(text.is_empty() || !error.message().contains(text));
    }
    assert!(Secret::new(vec![0; 64]).is_err());
    assert!(Secret::new((0..=255).collect::<Vec<u8>>()).is_ok());
    assert!(Secret::new(OLD).is_ok());
}

/// Stored cursors, tags and sealed texts depend on it.
#[test]
fn derived_keys_stay_what_they_are() {
    let key = secret(OLD).derive("items cursor");
    assert_eq!(key[..4], [242, 93, 3, 156]);
    assert_eq!(
        secret(NEW).with_previous(secret(OLD)).derive("a"),
        secret(NEW).derive("a")
    );
}

/// CFG-1: each purpose has a key of its own.
#[test]
fn each_purpose_has_a_key_of_its_own() {
    let secret = secret(OLD);
    assert_ne!(secret.derive("a"), secret.derive("b"));
    let tag = secret.mac("a").tag(&[b"message"]);
    assert!(secret.mac("a").verify(&[b"message"], &tag));
    assert!(!secret.mac("b").verify(&[b"message"], &tag));
}

/// CFG-1: old keys verify and the newest signs.
#[test]
fn cfg_1_old_keys_verify_and_the_newest_signs() {
    let old_tag = secret(OLD).mac("a").tag(&[b"message"]);
    let both = secret(NEW).with_previous(secret(OLD));
    assert!(both.mac("a").verify(&[b"message"], &old_tag));
    let new_tag = both.mac("a").tag(&[b"message"]);
    assert_eq!(new_tag, secret(NEW).mac("a").tag(&[b"message"]));
    assert!(both.mac("a").verify(&[b"message"], &new_tag));
    assert!(!secret(OLD).mac("a").verify(&[b"message"], &new_tag));
    assert!(!secret(NEW).mac("a").verify(&[b"message"], &old_tag));
    let three = secret("9fK2pW7xQ4mB8vL3nT6yR1sD5hJ0gCzE").with_previous(both);
    assert!(three.mac("a").verify(&[b"message"], &old_tag));
}

#[test]
fn a_tag_is_of_its_message_alone() {
    let mac = secret(OLD).mac("a");
    let tag = mac.tag(&[b"ab", b"c"]);
    let others: [&[&[u8]]; 6] = [
        &[],
        &[b"ab"],
        &[b"a", b"bc"],
        &[b"abc"],
        &[b"ab", b"c", b""],
        &[b"ab", b"d"],
    ];
    for other in others {
        assert!(!mac.verify(other, &tag), "{other:?}");
    }
    for n in 0..tag.len() {
        let mut wrong = tag;
        wrong[n] ^= 1;
        assert!(!mac.verify(&[b"ab", b"c"], &wrong));
    }
    assert!(!mac.verify(&[b"ab", b"c"], &tag[..31]));
    assert!(!mac.verify(&[b"ab", b"c"], &[]));
}

/// ERR-2: nothing of a secret shows.
#[test]
fn nothing_of_it_shows() {
    let secret = secret(NEW).with_previous(secret(OLD));
    assert_eq!(
        format!("{secret:?} {:?}", secret.mac("a")),
        "Secret(..) MacKeys(..)"
    );
}
