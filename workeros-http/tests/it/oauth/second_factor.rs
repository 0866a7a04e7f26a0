//! Who has a second factor is asked for it by his page.

use serde_json::json;
use workeros_auth::TotpSecret;
use workeros_core::Clock as _;

use super::{PLATFORM, leads_to, no_session, to_github, worlds};
use crate::support::kept;

#[tokio::test]
async fn a_browser_is_led_to_its_page_and_asked_for_the_second_factor() {
    for world in worlds().await {
        let back = world.sign_in(PLATFORM, &to_github()).await;
        let octo = world.app.with_token(kept(&back, "workeros").unwrap());
        let enabled = octo
            .post("/api/auth/two-factor/enable")
            .json(&json!({}))
            .await;
        let uri = enabled.expect(200).json()["totpURI"].clone();
        let (_, secret) = uri.as_str().unwrap().split_once("secret=").unwrap();
        let secret = TotpSecret::parse(secret.split('&').next().unwrap()).unwrap();
        let now = || world.app.clock().now();
        let code = || json!({"code": secret.code(now()).expose()});
        let verify = octo.post("/api/auth/two-factor/verify-totp").json(&code());
        verify.await.expect(200);
        world
            .app
            .clock()
            .advance(std::time::Duration::from_secs(30));

        let back = world.sign_in(PLATFORM, &to_github()).await;
        leads_to(&back, "/home?twoFactorRedirect=true");
        no_session(&back);
        let waits = kept(&back, "workeros.two-factor").unwrap();
        let request = world
            .app
            .anonymous()
            .post("/api/auth/two-factor/verify-totp");
        let request = request.header("cookie", format!("workeros.two-factor={waits}"));
        let shown = request.json(&code()).await.expect(200);
        assert_eq!(shown.json()["user"]["email"], "octo@example.com");
        assert!(kept(&shown, "workeros").is_some());
    }
}
