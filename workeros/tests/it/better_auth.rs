//! A front end that was written for the client of better-auth works unchanged,
//! for the team of an instance and for the end users of a workspace.

use workeros::{AnonymousUsers, AuthBuilder, RealmSettings};

use crate::counterparts::Counterparts;
use crate::site::Site;

#[cfg(feature = "http-client")]
mod social;

/// Where the endpoints of each plane are.
pub(crate) const PLANES: [(&str, &str); 2] =
    [("platform", "/api/auth"), ("app", "/api/t/default/auth")];

/// Runs a part of `counterparts/better-auth` on both planes.
async fn check(part: &str) {
    check_with(part, AuthBuilder::danger_weak_hashing).await;
}

/// The same with other rules for users.
async fn check_with(part: &str, options: fn(AuthBuilder) -> AuthBuilder) {
    let Some(counterparts) = Counterparts::find() else {
        return;
    };
    for (plane, path) in PLANES {
        println!("{plane}:");
        let site = Site::open_with(|_, builder| builder.auth(options)).await;
        let base = format!("{}/backend{path}", site.origin);
        let arguments = [plane, &base, &site.origin, &site.mails(), part];
        counterparts.check("better-auth.mjs", &arguments).await;
    }
}

#[tokio::test]
async fn signing_up_in_and_out() {
    check("account").await;
}

#[tokio::test]
async fn ones_own_sessions() {
    check("sessions").await;
}

#[tokio::test]
async fn another_password() {
    check("password").await;
}

#[tokio::test]
async fn a_password_by_mail() {
    check("reset").await;
}

#[tokio::test]
async fn an_address_that_is_verified() {
    check("verification").await;
}

#[tokio::test]
async fn an_address_that_has_to_be_verified() {
    check_with("verified-sign-up", |auth| {
        let settings = RealmSettings::new().with_required_verification(true);
        let auth = auth.danger_weak_hashing().with_settings(settings.clone());
        auth.with_app_settings(settings)
    })
    .await;
}

#[tokio::test]
async fn another_address_and_leaving() {
    check("own-account").await;
}

#[tokio::test]
async fn links_by_mail() {
    check("magic-link").await;
}

#[tokio::test]
async fn a_link_by_mail_in_a_browser_that_did_not_ask_for_it() {
    let Some(counterparts) = Counterparts::find_with_chromium() else {
        return;
    };
    let site = Site::open().await;
    let arguments = [
        "./better-auth/confirm-link.mjs",
        &format!("{}/backend/api/auth", site.origin),
        &site.mails(),
    ];
    counterparts.check("chromium.mjs", &arguments).await;
}

#[tokio::test]
async fn codes_by_mail() {
    check("email-otp").await;
}

#[tokio::test]
async fn a_second_factor() {
    check("two-factor").await;
}

#[tokio::test]
async fn users_without_an_account() {
    check_with("anonymous", |auth| {
        let settings = RealmSettings::new().with_anonymous(AnonymousUsers::new());
        let auth = auth.danger_weak_hashing().with_settings(settings.clone());
        auth.with_app_settings(settings)
    })
    .await;
}

#[tokio::test]
async fn acting_as_a_user() {
    let Some(counterparts) = Counterparts::find() else {
        return;
    };
    for (plane, path) in PLANES {
        println!("{plane}:");
        let weak = AuthBuilder::danger_weak_hashing;
        let site = Site::open_with(|_, builder| builder.auth(weak)).await;
        let team = format!("{}/backend", site.origin);
        let base = format!("{team}{path}");
        let mails = site.mails();
        let arguments = [plane, &base, &site.origin, &mails, "impersonation", &team];
        counterparts.check("better-auth.mjs", &arguments).await;
    }
}

#[tokio::test]
async fn what_a_page_shows_by_itself() {
    check("live").await;
}

#[tokio::test]
async fn organizations_of_end_users() {
    check_app("organizations").await;
}

#[tokio::test]
async fn tokens_of_end_users() {
    check_app("tokens").await;
}

/// What only end users have.
async fn check_app(part: &str) {
    let Some(counterparts) = Counterparts::find() else {
        return;
    };
    let site = Site::open().await;
    let base = format!("{}/backend/api/t/default/auth", site.origin);
    let arguments = ["app", &base, &site.origin, &site.mails(), part];
    counterparts.check("better-auth.mjs", &arguments).await;
}

#[cfg(feature = "passkey")]
#[tokio::test]
async fn passkeys_of_a_real_browser() {
    let Some(counterparts) = Counterparts::find_with_chromium() else {
        return;
    };
    for (plane, path) in PLANES {
        println!("{plane}:");
        let site = Site::open().await;
        let arguments = [
            "./better-auth/passkeys.mjs",
            &format!("{}/backend{path}", site.origin),
        ];
        counterparts.check("chromium.mjs", &arguments).await;
    }
}
