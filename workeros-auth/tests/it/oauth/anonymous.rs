//! An account at a provider makes an account of an anonymous user.

use workeros_auth::{
    AnonymousUsers, App, Auth, AuthBuilder, BrowserToken, Platform, RealmSettings, RequestInfo,
    SignedIn,
};
use workeros_core::UserId;

use super::provider::{Provider, REDIRECT, Script, parameter};
use super::site::{start, with_providers};
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

/// Where somebody is sent to who sets out as he is.
async fn depart<P: Presented>(auth: &Auth<P>, as_who: &SignedIn<P>) -> (String, BrowserToken) {
    let browser = auth.new_browser_token().unwrap();
    let request = from(auth, as_who).await;
    let url = auth.begin_oauth(&start("staff"), &browser, &request).await;
    (url.unwrap(), browser)
}

/// Comes back to the platform, without a cookie.
async fn return_to_team(auth: &Auth, provider: &Provider, away: &(String, BrowserToken)) -> UserId {
    let callback = provider.visit(&away.0);
    let state = parameter(&away.0, "state").unwrap();
    let back = auth.resume_oauth("staff", &state, &away.1).await.unwrap();
    let arrival = auth
        .finish_oauth(&back, &callback, REDIRECT, &RequestInfo::new())
        .await;
    signed_in(arrival.unwrap().entered).user.id
}

/// Comes back to a page of an app, which presents what it has.
async fn return_to_app(
    auth: &Auth<App>,
    provider: &Provider,
    away: &(String, BrowserToken),
    request: &RequestInfo,
) -> UserId {
    let callback = provider.visit(&away.0);
    let state = parameter(&away.0, "state").unwrap();
    let back = auth.resume_oauth("staff", &state, &away.1).await.unwrap();
    let handover = auth
        .hand_over_oauth(&back, &callback, REDIRECT, &away.1)
        .await
        .unwrap();
    let entered = auth
        .sign_in_one_time_token(&handover.token, &away.1, request)
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
