//! LOG-1: what was done is noted, with who did it and from where.

use std::sync::Arc;
use std::time::Duration;

use workeros_adapters::MemoryRateLimiter;
use workeros_auth::{
    ApiKeySecret, Auth, Caller, ChangePassword, NewApiKey, RequestInfo, UserPatch,
};
use workeros_core::ErrorKind;

use crate::support::{PASSWORD, World, names, password, sign_in, worlds};

/// The names of what was done, oldest first.
async fn actions(auth: &workeros_auth::Auth) -> Vec<String> {
    auth.drain().await;
    let page = auth.activity(200, None, None).await.unwrap();
    let mut actions: Vec<String> = page.rows.into_iter().map(|row| row.action).collect();
    actions.reverse();
    actions
}

/// LOG-1: each of these leaves its row.
#[tokio::test]
async fn log_1_each_of_these_leaves_its_row() {
    for world in worlds().await {
        let (auth, request) = (&world.auth, RequestInfo::new());
        let admin = world.sign_up("admin").await;
        let ann = world.sign_up("ann").await;
        assert_eq!(
            actions(auth).await,
            [
                "auth.sign_up",
                "auth.sign_in",
                "auth.sign_up",
                "auth.sign_in"
            ]
        );
        let wrong = auth.sign_in_email(sign_in("ann", "not her password"), &request);
        assert_eq!(wrong.await.unwrap_err().kind(), ErrorKind::Unauthorized);
        let nobody = auth.sign_in_email(sign_in("nobody", PASSWORD), &request);
        nobody.await.unwrap_err();
        let owner = world.identity(&ann).await;
        let new = NewApiKey::new("ci\r\nforged: line");
        assert!(
            auth.create_api_key(&owner, world.tenant, new)
                .await
                .is_err()
        );
        let key = auth.create_api_key(&owner, world.tenant, NewApiKey::new("ci"));
        let key = key.await.unwrap().key.id;
        auth.revoke_api_key(&owner, world.tenant, key)
            .await
            .unwrap();
        let change = ChangePassword::new(Some(password(PASSWORD)), password("another long one"));
        auth.change_password(ann.user.id, &change).await.unwrap();
        auth.set_roles(world.tenant, ann.user.id, &names(&["editor"]))
            .await
            .unwrap();
        let disable = UserPatch::new().with_disabled(Some(true));
        auth.update_user(world.tenant, ann.user.id, disable)
            .await
            .unwrap();
        auth.delete_user(ann.user.id).await.unwrap();
        auth.sign_out(&admin.token).await.unwrap();
        // Of a session that is not there, and a user who is not, nothing is said.
        auth.sign_out(&admin.token).await.unwrap();
        auth.delete_user(ann.user.id).await.unwrap_err();
        assert_eq!(
            actions(auth).await.split_off(4),
            [
                "auth.sign_in_failed",
                "auth.sign_in_failed",
                "auth.key_created",
                "auth.key_revoked",
                "auth.password_changed",
                "auth.roles_changed",
                "auth.user_changed",
                "auth.user_deleted",
                "auth.sign_out",
            ]
        );
    }
}

/// LOG-1: a row says who and from where in one line.
#[tokio::test]
async fn log_1_a_row_says_who_and_from_where_in_one_line() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let caller = Caller::new("user:somebody")
            .with_origin("192.0.2.7".parse().ok(), Some("curl\r\nforged: line"))
            .with_request_id("request-1");
        let auth = world.auth.for_caller(caller);
        auth.set_roles(world.tenant, ann.user.id, &names(&["admin", "editor"]))
            .await
            .unwrap();
        let page = auth.activity(1, None, Some(ann.user.id)).await.unwrap();
        let [row] = page.rows.as_slice() else {
            panic!("{page:?}")
        };
        assert!(page.has_more);
        assert_eq!(row.action, "auth.roles_changed");
        assert_eq!(
            (row.actor.as_str(), row.user_id),
            ("user:somebody", Some(ann.user.id))
        );
        assert_eq!(row.ip.as_deref(), Some("192.0.2.7"));
        assert_eq!(row.user_agent.as_deref(), Some("curlforged: line"));
        assert_eq!(row.request_id.as_deref(), Some("request-1"));
        assert_eq!(row.detail["roles"], serde_json::json!(["admin", "editor"]));
        let older = auth.activity(200, Some(row.id), None).await.unwrap();
        assert_eq!(older.rows.last().unwrap().action, "auth.sign_up");
        assert_eq!(older.rows[0].actor, format!("user:{}", ann.user.id));
    }
}

/// LOG-1: what could open an account is in no row.
#[tokio::test]
async fn log_1_no_secret_is_noted() {
    for world in worlds().await {
        let ann = world.sign_up("ann").await;
        let owner = world.identity(&ann).await;
        let key = world
            .auth
            .create_api_key(&owner, world.tenant, NewApiKey::new("ci"));
        let secret: ApiKeySecret = key.await.unwrap().secret;
        let page = world.auth.activity(200, None, None).await.unwrap();
        let all = format!("{page:?}");
        assert!(!all.contains(PASSWORD));
        assert!(!all.contains(ann.token.expose()));
        assert!(!all.contains(secret.expose()));
    }
}

/// Somebody at an address who fails to sign in so often, each time as somebody
/// else.
async fn fail_to_sign_in(auth: &Auth, from: &str, times: usize) {
    let ip = from.parse().ok();
    let auth = auth.for_caller(Caller::new("anonymous").with_origin(ip, None));
    let request = RequestInfo::new().with_ip(ip);
    for n in 0..times {
        let name = format!("nobody{n}-{}", from.replace(['.', ':'], "-"));
        let tried = auth.sign_in_email(sign_in(&name, PASSWORD), &request).await;
        assert_eq!(tried.unwrap_err().kind(), ErrorKind::Unauthorized);
        auth.drain().await;
    }
}

/// How many rows there are of that.
async fn count(world: &World, action: &str) -> i64 {
    let sql = "SELECT count(*) FROM workeros_auth_activity WHERE action = $1";
    let rows = world.rows(sql, vec![action.into()]).await;
    rows.first().unwrap().integer(0).unwrap()
}

/// LOG-1: nobody fills a disk by being refused; what is left out is said once.
#[tokio::test]
async fn log_1_what_strangers_cause_is_noted_so_often_and_no_more() {
    const FAILED: &str = "auth.sign_in_failed";
    const OMITTED: &str = "auth.refusals_omitted";
    for world in worlds().await {
        let clock = Arc::clone(&world.runtime.clock);
        let limiter = Arc::new(MemoryRateLimiter::new(clock));
        let auth = world.auth_with(|builder| {
            let builder = builder.danger_weak_hashing();
            builder.with_rate_limiter(Arc::clone(&limiter) as _)
        });
        fail_to_sign_in(&auth, "192.0.2.1", 105).await;
        assert_eq!(count(&world, FAILED).await, 100);
        assert_eq!(count(&world, OMITTED).await, 1);
        let page = auth.activity(1, None, None).await.unwrap();
        let row = &page.rows[0];
        assert_eq!(
            (row.action.as_str(), row.ip.as_deref()),
            (OMITTED, Some("192.0.2.1"))
        );
        assert_eq!(row.detail["of"], FAILED);
        assert_eq!(row.detail["because"], "refusals by client");
        // Of another client it is noted, until there are too many of those too.
        for client in 2..=10 {
            fail_to_sign_in(&auth, &format!("192.0.2.{client}"), 100).await;
        }
        assert_eq!(count(&world, FAILED).await, 1000);
        fail_to_sign_in(&auth, "192.0.2.11", 3).await;
        assert_eq!(count(&world, FAILED).await, 1000);
        assert_eq!(count(&world, OMITTED).await, 2);
        world.wait(Duration::from_hours(1));
        fail_to_sign_in(&auth, "192.0.2.1", 1).await;
        assert_eq!(count(&world, FAILED).await, 1001);
    }
}
