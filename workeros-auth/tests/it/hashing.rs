use std::time::{Duration, Instant};

use futures::future::join_all;
use workeros_auth::{AuthBuilder, RequestInfo};
use workeros_core::ErrorKind;

use crate::secrets::Log;
use crate::support::{PASSWORD, sign_in, worlds_with};

#[tokio::test]
async fn a_flood_of_sign_ins_is_turned_away() {
    let narrow = |builder: AuthBuilder| builder.with_hashing(1, 1);
    for world in worlds_with(narrow).await {
        world.sign_up("ann").await;
        let request = RequestInfo::new();
        let flood = (0..20).map(|_| world.auth.sign_in_email(sign_in("ann", PASSWORD), &request));
        let results = join_all(flood).await;
        let refused: Vec<_> = results
            .iter()
            .filter_map(|result| result.as_ref().err())
            .collect();
        assert!(refused.len() < 20, "some must get through");
        assert!(!refused.is_empty(), "not all can get through");
        for error in refused {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.retry_after_seconds().is_some());
        }
        world.sign_in("ann").await.unwrap();
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_keep_its_place() {
    let narrow = |builder: AuthBuilder| builder.with_hashing(1, 0);
    for world in worlds_with(narrow).await {
        world.sign_up("ann").await;
        for _ in 0..5 {
            let request = RequestInfo::new();
            let sign_in = world.auth.sign_in_email(sign_in("ann", PASSWORD), &request);
            let gone = tokio::time::timeout(Duration::from_millis(5), sign_in).await;
            drop(gone);
        }
        // The work that was begun ends by itself.
        let deadline = Instant::now() + Duration::from_secs(10);
        while let Err(error) = world.sign_in("ann").await {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(Instant::now() < deadline, "the place stays taken");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// CFG-2: that passwords are hashed weakly is said once, when it is chosen.
#[tokio::test]
async fn cfg_2_weak_hashing_is_warned_of_once() {
    for world in worlds_with(AuthBuilder::danger_weak_hashing).await {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let auth = world.auth_with(AuthBuilder::danger_weak_hashing);
        for name in ["ann", "bob"] {
            let request = RequestInfo::new();
            let new = crate::support::sign_up(name);
            auth.sign_up_email(new, &request).await.unwrap();
        }
        drop(guard);
        assert_eq!(log.text().matches("danger_weak_hashing").count(), 1);
    }
}

#[tokio::test]
async fn the_builder_refuses_what_cannot_be() {
    for world in worlds_with(|builder| builder).await {
        let zero = Duration::ZERO;
        let builder = || workeros_auth::Auth::builder(world.runtime.clone(), world.tenant);
        for refused in [
            builder().with_min_password_length(7),
            builder().with_min_password_length(65),
            builder().with_setup_token("too short"),
            builder()
                .with_setup_token("a token of 16 or more")
                .without_first_admin(),
            builder().with_session_lifetime(zero),
            builder().with_session_idle(zero),
            builder().with_hashing(0, 1),
        ] {
            assert_eq!(refused.build().unwrap_err().kind(), ErrorKind::Validation);
        }
    }
}
