//! Many with the same answer.

use std::sync::Arc;

use workeros_auth::{Auth, Plane};

use super::{
    add, answer, ask, ask_to_register, at_once, device, drop_password, on_both_planes,
    passkey_worlds, register, sessions, somebody,
};
use crate::race::{rounds, winner};
use crate::support::World;

/// PK-1: of twenty with the same new passkey one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pk_1_of_twenty_with_the_same_new_passkey_one_gets_it() {
    async fn case<P: Plane>(_: &World, auth: &Auth<P>) {
        let ann = somebody(auth, "ann").await;
        for round in 1..=20 {
            let asked = ask_to_register(auth, ann).await;
            let made = device().create(&asked.options);
            let results = at_once(20, || register(auth, ann, &asked, &made)).await;
            assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
            assert_eq!(auth.passkeys(ann).await.unwrap().len(), round);
        }
    }
    on_both_planes!(case);
}

/// PK-1, R19: of 64 with the same answer one gets in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pk_1_r19_of_64_with_the_same_answer_one_gets_in() {
    async fn case<P: Plane>(world: &World, auth: &Auth<P>) {
        let (ann, mut device) = (somebody(auth, "ann").await, device());
        add(auth, ann, &mut device).await;
        for _ in 0..rounds(world.name) {
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
