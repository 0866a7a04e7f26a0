//! What users do with their accounts at providers.

use workeros_auth::{Plane, RequestInfo};
use workeros_core::{ErrorKind, LinkedAccountId, UserId};

use super::site::{Site, refused, sites};
use crate::support::{World, sign_up};

async fn accounts<P: Plane>(site: &Site<P>, user: UserId) -> Vec<LinkedAccountId> {
    let methods = site.auth.sign_in_methods(user).await.unwrap();
    methods.accounts.iter().map(|account| account.id).collect()
}

async fn adding<P: Plane>(site: &Site<P>) {
    let request = RequestInfo::new();
    let ann = site
        .auth
        .sign_up_email(sign_up("ann"), &request)
        .await
        .unwrap();
    site.provider.tell(|script| {
        script.claims["sub"] = "ann-there".into();
        script.claims["email"] = "other@example.com".into();
    });
    for _ in 0..2 {
        site.link(&ann, "partner").await.unwrap();
        assert_eq!(
            accounts(site, ann.user.id).await.len(),
            1,
            "the same twice is one"
        );
    }
    let back = site
        .sign_in_as("partner", "ann-there", "other@example.com")
        .await
        .unwrap();
    assert_eq!(back.user.id, ann.user.id);
    assert_eq!(back.user.email, "ann@example.com");

    let bob = site
        .auth
        .sign_up_email(sign_up("bob"), &request)
        .await
        .unwrap();
    let error = refused(site.link(&bob, "partner").await);
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.code(), Some("ACCOUNT_ALREADY_LINKED"));
    assert!(accounts(site, bob.user.id).await.is_empty());
}

/// OA-6: who is signed in may add an account with any address.
#[tokio::test]
async fn oa_6_who_is_signed_in_may_add_an_account_with_any_address() {
    for (_, platform, app) in sites().await {
        adding(&platform).await;
        adding(&app).await;
    }
}

#[tokio::test]
async fn it_is_added_while_the_session_is_open_that_asked() {
    for (_, platform, _) in sites().await {
        let request = RequestInfo::new();
        let ann = platform
            .auth
            .sign_up_email(sign_up("ann"), &request)
            .await
            .unwrap();
        let who = platform.fresh(&ann).await;
        platform.auth.sign_out(&ann.token).await.unwrap();
        let error = refused(platform.link_by(who, "partner").await);
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert!(accounts(&platform, ann.user.id).await.is_empty());
    }
}

async fn removing<P: Plane>(site: &Site<P>) {
    let ann = site
        .sign_in_as("staff", "only", "only@example.com")
        .await
        .unwrap();
    let [first] = accounts(site, ann.user.id).await[..] else {
        panic!("not one account")
    };
    let who = site.fresh(&ann).await;
    let error = refused(site.auth.unlink_account(who, first).await);
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.code(), Some("LAST_SIGN_IN_METHOD"));

    site.provider
        .tell(|script| script.claims["sub"] = "second".into());
    site.link(&ann, "partner").await.unwrap();
    let bob = site
        .sign_in_as("staff", "bob-9", "bob-9@example.com")
        .await
        .unwrap();
    let other = site.fresh(&bob).await;
    let error = refused(site.auth.unlink_account(other, first).await);
    assert_eq!(error.kind(), ErrorKind::NotFound, "somebody else's");
    assert_eq!(error.code(), Some("ACCOUNT_NOT_FOUND"));
    site.auth.unlink_account(who, first).await.unwrap();
    let error = refused(site.auth.unlink_account(who, first).await);
    assert_eq!(error.kind(), ErrorKind::NotFound, "gone already");
    assert_eq!(accounts(site, ann.user.id).await.len(), 1);
}

/// PK-5: the last way in stays, also where it is an account elsewhere.
#[tokio::test]
async fn the_last_way_in_stays() {
    for (_, platform, app) in sites().await {
        removing(&platform).await;
        removing(&app).await;
    }
}

/// PK-5: of the last two that are removed at once one stays.
#[tokio::test]
async fn of_two_that_are_removed_at_once_one_stays() {
    for (_, platform, _) in sites().await {
        for round in 0..20 {
            let (subject, other) = (format!("a-{round}"), format!("b-{round}"));
            let address = format!("a-{round}@example.com");
            let ann = platform
                .sign_in_as("staff", &subject, &address)
                .await
                .unwrap();
            platform
                .provider
                .tell(|script| script.claims["sub"] = other.into());
            platform.link(&ann, "partner").await.unwrap();
            let ids = accounts(&platform, ann.user.id).await;
            let who = platform.fresh(&ann).await;
            let removing = ids.iter().map(|id| platform.auth.unlink_account(who, *id));
            let removed = futures::future::join_all(removing).await;
            assert_eq!(removed.iter().filter(|it| it.is_ok()).count(), 1);
            assert_eq!(accounts(&platform, ann.user.id).await.len(), 1);
        }
    }
}

#[tokio::test]
async fn who_is_deleted_leaves_no_account() {
    for (world, platform, _) in sites().await {
        platform
            .sign_in_as("staff", "admin", "admin@example.com")
            .await
            .unwrap();
        let ann = platform
            .sign_in_as("staff", "ann", "ann@example.com")
            .await
            .unwrap();
        platform.auth.delete_user(ann.user.id).await.unwrap();
        assert_eq!(linked(&world, "ann").await, 0);
        let again = platform
            .sign_in_as("staff", "ann", "ann@example.com")
            .await
            .unwrap();
        assert_ne!(again.user.id, ann.user.id);
    }
}

async fn linked(world: &World, subject: &str) -> i64 {
    let count = "SELECT COUNT(*) FROM workeros_accounts WHERE subject = $1";
    let rows = world.rows(count, vec![subject.into()]).await;
    rows.first().unwrap().integer(0).unwrap()
}
