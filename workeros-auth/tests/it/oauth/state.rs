//! OA-2: who comes back must be the browser that has set out, once, in time, and
//! from where it went.

use std::sync::Arc;
use std::time::Duration;

use workeros_auth::oauth::ReturnPages;
use workeros_auth::{Plane, RequestInfo};
use workeros_core::ErrorKind;

use super::provider::{REDIRECT, parameter};
use super::site::{Away, Site, refused, sites, start};
use crate::race::{rounds_of_plane, winner};
use crate::support::signed_in;

async fn resume<P: Plane>(site: &Site<P>, provider: &str, state: &str, away: &Away) -> bool {
    let back = site.auth.resume_oauth(provider, state, &away.browser).await;
    match back {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::BadRequest);
            assert_eq!(error.code(), Some("STATE_MISMATCH"));
            false
        }
    }
}

async fn check<P: Plane>(site: &Site<P>) {
    let (away, other) = (site.depart("staff").await, site.depart("staff").await);
    let state = parameter(&away.url, "state").unwrap();
    assert!(
        !resume(site, "staff", &state, &other).await,
        "another browser"
    );
    assert!(
        !resume(site, "partner", &state, &away).await,
        "another provider"
    );
    assert!(!resume(site, "nobody", &state, &away).await, "no provider");
    for made_up in ["", "x", &state[1..], &format!("{state}x")] {
        assert!(!resume(site, "staff", made_up, &away).await, "{made_up}");
    }
    assert!(resume(site, "staff", &state, &away).await);
    assert!(!resume(site, "staff", &state, &away).await, "once more");
}

/// OA-2: a state is of one browser and one provider and counts once.
#[tokio::test]
async fn oa_2_a_state_is_of_one_browser_and_one_provider_and_counts_once() {
    for (_, platform, app) in sites().await {
        check(&platform).await;
        check(&app).await;
    }
}

/// OA-2: a state is of one realm.
#[tokio::test]
async fn oa_2_a_state_is_of_one_realm() {
    for (world, platform, app) in sites().await {
        let other = Site {
            auth: world.other_app().await,
            provider: app.provider.clone(),
        };
        let away = platform.depart("staff").await;
        let state = parameter(&away.url, "state").unwrap();
        assert!(!resume(&app, "staff", &state, &away).await);
        assert!(resume(&platform, "staff", &state, &away).await);
        let away = app.depart("staff").await;
        let state = parameter(&away.url, "state").unwrap();
        assert!(!resume(&platform, "staff", &state, &away).await);
        assert!(!resume(&other, "staff", &state, &away).await);
        assert!(resume(&app, "staff", &state, &away).await);
    }
}

/// OA-2: a browser may stay away for ten minutes.
#[tokio::test]
async fn oa_2_a_browser_may_stay_away_for_ten_minutes() {
    for (world, platform, app) in sites().await {
        for (wait, holds) in [(599, true), (600, false)] {
            let (here, there) = (platform.depart("staff").await, app.depart("staff").await);
            world.wait(Duration::from_secs(wait));
            let state = parameter(&here.url, "state").unwrap();
            assert_eq!(resume(&platform, "staff", &state, &here).await, holds);
            let state = parameter(&there.url, "state").unwrap();
            assert_eq!(resume(&app, "staff", &state, &there).await, holds);
        }
    }
}

async fn race_back<P: Plane>(site: &Site<P>) {
    for _ in 0..rounds_of_plane() {
        let away = site.depart("staff").await;
        let callback = site.provider.visit(&away.url);
        let state: Arc<str> = parameter(&away.url, "state").unwrap().into();
        let back = winner(&["STATE_MISMATCH"], |_| {
            let (auth, state) = (site.auth.clone(), Arc::clone(&state));
            let browser = away.browser.clone();
            async move { auth.resume_oauth("staff", &state, &browser).await }
        })
        .await;
        let request = RequestInfo::new();
        let arrival = site.auth.finish_oauth(&back, &callback, REDIRECT, &request);
        let user = signed_in(arrival.await.unwrap().entered).user.id;
        assert_eq!(site.auth.sessions(user).await.unwrap().len(), 1);
        site.auth.revoke_sessions(user).await.unwrap();
    }
}

/// OA-2, R19: of 64 who come back at once one is let in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn oa_2_r19_of_64_who_come_back_at_once_one_is_let_in() {
    for (_, platform, app) in sites().await {
        race_back(&platform).await;
        race_back(&app).await;
    }
}

#[tokio::test]
async fn several_tabs_of_a_browser_do_not_disturb_each_other() {
    for (_, platform, _) in sites().await {
        let first = platform.depart("staff").await;
        let browser = first.browser.clone();
        let second = platform.depart_in(browser, start("partner")).await;
        platform.arrive("staff", &first).await.unwrap();
        let error = refused(platform.arrive("partner", &second).await);
        assert_eq!(
            error.code(),
            Some("ACCOUNT_EXISTS"),
            "let back in, at least"
        );
    }
}

#[tokio::test]
async fn where_to_go_in_the_end_is_kept() {
    for (world, platform, _) in sites().await {
        let pages = ReturnPages {
            done: Some("/home".to_owned()),
            new_user: None,
            error: Some("/oops".to_owned()),
        };
        let browser = platform.auth.new_browser_token().unwrap();
        let start = start("staff").with_pages(pages.clone());
        let away = platform.depart_in(browser, start).await;
        let stored = world
            .rows("SELECT data FROM workeros_auth_flows", vec![])
            .await;
        let stored = stored.first().unwrap().text(0).unwrap().to_owned();
        assert!(!stored.contains("/home"), "sealed: {stored}");
        let state = parameter(&away.url, "state").unwrap();
        let back = platform.auth.resume_oauth("staff", &state, &away.browser);
        let back = back.await.unwrap();
        assert_eq!(back.pages, pages);
        assert!(!back.is_link());
    }
}
