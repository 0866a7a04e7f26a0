//! How end users come to their tokens who are back from a provider.

use std::time::Duration;

use workeros_auth::oauth::OAuthHandover;
use workeros_auth::{App, BrowserToken, RequestInfo};
use workeros_core::Result;

use super::provider::{REDIRECT, parameter};
use super::site::{Site, refused, sites};
use crate::race::{rounds, winner};
use crate::support::signed_in;

async fn come_back(app: &Site<App>) -> (OAuthHandover, BrowserToken) {
    let away = app.depart("staff").await;
    let callback = app.provider.visit(&away.url);
    let state = parameter(&away.url, "state").unwrap();
    let back = app.auth.resume_oauth("staff", &state, &away.browser);
    let back = back.await.unwrap();
    let handover = app.auth.hand_over_oauth(&back, &callback, REDIRECT).await;
    (handover.unwrap(), away.page)
}

async fn change(app: &Site<App>, handover: &OAuthHandover, page: &BrowserToken) -> Result<()> {
    let request = RequestInfo::new();
    let entered = app
        .auth
        .sign_in_one_time_token(&handover.token, page, &request)
        .await?;
    let user = signed_in(entered).user;
    assert_eq!(user.email, "ann@example.com");
    Ok(())
}

/// OA-2: a page changes its token once in the browser that has set out.
#[tokio::test]
async fn oa_2_a_page_changes_its_token_once_in_the_browser_that_has_set_out() {
    for (world, _, app) in sites().await {
        let (handover, page) = come_back(&app).await;
        assert!(handover.is_new);
        let sessions = world.rows("SELECT id FROM app_sessions", vec![]).await;
        assert_eq!(sessions.iter().count(), 0, "nobody is signed in yet");
        let other = app.auth.new_browser_token().unwrap();
        let error = refused(change(&app, &handover, &other).await);
        assert_eq!(error.code(), Some("INVALID_TOKEN"));
        change(&app, &handover, &page).await.unwrap();
        let error = refused(change(&app, &handover, &page).await);
        assert_eq!(error.code(), Some("INVALID_TOKEN"));
        let (handover, _) = come_back(&app).await;
        assert!(!handover.is_new);
    }
}

/// OA-2: a page has a minute to change its token.
#[tokio::test]
async fn a_page_has_a_minute() {
    for (world, _, app) in sites().await {
        for (wait, holds) in [(59, true), (60, false)] {
            let (handover, page) = come_back(&app).await;
            world.wait(Duration::from_secs(wait));
            assert_eq!(change(&app, &handover, &page).await.is_ok(), holds);
        }
    }
}

/// OA-2, R19: of 64 pages with one token one is signed in.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn oa_2_r19_of_64_who_change_a_token_at_once_one_is_signed_in() {
    for (_, _, app) in sites().await {
        for _ in 0..rounds() {
            let (handover, page) = come_back(&app).await;
            winner(&["INVALID_TOKEN"], |_| {
                let (auth, page) = (app.auth.clone(), page.clone());
                let token = handover.token.clone();
                async move {
                    let request = RequestInfo::new();
                    let entered = auth.sign_in_one_time_token(&token, &page, &request);
                    entered.await.map(drop)
                }
            })
            .await;
        }
    }
}

/// OA-2: a token of one workspace is none of another.
#[tokio::test]
async fn oa_2_a_page_changes_its_token_where_it_was_given() {
    for (world, _, app) in sites().await {
        let other = Site {
            auth: world.other_app().await,
            provider: app.provider.clone(),
        };
        let (handover, page) = come_back(&app).await;
        refused(change(&other, &handover, &page).await);
        change(&app, &handover, &page).await.unwrap();
    }
}
