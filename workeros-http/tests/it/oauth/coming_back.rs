//! Who is signed in that comes back, and where he goes from there.

use std::time::Duration;

use serde_json::json;

use super::{PLATFORM, leads_to, no_session, to_github, worlds};
use crate::support::kept;

#[tokio::test]
async fn somebody_new_is_signed_in_and_led_to_his_page() {
    for world in worlds().await {
        let pages = json!({
            "provider": "github", "callbackURL": "/home", "newUserCallbackURL": "/welcome?a=b",
        });
        let back = world.sign_in(PLATFORM, &pages).await;
        leads_to(&back, "/welcome?a=b");
        let token = kept(&back, "workeros").unwrap();
        let octo = world.app.with_token(&token);
        let session = octo.get("/api/auth/get-session").await.expect(200).json();
        assert_eq!(session["user"]["email"], "octo@example.com");
        assert_eq!(session["user"]["name"], "Octo Cat");
        assert_eq!(session["user"]["emailVerified"], true);
        assert_eq!(
            session["user"]["roles"],
            json!([]),
            "the admin was there before"
        );
        let again = world.sign_in(PLATFORM, &pages).await;
        leads_to(&again, "/home");
        assert_ne!(kept(&again, "workeros").unwrap(), token);
    }
}

/// What a provider sends besides is its own business.
#[tokio::test]
async fn other_parameters_are_passed_over() {
    for world in worlds().await {
        let away = world.depart(PLATFORM, &to_github()).await;
        let callback = world.callback(PLATFORM, &away) + "&scope=a+b&authuser=0&session_state=x";
        leads_to(&world.go(&callback, &away.cookie()).await, "/home");
        let away = world.depart(PLATFORM, &to_github()).await;
        let twice = world.callback(PLATFORM, &away) + "&state=x";
        world.go(&twice, &away.cookie()).await.expect(422);
    }
}

/// OA-2: only the browser that has set out comes back and once.
#[tokio::test]
async fn oa_2_only_the_browser_that_has_set_out_comes_back_and_once() {
    for world in worlds().await {
        let (mine, other) = (
            world.depart(PLATFORM, &to_github()).await,
            world.depart(PLATFORM, &to_github()).await,
        );
        let callback = world.callback(PLATFORM, &mine);
        let elsewhere = callback.replace("callback/github", "callback/other");
        let app = callback.replace("/api/auth", "/api/t/default/auth");
        let (own, twice) = (mine.cookie(), format!("{0}; {0}", mine.cookie()));
        for (what, url, cookie) in [
            ("no cookie", &callback, String::new()),
            ("another browser's", &callback, other.cookie()),
            ("two", &callback, twice),
            ("another provider", &elsewhere, own.clone()),
            ("another plane", &app, own.clone()),
            ("no state", &callback.replace("state=", "x="), own.clone()),
        ] {
            let refused = world.go(url, &cookie).await;
            assert_eq!(refused.status, 400, "{what}: {}", refused.text());
            assert_eq!(refused.code(), "STATE_MISMATCH", "{what}");
            no_session(&refused);
        }
        leads_to(&world.go(&callback, &own).await, "/home");
        let replayed = world.go(&callback, &own).await.expect(400);
        assert_eq!(replayed.code(), "STATE_MISMATCH");
        no_session(&replayed);
    }
}

/// OA-2: after ten minutes it is too late.
#[tokio::test]
async fn oa_2_after_ten_minutes_it_is_too_late() {
    for world in worlds().await {
        let away = world.depart(PLATFORM, &to_github()).await;
        let callback = world.callback(PLATFORM, &away);
        world.app.clock().advance(Duration::from_mins(10));
        let refused = world.go(&callback, &away.cookie()).await.expect(400);
        assert_eq!(refused.code(), "STATE_MISMATCH");
    }
}

/// OA-3: an answer of another issuer signs nobody in.
#[tokio::test]
async fn oa_3_an_answer_of_another_issuer_signs_nobody_in() {
    for world in worlds().await {
        for (issuer, holds) in [
            ("https%3A%2F%2Fgithub.com%2Flogin%2Foauth", true),
            ("https%3A%2F%2Fevil.example.com", false),
            ("", false),
        ] {
            let away = world.depart(PLATFORM, &to_github()).await;
            let callback = format!("{}&iss={issuer}", world.callback(PLATFORM, &away));
            let back = world.go(&callback, &away.cookie()).await;
            if holds {
                leads_to(&back, "/home");
                continue;
            }
            assert_eq!(back.status, 400, "{issuer}");
            assert_eq!(back.code(), "ISSUER_MISMATCH");
            no_session(&back);
        }
    }
}

/// OA-6: who has the address of another has to sign in first.
#[tokio::test]
async fn oa_6_who_has_the_address_of_another_has_to_sign_in_first() {
    for world in worlds().await {
        world.app.user("ann").await;
        world.provider.become_of(7, "ann@example.com");
        let refused = world.sign_in(PLATFORM, &to_github()).await.expect(409);
        assert_eq!(refused.code(), "ACCOUNT_EXISTS");
        no_session(&refused);
        let pages = json!({"provider": "github", "errorCallbackURL": "/oops#x"});
        let led = world.sign_in(PLATFORM, &pages).await;
        leads_to(&led, "/oops?error=ACCOUNT_EXISTS#x");
        no_session(&led);
    }
}

/// OA-9: what the provider says of an error is not repeated.
#[tokio::test]
async fn oa_9_what_the_provider_says_of_an_error_is_not_repeated() {
    const SCRIPT: &str = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for world in worlds().await {
        for (error, code) in [
            ("access_denied", "ACCESS_DENIED"),
            (SCRIPT, "PROVIDER_ERROR"),
        ] {
            for named in [false, true] {
                let mut body = to_github();
                if named {
                    body["errorCallbackURL"] = "/oops".into();
                }
                let away = world.depart(PLATFORM, &body).await;
                let query = format!("error={error}&error_description={SCRIPT}");
                let state = away.state();
                let callback = format!("{PLATFORM}/callback/github?{query}&state={state}");
                let back = world.go(&callback, &away.cookie()).await;
                no_session(&back);
                assert!(!back.text().contains("script"), "{}", back.text());
                if named {
                    leads_to(&back, &format!("/oops?error={code}"));
                } else {
                    assert_eq!((back.status, back.code().as_str()), (400, code));
                    assert_eq!(back.header("content-type"), "application/json");
                }
            }
        }
    }
}

/// OA-2: a code that does not hold signs nobody in.
#[tokio::test]
async fn a_code_that_does_not_hold_signs_nobody_in() {
    for world in worlds().await {
        let away = world.depart(PLATFORM, &to_github()).await;
        let state = away.state();
        for code in ["&code=made-up", ""] {
            let away = world.depart(PLATFORM, &to_github()).await;
            let callback = format!("{PLATFORM}/callback/github?state={}{code}", away.state());
            let refused = world.go(&callback, &away.cookie()).await.expect(400);
            assert_eq!(refused.code(), "INVALID_CODE", "{state}");
            assert!(!refused.text().contains("canary"));
        }
    }
}

/// A form of another site's comes without cookies, and asks the browser to come
/// by a link.
#[tokio::test]
async fn a_form_is_answered_by_a_link() {
    for world in worlds().await {
        let away = world.depart(PLATFORM, &to_github()).await;
        let code = world.provider.visit(&away.url);
        let form = format!("code={code}&state={}&id_token=x&user=%7B%7D", away.state());
        let request = world.app.anonymous().post("/api/auth/callback/github");
        let request = request
            .header("origin", "https://appleid.apple.com")
            .header("cookie", "of-the-host=1")
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(form).await.expect(303);
        let state = away.state().replace('-', "%2D").replace('_', "%5F");
        let code = code.replace('-', "%2D");
        let link =
            format!("http://localhost:8080/api/auth/callback/github?code={code}&state={state}");
        assert_eq!(answer.header("location"), format!("{link}&user=%7B%7D"));
        no_session(&answer);
        let back = world.go(&link, &away.cookie()).await;
        leads_to(&back, "/home");

        let post = || world.app.anonymous().post("/api/auth/callback/github");
        post().json(&json!({"code": "x"})).await.expect(415);
        post().await.expect(400);
    }
}
