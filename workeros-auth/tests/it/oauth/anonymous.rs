//! An account at a provider makes an account of an anonymous user.

use workeros_auth::oauth::{Callback, OAuthReturn};
use workeros_auth::{
    AnonymousUsers, App, Auth, AuthBuilder, Plane, Platform, RealmSettings, RequestInfo, SignedIn,
};
use workeros_core::UserId;

use super::provider::{Provider, REDIRECT, Script, parameter};
use super::site::{Away, start, with_providers};
use crate::both_planes::{Planes, Presented, from};
use crate::support::signed_in;

async fn planes(provider: &Provider) -> Vec<Planes> {
    let settings = RealmSettings::new().with_anonymous(AnonymousUsers::new());
    let providers = with_providers(provider);
    let options = |builder: AuthBuilder| {
        let builder = builder.with_settings(settings.clone());
        providers(builder.with_app_settings(settings.clone()))
    };
    Planes::all(options).await
}

async fn guest<P: Presented>(auth: &Auth<P>) -> SignedIn<P> {
    auth.sign_in_anonymous(&RequestInfo::new()).await.unwrap()
}

/// Somebody sets out as he is.
async fn depart<P: Presented>(auth: &Auth<P>, as_who: &SignedIn<P>) -> Away {
    let (browser, page) = (auth.new_browser_token(), auth.new_browser_token());
    let (browser, page) = (browser.unwrap(), page.unwrap());
    let request = from(auth, as_who).await;
    let start = start("staff").with_page(&page);
    let url = auth.begin_oauth(&start, &browser, &request).await.unwrap();
    Away { url, browser, page }
}

async fn come_back<P: Plane>(
    auth: &Auth<P>,
    provider: &Provider,
    away: &Away,
) -> (OAuthReturn, Callback) {
    let callback = provider.visit(&away.url);
    let state = parameter(&away.url, "state").unwrap();
    let back = auth.resume_oauth("staff", &state, &away.browser).await;
    (back.unwrap(), callback)
}

/// Comes back to the platform, without a cookie.
async fn return_to_team(auth: &Auth, provider: &Provider, away: &Away) -> UserId {
    let (back, callback) = come_back(auth, provider, away).await;
    let arrival = auth
        .finish_oauth(&back, &callback, REDIRECT, &RequestInfo::new())
        .await;
    signed_in(arrival.unwrap().entered).user.id
}

/// Comes back to a page of an app, which presents what it has.
async fn return_to_app(
    auth: &Auth<App>,
    provider: &Provider,
    away: &Away,
    request: &RequestInfo,
) -> UserId {
    let (back, callback) = come_back(auth, provider, away).await;
    let handover = auth
        .hand_over_oauth(&back, &callback, REDIRECT)
        .await
        .unwrap();
    let entered = auth
        .sign_in_one_time_token(&handover.token, &away.page, request)
        .await;
    signed_in(entered.unwrap()).user.id
}

/// OA-2: it is the session he set out by that counts, wherever he comes back.
#[tokio::test]
async fn oa_2_a_guest_who_comes_back_from_a_provider_is_who_he_was() {
    let provider = Provider::new(Script::default());
    for planes in planes(&provider).await {
        let (team, app) = (&planes.team, &planes.app);
        let was = guest(team).await;
        let away = depart(team, &was).await;
        let user = return_to_team(team, &provider, &away).await;
        assert_eq!(user, was.user.id);
        let key = Platform::key(team, &was).await;
        assert!(team.session_by_key(&key).await.unwrap().is_none());

        let was = guest(app).await;
        let away = depart(app, &was).await;
        let request = from(app, &was).await;
        let user = return_to_app(app, &provider, &away, &request).await;
        assert_eq!(user, was.user.id);
        let account = app.user(planes.world.tenant, user).await.unwrap();
        assert_eq!(account.user.email, "ann@example.com");
    }
}

#[tokio::test]
async fn a_guest_whose_account_at_a_provider_is_known_is_that_user() {
    let provider = Provider::new(Script::default());
    for planes in planes(&provider).await {
        let (team, app) = (&planes.team, &planes.app);
        let first = guest(team).await;
        let away = depart(team, &first).await;
        let known = return_to_team(team, &provider, &away).await;
        let was = guest(team).await;
        let away = depart(team, &was).await;
        assert_eq!(return_to_team(team, &provider, &away).await, known);
        team.user(planes.world.tenant, was.user.id)
            .await
            .unwrap_err();

        let first = guest(app).await;
        let away = depart(app, &first).await;
        let request = from(app, &first).await;
        let known = return_to_app(app, &provider, &away, &request).await;
        let was = guest(app).await;
        let away = depart(app, &was).await;
        let request = from(app, &was).await;
        let user = return_to_app(app, &provider, &away, &request).await;
        assert_eq!(user, known);
        app.user(planes.world.tenant, was.user.id)
            .await
            .unwrap_err();
    }
}

/// Whose session has ended when he comes back is somebody new.
#[tokio::test]
async fn a_guest_who_has_left_meanwhile_is_somebody_new() {
    let provider = Provider::new(Script::default());
    for planes in planes(&provider).await {
        let team = &planes.team;
        let was = guest(team).await;
        let away = depart(team, &was).await;
        team.sign_out(&was.token).await.unwrap();
        let user = return_to_team(team, &provider, &away).await;
        assert_ne!(user, was.user.id);
    }
}

/// OA-2: whom an anonymous user has sent away by a link does not get an account
/// that the anonymous user goes on to act as.
#[tokio::test]
async fn oa_2_a_guest_who_sends_somebody_away_does_not_become_him() {
    let provider = Provider::new(Script::default());
    for planes in planes(&provider).await {
        let app = &planes.app;
        let mallory = guest(app).await;
        let page = app.new_browser_token().unwrap();
        let request = from(app, &mallory).await;
        let start = start("staff").with_page(&page);
        let ticket = app.ticket_oauth(&start, &request).await.unwrap();

        // The victim follows the link, and agrees at the provider.
        let browser = app.new_browser_token().unwrap();
        let url = app.depart_oauth(&ticket, &browser).await.unwrap();
        let callback = provider.visit(&url);
        let state = parameter(&url, "state").unwrap();
        let back = app.resume_oauth("staff", &state, &browser).await.unwrap();
        let sent_on = app.hand_over_oauth(&back, &callback, REDIRECT).await;
        assert!(sent_on.unwrap().is_new);

        let key = App::key(app, &mallory).await;
        let still = app.session_by_key(&key).await.unwrap().unwrap();
        assert!(still.user.is_anonymous(), "{:?}", still.user.email);
        let sql = "SELECT id FROM app_users WHERE email = 'ann@example.com'";
        let ann = planes.world.rows(sql, vec![]).await;
        assert_eq!(ann.iter().count(), 0, "nobody becomes a user unasked");
    }
}
