//! Secrets at rest.

use std::collections::HashSet;
use std::error::Error as _;
use std::sync::Arc;

use workeros_core::testkit::SeededRandom;
use workeros_core::{ErrorKind, Sealer, Secret, SystemRandom};

const OLD: &str = "Zr4u7x!A%D*G-KaPdSgVkYp3s6v9y$B&";
const NEW: &str = "rQ7m2vX9kLw4TzB8nYp3HsD6fJc1GaE5";
const AAD: &[u8] = b"provider 7";
const PLAIN: &[u8] = b"hunter2 of the mail server";

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn sealer(secret: Secret) -> Sealer {
    Sealer::new(secret, Arc::new(SystemRandom))
}

#[track_caller]
fn refuses(sealer: &Sealer, purpose: &'static str, aad: &[u8], sealed: &str) {
    let error = sealer.open(purpose, aad, sealed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{sealed}");
    let said = format!(
        "{error} {error:?} {:?}",
        error.source().map(ToString::to_string)
    );
    for inside in ["hunter2", "mail server", OLD, NEW, "provider 7"] {
        assert!(!said.contains(inside), "{said}");
    }
}

/// CFG-1: what is sealed opens again.
#[test]
fn cfg_1_what_is_sealed_opens_again() {
    let sealer = sealer(secret(OLD));
    for plain in [b"".as_slice(), b"x", PLAIN, &[0; 10_000]] {
        let sealed = sealer.seal("smtp", AAD, plain).unwrap();
        assert_eq!(&*sealer.open("smtp", AAD, &sealed).unwrap(), plain);
        assert!(sealed.is_ascii());
        assert!(sealed.starts_with("v1."), "{sealed}");
    }
}

#[test]
fn the_same_twice_is_sealed_differently() {
    let sealer = sealer(secret(OLD));
    let sealed: HashSet<_> = (0..100)
        .map(|_| sealer.seal("smtp", AAD, PLAIN).unwrap())
        .collect();
    assert_eq!(sealed.len(), 100);
}

/// CFG-1: it opens for its purpose and owner alone.
#[test]
fn cfg_1_it_opens_for_its_purpose_and_owner_alone() {
    let sealer = sealer(secret(OLD));
    let sealed = sealer.seal("smtp", AAD, PLAIN).unwrap();
    refuses(&sealer, "ldap", AAD, &sealed);
    refuses(&sealer, "smtp", b"provider 8", &sealed);
    refuses(&sealer, "smtp", b"", &sealed);
    refuses(&self::sealer(secret(NEW)), "smtp", AAD, &sealed);
}

/// CFG-1: a changed text does not open.
#[test]
fn cfg_1_a_changed_text_does_not_open() {
    let sealer = sealer(secret(OLD));
    let sealed = sealer.seal("smtp", AAD, PLAIN).unwrap();
    for n in 0..sealed.len() {
        for byte in 0..128_u8 {
            let mut changed = sealed.clone().into_bytes();
            if changed[n] != byte {
                changed[n] = byte;
                refuses(&sealer, "smtp", AAD, &String::from_utf8(changed).unwrap());
            }
        }
        refuses(&sealer, "smtp", AAD, &sealed[..n]);
        refuses(&sealer, "smtp", AAD, &sealed[n + 1..]);
    }
    for more in ["A", "=", ".", " ", "\n", "é"] {
        refuses(&sealer, "smtp", AAD, &format!("{sealed}{more}"));
        refuses(&sealer, "smtp", AAD, &format!("{more}{sealed}"));
    }
}

/// CFG-1: rotation opens the old and seals with the new.
#[test]
fn cfg_1_rotation_opens_the_old_and_seals_with_the_new() {
    let old = sealer(secret(OLD));
    let both = sealer(secret(NEW).with_previous(secret(OLD)));
    let new = sealer(secret(NEW));
    let before = old.seal("smtp", AAD, PLAIN).unwrap();
    assert_eq!(&*both.open("smtp", AAD, &before).unwrap(), PLAIN);
    assert!(old.is_current("smtp", &before));
    assert!(!both.is_current("smtp", &before));
    refuses(&both, "ldap", AAD, &before);
    let after = both.seal("smtp", AAD, PLAIN).unwrap();
    assert!(both.is_current("smtp", &after));
    assert_eq!(&*new.open("smtp", AAD, &after).unwrap(), PLAIN);
    refuses(&old, "smtp", AAD, &after);
    refuses(&new, "smtp", AAD, &before);
}

/// What is in databases has to open in every version to come.
#[test]
fn the_form_stays_what_it_is() {
    let sealer = Sealer::new(secret(OLD), Arc::new(SeededRandom::new(7)));
    let sealed = sealer.seal("smtp", AAD, b"kept").unwrap();
    assert_eq!(
        sealed,
        "v1.87b2cce5.1w0yWeThy2McZjz06dbgUqeHiyhaALLD23JltohumBI"
    );
}

/// ERR-2: nothing of a sealer shows.
#[test]
fn nothing_of_it_shows() {
    let sealer = sealer(secret(OLD));
    let sealed = sealer.seal("smtp", AAD, PLAIN).unwrap();
    let opened = sealer.open("smtp", AAD, &sealed).unwrap();
    assert_eq!(format!("{opened:?}"), "Unsealed(..)");
    assert!(!format!("{sealer:?}").contains("Zr4u"));
}
