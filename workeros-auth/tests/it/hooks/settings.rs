//! Webhooks and captchas that a workspace sets at run time.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use workeros_auth::{
    App, Auth, AuthBuilder, CaptchaPoint, CaptchaPolicy, RealmSettings, RequestInfo, SettingsPatch,
    StoredSettings,
};
use workeros_core::{
    Captcha, CaptchaOptions, CaptchaResponse, CaptchaServices, CaptchaSolution, Error, ErrorKind,
    Result,
};

use super::webhooks::{Receiver, SECRET};
use super::{Told, code};
use crate::both_planes::Planes;
use crate::support::{finding, sign_up};

const NEXT: &str = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXM=";

/// Services of which one is known, whose response is the secret.
#[derive(Debug, Default)]
pub(super) struct Services(Mutex<Vec<CaptchaOptions>>);

#[derive(Debug)]
struct Same(String);

#[async_trait]
impl Captcha for Same {
    async fn verify(&self, solution: &CaptchaSolution) -> Result<()> {
        match solution.response.expose() == self.0 {
            true => Ok(()),
            false => Err(CaptchaResponse::refused()),
        }
    }
}

impl CaptchaServices for Services {
    fn open(&self, options: &CaptchaOptions) -> Result<Arc<dyn Captcha>> {
        self.0.lock().unwrap().push(options.clone());
        match options.service.as_str() {
            "same" | "other" => Ok(Arc::new(Same(options.secret.as_str().to_owned()))),
            _ => Err(Error::validation(
                "service",
                "not_a_choice",
                "must be `same`",
            )),
        }
    }
}

async fn change(app: &Auth<App>, patch: Json) -> Result<StoredSettings> {
    app.change_settings(&SettingsPatch::new(patch)).await
}

async fn again(planes: &Planes) -> Auth<App> {
    let workspace = workeros_core::Workspace::new(planes.world.tenant, "default");
    planes.team.app(workspace).await.unwrap()
}

async fn enter(planes: &Planes, name: &str, response: Option<&str>) -> Result<()> {
    let response = response.map(|text| CaptchaResponse::parse(text).unwrap());
    let request = RequestInfo::new().with_captcha(response);
    let app = again(planes).await;
    app.sign_up_email(sign_up(name), &request).await.map(drop)
}

#[tokio::test]
async fn a_workspace_asks_for_a_captcha_of_its_own() {
    for planes in
        Planes::all(|builder| builder.with_captcha_services(Arc::new(Services::default()))).await
    {
        let said = json!({"captcha": {"service": "same", "secret": "canary"}});
        let stored = change(&planes.app, said).await.unwrap();
        assert_eq!(stored.stored["captcha"]["secret"], json!({"set": true}));
        assert_eq!(stored.effective["captcha"]["fail_mode"], "closed");
        assert!(!format!("{stored:?}").contains("canary"));
        assert_eq!(code(enter(&planes, "ann", None).await), "MISSING_RESPONSE");
        assert_eq!(
            code(enter(&planes, "ann", Some("x")).await),
            "VERIFICATION_FAILED"
        );
        enter(&planes, "ann", Some("canary")).await.unwrap();
        // Of nobody else.
        let request = RequestInfo::new();
        planes
            .other_app
            .sign_up_email(sign_up("ann"), &request)
            .await
            .unwrap();
        planes
            .team
            .sign_up_email(sign_up("ann"), &request)
            .await
            .unwrap();
        let at = json!({"captcha": {"at": ["magic-link"]}});
        change(&planes.app, at).await.unwrap();
        enter(&planes, "bob", None).await.unwrap();
        // Who does not know a secret sends it to nobody else.
        let other = json!({"captcha": {"service": "other"}});
        let refused = change(&planes.app, other).await.unwrap_err();
        assert_eq!(finding(&refused), ("/captcha/secret", "required"));
        let other = json!({"captcha": {"service": "other", "secret": "new"}});
        change(&planes.app, other).await.unwrap();
        change(&planes.app, json!({"captcha": null})).await.unwrap();
        let settings = planes.app.stored_settings().await.unwrap();
        assert_eq!(settings.effective["captcha"], Json::Null);
    }
}

#[tokio::test]
async fn what_cannot_be_a_captcha_or_a_webhook_is_refused_where_it_stands() {
    for planes in Planes::all(|builder| {
        builder
            .with_captcha_services(Arc::new(Services::default()))
            .with_http_client(Arc::new(Receiver::new()))
    })
    .await
    {
        let hook = |url: &str, secret: &str, events: Json| json!({"hooks": {"url": url, "secret": secret, "events": events}});
        let events = || json!(["mail.send"]);
        for (patch, path, code) in [
            (json!({"captcha": "same"}), "/captcha", "type_mismatch"),
            (
                json!({"captcha": {"secret": "x"}}),
                "/captcha/service",
                "required",
            ),
            (
                json!({"captcha": {"service": "same"}}),
                "/captcha/secret",
                "required",
            ),
            (
                json!({"captcha": {"service": "none", "secret": "x"}}),
                "/captcha/service",
                "not_a_choice",
            ),
            (
                json!({"captcha": {"service": "same", "secret": "x", "fail_mode": "ajar"}}),
                "/captcha/fail_mode",
                "invalid_value",
            ),
            (
                json!({"captcha": {"service": "same", "secret": "x", "at": ["door"]}}),
                "/captcha/at",
                "not_a_choice",
            ),
            (
                json!({"captcha": {"service": "same", "secret": "x", "why": 1}}),
                "/captcha/why",
                "unknown_field",
            ),
            (
                hook("http://127.0.0.1/", SECRET, events()),
                "/hooks/url",
                "invalid_value",
            ),
            (
                hook("ftp://x.example", SECRET, events()),
                "/hooks/url",
                "invalid_value",
            ),
            (
                hook("https://x.example", "whsec_x", events()),
                "/hooks/secret",
                "invalid_value",
            ),
            (
                hook("https://x.example", SECRET, json!(["x"])),
                "/hooks/events",
                "not_a_choice",
            ),
            (
                hook("https://x.example", SECRET, Json::Null),
                "/hooks/events",
                "required",
            ),
        ] {
            let refused = change(&planes.app, patch.clone()).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Validation, "{patch}");
            assert_eq!(finding(&refused), (path, code), "{patch}");
        }
        let settings = planes.app.stored_settings().await.unwrap();
        assert_eq!(settings.version, 0);
    }
    // Where the host has set nothing up there is nothing.
    for planes in Planes::all(|builder| builder).await {
        for patch in [
            json!({"captcha": {"service": "same", "secret": "x"}}),
            json!({"hooks": {"url": "https://x.example", "secret": SECRET, "events": []}}),
        ] {
            let refused = change(&planes.app, patch).await.unwrap_err();
            assert_eq!(finding(&refused).1, "unsupported");
        }
    }
}

/// A workspace brings another captcha than the operator's, and not less of one.
#[tokio::test]
async fn what_the_operator_guards_no_workspace_opens() {
    let settings = RealmSettings::new().with_captcha(
        CaptchaPolicy::new(Arc::new(Same("operator".to_owned())))
            .at([CaptchaPoint::SignUp, CaptchaPoint::Code]),
    );
    for planes in Planes::all(|builder| {
        builder
            .with_app_settings(settings.clone())
            .with_captcha_services(Arc::new(Services::default()))
    })
    .await
    {
        enter(&planes, "ann", Some("operator")).await.unwrap();
        let own = |more: Json| {
            let mut own = json!({"service": "same", "secret": "own"});
            own.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            json!({"captcha": own})
        };
        let fewer = change(&planes.app, own(json!({"at": ["sign-up"]})))
            .await
            .unwrap_err();
        assert_eq!(finding(&fewer), ("/captcha/at", "not_allowed"));
        let open = change(&planes.app, own(json!({"fail_mode": "open"})))
            .await
            .unwrap_err();
        assert_eq!(finding(&open), ("/captcha/fail_mode", "not_allowed"));
        let stored = change(&planes.app, own(json!({}))).await.unwrap();
        let at = stored.effective["captcha"]["at"].as_array().unwrap();
        assert!(at.contains(&json!("code")) && at.contains(&json!("sign-in")));
        assert_eq!(
            code(enter(&planes, "bob", Some("operator")).await),
            "VERIFICATION_FAILED"
        );
        enter(&planes, "bob", Some("own")).await.unwrap();
        change(&planes.app, json!({"captcha": null})).await.unwrap();
        assert_eq!(code(enter(&planes, "cid", None).await), "MISSING_RESPONSE");
    }
}

/// WH-1: a secret is changed without a gap, and never shown.
#[tokio::test]
async fn wh_1_a_workspace_is_asked_by_its_webhook() {
    let receiver = Receiver::new();
    let told = Arc::new(Told::default());
    for planes in Planes::all(|builder| {
        builder
            .with_http_client(Arc::new(receiver.clone()))
            .with_hooks(Arc::clone(&told) as _)
    })
    .await
    {
        let hooks = json!({
            "url": "https://hooks.example.com", "secret": SECRET, "events": ["user.before_create"],
        });
        let stored = change(&planes.app, json!({"hooks": hooks})).await.unwrap();
        assert_eq!(stored.stored["hooks"]["secret"], json!({"set": true}));
        assert_eq!(stored.effective["hooks"], 2);
        assert!(!format!("{stored:?}").contains("MfKQ9r8"));
        receiver.answer(200, &json!({}));
        enter(&planes, "ann", None).await.unwrap();
        assert_eq!(receiver.asked().len(), 1);
        assert_eq!(told.came().len(), 1, "the host's are asked as before");
        receiver.answer(200, &json!({"refuse": {"message": "no", "code": "FULL"}}));
        assert_eq!(code(enter(&planes, "bob", None).await), "FULL");
        // Of nobody else.
        let request = RequestInfo::new();
        planes
            .other_app
            .sign_up_email(sign_up("bob"), &request)
            .await
            .unwrap();
        planes
            .team
            .sign_up_email(sign_up("bob"), &request)
            .await
            .unwrap();
        // `asked` verifies what it finds by the first secret.
        receiver.answer(200, &json!({}));
        let both = json!({"hooks": {"secret": NEXT, "previous_secret": SECRET}});
        change(&planes.app, both).await.unwrap();
        enter(&planes, "cid", None).await.unwrap();
        assert_eq!(receiver.asked().len(), 2);
        told.came();
    }
}

pub(super) fn set_up(builder: AuthBuilder, receiver: &Receiver) -> AuthBuilder {
    builder
        .with_captcha_services(Arc::new(Services::default()))
        .with_http_client(Arc::new(receiver.clone()))
}
