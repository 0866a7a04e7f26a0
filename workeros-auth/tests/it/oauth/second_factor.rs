//! A provider shows one factor, whatever it has asked for itself.

use std::time::Duration;

use workeros_adapters::MemoryRateLimiter;
use workeros_auth::{Entered, Plane, RequestInfo, SecondFactor, StillMe};
use workeros_core::ErrorKind;

use super::provider::{Provider, REDIRECT, Script, parameter};
use super::site::{Site, refused, sites, start, with_providers};
use crate::support::{World, signed_in, worlds};

/// Somebody who came from `staff`, and has put an authenticator app in use.
async fn careful<P: Plane>(world: &World, site: &Site<P>) {
    let ann = site
        .sign_in_as("staff", "ann", "ann@example.com")
        .await
        .unwrap();
    let still_me = StillMe::new(ann.user.id, ann.session.id, None);
    let request = RequestInfo::new();
    let setup = site
        .auth
        .begin_two_factor(&still_me, &request)
        .await
        .unwrap();
    let shown = SecondFactor::Totp(setup.secret.code(world.now()));
    let user = ann.user.id;
    let shown = site.auth.show_second_factor(user, &shown, &request).await;
    shown.unwrap();
    world.wait(Duration::from_secs(30));
}

async fn is_asked<P: Plane>(site: &Site<P>) {
    let arrival = site.sign_in("staff").await.unwrap();
    assert!(
        matches!(arrival.entered, Entered::SecondFactor(_)),
        "{arrival:?}"
    );
    let token = site.provider.id_token(None);
    let presented = workeros_auth::oauth::PresentedIdToken {
        token: &token,
        nonce: None,
        user: None,
    };
    let request = RequestInfo::new();
    let arrival = site
        .auth
        .sign_in_id_token("staff", presented, &request)
        .await;
    let entered = arrival.unwrap().entered;
    assert!(matches!(entered, Entered::SecondFactor(_)), "{entered:?}");
}

#[tokio::test]
async fn nobody_gets_past_the_second_factor_by_a_provider() {
    for (world, platform, app) in sites().await {
        careful(&world, &platform).await;
        is_asked(&platform).await;
        careful(&world, &app).await;
        is_asked(&app).await;

        let away = app.depart("staff").await;
        let callback = app.provider.visit(&away.url);
        let state = parameter(&away.url, "state").unwrap();
        let back = app.auth.resume_oauth("staff", &state, &away.browser);
        let back = back.await.unwrap();
        let handover = app
            .auth
            .hand_over_oauth(&back, &callback, REDIRECT)
            .await
            .unwrap();
        let request = RequestInfo::new();
        let entered = app
            .auth
            .sign_in_one_time_token(&handover.token, &away.page, &request)
            .await
            .unwrap();
        assert!(matches!(entered, Entered::SecondFactor(_)), "{entered:?}");
    }
}

#[tokio::test]
async fn lim_nobody_sets_out_more_often_than_sixty_times_a_minute() {
    for world in worlds().await {
        let provider = Provider::new(Script::default());
        let limiter = MemoryRateLimiter::new(std::sync::Arc::clone(&world.runtime.clock));
        let limiter = std::sync::Arc::new(limiter);
        let providers = with_providers(&provider);
        let auth = world.auth_with(|builder| {
            providers(builder).with_rate_limiter(std::sync::Arc::clone(&limiter) as _)
        });
        let here = RequestInfo::new().with_ip("192.0.2.1".parse().ok());
        let there = RequestInfo::new().with_ip("192.0.2.2".parse().ok());
        let browser = auth.new_browser_token().unwrap();
        for _ in 0..60 {
            auth.begin_oauth(&start("staff"), &browser, &here)
                .await
                .unwrap();
        }
        let error = refused(auth.begin_oauth(&start("staff"), &browser, &here).await);
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        auth.begin_oauth(&start("staff"), &browser, &there)
            .await
            .unwrap();
        let site = Site { auth, provider };
        signed_in(site.sign_in("staff").await.unwrap().entered);
    }
}
