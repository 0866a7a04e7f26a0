//! What users do with their accounts at providers.

use std::time::Duration;

use serde_json::{Value as Json, json};
use workeros_http::testkit::Client;

use super::{APP, PLATFORM, World, leads_to, to_github, worlds};

/// Somebody who has just signed up by a password.
pub(super) async fn sign_up(world: &World, base: &str, name: &str) -> Client {
    let email = format!("{name}@accounts.example");
    let body = json!({"email": email, "password": "correct horse battery", "name": name});
    let request = world.app.anonymous().post(format!("{base}/sign-up/email"));
    let answer = request.json(&body).await.expect(200).json();
    world.app.with_token(answer["token"].as_str().unwrap())
}

async fn accounts(who: &Client, base: &str) -> Json {
    who.get(format!("{base}/list-accounts"))
        .await
        .expect(200)
        .json()
}

#[tokio::test]
async fn an_account_is_added_listed_and_removed() {
    for world in worlds().await {
        for (base, id) in [(PLATFORM, 11), (APP, 12)] {
            let ann = sign_up(&world, base, "ann").await;
            world.provider.become_of(id, "elsewhere@example.com");
            let away = world
                .depart_as(&ann, base, "link-social", &to_github())
                .await;
            let callback = world.callback(base, &away);
            let back = world.go(&callback, &away.cookie()).await;
            leads_to(&back, "/home");
            super::no_session(&back);

            let listed = accounts(&ann, base).await;
            assert_eq!(listed[0]["providerId"], "credential");
            assert_eq!(listed[1]["providerId"], "github");
            assert_eq!(listed[1]["accountId"], id.to_string());
            assert_eq!(listed[1]["userId"], listed[0]["userId"]);
            assert_eq!(listed[1]["scopes"], json!([]));
            assert_eq!(listed[1]["createdAt"], "2024-06-01T12:00:00.000Z");

            let bob = sign_up(&world, base, "bob").await;
            let unlink = json!({"accountId": listed[1]["id"]});
            let path = format!("{base}/unlink-account");
            let foreign = bob.post(&path).json(&unlink).await.expect(404);
            assert_eq!(foreign.code(), "ACCOUNT_NOT_FOUND");
            let removed = ann.post(&path).json(&unlink).await.expect(200);
            assert_eq!(removed.json(), json!({"status": true}));
            assert_eq!(accounts(&ann, base).await.as_array().unwrap().len(), 1);
        }
    }
}

/// PK-5: the last way in stays.
#[tokio::test]
async fn the_last_way_in_stays() {
    for world in worlds().await {
        let back = world.sign_in(PLATFORM, &to_github()).await;
        let token = crate::support::kept(&back, "workeros").unwrap();
        let octo = world.app.with_token(&token);
        let listed = accounts(&octo, PLATFORM).await;
        assert_eq!(listed.as_array().unwrap().len(), 1, "no password: {listed}");
        let unlink = json!({"accountId": listed[0]["id"]});
        let refused = octo.post("/api/auth/unlink-account").json(&unlink).await;
        assert_eq!(refused.expect(409).code(), "LAST_SIGN_IN_METHOD");
    }
}

/// OA-6: an account of another is not added.
#[tokio::test]
async fn oa_6_an_account_of_another_is_not_added() {
    for world in worlds().await {
        let _octo = world.sign_in(PLATFORM, &to_github()).await;
        let ann = sign_up(&world, PLATFORM, "ann").await;
        let body = to_github();
        let away = world.depart_as(&ann, PLATFORM, "link-social", &body).await;
        let callback = world.callback(PLATFORM, &away);
        let refused = world.go(&callback, &away.cookie()).await.expect(409);
        assert_eq!(refused.code(), "ACCOUNT_ALREADY_LINKED");
        assert_eq!(accounts(&ann, PLATFORM).await.as_array().unwrap().len(), 1);
    }
}

/// SES-8: adding and removing need somebody who has just signed in.
#[tokio::test]
async fn ses_8_adding_and_removing_need_somebody_who_has_just_signed_in() {
    for world in worlds().await {
        for base in [PLATFORM, APP] {
            let ann = sign_up(&world, base, "late").await;
            world.app.clock().advance(Duration::from_secs(601));
            let link = ann.post(format!("{base}/link-social")).json(&to_github());
            assert_eq!(link.await.expect(403).code(), "REAUTH_REQUIRED");
            let unlink = json!({"accountId": "018fd3ab-c200-7000-8000-000000000001"});
            let unlink = ann.post(format!("{base}/unlink-account")).json(&unlink);
            assert_eq!(unlink.await.expect(403).code(), "REAUTH_REQUIRED");
        }
    }
}

/// KEY-6: a key adds nothing.
#[tokio::test]
async fn key_6_a_key_adds_nothing() {
    for world in worlds().await {
        world.app.user("ann").await;
        let key = world.app.api_key("ann", None).await;
        key.post("/api/auth/link-social")
            .json(&to_github())
            .await
            .expect(403);
        key.get("/api/auth/list-accounts").await.expect(403);
    }
}
