//! Many with the same answer.

use std::sync::Arc;

use workeros_auth::{Auth, Plane, RelyingParty};

use super::{
    ORIGIN, add, answer, ask, ask_to_register, assert_not_signed_in, device, drop_password,
    on_both_planes, passkey_worlds, register, sessions, sign_in, somebody,
};
use crate::meanwhile::change;
use crate::race::{rounds_of_plane, winner};
use crate::support::{World, secret, watched_worlds};
use crate::watched::Watched;

/// PK-1, R19: of 64 with the same new passkey one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pk_1_r19_of_64_with_the_same_new_passkey_one_gets_it() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let ann = somebody(auth, "ann").await;
        for _ in 0..rounds_of_plane() {
            let asked = Arc::new(ask_to_register(auth, ann).await);
            let made = Arc::new(device().create(&asked.options));
            let added = winner(&["CHALLENGE_NOT_FOUND"], |_| {
                let (auth, asked) = (auth.clone(), Arc::clone(&asked));
                let made = Arc::clone(&made);
                async move { register(&auth, ann, &asked, &made).await }
            })
            .await;
            assert_eq!(auth.passkeys(ann).await.unwrap().len(), 1);
            auth.delete_passkey(ann, added.id).await.unwrap();
        }
    }
    on_both_planes!(case);
}

/// PK-1, R19: of 64 with the same answer one gets in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pk_1_r19_of_64_with_the_same_answer_one_gets_in() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        add(auth, ann, &mut device).await;
        for _ in 0..rounds_of_plane() {
            let asked = Arc::new(ask(auth).await);
            let signed = Arc::new(device.get(&asked.options));
            let before = sessions(auth, ann).await;
            winner(&["AUTHENTICATION_FAILED"], |_| {
                let (auth, asked) = (auth.clone(), Arc::clone(&asked));
                let signed = Arc::clone(&signed);
                async move { answer(&auth, &asked, &signed).await.map(drop) }
            })
            .await;
            assert_eq!(sessions(auth, ann).await, before + 1);
            auth.revoke_sessions(ann).await.unwrap();
        }
    }
    on_both_planes!(case);
}

/// PK-5: of two who take the last two passkeys one does.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pk_5_of_two_who_take_the_last_two_passkeys_one_does() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        drop_password(world, ann).await;
        let mut kept = add(auth, ann, &mut device).await;
        for _ in 0..30 {
            let other = add(auth, ann, &mut device).await;
            let (first, second) = tokio::join!(
                auth.delete_passkey(ann, kept.id),
                auth.delete_passkey(ann, other.id),
            );
            assert_eq!(
                [&first, &second]
                    .map(|result| result.is_ok() as u8)
                    .iter()
                    .sum::<u8>(),
                1
            );
            let left = auth.passkeys(ann).await.unwrap();
            kept = <[_; 1]>::try_from(left)
                .unwrap()
                .into_iter()
                .next()
                .unwrap();
        }
    }
    on_both_planes!(case);
}

/// PK-4: of two devices that count the same, and answer two questions at once,
/// one is a copy.
#[tokio::test]
async fn pk_4_a_device_that_was_used_meanwhile_has_counted_further() {
    async fn case<P: Plane>(database: &Watched, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        add(auth, ann, &mut device).await;
        let count = [
            "UPDATE workeros_passkeys SET counter = $1 WHERE user_id = $2",
            "UPDATE app_passkeys SET counter = $1 WHERE user_id = $2",
        ];
        // As often as the answer says, which is once.
        database.before_insert("_sessions", change(count, 1_i64, ann));
        assert_not_signed_in(sign_in(auth, &mut device).await);
        // What has counted does not cease to.
        let asked = ask(auth).await;
        let signed = device.get_with(&asked.options, |draft| draft.counter = 0);
        assert_not_signed_in(answer(auth, &asked, &signed).await);
        assert_eq!(sessions(auth, ann).await, 1);
    }
    for (mut world, database) in watched_worlds().await {
        println!("on {}", world.name);
        let party = RelyingParty::of_origin(ORIGIN).unwrap();
        world.auth = world.auth_with(|auth| {
            let auth = auth.danger_weak_hashing().with_secret(secret());
            auth.with_passkeys(party.clone())
        });
        case(&database, &world.auth).await;
        case(&database, &world.app().await).await;
    }
}
