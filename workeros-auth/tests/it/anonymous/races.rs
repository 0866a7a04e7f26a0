//! Many who want different things of one anonymous user at once.

use super::*;

/// R19: of 64 accounts that one guest makes at once, one is his.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_of_64_who_sign_up_as_one_guest_one_is_he() {
    async fn check<P: Presented>(auth: &Auth<P>, round: usize) {
        let was = guest(auth).await;
        let request = from(auth, &was).await;
        let results = race(|racer| {
            let (auth, request) = (auth.clone(), request.clone());
            let name = format!("ann-{round}-{racer}");
            async move { auth.sign_up_email(sign_up(&name), &request).await }
        })
        .await;
        let mut promoted = 0;
        for result in results {
            match result {
                Ok(signed_in) => promoted += usize::from(signed_in.user.id == was.user.id),
                // Who was overtaken between looking and writing.
                Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}"),
            }
        }
        assert_eq!(promoted, 1);
        assert_eq!(auth.sessions(was.user.id).await.unwrap().len(), 1);
    }
    for planes in planes().await {
        for round in 0..rounds_of_plane() {
            check(&planes.team, round).await;
            check(&planes.app, round).await;
        }
    }
}

/// R19: who gets an account while he is being deleted, by himself or because he
/// is old, has it or is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r19_a_guest_is_promoted_or_deleted_and_not_both() {
    async fn check<P: Presented>(planes: &Planes, auth: &Auth<P>, round: usize) {
        let was = guest(auth).await;
        let request = from(auth, &was).await;
        let (user, name) = (was.user.id, format!("bob-{round}"));
        let results = race(|racer| {
            let (auth, team) = (auth.clone(), planes.team.clone());
            let (request, name) = (request.clone(), name.clone());
            async move {
                match racer % 8 {
                    0 => {
                        let signed_up = auth.sign_up_email(sign_up(&name), &request).await;
                        signed_up.map(|signed_in| signed_in.user.id == user)
                    }
                    1 => team.drop_expired().await.map(|()| false),
                    _ => auth.delete_anonymous_user(user).await.map(|()| true),
                }
            }
        })
        .await;
        let won = results.iter().filter(|result| matches!(result, Ok(true)));
        assert_eq!(won.count(), 1, "{results:?}");
        let promoted = auth.user(planes.world.tenant, user).await;
        if let Ok(account) = promoted {
            assert!(!account.user.is_anonymous());
        }
    }
    for planes in planes().await {
        for round in 0..rounds_of_plane() {
            check(&planes, &planes.team, round).await;
            check(&planes, &planes.app, round).await;
        }
    }
}
