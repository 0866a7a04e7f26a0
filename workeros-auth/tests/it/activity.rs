//! LOG-1: what was done is noted, with who did it and from where.

use workeros_auth::{ApiKeySecret, Caller, ChangePassword, NewApiKey, RequestInfo, UserPatch};
use workeros_core::ErrorKind;

use crate::support::{PASSWORD, names, password, sign_in, worlds};

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
