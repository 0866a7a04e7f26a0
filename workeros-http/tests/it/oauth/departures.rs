//! Setting out from a page of another site, whose cookies browsers do not keep.

use serde_json::json;
use workeros_http::testkit::{Client, TestResponse};

use super::own_accounts::sign_up;
use super::{APP, Away, ORIGIN, PLATFORM, World, leads_to, to_github, worlds};
use crate::oauth::provider::parameter;
use crate::support::kept;

const SITE: &str = "sec-fetch-site";

/// What a page of another site is told.
struct Told {
    link: String,
    token: String,
}

impl World {
    /// Sets out from a page of another site, to sign in.
    async fn set_out_elsewhere(&self) -> Told {
        self.set_out_as(&self.app.anonymous(), "sign-in/social")
            .await
    }

    async fn set_out_as(&self, who: &Client, path: &str) -> Told {
        let request = who.post(format!("{APP}/{path}"));
        let request = request.header(SITE, "cross-site").json(&to_github());
        let answer = request.await.expect(200);
        assert_eq!(kept(&answer, "workeros.oauth"), None, "it would be lost");
        let answer = answer.json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let link = text("url");
        Told {
            link: link.strip_prefix(ORIGIN).unwrap().to_owned(),
            token: text("browserToken"),
        }
    }

    /// Follows a link, agrees at the provider and comes back: what the page is
    /// sent on with.
    async fn follow(&self, link: &str) -> String {
        let answer = self.go(link, "").await;
        assert_eq!(answer.status, 302);
        let away = Away {
            url: answer.header("location").to_owned(),
            browser: kept(&answer, "workeros.oauth").unwrap(),
            answer,
        };
        let callback = self.callback(APP, &away);
        let back = self.go(&callback, &away.cookie()).await;
        parameter(back.header("location"), "token").unwrap()
    }

    /// Signs in by what the page was sent on with, and what it was told.
    async fn verify(&self, token: &str, told: &str) -> TestResponse {
        let path = format!("{APP}/one-time-token/verify");
        let body = json!({"token": token, "browserToken": told});
        self.app.anonymous().post(path).json(&body).await
    }
}

async fn complete(who: &Client, token: &str, told: &str) -> TestResponse {
    let body = json!({"token": token, "browserToken": told});
    who.post(format!("{APP}/link-social/complete"))
        .json(&body)
        .await
}

async fn accounts(who: &Client) -> usize {
    let listed = who.get(format!("{APP}/list-accounts")).await.expect(200);
    listed.json().as_array().unwrap().len()
}

#[tokio::test]
async fn a_browser_gets_its_cookie_on_the_way() {
    for world in worlds().await {
        let Told { link, token: told } = world.set_out_elsewhere().await;
        assert!(link.starts_with(&format!("{APP}/depart?ticket=")), "{link}");
        assert!(!link.contains(&told), "only the page knows it");
        let token = world.follow(&link).await;
        let tokens = world.verify(&token, &told).await.expect(200).json();
        assert_eq!(tokens["user"]["email"], "octo@example.com");
    }
}

/// OA-2: whoever is made to follow somebody else's link comes back with what is
/// of no use to his own page.
#[tokio::test]
async fn oa_2_somebody_elses_link_leads_nobody_in() {
    for world in worlds().await {
        let Told { link, .. } = world.set_out_elsewhere().await;
        let token = world.follow(&link).await;
        let own = world.set_out_elsewhere().await.token;
        let refused = world.verify(&token, &own).await.expect(400);
        assert_eq!(refused.code(), "INVALID_TOKEN");
    }
}

#[tokio::test]
async fn a_browser_that_is_known_stays_so() {
    for world in worlds().await {
        let away = world.depart(APP, &to_github()).await;
        let Told { link, .. } = world.set_out_elsewhere().await;
        let answer = world.go(&link, &away.cookie()).await;
        assert_eq!(kept(&answer, "workeros.oauth"), Some(away.browser.clone()));
        let callback = world.callback(APP, &away);
        let back = world.go(&callback, &away.cookie()).await;
        assert_eq!(back.status, 302, "what it had begun before goes on");
    }
}

#[tokio::test]
async fn only_pages_of_another_site_go_past_us() {
    for world in worlds().await {
        let cases = [
            (APP, SITE, "same-origin", false),
            (APP, SITE, "same-site", false),
            (APP, SITE, "cross-site", true),
            (APP, "origin", ORIGIN, false),
            (APP, "origin", "https://elsewhere.example.com", true),
            (PLATFORM, SITE, "cross-site", false),
        ];
        for (base, header, value, goes_past_us) in cases {
            let request = world.app.anonymous().post(format!("{base}/sign-in/social"));
            let request = request.header(header, value).json(&to_github());
            let answer = request.await.expect(200).json();
            let url = answer["url"].as_str().unwrap();
            assert_eq!(url.starts_with(ORIGIN), goes_past_us, "{header}: {value}");
        }
    }
}

/// OA-2: from a page of another site an account is added when the page says so
/// that has asked, by the session it has asked by.
#[tokio::test]
async fn oa_2_a_link_adds_an_account_only_to_who_has_asked() {
    for world in worlds().await {
        let ann = sign_up(&world, APP, "ann").await;
        let mallory = sign_up(&world, APP, "mallory").await;
        let asked = world.set_out_as(&ann, "link-social").await;
        let token = world.follow(&asked.link).await;
        assert_eq!(accounts(&ann).await, 1, "not yet");
        let refused = world.verify(&token, &asked.token).await.expect(400);
        assert_eq!(refused.code(), "INVALID_TOKEN", "it signs nobody in");
        let own = world.set_out_as(&mallory, "link-social").await;
        for (who, told) in [(&mallory, &asked), (&mallory, &own), (&ann, &own)] {
            let refused = complete(who, &token, &told.token).await.expect(400);
            assert_eq!(refused.code(), "INVALID_TOKEN");
        }
        complete(&world.app.anonymous(), &token, &asked.token)
            .await
            .expect(401);
        let done = complete(&ann, &token, &asked.token).await.expect(200);
        assert_eq!(done.json(), json!({"status": true}));
        assert_eq!(accounts(&ann).await, 2);
        assert_eq!(accounts(&mallory).await, 1);
    }
}

#[tokio::test]
async fn a_link_holds_once_for_its_workspace_and_not_for_long() {
    for world in worlds().await {
        let refused = async |link: &str| {
            let answer = world.go(link, "").await.expect(400);
            assert_eq!(answer.code(), "INVALID_TOKEN", "{link}");
            assert_eq!(kept(&answer, "workeros.oauth"), None);
        };
        let Told { link, .. } = world.set_out_elsewhere().await;
        for wrong in [
            format!("{APP}/depart"),
            format!("{APP}/depart?ticket=x"),
            format!("{link}x"),
        ] {
            refused(&wrong).await;
        }
        let admin = world.app.admin().await;
        let body = json!({"slug": "other", "name": "Other"});
        admin.post("/api/workspaces").json(&body).await.expect(201);
        refused(&link.replace("/t/default/", "/t/other/")).await;
        leads_away(&world, &link).await;
        refused(&link).await;
        let Told { link, .. } = world.set_out_elsewhere().await;
        world
            .app
            .clock()
            .advance(std::time::Duration::from_mins(10));
        refused(&link).await;
    }
}

async fn leads_away(world: &World, link: &str) {
    let answer = world.go(link, "").await;
    let place = answer.header("location").to_owned();
    leads_to(&answer, &place);
    assert!(!place.starts_with(ORIGIN), "{place}");
}

/// OA-2: the cookie that a link gives a browser is known to nobody else: whoever
/// made somebody follow the link has begun nothing else that this browser could
/// end for him.
#[tokio::test]
async fn oa_2_a_link_gives_a_browser_no_cookie_that_somebody_knows() {
    for world in worlds().await {
        let known = world.depart(PLATFORM, &to_github()).await.browser;
        let cookie = format!("workeros.oauth={known}");
        let request = world.app.anonymous().post(format!("{APP}/sign-in/social"));
        let request = request.header(SITE, "cross-site").header("cookie", &cookie);
        let answer = request.json(&to_github()).await.expect(200).json();
        let link = answer["url"].as_str().unwrap();
        let followed = world.go(link.strip_prefix(ORIGIN).unwrap(), "").await;
        let given = kept(&followed, "workeros.oauth").unwrap();
        assert_ne!(
            given, known,
            "what mallory has begun by it would be the victim's"
        );
        assert_ne!(answer["browserToken"], given.as_str());

        let mallory = sign_up(&world, PLATFORM, "mallory").await;
        let request = mallory.post(format!("{PLATFORM}/link-social"));
        let request = request.header("cookie", &cookie).json(&to_github());
        let url = request.await.expect(200).json()["url"].clone();
        let url = url.as_str().unwrap();
        let (code, state) = (world.provider.visit(url), parameter(url, "state").unwrap());
        let callback = format!("{PLATFORM}/callback/github?code={code}&state={state}");
        let cookie = format!("workeros.oauth={given}");
        let refused = world.go(&callback, &cookie).await.expect(400);
        assert_eq!(refused.code(), "STATE_MISMATCH");
        let listed = mallory.get(format!("{PLATFORM}/list-accounts")).await;
        assert_eq!(listed.expect(200).json().as_array().unwrap().len(), 1);
    }
}
