//! What a workspace says of its mails, and of the issuers it trusts.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workeros_adapters::MemoryMailer;
use workeros_auth::{App, Auth, Locale, MailTemplate, MailText, RealmSettings, RequestInfo};
use workeros_auth::{SettingsPatch, Templates};
use workeros_core::{ErrorKind, Result, TenantId, Workspace};

use crate::mail::link;
use crate::support::{World, email, sign_up, worlds};
use crate::third_party::site::{ISSUER, Issuer, JWKS, with_workspaces};

async fn change(app: &Auth<App>, patch: Json) -> Result<Json> {
    let changed = app.change_settings(&SettingsPatch::new(patch)).await?;
    Ok(Json::Object(changed.effective))
}

struct Site {
    auth: Auth,
    mailer: MemoryMailer,
    shop: Workspace,
    other: Workspace,
}

impl Site {
    fn of(world: &World) -> Self {
        let shop = Workspace::new(world.tenant, "shop");
        let other = Workspace::new(TenantId::new(world.runtime.ids.next_id()), "other");
        let mailer = MemoryMailer::default();
        let en = Locale::parse("en").unwrap();
        let text = MailText::new().with_subject("of the host");
        let templates = Templates::new().with_text(MailTemplate::ResetPassword, en, text);
        let settings = RealmSettings::new().with_templates(templates.unwrap());
        let auth = world.mailing_with(&mailer, |builder| {
            with_workspaces(builder, shop.id, other.id)
                .with_http_client(Arc::new(Issuer::new()))
                .with_app_settings(settings.clone())
        });
        Self {
            auth,
            mailer,
            shop,
            other,
        }
    }

    async fn app(&self, workspace: &Workspace) -> Auth<App> {
        self.auth.app(workspace.clone()).await.unwrap()
    }

    /// The subject of a mail to an end user, by which name it comes, and where
    /// answers go.
    async fn mailed(&self, workspace: &Workspace) -> (String, [Option<String>; 2]) {
        let app = self.app(workspace).await;
        let request = RequestInfo::new();
        app.request_password_reset(&email("uma"), &request, link)
            .await
            .unwrap();
        self.auth.deliver_mail().await.unwrap();
        let mails = self.mailer.take();
        let [mail] = mails.as_slice() else {
            panic!("not one mail: {mails:?}")
        };
        let sender = [mail.sender_name(), mail.reply_to()];
        let sender = sender.map(|part| part.map(ToOwned::to_owned));
        (mail.subject().to_owned(), sender)
    }
}

#[tokio::test]
async fn a_workspace_has_words_of_its_own() {
    for world in worlds().await {
        let site = Site::of(&world);
        let request = RequestInfo::new();
        for workspace in [&site.shop, &site.other] {
            let app = site.app(workspace).await;
            app.sign_up_email(sign_up("uma"), &request).await.unwrap();
            assert_eq!(site.mailed(workspace).await.0, "of the host");
        }
        let said = json!({"mail": {
            "default_locale": "de-at",
            "sender_name": "Müller's shop",
            "reply_to": "shop@example.com",
            "templates": {"reset-password": {
                "en": {"subject": "of the shop"},
                "nl": {"subject": "van de winkel", "text": "{{url}}"},
            }},
        }});
        let shown = change(&site.app(&site.shop).await, said.clone()).await;
        assert_eq!(shown.unwrap()["mail"], said["mail"]);
        let shops = ["Müller's shop", "shop@example.com"];
        let shops = shops.map(|part| Some(part.to_owned()));
        let german = ("Neues Passwort wählen".to_owned(), shops.clone());
        assert_eq!(site.mailed(&site.shop).await, german);
        assert_eq!(site.mailed(&site.other).await.0, "of the host");

        let app = site.app(&site.shop).await;
        change(&app, json!({"mail": {"default_locale": null}}))
            .await
            .unwrap();
        assert_eq!(
            site.mailed(&site.shop).await,
            ("of the shop".to_owned(), shops)
        );
        change(&app, json!({"mail": null})).await.unwrap();
        let hosts = ("of the host".to_owned(), [None, None]);
        assert_eq!(site.mailed(&site.shop).await, hosts);
    }
}

#[tokio::test]
async fn what_cannot_be_mailed_is_refused_where_it_stands() {
    let world = worlds().await.swap_remove(0);
    let site = Site::of(&world);
    let app = site.app(&site.shop).await;
    let text = |text: Json| json!({"mail": {"templates": {"magic-link": {"de": text}}}});
    let at = |part: &str| format!("/mail/templates/magic-link/de{part}");
    for (patch, path, code) in [
        (json!({"mail": []}), "/mail".to_owned(), "type_mismatch"),
        (
            json!({"mail": {"from": "x"}}),
            "/mail/from".to_owned(),
            "unknown_field",
        ),
        (
            json!({"mail": {"default_locale": "x"}}),
            "/mail/default_locale".to_owned(),
            "invalid_value",
        ),
        (
            json!({"mail": {"reply_to": "a@b, c@d"}}),
            "/mail/reply_to".to_owned(),
            "invalid_value",
        ),
        (
            json!({"mail": {"reply_to": "a@b\r\nBcc: c@d"}}),
            "/mail/reply_to".to_owned(),
            "invalid_value",
        ),
        (
            json!({"mail": {"sender_name": 7}}),
            "/mail/sender_name".to_owned(),
            "type_mismatch",
        ),
        (
            json!({"mail": {"sender_name": ""}}),
            "/mail/sender_name".to_owned(),
            "invalid_value",
        ),
        (
            json!({"mail": {"sender_name": "Shop\r\nBcc: eve@example.com"}}),
            "/mail/sender_name".to_owned(),
            "invalid_value",
        ),
        (
            json!({"mail": {"sender_name": "security@bank.example"}}),
            "/mail/sender_name".to_owned(),
            "invalid_value",
        ),
        (
            json!({"mail": {"templates": {"spam": {}}}}),
            "/mail/templates/spam".to_owned(),
            "unknown_field",
        ),
        (
            json!({"mail": {"templates": {"magic-link": {"d~": {}}}}}),
            "/mail/templates/magic-link/d~0".to_owned(),
            "invalid_value",
        ),
        (text(json!("x")), at(""), "type_mismatch"),
        (text(json!({"body": "x"})), at("/body"), "unknown_field"),
        (
            text(json!({"subject": "x\r\nBcc: a@b"})),
            at("/subject"),
            "invalid_value",
        ),
        (
            text(json!({"text": "{{url}} {{code}}"})),
            at("/text"),
            "unknown_value",
        ),
        (
            text(json!({"html": "<p></p>"})),
            at("/html"),
            "missing_value",
        ),
    ] {
        let refused = change(&app, patch.clone()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Validation, "{patch}");
        let detail = &refused.details()[0];
        assert_eq!((&detail.path, &*detail.code), (&path, code), "{patch}");
    }
}

#[tokio::test]
async fn a_preview_says_what_would_be_sent() {
    let world = worlds().await.swap_remove(0);
    let site = Site::of(&world);
    let said = json!({"mail": {"templates": {"magic-link": {"de": {"subject": "Servus"}}}}});
    change(&site.app(&site.shop).await, said).await.unwrap();
    let app = site.app(&site.shop).await;
    let german = workeros_auth::Languages::from(Locale::parse("de").unwrap());
    let preview = |text| app.preview_mail(MailTemplate::MagicLink, &german, text);
    assert_eq!(preview(MailText::new()).unwrap().subject, "Servus");
    let draft = MailText::new().with_text("{{url}} {{site}}");
    let shown = preview(draft).unwrap();
    assert_eq!(
        shown.text,
        "https://example.com/link?token=sample example.com"
    );
    assert_eq!(
        preview(MailText::new()).unwrap().subject,
        "Servus",
        "nothing is kept"
    );
    let bad = preview(MailText::new().with_text("x")).unwrap_err();
    assert_eq!(bad.details()[0].path, "/text");
}

#[tokio::test]
async fn what_cannot_be_trusted_is_refused_where_it_stands() {
    let world = worlds().await.swap_remove(0);
    let site = Site::of(&world);
    let app = site.app(&site.shop).await;
    let good = || json!({"issuer": ISSUER, "audience": "api", "jwks_url": JWKS});
    let with = |name: &str, value: Json| {
        let mut issuer = good();
        issuer[name] = value;
        json!({"trusted_issuers": {"id": issuer}})
    };
    for (name, value, below, code) in [
        ("issuer", json!(7), "/issuer", "type_mismatch"),
        (
            "issuer",
            json!("http://localhost:1"),
            "/issuer",
            "invalid_value",
        ),
        (
            "issuer",
            json!("https://example.com"),
            "/issuer",
            "not_allowed",
        ),
        ("audience", json!(""), "/audience", "invalid_value"),
        ("audience", json!("{workspace}"), "/audience", "not_allowed"),
        (
            "jwks_url",
            json!("http://127.0.0.1/keys"),
            "/jwks_url",
            "invalid_value",
        ),
        ("jwks_url", json!("ftp://x"), "/jwks_url", "invalid_value"),
        ("tokens", json!("all"), "/tokens", "invalid_value"),
        (
            "algorithms",
            json!(["HS256"]),
            "/algorithms",
            "invalid_value",
        ),
        ("algorithms", json!([]), "/algorithms", "invalid_value"),
        (
            "roles",
            json!({"claim": "r", "map": {"x": "admin"}}),
            "/roles/map",
            "reserved",
        ),
        (
            "roles",
            json!({"claim": "r", "map": {"x": 7}}),
            "/roles/map",
            "type_mismatch",
        ),
        ("secret", json!("x"), "/secret", "unknown_field"),
    ] {
        let patch = with(name, value);
        let refused = change(&app, patch.clone()).await.unwrap_err();
        let found = refused.details().iter().any(|detail| {
            detail.path == format!("/trusted_issuers/id{below}") && detail.code == code
        });
        assert!(found, "{patch}: {:?}", refused.details());
    }
    let shown = change(&app, json!({"trusted_issuers": {"id": good()}})).await;
    let shown = &shown.unwrap()["trusted_issuers"]["id"];
    assert_eq!(shown["algorithms"], json!(["EdDSA", "ES256", "RS256"]));
    assert_eq!(shown["tokens"], "access");
    change(&app, json!({"trusted_issuers": {"id": null}}))
        .await
        .unwrap();
}
