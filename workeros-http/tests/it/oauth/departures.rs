//! Setting out from a page of another site, whose cookies browsers do not keep.

use serde_json::json;

use super::{APP, Away, ORIGIN, PLATFORM, World, leads_to, to_github, worlds};
use crate::oauth::provider::parameter;
use crate::support::kept;

const SITE: &str = "sec-fetch-site";

impl World {
    /// The link that a page of another site is told.
    async fn link_elsewhere(&self) -> (String, String) {
        let request = self.app.anonymous().post(format!("{APP}/sign-in/social"));
        let request = request.header(SITE, "cross-site").json(&to_github());
        let answer = request.await.expect(200).json();
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let link = text("url");
        let link = link.strip_prefix(ORIGIN).unwrap();
        (link.to_owned(), text("browserToken"))
    }
}

#[tokio::test]
async fn a_browser_gets_its_cookie_on_the_way() {
    for world in worlds().await {
        let (link, told) = world.link_elsewhere().await;
        assert!(link.starts_with(&format!("{APP}/depart?to=")), "{link}");
        assert!(!link.contains(&told), "only the page knows it");
        let answer = world.go(&link, "").await;
        assert_eq!(answer.status, 302);
        let away = Away {
            url: answer.header("location").to_owned(),
            browser: kept(&answer, "workeros.oauth").unwrap(),
            answer,
        };
        assert_eq!(away.browser, told);
        let callback = world.callback(APP, &away);
        let back = world.go(&callback, &away.cookie()).await;
        let token = parameter(back.header("location"), "token").unwrap();
        let request = world
            .app
            .anonymous()
            .post(format!("{APP}/one-time-token/verify"));
        let tokens = request.json(&json!({"token": token, "browserToken": told}));
        let tokens = tokens.await.expect(200).json();
        assert_eq!(tokens["user"]["email"], "octo@example.com");
    }
}

/// OA-2: whoever is made to follow somebody else's link comes back with what is
/// of no use to his own page.
#[tokio::test]
async fn oa_2_somebody_elses_link_leads_nobody_in() {
    for world in worlds().await {
        let (link, _) = world.link_elsewhere().await;
        let answer = world.go(&link, "").await;
        let away = Away {
            url: answer.header("location").to_owned(),
            browser: kept(&answer, "workeros.oauth").unwrap(),
            answer,
        };
        let callback = world.callback(APP, &away);
        let back = world.go(&callback, &away.cookie()).await;
        let token = parameter(back.header("location"), "token").unwrap();
        let own = world.depart(APP, &to_github()).await.browser;
        let request = world
            .app
            .anonymous()
            .post(format!("{APP}/one-time-token/verify"));
        let tokens = request.json(&json!({"token": token, "browserToken": own}));
        assert_eq!(tokens.await.expect(400).code(), "INVALID_TOKEN");
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

/// OA-2: an account is added to whoever has sent the browser away, so that must
/// be the browser itself.
#[tokio::test]
async fn oa_2_accounts_are_not_added_by_a_link() {
    for world in worlds().await {
        let user = super::own_accounts::sign_up(&world, APP, "ann").await;
        let request = user.post(format!("{APP}/link-social"));
        let request = request.header(SITE, "cross-site").json(&to_github());
        let answer = request.await.expect(200).json();
        let url = answer["url"].as_str().unwrap();
        assert!(!url.starts_with(ORIGIN), "{url}");
    }
}

#[tokio::test]
async fn a_link_holds_for_its_workspace_and_not_for_long() {
    for world in worlds().await {
        let (link, _) = world.link_elsewhere().await;
        let refused = async |link: &str| {
            let answer = world.go(link, "").await.expect(400);
            assert_eq!(answer.code(), "INVALID_TOKEN", "{link}");
            assert_eq!(kept(&answer, "workeros.oauth"), None);
        };
        for wrong in [
            format!("{APP}/depart"),
            format!("{APP}/depart?to=x"),
            format!("{link}x"),
        ] {
            refused(&wrong).await;
        }
        let admin = world.app.admin().await;
        let body = json!({"slug": "other", "name": "Other"});
        admin.post("/api/workspaces").json(&body).await.expect(201);
        refused(&link.replace("/t/default/", "/t/other/")).await;
        leads_away(&world, &link).await;
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
