//! Setting out by a ticket, which whoever has it may use: what each of those who
//! take part can do to the others.

use std::time::Duration;

use workeros_auth::oauth::{OAuthHandover, OAuthReturn};
use workeros_auth::{App, BrowserToken, LinkToken, RequestInfo, SignedIn};
use workeros_core::{ErrorKind, Result};

use super::provider::{REDIRECT, parameter};
use super::site::{Site, refused, sites, start};
use crate::race::{rounds, winner};

/// A page that has asked for a ticket, and what it was told.
struct Asked {
    ticket: LinkToken,
    page: BrowserToken,
}

/// Asks for a ticket, to sign in or to add an account.
async fn ask(app: &Site<App>, who: Option<&SignedIn<App>>) -> Asked {
    let page = app.auth.new_browser_token().unwrap();
    let start = start("staff").with_page(&page);
    let start = match who {
        Some(who) => start.with_link(app.fresh(who).await),
        None => start,
    };
    let ticket = app.auth.ticket_oauth(&start, &RequestInfo::new()).await;
    Asked {
        ticket: ticket.unwrap(),
        page,
    }
}

/// Follows the link in a browser of one's own: the browser, and where it is sent.
async fn depart(app: &Site<App>, ticket: &LinkToken) -> Result<(BrowserToken, String)> {
    let browser = app.auth.new_browser_token()?;
    let url = app.auth.depart_oauth(ticket, &browser).await?;
    Ok((browser, url))
}

/// The same, and comes back.
async fn follow(app: &Site<App>, ticket: &LinkToken) -> Result<(OAuthReturn, OAuthHandover)> {
    let (browser, url) = depart(app, ticket).await?;
    let callback = app.provider.visit(&url);
    let state = parameter(&url, "state").unwrap();
    let back = app.auth.resume_oauth("staff", &state, &browser).await?;
    let handover = app.auth.hand_over_oauth(&back, &callback, REDIRECT).await?;
    Ok((back, handover))
}

/// Somebody who is signed in, and has an account at `partner`.
async fn somebody(app: &Site<App>, name: &str) -> SignedIn<App> {
    let email = format!("{name}@example.com");
    let signed_in = app.sign_in_as("partner", name, &email).await.unwrap();
    app.provider.tell(|script| {
        script.claims["sub"] = "elsewhere".into();
        script.claims["email"] = "elsewhere@example.com".into();
    });
    signed_in
}

async fn complete(
    app: &Site<App>,
    token: &LinkToken,
    page: &BrowserToken,
    who: &SignedIn<App>,
) -> Result<()> {
    let (user, session) = (who.user.id, who.session.id);
    let done = app.auth.complete_oauth_link(token, page, user, session);
    done.await
}

async fn accounts(app: &Site<App>, who: &SignedIn<App>) -> usize {
    let methods = app.auth.sign_in_methods(who.user.id).await.unwrap();
    methods.accounts.len()
}

#[track_caller]
fn does_not_hold<T>(result: Result<T>) {
    assert_eq!(refused(result).code(), Some("INVALID_TOKEN"));
}

#[tokio::test]
async fn an_account_is_added_by_the_page_that_has_asked() {
    for (_, _, app) in sites().await {
        let ann = somebody(&app, "ann").await;
        let asked = ask(&app, Some(&ann)).await;
        let (back, handover) = follow(&app, &asked.ticket).await.unwrap();
        assert!(back.is_link() && back.is_by_ticket() && !handover.is_new);
        assert_eq!(accounts(&app, &ann).await, 1, "not yet");
        complete(&app, &handover.token, &asked.page, &ann)
            .await
            .unwrap();
        assert_eq!(accounts(&app, &ann).await, 2);
        does_not_hold(complete(&app, &handover.token, &asked.page, &ann).await);
    }
}

/// OA-2: mallory has somebody follow her link. His account does not become hers:
/// what his page is sent on with, hers does not know; what she was told, his does
/// not; and neither has the other's session.
#[tokio::test]
async fn oa_2_whoever_follows_a_link_adds_his_account_to_nobody() {
    for (_, _, app) in sites().await {
        let (mallory, victim) = (somebody(&app, "mallory").await, somebody(&app, "ann").await);
        let asked = ask(&app, Some(&mallory)).await;
        let (_, handover) = follow(&app, &asked.ticket).await.unwrap();
        let (sent_on, own) = (&handover.token, app.auth.new_browser_token().unwrap());
        // The victim's page does what it does with whatever it is sent on with.
        does_not_hold(complete(&app, sent_on, &own, &victim).await);
        does_not_hold(complete(&app, sent_on, &asked.page, &victim).await);
        // It is no sign-in either, for either of them.
        for page in [&own, &asked.page] {
            let request = RequestInfo::new();
            let signed_in = app.auth.sign_in_one_time_token(sent_on, page, &request);
            does_not_hold(signed_in.await);
        }
        // Mallory would have to guess.
        let guessed = LinkToken::parse(own.expose()).unwrap();
        does_not_hold(complete(&app, &guessed, &asked.page, &mallory).await);
        does_not_hold(complete(&app, sent_on, &own, &mallory).await);
        for who in [&mallory, &victim] {
            assert_eq!(accounts(&app, who).await, 1);
        }
    }
}

/// OA-2: mallory leads somebody to his page with what *she* is sent on with. Her
/// account does not become a way in to his: it takes the session that has asked,
/// and another one of the same user is not it.
#[tokio::test]
async fn oa_2_nobody_is_given_the_account_of_somebody_else() {
    for (_, _, app) in sites().await {
        let (mallory, victim) = (somebody(&app, "mallory").await, somebody(&app, "ann").await);
        let asked = ask(&app, Some(&mallory)).await;
        let (_, hers) = follow(&app, &asked.ticket).await.unwrap();
        let asked_too = ask(&app, Some(&victim)).await;
        for page in [&asked.page, &asked_too.page] {
            does_not_hold(complete(&app, &hers.token, page, &victim).await);
        }
        let elsewhere = app
            .sign_in_as("partner", "mallory", "mallory@example.com")
            .await;
        does_not_hold(complete(&app, &hers.token, &asked.page, &elsewhere.unwrap()).await);
        assert_eq!(accounts(&app, &victim).await, 1);
        complete(&app, &hers.token, &asked.page, &mallory)
            .await
            .unwrap();
    }
}

/// OA-2: mallory finds the link that somebody has followed, before he is back. By
/// it she would come back in his place, with her own account.
#[tokio::test]
async fn oa_2_a_ticket_counts_once() {
    for (_, _, app) in sites().await {
        let ann = somebody(&app, "ann").await;
        for who in [None, Some(&ann)] {
            let asked = ask(&app, who).await;
            let (browser, url) = depart(&app, &asked.ticket).await.unwrap();
            let other = app.auth.new_browser_token().unwrap();
            does_not_hold(app.auth.depart_oauth(&asked.ticket, &other).await);
            // What she reads in the URL helps nobody but the browser that was sent there.
            let state = parameter(&url, "state").unwrap();
            for browser in [&other, &asked.page] {
                let back = app.auth.resume_oauth("staff", &state, browser).await;
                assert_eq!(refused(back).code(), Some("STATE_MISMATCH"));
            }
            app.auth
                .resume_oauth("staff", &state, &browser)
                .await
                .unwrap();
        }
    }
}

/// OA-2: nothing is done for who left by a ticket when he is back, whoever asks.
#[tokio::test]
async fn oa_2_who_left_by_a_ticket_is_nobody_until_his_page_says_so() {
    for (world, _, app) in sites().await {
        let ann = somebody(&app, "ann").await;
        for who in [None, Some(&ann)] {
            let asked = ask(&app, who).await;
            let (browser, url) = depart(&app, &asked.ticket).await.unwrap();
            let callback = app.provider.visit(&url);
            let state = parameter(&url, "state").unwrap();
            let back = app
                .auth
                .resume_oauth("staff", &state, &browser)
                .await
                .unwrap();
            let request = RequestInfo::new();
            let signed_in = app.auth.finish_oauth(&back, &callback, REDIRECT, &request);
            assert_eq!(refused(signed_in.await).kind(), ErrorKind::Internal);
            let linked = app.auth.finish_oauth_link(&back, &callback, REDIRECT);
            assert_eq!(refused(linked.await).kind(), ErrorKind::Internal);
        }
        assert_eq!(accounts(&app, &ann).await, 1);
        let sessions = world.rows("SELECT id FROM app_sessions", vec![]).await;
        assert_eq!(sessions.iter().count(), 1);
    }
}

/// OA-2: a ticket is of one workspace, and counts from when it was made.
#[tokio::test]
async fn oa_2_a_ticket_holds_in_its_workspace_for_ten_minutes() {
    for (world, _, app) in sites().await {
        let other = Site {
            auth: world.other_app().await,
            provider: app.provider.clone(),
        };
        let asked = ask(&app, None).await;
        does_not_hold(follow(&other, &asked.ticket).await);
        world.wait(Duration::from_secs(599));
        let browser = app.auth.new_browser_token().unwrap();
        let url = app
            .auth
            .depart_oauth(&asked.ticket, &browser)
            .await
            .unwrap();
        world.wait(Duration::from_secs(1));
        let state = parameter(&url, "state").unwrap();
        let back = app.auth.resume_oauth("staff", &state, &browser).await;
        assert_eq!(refused(back).code(), Some("STATE_MISMATCH"));
        let asked = ask(&app, None).await;
        world.wait(Duration::from_secs(600));
        does_not_hold(follow(&app, &asked.ticket).await);
    }
}

/// OA-2: what was found out at a provider is of no use once its page is too late,
/// its session has ended, or the account is another's.
#[tokio::test]
async fn oa_2_an_account_waits_a_minute_for_a_session_that_is_open() {
    for (world, _, app) in sites().await {
        let ann = somebody(&app, "ann").await;
        let asked = ask(&app, Some(&ann)).await;
        let (_, handover) = follow(&app, &asked.ticket).await.unwrap();
        world.wait(Duration::from_mins(1));
        does_not_hold(complete(&app, &handover.token, &asked.page, &ann).await);

        let asked = ask(&app, Some(&ann)).await;
        let (_, handover) = follow(&app, &asked.ticket).await.unwrap();
        let bob = app
            .sign_in_as("staff", "elsewhere", "bob@example.com")
            .await
            .unwrap();
        let taken = complete(&app, &handover.token, &asked.page, &ann).await;
        assert_eq!(refused(taken).code(), Some("ACCOUNT_ALREADY_LINKED"));
        assert_eq!(accounts(&app, &bob).await, 1);

        app.provider
            .tell(|script| script.claims["sub"] = "third".into());
        let asked = ask(&app, Some(&ann)).await;
        let (_, handover) = follow(&app, &asked.ticket).await.unwrap();
        app.auth.revoke_sessions(ann.user.id).await.unwrap();
        let ended = complete(&app, &handover.token, &asked.page, &ann).await;
        assert_eq!(refused(ended).kind(), ErrorKind::Unauthorized);
        assert_eq!(accounts(&app, &ann).await, 1);
    }
}

async fn race(app: &Site<App>) {
    let ann = somebody(app, "ann").await;
    for round in 0..rounds() {
        app.provider
            .tell(|script| script.claims["sub"] = format!("round-{round}").into());
        let asked = ask(app, Some(&ann)).await;
        let (_, handover) = follow(app, &asked.ticket).await.unwrap();
        winner(&["INVALID_TOKEN"], |_| {
            let (auth, page, ann) = (app.auth.clone(), asked.page.clone(), ann.clone());
            let token = handover.token.clone();
            async move {
                let (user, session) = (ann.user.id, ann.session.id);
                auth.complete_oauth_link(&token, &page, user, session).await
            }
        })
        .await;
    }
}

/// OA-2, R19: of 64 pages that complete at once one adds the account.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn oa_2_r19_of_64_who_complete_at_once_one_adds_the_account() {
    for (_, _, app) in sites().await {
        race(&app).await;
    }
}
