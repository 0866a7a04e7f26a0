//! PK-3: answers of which something is not as it should be.

use serde_json::{Value as Json, json};
use workeros_auth::{Auth, Plane};
use workeros_core::ErrorKind;

use super::{
    add, answer, ask, ask_to_register, assert_not_signed_in, assert_refused, device,
    on_both_planes, passkey_worlds, register, sessions, sign_in, somebody,
};
use crate::soft_authenticator::{Draft, PRESENT, VERIFIED, decode, encode};
use crate::support::World;

type Edit = fn(&mut Draft);

/// What a device signs that it should not, or a browser says.
const DRAFTS: [(&str, Edit); 15] = [
    ("another origin", |d| {
        d.client_data["origin"] = json!("http://localhost:8081")
    }),
    ("another scheme", |d| {
        d.client_data["origin"] = json!("https://localhost:8080")
    }),
    ("a domain below", |d| {
        d.client_data["origin"] = json!("http://evil.localhost:8080")
    }),
    ("a longer name", |d| {
        d.client_data["origin"] = json!("http://localhost.evil:8080")
    }),
    ("no origin", |d| d.client_data["origin"] = json!("null")),
    ("the domain of somebody else", |d| {
        d.rp_id = "example.com".to_owned()
    }),
    ("nobody there", |d| d.flags = VERIFIED),
    ("nobody verified", |d| d.flags = PRESENT),
    ("neither", |d| d.flags = 0),
    ("in a frame", |d| d.client_data["crossOrigin"] = json!(true)),
    ("in a frame, it says", |d| {
        d.client_data["topOrigin"] = json!("https://evil.example")
    }),
    ("in a frame, perhaps", |d| {
        d.client_data["crossOrigin"] = json!("no")
    }),
    ("the other ceremony", |d| {
        let other = match d.client_data["type"].as_str() {
            Some("webauthn.get") => "webauthn.create",
            _ => "webauthn.get",
        };
        d.client_data["type"] = json!(other);
    }),
    ("no ceremony", |d| d.client_data["type"] = Json::Null),
    // It may be kept in several places, and yet it may not.
    ("backed up without being eligible", |d| d.flags |= 0x10),
];

/// PK-3: a device that signs what was not asked.
#[tokio::test]
async fn pk_3_a_device_that_signs_what_was_not_asked() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        add(auth, ann, &mut device).await;
        for (what, edit) in DRAFTS {
            println!("{what}");
            let asked = ask(auth).await;
            let signed = device.get_with(&asked.options, edit);
            assert_not_signed_in(answer(auth, &asked, &signed).await);
        }
        assert_eq!(sessions(auth, ann).await, 1);
        sign_in(auth, &mut device).await.unwrap();
    }
    on_both_planes!(case);
}

/// PK-3: a device that makes what was not asked.
#[tokio::test]
async fn pk_3_a_device_that_makes_what_was_not_asked() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let ann = somebody(auth, "ann").await;
        for (what, edit) in DRAFTS {
            println!("{what}");
            let asked = ask_to_register(auth, ann).await;
            let made = device().create_with(&asked.options, edit);
            let refused = register(auth, ann, &asked, &made).await;
            let code = "FAILED_TO_VERIFY_REGISTRATION";
            assert_refused(refused, ErrorKind::BadRequest, code);
        }
        assert_eq!(auth.passkeys(ann).await.unwrap(), []);
    }
    on_both_planes!(case);
}

/// In how many places a member of an answer is changed.
const PLACES: usize = 9;

/// The answer with one bit of a member flipped.
fn flipped(answer: &Json, member: &str, place: usize) -> Json {
    let mut bytes = decode(&answer["response"][member]);
    let at = bytes.len() * place / PLACES;
    bytes[at] ^= 1 << (at % 8);
    let mut answer = answer.clone();
    answer["response"][member] = json!(encode(&bytes));
    answer
}

/// PK-3: whatever is changed of it, the signature does not hold, or is none.
#[tokio::test]
async fn pk_3_an_answer_that_was_changed_on_the_way() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        add(auth, ann, &mut device).await;
        for member in [
            "authenticatorData",
            "clientDataJSON",
            "signature",
            "userHandle",
        ] {
            for place in 0..PLACES {
                let asked = ask(auth).await;
                let changed = flipped(&device.get(&asked.options), member, place);
                let refused = answer(auth, &asked, &changed).await.unwrap_err();
                // Of another challenge nobody knows.
                let kinds = [ErrorKind::Unauthorized, ErrorKind::BadRequest];
                assert!(
                    kinds.contains(&refused.kind()),
                    "{member} {place}: {refused:?}"
                );
            }
        }
        assert_eq!(sessions(auth, ann).await, 1);
    }
    on_both_planes!(case);
}

/// What is not even an answer.
#[tokio::test]
async fn what_is_no_answer_of_a_device() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        add(auth, ann, &mut device).await;
        let edits: [fn(&mut Json); 9] = [
            |answer| *answer = Json::Null,
            |answer| *answer = json!([]),
            |answer| answer["type"] = json!("password"),
            |answer| answer["rawId"] = json!("AAAA"),
            |answer| answer["id"] = Json::Null,
            |answer| answer["response"] = json!("signed"),
            |answer| answer["response"]["clientDataJSON"] = json!("e30"),
            |answer| answer["response"]["clientDataJSON"] = json!("?"),
            |answer| answer["response"]["signature"] = json!("A".repeat(70_000)),
        ];
        for edit in edits {
            let asked = ask(auth).await;
            let mut signed = device.get(&asked.options);
            edit(&mut signed);
            assert_not_signed_in(answer(auth, &asked, &signed).await);
            let asked = ask_to_register(auth, ann).await;
            let mut made = device.copy().create(&asked.options);
            edit(&mut made);
            let refused = register(auth, ann, &asked, &made).await;
            let code = "FAILED_TO_VERIFY_REGISTRATION";
            assert_refused(refused, ErrorKind::BadRequest, code);
        }
    }
    on_both_planes!(case);
}
