//! Settings whose secrets cannot be opened any more: the secret of the instance
//! that sealed them is gone.

use serde_json::{Value as Json, json};
use workeros_auth::oauth::{AuthorizationRequest, OAuthStart};
use workeros_auth::{App, Auth, RequestInfo, SettingsPatch, StoredSettings};
use workeros_core::{CaptchaResponse, ErrorKind, Result, Secret, Workspace};

use super::settings::set_up;
use super::webhooks::{Receiver, SECRET};
use crate::both_planes::Planes;
use crate::support::{PASSWORD, finding, sign_in, sign_up};

/// A workspace, and an instance that has lost the secret of the one before.
struct Lost {
    planes: Planes,
    auth: Auth,
}

impl Lost {
    /// With everything in the settings that has a secret.
    async fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for planes in Planes::all(|builder| set_up(builder, &Receiver::new())).await {
            let google = json!({"kind": "google", "client_id": "c", "client_secret": "s"});
            let patch = json!({
                "captcha": {"service": "same", "secret": "own", "fail_mode": "open"},
                "hooks": {
                    "url": "https://hooks.example.com", "secret": SECRET,
                    "previous_secret": SECRET, "events": ["user.before_create"],
                },
                "oauth_providers": {"google": google},
            });
            let patch = SettingsPatch::new(patch);
            let stored = planes.app.change_settings(&patch).await.unwrap();
            assert!(stored.unreadable_secrets.is_empty());
            let auth = planes.world.auth_with(|builder| {
                let secret = Secret::new("Lk7m2vX9kQw4TzB8nYp3HsD6fJc1GaE5").unwrap();
                set_up(builder, &Receiver::new())
                    .danger_weak_hashing()
                    .with_secret(secret)
            });
            all.push(Self { planes, auth });
        }
        all
    }

    /// With the settings as they are now.
    async fn app(&self) -> Auth<App> {
        let workspace = Workspace::new(self.planes.world.tenant, "default");
        self.auth.app(workspace).await.unwrap()
    }

    async fn change(&self, patch: Json) -> Result<StoredSettings> {
        let patch = SettingsPatch::new(patch);
        self.app().await.change_settings(&patch).await
    }

    async fn unreadable(&self) -> Vec<String> {
        let settings = self.app().await.stored_settings().await.unwrap();
        settings.unreadable_secrets
    }

    /// The code that somebody is refused with who signs up.
    async fn sign_up(&self, name: &str) -> Option<String> {
        let request = RequestInfo::new().with_captcha(CaptchaResponse::parse("own").ok());
        let entered = self
            .app()
            .await
            .sign_up_email(sign_up(name), &request)
            .await;
        entered.err().map(|error| {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            error.code().unwrap().to_owned()
        })
    }

    /// The code that somebody is refused with who sets out for a provider.
    async fn depart(&self, provider: &str) -> Option<String> {
        let app = self.app().await;
        let browser = app.new_browser_token().unwrap();
        let back = "https://example.com/back";
        let start = OAuthStart::new(provider, AuthorizationRequest::new(back));
        let begun = app.begin_oauth(&start, &browser, &RequestInfo::new()).await;
        begun.err().map(|error| {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            error.code().unwrap().to_owned()
        })
    }
}

/// CFG-1: what cannot be opened is named, and keeps nobody from changing something
/// else.
#[tokio::test]
async fn cfg_1_a_secret_that_is_lost_is_named() {
    for lost in Lost::all().await {
        let all = [
            "/captcha/secret",
            "/hooks/previous_secret",
            "/hooks/secret",
            "/oauth_providers/google/client_secret",
        ];
        assert_eq!(lost.unreadable().await, all);
        let github = json!({"kind": "github", "client_id": "c", "client_secret": "s"});
        let changed = lost.change(json!({
            "sign_up": "invited",
            "mail": {"sender_name": "Shop"},
            "oauth_providers": {"github": github},
        }));
        let changed = changed.await.unwrap();
        assert_eq!(changed.effective["sign_up"], "invited");
        assert_eq!(changed.unreadable_secrets, all);
        assert_eq!(lost.app().await.oauth_providers(), ["github"]);
        // Who says something of what has one gives it again.
        for (patch, path) in [
            (json!({"captcha": {"at": ["sign-in"]}}), "/captcha/secret"),
            (json!({"hooks": {"events": ["mail.send"]}}), "/hooks/secret"),
            (
                json!({"oauth_providers": {"google": {"client_id": "d"}}}),
                "/oauth_providers/google/client_secret",
            ),
        ] {
            let refused = lost.change(patch.clone()).await.unwrap_err();
            assert_eq!(finding(&refused), (path, "required"), "{patch}");
        }
    }
}

/// CFG-1: who depends on it is refused, and nobody goes on without.
#[tokio::test]
async fn cfg_1_a_secret_that_is_lost_opens_nothing() {
    for lost in Lost::all().await {
        // Although it should fail open.
        let code = lost.sign_up("ann").await;
        assert_eq!(code.as_deref(), Some("CAPTCHA_UNAVAILABLE"));
        lost.change(json!({"captcha": null})).await.unwrap();
        let code = lost.sign_up("ann").await;
        assert_eq!(code.as_deref(), Some("HOOK_UNAVAILABLE"));
        // About passwords nobody is asked.
        let (app, request) = (lost.app().await, RequestInfo::new());
        let wrong = app.sign_in_email(sign_in("ann", PASSWORD), &request);
        assert_eq!(wrong.await.unwrap_err().kind(), ErrorKind::Unauthorized);
        let code = lost.depart("google").await;
        assert_eq!(code.as_deref(), Some("PROVIDER_MISCONFIGURED"));
    }
}

#[tokio::test]
async fn a_secret_that_is_lost_is_given_again_or_taken_away() {
    for lost in Lost::all().await {
        lost.change(json!({"captcha": {"secret": "own"}}))
            .await
            .unwrap();
        let next = json!({"hooks": {"secret": SECRET, "previous_secret": null}});
        lost.change(next).await.unwrap();
        assert_eq!(
            lost.unreadable().await,
            ["/oauth_providers/google/client_secret"]
        );
        assert_eq!(lost.sign_up("ann").await, None);
        let off = json!({"oauth_providers": {"google": null}});
        let changed = lost.change(off).await.unwrap();
        assert!(changed.unreadable_secrets.is_empty());
        let google = json!({"kind": "google", "client_id": "c", "client_secret": "s"});
        lost.change(json!({"oauth_providers": {"google": google}}))
            .await
            .unwrap();
        assert_eq!(lost.app().await.oauth_providers(), ["google"]);
        assert!(lost.unreadable().await.is_empty());
    }
}
