//! Signing in with an account at a provider, over HTTP.

use serde_json::{Value as Json, json};
use workeros_adapters::testkit::{Opened, databases};
use workeros_http::testkit::{Client, TestApp, TestResponse};

use self::provider::{Provider, parameter};
use crate::support::kept;

mod apps;
mod coming_back;
mod departures;
mod own_accounts;
pub(crate) mod provider;
mod second_factor;
mod setting_out;

const PLATFORM: &str = "/api/auth";
const APP: &str = "/api/t/default/auth";
const ORIGIN: &str = "http://localhost:8080";

/// An app whose users, of both planes, come from `github`, and a provider
/// `other` that nobody answers for.
struct World {
    app: TestApp,
    provider: Provider,
    _database: Opened,
}

async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for opened in databases().await {
        let provider = Provider::default();
        let app = TestApp::builder(std::sync::Arc::clone(&opened.database))
            .with_auth(provider.connect())
            .build()
            .await;
        app.admin().await;
        worlds.push(World {
            app,
            provider,
            _database: opened,
        });
    }
    worlds
}

/// A browser that has set out.
struct Away {
    /// Where it was sent to.
    url: String,
    /// By what it is known.
    browser: String,
    answer: TestResponse,
}

impl Away {
    fn state(&self) -> String {
        parameter(&self.url, "state").unwrap()
    }

    /// What the page was told that has sent it away, if it is an app's.
    fn told(&self) -> String {
        let answer = self.answer.json();
        answer["browserToken"].as_str().unwrap().to_owned()
    }

    fn cookie(&self) -> String {
        format!("workeros.oauth={}", self.browser)
    }
}

impl World {
    async fn depart(&self, base: &str, body: &Json) -> Away {
        self.depart_as(&self.app.anonymous(), base, "sign-in/social", body)
            .await
    }

    async fn depart_as(&self, who: &Client, base: &str, path: &str, body: &Json) -> Away {
        let request = who.post(format!("{base}/{path}")).json(body);
        let answer = request.await.expect(200);
        let url = answer.json()["url"].as_str().unwrap().to_owned();
        Away {
            browser: kept(&answer, "workeros.oauth").unwrap(),
            url,
            answer,
        }
    }

    /// Where the provider sends the browser back to.
    fn callback(&self, base: &str, away: &Away) -> String {
        let code = self.provider.visit(&away.url);
        format!("{base}/callback/github?code={code}&state={}", away.state())
    }

    async fn go(&self, url: &str, cookie: &str) -> TestResponse {
        let request = self.app.anonymous().get(url);
        match cookie {
            "" => request.await,
            cookie => request.header("cookie", cookie).await,
        }
    }

    /// Sets out and comes back.
    async fn sign_in(&self, base: &str, body: &Json) -> TestResponse {
        let away = self.depart(base, body).await;
        let callback = self.callback(base, &away);
        self.go(&callback, &away.cookie()).await
    }
}

fn to_github() -> Json {
    json!({"provider": "github", "callbackURL": "/home"})
}

#[track_caller]
fn leads_to(response: &TestResponse, place: &str) {
    assert_eq!(response.status, 302, "{}", response.text());
    assert_eq!(response.header("location"), place);
    assert_eq!(response.text(), "");
}

/// Nobody was signed in.
#[track_caller]
fn no_session(response: &TestResponse) {
    assert_eq!(kept(response, "workeros"), None);
}
