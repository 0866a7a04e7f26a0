//! Somebody of the team who acts as a user, over HTTP, and the end users of a
//! workspace as its admins see them.

use serde_json::{Value as Json, json};
use workeros_core::{Row, Statement};
use workeros_http::Access;
use workeros_http::testkit::{Client, TestApp, TestResponse};

use crate::support::{World, kept, worlds};

const AUTH: &str = "/api/t/default/auth";
const START: &str = "/api/auth/admin/impersonate-user";
const STOP: &str = "/api/auth/admin/stop-impersonating";

async fn end_user(app: &TestApp, name: &str) -> (Client, String) {
    let email = format!("{name}@users.example");
    let body = json!({"email": email, "password": "correct horse battery", "name": name});
    let signed_up = app.anonymous().post(format!("{AUTH}/sign-up/email"));
    let answer = signed_up.json(&body).await.expect(200).json();
    let id = answer["user"]["id"].as_str().unwrap().to_owned();
    (app.with_token(answer["token"].as_str().unwrap()), id)
}

async fn own_id(client: &Client) -> String {
    let session = client.get("/api/auth/get-session").await.json();
    session["user"]["id"].as_str().unwrap().to_owned()
}

fn holding(app: &TestApp, response: &TestResponse) -> Client {
    app.with_token(response.json()["token"].as_str().unwrap())
}

/// Acts as an end user.
async fn act_as(world: &World, user: &str, write: bool) -> Client {
    let admin = world.app.admin().await;
    let body = json!({"reason": "ticket 4711", "write": write});
    let path = format!("/api/app-users/{user}/impersonate");
    let started = admin.post(path).json(&body).await.expect(200);
    holding(&world.app, &started)
}

/// Acts as somebody of the team.
async fn act_as_member(world: &World, user: &str, write: bool) -> Client {
    let admin = world.app.admin().await;
    let body = json!({"userId": user, "reason": "ticket 4711", "write": write});
    let started = admin.post(START).json(&body).await.expect(200);
    holding(&world.app, &started)
}

/// The rows of the last changes.
async fn last_actor(world: &World) -> String {
    const LAST: &str = "SELECT actor FROM workeros_changes ORDER BY seq DESC LIMIT 1";
    let database = &world.app.backend().plane().runtime().database;
    let rows = database.fetch(Statement::new(LAST, vec![])).await.unwrap();
    let row: &Row = rows.first().unwrap();
    row.text(0).unwrap().to_owned()
}

/// LOG-1: what is done says who has really done it.
#[tokio::test]
async fn log_1_it_reads_unless_it_is_to_write_and_says_who_wrote() {
    for world in worlds().await {
        let admin = own_id(&world.app.admin().await).await;
        let (uma, user) = end_user(&world.app, "uma").await;
        let post = json!({"title": "of uma", "views": 1});
        uma.post("/api/items/posts").json(&post).await.expect(201);
        assert_eq!(last_actor(&world).await, format!("app:{user}"));

        let reads = act_as(&world, &user, false).await;
        let seen = reads.get("/api/items/posts").await.expect(200).json();
        assert_eq!(seen["data"].as_array().unwrap().len(), 1);
        reads.post("/api/items/posts").json(&post).await.expect(403);

        let writes = act_as(&world, &user, true).await;
        writes
            .post("/api/items/posts")
            .json(&post)
            .await
            .expect(201);
        let actor = format!("user:{admin} as app:{user}");
        assert_eq!(last_actor(&world).await, actor);
        let path = format!("/api/app-activity?limit=1&user={user}");
        let row = world.app.admin().await.get(path).await.expect(200).json();
        assert_eq!(row["data"][0]["action"], "auth.impersonation_started");
        assert_eq!(row["data"][0]["actor"], format!("user:{admin}"));
        assert_eq!(row["data"][0]["detail"]["reason"], "ticket 4711");
        let seen = uma.get("/api/items/posts").await.expect(200).json();
        assert_eq!(seen["data"].as_array().unwrap().len(), 2);

        let bob = own_id(&world.app.user("bob").await).await;
        let writes = act_as_member(&world, &bob, true).await;
        writes
            .post("/api/items/posts")
            .json(&post)
            .await
            .expect(201);
        assert_eq!(
            last_actor(&world).await,
            format!("user:{admin} as user:{bob}")
        );
        let path = format!("/api/auth-activity?limit=1&user={bob}");
        let row = world.app.admin().await.get(path).await.expect(200).json();
        assert_eq!(row["data"][0]["action"], "auth.impersonation_started");
        assert_eq!(row["data"][0]["actor"], format!("user:{admin}"));
        assert_eq!(row["data"][0]["detail"]["reason"], "ticket 4711");
    }
}

/// SES-8: nothing about the account is changed by it, by whatever door.
#[tokio::test]
async fn ses_8_nothing_of_the_account_is_changed_by_who_acts_as_its_user() {
    for world in worlds().await {
        let (_, uma) = end_user(&world.app, "uma").await;
        let bob = own_id(&world.app.user("bob").await).await;
        let clients = [
            (act_as(&world, &uma, true).await, AUTH),
            (act_as_member(&world, &bob, true).await, "/api/auth"),
        ];
        for (client, base) in clients {
            let mut refused = 0;
            for endpoint in world.app.backend().endpoints() {
                if endpoint.method().is_safe() || endpoint.access() != Access::SignedIn {
                    continue;
                }
                let path = endpoint.path().replace("{workspace}", "default");
                let path = path.replace(['{', '}'], "");
                let request = client.request(endpoint.method().clone(), &path);
                let response = request.json(&json!({})).await;
                assert_eq!(response.status, 403, "{endpoint:?}: {response:?}");
                assert_eq!(response.code(), "IMPERSONATED", "{endpoint:?}");
                refused += 1;
            }
            assert!(refused > 30, "only {refused}");
            let options = format!("{base}/passkey/generate-register-options");
            let response = client.get(options).await;
            assert!([403, 404].contains(&response.status), "{response:?}");
            let code = json!({"code": "123456"});
            let path = format!("{base}/two-factor/verify-totp");
            let response = client.post(path).json(&code).await.expect(403);
            assert_eq!(response.code(), "IMPERSONATED");
            // He is still there, and so is the session.
            client
                .get(format!("{base}/list-sessions"))
                .await
                .expect(200);
        }
    }
}

/// SES-6: a user sees who acts as him.
#[tokio::test]
async fn ses_6_a_user_sees_who_acts_as_him() {
    for world in worlds().await {
        let admin = own_id(&world.app.admin().await).await;
        let (uma, user) = end_user(&world.app, "uma").await;
        let acting = act_as(&world, &user, false).await;
        let seen = uma.get(format!("{AUTH}/list-sessions")).await.json();
        assert_eq!(seen[0]["impersonatedBy"], admin);
        assert_eq!(seen[1]["impersonatedBy"], Json::Null);
        let own = acting.get(format!("{AUTH}/get-session")).await.json();
        assert_eq!(own["session"]["impersonatedBy"], admin);
        assert_eq!(own["user"]["id"], user);
        let others = uma.post(format!("{AUTH}/revoke-other-sessions"));
        others.await.expect(200);
        acting.get("/api/items/posts").await.expect(401);
    }
}

/// A browser has its own session back.
#[tokio::test]
async fn a_browser_has_its_own_session_back() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        let bob = own_id(&world.app.user("bob").await).await;
        let page = "http://localhost:8080";
        let own = format!("workeros={}", admin.token());
        let body = json!({"userId": bob, "reason": "ticket 4711"});
        let start = world.app.anonymous().post(START).json(&body);
        let start = start.header("cookie", &own).header("origin", page);
        let started = start.await.expect(200);
        let session = kept(&started, "workeros").unwrap();
        assert_ne!(session, admin.token());
        assert_eq!(kept(&started, "workeros.admin").unwrap(), admin.token());
        assert_eq!(started.json()["user"]["id"], bob);

        let both = format!("workeros={session}; workeros.admin={}", admin.token());
        let stop = world.app.anonymous().post(STOP);
        let stop = stop.header("cookie", &both).header("origin", page);
        let stopped = stop.await.expect(200);
        assert_eq!(kept(&stopped, "workeros").unwrap(), admin.token());
        assert_eq!(kept(&stopped, "workeros.admin").unwrap(), "");
        assert_eq!(stopped.json()["user"]["email"], "admin@example.com");
        let acting = world.app.with_token(session);
        acting.get("/api/items/posts").await.expect(401);
        let again = admin.post(STOP).await.expect(400);
        assert_eq!(again.code(), "NOT_IMPERSONATING");
    }
}

/// Somebody else's session does not come back by it.
#[tokio::test]
async fn a_browser_gets_no_session_back_that_it_did_not_leave() {
    let world = World::sqlite().await;
    let (ann, bob) = (world.app.user("ann").await, world.app.user("bob").await);
    let acting = act_as_member(&world, &own_id(&bob).await, false).await;
    let both = format!(
        "workeros={}; workeros.admin={}",
        acting.token(),
        ann.token()
    );
    let stop = world.app.anonymous().post(STOP).header("cookie", &both);
    let stopped = stop.header("origin", "http://localhost:8080").await;
    let stopped = stopped.expect(200);
    assert_eq!(stopped.json(), json!({"session": null, "user": null}));
    assert_eq!(kept(&stopped, "workeros").unwrap(), "");
}

#[tokio::test]
async fn who_may_not_act_as_others_does_not() {
    for world in worlds().await {
        let (uma, user) = end_user(&world.app, "uma").await;
        let bob = own_id(&world.app.user("bob").await).await;
        let (admin, ann) = (world.app.admin().await, world.app.user("ann").await);
        let key = world.app.api_key("admin", None).await;
        let why = json!({"reason": "ticket 4711"});
        let as_bob = json!({"userId": bob, "reason": "ticket 4711"});
        let path = format!("/api/app-users/{user}/impersonate");
        for client in [&uma, &ann, &key] {
            client.post(&path).json(&why).await.expect(403);
            client.post(START).json(&as_bob).await.expect(403);
        }
        // Nor in turn.
        let role = json!({"name": "boss", "admin": true});
        admin.post("/api/roles").json(&role).await.expect(201);
        let acting = act_as_member(&world, &bob, true).await;
        let given = json!({"roles": ["boss"]});
        let roles = format!("/api/users/{bob}/roles");
        admin.post(&roles).json(&given).await.expect(200);
        let nested = acting.post(&path).json(&why).await.expect(403);
        assert_eq!(nested.code(), "IMPERSONATED");
        // Nor as who runs the instance, whatever his role is called.
        let refused = admin.post(START).json(&as_bob).await.expect(403);
        assert_eq!(refused.code(), "YOU_CANNOT_IMPERSONATE_ADMINS");
        for body in [json!({}), json!({"reason": ""}), json!({"reason": 7})] {
            admin.post(&path).json(&body).await.expect(422);
        }
        let nobody = format!("/api/app-users/{bob}/impersonate");
        admin.post(nobody).json(&why).await.expect(404);
    }
}

/// SES-5: what an admin takes from an end user is gone with the next request.
#[tokio::test]
async fn ses_5_an_end_user_is_disabled_loses_sessions_and_goes() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        let (uma, user) = end_user(&world.app, "uma").await;
        let (una, other) = end_user(&world.app, "una").await;
        let path = format!("/api/app-users/{user}");
        let listed = admin.get("/api/app-users?limit=1").await.expect(200).json();
        assert_eq!(listed["data"][0]["id"], other);
        assert_eq!(listed["has_more"], true);
        let cursor = listed["next_cursor"].as_str().unwrap();
        let next = admin.get(format!("/api/app-users?limit=1&cursor={cursor}"));
        assert_eq!(next.await.json()["data"][0]["id"], user);
        let read = admin.get(&path).await.expect(200);
        assert_eq!(read.data()["email"], "uma@users.example");

        uma.get("/api/items/posts").await.expect(200);
        let revoked = admin.post(format!("{path}/revoke-sessions"));
        revoked.await.expect(200);
        uma.get("/api/items/posts").await.expect(401);

        let role = json!({"name": "editor"});
        admin.post("/api/roles").json(&role).await.expect(201);
        let roles = json!({"roles": ["editor"]});
        let given = admin.post(format!("/api/app-users/{other}/roles"));
        let given = given.json(&roles).await.expect(200);
        assert_eq!(given.data()["roles"], json!(["editor"]));
        let disabled = json!({"disabled": true});
        let disable = admin.patch(format!("/api/app-users/{other}"));
        disable.json(&disabled).await.expect(200);
        una.get("/api/items/posts").await.expect(401);
        let login = json!({"email": "una@users.example", "password": "correct horse battery"});
        let sign_in = || world.app.anonymous().post(format!("{AUTH}/sign-in/email"));
        sign_in().json(&login).await.expect(401);
        let enabled = json!({"disabled": false});
        let enable = admin.patch(format!("/api/app-users/{other}"));
        enable.json(&enabled).await.expect(200);
        let back = sign_in().json(&login).await.expect(200);
        let una = holding(&world.app, &back);
        una.get("/api/items/posts").await.expect(200);
        admin
            .delete(format!("/api/app-users/{other}"))
            .await
            .expect(200);
        una.get("/api/items/posts").await.expect(401);
        admin
            .get(format!("/api/app-users/{other}"))
            .await
            .expect(404);
    }
}

/// SES-5: who may no more, because his role does not say so any more, does not.
#[tokio::test]
async fn ses_5_it_ends_when_a_role_no_longer_makes_an_admin() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        let (uma, user) = end_user(&world.app, "uma").await;
        let ann = world.app.user("ann").await;
        let role = json!({"name": "boss", "admin": true});
        admin.post("/api/roles").json(&role).await.expect(201);
        let path = format!("/api/users/{}/roles", own_id(&ann).await);
        let boss = json!({"roles": ["boss"]});
        admin.post(path).json(&boss).await.expect(200);
        let why = json!({"reason": "ticket 4711"});
        let started = ann.post(format!("/api/app-users/{user}/impersonate"));
        let acting = holding(&world.app, &started.json(&why).await.expect(200));
        acting.get("/api/items/posts").await.expect(200);
        let role = json!({"admin": false});
        admin.patch("/api/roles/boss").json(&role).await.expect(200);
        acting.get("/api/items/posts").await.expect(401);
        uma.get("/api/items/posts").await.expect(200);
    }
}

/// TOK-2: an admin of a workspace has to do with its end users alone.
#[tokio::test]
async fn tok_2_an_admin_has_to_do_with_the_end_users_of_his_workspace() {
    for world in worlds().await {
        let admin = world.app.admin().await;
        let (_, user) = end_user(&world.app, "uma").await;
        let acme = json!({"slug": "acme", "name": "Acme"});
        let acme = admin.post("/api/workspaces").json(&acme).await.expect(201);
        let acme = acme.data()["id"].as_str().unwrap().to_owned();
        let ann = world.app.user("ann").await;
        let member = format!("/api/workspaces/{acme}/members/{}", own_id(&ann).await);
        let roles = json!({"roles": ["admin"]});
        let made = admin.request(http::Method::PUT, member).json(&roles);
        made.await.expect(200);
        let path = format!("/api/app-users/{user}");
        ann.get("/api/app-users").await.expect(403);
        let there = |path: &str| ann.get(path).header("x-workeros-tenant", "acme");
        let listed = there("/api/app-users").await.expect(200).json();
        assert_eq!(listed["data"], json!([]));
        there(&path).await.expect(404);
        let why = json!({"reason": "ticket 4711"});
        let act = ann.post(format!("{path}/impersonate"));
        let act = act.header("x-workeros-tenant", "acme").json(&why);
        act.await.expect(404);
        let gone = ann.delete(&path).header("x-workeros-tenant", "acme");
        gone.await.expect(404);
        let revoke = ann.post(format!("{path}/revoke-sessions"));
        revoke.header("x-workeros-tenant", "acme").await.expect(404);
    }
}
