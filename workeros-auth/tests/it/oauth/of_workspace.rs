//! Providers that a workspace sets up itself.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use workeros_auth::oauth::{OAuthReturn, PresentedIdToken};
use workeros_auth::{App, Auth, AuthBuilder, RealmSettings, SettingsPatch, StoredSettings};
use workeros_core::{
    Error, ErrorKind, HttpClient, HttpRequest, HttpResponse, Result, Value, Workspace,
};

use super::provider::{ISSUER, Provider, REDIRECT, Script, parameter, staff};
use super::site::{Site, refused};
use crate::support::{World, finding, secret, signed_in, worlds};

const CANARY: &str = "canary-9d2f-client-secret";

/// The provider, on a network with an inside.
#[derive(Debug, Clone)]
struct Network(Provider);

#[async_trait]
impl HttpClient for Network {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        if request.url.contains("169.254.169.254") || request.url.contains("localhost") {
            let why = "the target may not be reached";
            return Err(Error::new(ErrorKind::Forbidden, why).with_code("EGRESS_BLOCKED"));
        }
        self.0.send(request).await
    }
}

/// An instance that knows of no provider, but of the network.
struct Open {
    world: World,
    auth: Auth,
    provider: Provider,
}

fn connected(provider: &Provider) -> impl Fn(AuthBuilder) -> AuthBuilder + use<> {
    let http = Arc::new(Network(provider.clone()));
    move |builder| {
        builder
            .danger_weak_hashing()
            .with_secret(secret())
            .with_http_client(Arc::clone(&http) as _)
    }
}

async fn opens_with(options: impl Fn(AuthBuilder) -> AuthBuilder) -> Vec<Open> {
    let mut opens = Vec::new();
    for world in worlds().await {
        let provider = Provider::new(Script::default());
        let connect = connected(&provider);
        let auth = world.auth_with(|builder| options(connect(builder)));
        opens.push(Open {
            world,
            auth,
            provider,
        });
    }
    opens
}

async fn opens() -> Vec<Open> {
    opens_with(|builder| builder).await
}

impl Open {
    async fn app(&self) -> Auth<App> {
        let workspace = Workspace::new(self.world.tenant, "default");
        self.auth.app(workspace).await.unwrap()
    }

    async fn site(&self) -> Site<App> {
        Site {
            auth: self.app().await,
            provider: self.provider.clone(),
        }
    }

    async fn change(&self, patch: Json) -> Result<StoredSettings> {
        let patch = SettingsPatch::new(patch);
        self.app().await.change_settings(&patch).await
    }

    /// Sets the provider up, or changes it.
    async fn set_up(&self, provider: Json) -> StoredSettings {
        let patch = json!({"oauth_providers": {"staff": provider}});
        self.change(patch).await.unwrap()
    }
}

fn oidc() -> Json {
    json!({"kind": "oidc", "issuer": ISSUER, "client_id": "client-7", "client_secret": CANARY})
}

#[tokio::test]
async fn users_come_from_a_provider_that_was_set_up_just_now() {
    for open in opens().await {
        assert!(open.app().await.oauth_providers().is_empty());
        let settings = open.set_up(oidc()).await;
        let stored = &settings.stored["oauth_providers"]["staff"];
        assert_eq!(stored["client_secret"], json!({"set": true}));
        let shown = json!({
            "kind": "oidc", "issuer": ISSUER, "client_id": "client-7",
            "native_client_ids": [], "scopes": ["openid", "email", "profile"],
            "sign_up": true, "trusted_for_linking": false,
        });
        assert_eq!(settings.effective["oauth_providers"]["staff"], shown);
        let site = open.site().await;
        assert_eq!(site.auth.oauth_providers(), ["staff"]);
        let arrival = site.sign_in("staff").await.unwrap();
        assert!(arrival.is_new);
        let ann = signed_in(arrival.entered);
        assert_eq!(ann.user.email, "ann@example.com");
        assert!(!ann.user.email_verified, "nobody vouches for it");
        let again = signed_in(site.sign_in("staff").await.unwrap().entered);
        assert_eq!(again.user.id, ann.user.id);
        let redeemed = open.provider.requests("/token");
        let sent = String::from_utf8(redeemed[0].body.to_vec()).unwrap();
        let header = redeemed[0].headers.get("authorization");
        assert!(header.is_some() || sent.contains(CANARY), "it was opened");

        // The next request knows that it is turned off, or gone.
        open.set_up(json!({"enabled": false})).await;
        let error = refused(
            open.app()
                .await
                .begin_oauth(
                    &super::site::start("staff"),
                    &site.auth.new_browser_token().unwrap(),
                    &workeros_auth::RequestInfo::new(),
                )
                .await,
        );
        assert_eq!(error.code(), Some("PROVIDER_NOT_FOUND"));
        open.set_up(json!({"enabled": true})).await;
        let again = signed_in(open.site().await.sign_in("staff").await.unwrap().entered);
        assert_eq!(again.user.id, ann.user.id);
        let other = open.world.tenant;
        let other = Workspace::new(
            workeros_core::TenantId::new(open.world.runtime.ids.next_id()),
            format!("not-{other}"),
        );
        let elsewhere = open.auth.app(other).await.unwrap();
        assert!(elsewhere.oauth_providers().is_empty());
        assert!(
            open.auth.oauth_providers().is_empty(),
            "nor on the platform"
        );
    }
}

/// OA-4: a workspace says which native apps are its own.
#[tokio::test]
async fn oa_4_a_workspace_says_which_native_apps_are_its_own() {
    for open in opens().await {
        open.set_up(oidc()).await;
        open.provider
            .tell(|script| script.claims["aud"] = "ios-1".into());
        let token = open.provider.id_token(None);
        let sign_in = async || {
            let presented = PresentedIdToken {
                token: &token,
                nonce: None,
                user: None,
            };
            let (app, request) = (open.app().await, workeros_auth::RequestInfo::new());
            app.sign_in_id_token("staff", presented, &request).await
        };
        assert_eq!(refused(sign_in().await).code(), Some("INVALID_TOKEN"));
        let ids = json!(["ios-1", "android-1"]);
        let settings = open.set_up(json!({"native_client_ids": ids})).await;
        let effective = &settings.effective["oauth_providers"]["staff"];
        assert_eq!(effective["native_client_ids"], ids);
        signed_in(sign_in().await.unwrap().entered);
    }
}

/// OA-8: what is no provider is refused where it stands.
#[tokio::test]
async fn oa_8_what_is_no_provider_is_refused_where_it_stands() {
    for open in opens().await {
        let with = |name: &str, value: Json| {
            let mut provider = oidc();
            provider[name] = value;
            provider
        };
        let apple = json!({"kind": "apple", "client_id": "c", "team_id": "T1", "key_id": "K1",
            "private_key": "no key"});
        for (provider, at, code) in [
            (with("kind", Json::Null), "/kind", "required"),
            (json!("x"), "", "type_mismatch"),
            (with("kind", json!("myspace")), "/kind", "invalid_value"),
            (with("issuer", Json::Null), "/issuer", "required"),
            (
                with("issuer", json!("http://id.example.com")),
                "/issuer",
                "invalid_value",
            ),
            (
                with("issuer", json!("https://id.example.com?a")),
                "/issuer",
                "invalid_value",
            ),
            (
                with("issuer", json!("https://169.254.169.254")),
                "/issuer",
                "egress_blocked",
            ),
            (
                with("issuer", json!("http://localhost:9")),
                "/issuer",
                "egress_blocked",
            ),
            (
                with("issuer", json!("https://nowhere.example.com")),
                "/issuer",
                "provider_unavailable",
            ),
            (
                with("issuer", json!("https://id.example.com/")),
                "/issuer",
                "provider_unavailable",
            ),
            (with("client_id", json!("")), "/client_id", "invalid_value"),
            (
                with("native_client_ids", json!(["a b"])),
                "/native_client_ids",
                "invalid_value",
            ),
            (
                with("client_secret", Json::Null),
                "/client_secret",
                "required",
            ),
            (
                with("client_secret", json!("")),
                "/client_secret",
                "out_of_range",
            ),
            (
                with("client_secret", json!("ö")),
                "/client_secret",
                "invalid_value",
            ),
            (
                with("client_secret", json!(7)),
                "/client_secret",
                "type_mismatch",
            ),
            (
                with("client_secret", json!({"set": true})),
                "/client_secret",
                "required",
            ),
            (with("scopes", json!(["a b"])), "/scopes", "invalid_value"),
            (with("scopes", json!("openid")), "/scopes", "type_mismatch"),
            (with("enabled", json!("no")), "/enabled", "type_mismatch"),
            (
                with("row", json!("018fd3ab-c200-7000-8000-000000000001")),
                "/row",
                "read_only",
            ),
            (
                with("trusted_for_linking", json!(true)),
                "/trusted_for_linking",
                "not_allowed",
            ),
            (with("team_id", json!("T1")), "/team_id", "unknown_field"),
            (apple, "/private_key", "invalid_value"),
        ] {
            let patch = json!({"oauth_providers": {"staff": provider}});
            let error = open.change(patch.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation, "{patch}: {error:?}");
            let (path, found) = finding(&error);
            assert_eq!(
                (path, found),
                (format!("/oauth_providers/staff{at}").as_str(), code),
                "{patch}"
            );
            assert!(!format!("{error:?}").contains(CANARY));
        }
        let many: serde_json::Map<String, Json> =
            (0..21).map(|index| (format!("p{index}"), oidc())).collect();
        let error = open
            .change(json!({"oauth_providers": many}))
            .await
            .unwrap_err();
        assert_eq!(finding(&error), ("/oauth_providers", "out_of_range"));
        let error = open
            .change(json!({"oauth_providers": {"A b": oidc()}}))
            .await;
        assert_eq!(
            finding(&error.unwrap_err()),
            ("/oauth_providers/A b", "invalid_value")
        );
        assert_eq!(open.app().await.stored_settings().await.unwrap().version, 0);

        // Those whom everybody knows need no look.
        let asked = open.provider.requests("").len();
        let google = json!({"kind": "google", "client_id": "c", "client_secret": "s",
            "trusted_for_linking": true});
        let github = json!({"kind": "github", "client_id": "c", "client_secret": "s"});
        let settings = open.change(json!({"oauth_providers": {"google": google, "code": github}}));
        let effective = &settings.await.unwrap().effective["oauth_providers"];
        assert_eq!(effective["google"]["trusted_for_linking"], true);
        assert_eq!(effective["code"]["kind"], "github");
        assert_eq!(open.provider.requests("").len(), asked);
    }
}

/// OA-6: an admin could run the issuer himself, and be anybody.
#[tokio::test]
async fn oa_6_whom_the_operator_vouches_for_may_be_believed() {
    let vouching = |builder: AuthBuilder| {
        builder.with_app_settings(RealmSettings::new().with_vouched_issuers([ISSUER]))
    };
    for open in opens_with(vouching).await {
        let mut trusted = oidc();
        trusted["trusted_for_linking"] = true.into();
        let settings = open.set_up(trusted).await;
        let effective = &settings.effective["oauth_providers"]["staff"];
        assert_eq!(effective["trusted_for_linking"], true);
        let arrival = open.site().await.sign_in("staff").await.unwrap();
        assert!(signed_in(arrival.entered).user.email_verified);
        // One who is vouched for no more is believed no more.
        let auth = open.world.auth_with(connected(&open.provider));
        let app = auth.app(Workspace::new(open.world.tenant, "default"));
        let settings = app.await.unwrap().stored_settings().await.unwrap();
        let effective = &settings.effective["oauth_providers"]["staff"];
        assert_eq!(effective["trusted_for_linking"], false);
    }
}

/// OA-5: who bears the name of a provider later inherits none of its accounts.
#[tokio::test]
async fn oa_5_an_account_belongs_to_the_row_of_its_provider() {
    for open in opens().await {
        open.set_up(oidc()).await;
        let ann = open.site().await.sign_in("staff").await.unwrap();
        let ann = signed_in(ann.entered);
        open.set_up(json!({"scopes": ["openid", "email"], "client_secret": "another"}))
            .await;
        let again = open.site().await.sign_in("staff").await.unwrap();
        assert_eq!(signed_in(again.entered).user.id, ann.user.id);

        open.set_up(Json::Null).await;
        open.set_up(oidc()).await;
        let error = refused(open.site().await.sign_in("staff").await);
        assert_eq!(error.code(), Some("ACCOUNT_EXISTS"));
        open.provider
            .tell(|script| script.claims["email"] = "eve@example.com".into());
        let eve = open.site().await.sign_in("staff").await.unwrap();
        assert!(eve.is_new);
        assert_ne!(signed_in(eve.entered).user.id, ann.user.id);
    }
}

/// What was learned of a provider is not asked for again with each request, nor
/// after a change of something else.
#[tokio::test]
async fn what_a_client_knows_it_keeps() {
    for open in opens().await {
        open.auth.refresh().await.unwrap();
        open.set_up(oidc()).await;
        let described = || open.provider.requests("/openid-configuration").len();
        let probed = described();
        for _ in 0..3 {
            open.site().await.sign_in("staff").await.unwrap();
        }
        assert_eq!(described(), probed + 1);
        open.change(json!({"sign_up": "invited"})).await.unwrap();
        open.site().await.sign_in("staff").await.unwrap();
        open.world.wait(Duration::from_mins(2));
        open.site().await.depart("staff").await;
        assert_eq!(described(), probed + 1);
    }
}

/// OA-2: somebody who set out by one client does not come back to another.
#[tokio::test]
async fn oa_2_what_was_begun_with_one_client_does_not_end_with_another() {
    for open in opens().await {
        for (change, holds) in [
            (json!({"client_secret": "a new one"}), true),
            (json!({"scopes": ["openid"]}), true),
            (json!({"client_id": "client-8"}), false),
            (Json::Null, false),
        ] {
            open.set_up(Json::Null).await;
            open.set_up(oidc()).await;
            let site = open.site().await;
            let away = site.depart("staff").await;
            let callback = open.provider.visit(&away.url);
            open.set_up(change.clone()).await;
            if change.is_null() {
                open.set_up(oidc()).await;
            }
            let app = open.app().await;
            let state = parameter(&away.url, "state").unwrap();
            let back: OAuthReturn = app
                .resume_oauth("staff", &state, &away.browser)
                .await
                .unwrap();
            let request = workeros_auth::RequestInfo::new();
            let finished = app.finish_oauth(&back, &callback, REDIRECT, &request).await;
            match finished {
                Ok(_) => assert!(holds, "{change}"),
                Err(error) if holds => assert_eq!(error.code(), Some("ACCOUNT_EXISTS"), "{change}"),
                Err(error) => assert_eq!(error.code(), Some("STATE_MISMATCH"), "{change}"),
            }
        }
    }
}

/// A secret is sent where it was meant for: who names another place names another
/// secret.
#[tokio::test]
async fn a_secret_does_not_follow_to_another_issuer() {
    for open in opens().await {
        open.set_up(oidc()).await;
        for change in [
            json!({"issuer": "https://evil.example.com"}),
            json!({"kind": "github", "issuer": null}),
            json!({"issuer": "https://evil.example.com", "client_secret": {"set": true}}),
        ] {
            let patch = json!({"oauth_providers": {"staff": change}});
            let error = open.change(patch).await.unwrap_err();
            let at = "/oauth_providers/staff/client_secret";
            assert_eq!(finding(&error), (at, "required"));
        }
        let github = json!({"kind": "github", "issuer": null, "client_secret": "its own"});
        let settings = open.set_up(github).await;
        assert_eq!(
            settings.effective["oauth_providers"]["staff"]["kind"],
            "github"
        );
    }
}

/// Of the operator's a workspace can do without, and nothing else.
#[tokio::test]
async fn a_provider_of_the_operator_can_be_turned_off() {
    let with = |builder: AuthBuilder| builder.with_app_oauth_provider(staff());
    for open in opens_with(with).await {
        assert_eq!(open.app().await.oauth_providers(), ["staff"]);
        for (patch, at, code) in [
            (oidc(), "", "not_allowed"),
            (json!({"client_id": "mine"}), "/client_id", "unknown_field"),
        ] {
            let patch = json!({"oauth_providers": {"staff": patch}});
            let error = open.change(patch).await.unwrap_err();
            let at = format!("/oauth_providers/staff{at}");
            assert_eq!(finding(&error), (at.as_str(), code));
        }
        open.set_up(json!({"enabled": false})).await;
        assert!(open.app().await.oauth_providers().is_empty());
        open.set_up(Json::Null).await;
        assert_eq!(open.app().await.oauth_providers(), ["staff"]);
        open.set_up(json!({"enabled": false})).await;
        // One that the operator takes away leaves a word about nothing.
        let auth = open.world.auth_with(connected(&open.provider));
        let app = auth.app(Workspace::new(open.world.tenant, "default"));
        assert!(app.await.unwrap().oauth_providers().is_empty());
    }
}

/// What was sealed with a secret that is gone takes its provider along, and
/// nothing else.
#[tokio::test]
async fn a_secret_that_cannot_be_opened_is_one_provider_less() {
    for open in opens().await {
        open.set_up(oidc()).await;
        open.change(json!({"sign_up": "closed"})).await.unwrap();
        let connect = connected(&open.provider);
        let auth = open.world.auth_with(|builder| {
            let secret = workeros_core::Secret::new("another-Zr4u7xAGKaPdSgVkYp3s6v9y");
            connect(builder).with_secret(secret.unwrap())
        });
        let app = async || {
            let app = auth.app(Workspace::new(open.world.tenant, "default"));
            app.await.unwrap()
        };
        assert!(app().await.oauth_providers().is_empty());
        let settings = app().await.stored_settings().await.unwrap();
        assert_eq!(settings.effective["sign_up"], "closed");
        let anew = json!({"oauth_providers": {"staff": {"client_secret": CANARY}}});
        let anew = SettingsPatch::new(anew);
        app().await.change_settings(&anew).await.unwrap();
        assert_eq!(app().await.oauth_providers(), ["staff"]);
    }
}

/// CFG-1: it is in no row, and opens in no other place.
#[tokio::test]
async fn cfg_1_secrets_of_providers_are_sealed_for_their_place() {
    const SETTINGS: &str = "SELECT document, secrets FROM app_settings";
    const ACTIVITY: &str = "SELECT action, detail FROM workeros_auth_activity";
    const FLOWS: &str = "SELECT purpose, data FROM app_auth_flows";
    const MOVE: &str = "UPDATE app_settings SET realm_id = $1";
    const RENAME: &str = "UPDATE app_settings SET document = replace(document, 'staff', 'other'), \
        secrets = replace(secrets, 'staff', 'other')";
    for open in opens().await {
        let settings = open.set_up(oidc()).await;
        assert!(!format!("{settings:?}").contains(CANARY));
        let app = open.app().await;
        assert!(!format!("{app:?} {:?}", app.settings()).contains(CANARY));
        open.site().await.depart("staff").await;
        for statement in [SETTINGS, ACTIVITY, FLOWS] {
            let rows = open.world.rows(statement, vec![]).await;
            assert!(!rows.rows.is_empty(), "{statement}");
            for row in &rows {
                let texts = [row.text(0).unwrap(), row.text(1).unwrap()];
                assert!(!texts.iter().any(|text| text.contains(CANARY)));
            }
        }
        let providers = async |tenant| {
            let auth = open.world.auth_with(connected(&open.provider));
            let app = auth.app(Workspace::new(tenant, "default")).await.unwrap();
            app.oauth_providers().len()
        };
        assert_eq!(providers(open.world.tenant).await, 1);
        open.world.run(RENAME, vec![]).await;
        assert_eq!(providers(open.world.tenant).await, 0, "another place");
        let other = workeros_core::TenantId::new(open.world.runtime.ids.next_id());
        open.change(json!({"oauth_providers": null})).await.unwrap();
        open.set_up(oidc()).await;
        assert_eq!(providers(open.world.tenant).await, 1);
        open.world.run(MOVE, vec![Value::from(other)]).await;
        assert_eq!(providers(other).await, 0, "another workspace");
    }
}
