//! Workspaces are apart: whoever is in one finds nothing of another, by whatever
//! way he asks.

use http::Method;
use serde_json::{Value as Json, json};
use workeros_adapters::MemoryMailer;
use workeros_http::Access;
use workeros_http::testkit::{Client, TestRequest, TestResponse};

use crate::support::{NOWHERE, World, id, mail_worlds};

const TENANT: &str = "x-workeros-tenant";

/// A workspace with an admin who is nobody elsewhere, and things of its own.
struct Side {
    id: String,
    slug: &'static str,
    admin: Client,
    admin_id: String,
    note: String,
    permission: String,
    key: Client,
    key_id: String,
    member_id: String,
    invitation: String,
}

/// Two workspaces besides the default one.
struct Two {
    world: World,
    mailer: MemoryMailer,
    acme: Side,
    beta: Side,
}

async fn user_id(client: &Client) -> String {
    let session = client.get("/api/auth/get-session").await.expect(200);
    session.json()["user"]["id"].as_str().unwrap().to_owned()
}

impl Side {
    async fn new(world: &World, slug: &'static str, admin: &str, member: &str) -> Self {
        let operator = world.app.admin().await;
        let body = json!({"slug": slug, "name": slug});
        let made = operator.post("/api/workspaces").json(&body).await;
        let workspace = id(&made.expect(201));
        let (admin, member) = (world.app.user(admin).await, world.app.user(member).await);
        let (admin_id, member_id) = (user_id(&admin).await, user_id(&member).await);
        for (user, roles) in [(&admin_id, json!(["admin"])), (&member_id, json!([]))] {
            let path = format!("/api/workspaces/{workspace}/members/{user}");
            let put = operator.request(Method::PUT, path);
            put.json(&json!({"roles": roles})).await.expect(200);
        }
        let post = async |path: &str, body: Json| {
            let request = admin.post(path).header(TENANT, &workspace).json(&body);
            request.await.expect(201)
        };
        let fields = json!([{"name": "text", "type": "text"}]);
        let own = format!("of_{slug}");
        for slug in ["notes", &own] {
            post("/api/collections", json!({"slug": slug, "fields": fields})).await;
        }
        post("/api/roles", json!({"name": own})).await;
        let grant = json!({"role": own, "collection": "notes", "action": "read"});
        let permission = id(&post("/api/permissions", grant).await);
        let text = json!({"text": format!("secret of {slug}")});
        let note = id(&post("/api/items/notes", text).await);
        let key = post("/api/api-keys", json!({"name": format!("key of {slug}")})).await;
        let invited = json!({"email": format!("guest@{slug}.example"), "roles": [own]});
        let invitations = format!("/api/workspaces/{workspace}/invitations");
        Self {
            slug,
            note,
            permission,
            key: world.app.with_token(key.data()["key"].as_str().unwrap()),
            key_id: id(&key),
            invitation: id(&post(&invitations, invited).await),
            id: workspace,
            admin,
            admin_id,
            member_id,
        }
    }

    fn at(&self, path: &str) -> String {
        format!("/api/workspaces/{}{path}", self.id)
    }
}

async fn twos() -> Vec<Two> {
    let mut all = Vec::new();
    for (world, mailer) in mail_worlds().await {
        all.push(Two {
            acme: Side::new(&world, "acme", "ann", "dan").await,
            beta: Side::new(&world, "beta", "bob", "eve").await,
            world,
            mailer,
        });
    }
    all
}

/// Status and body, but for the id of the request.
async fn answer(request: TestRequest) -> (u16, String) {
    let answer = request.header("x-request-id", "same").await;
    (answer.status, answer.text())
}

fn assert_clean(response: &TestResponse, of: &str) {
    assert!(!response.text().contains(of), "{}", response.text());
}

#[tokio::test]
async fn az_2_no_endpoint_acts_in_a_workspace_one_is_not_in() {
    for two in twos().await {
        let app = &two.world.app;
        let sign_up = json!({"email": "end@acme.example", "password": "correct horse battery"});
        let signed_up = app.anonymous().post("/api/t/acme/auth/sign-up/email");
        let signed_up = signed_up.json(&sign_up).await.expect(200);
        let end_user = app.with_token(signed_up.json()["token"].as_str().unwrap());
        let callers = [
            ("a session", &two.acme.admin),
            ("a key", &two.acme.key),
            ("an end user", &end_user),
        ];
        for endpoint in app.backend().endpoints() {
            if endpoint.access() == Access::Open {
                continue;
            }
            let path = endpoint.path().replace(['{', '}'], "");
            for (name, caller) in callers {
                let ask = |named: &str| {
                    let request = caller.request(endpoint.method().clone(), &path);
                    answer(request.header(TENANT, named))
                };
                let unknown = ask(NOWHERE).await;
                assert_eq!(unknown.0, 404, "{endpoint:?} by {name}");
                for named in [&two.beta.id, two.beta.slug, "nothing", ""] {
                    assert_eq!(ask(named).await, unknown, "{endpoint:?} by {name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn az_2_ids_of_another_workspace_are_ids_of_nothing() {
    for two in twos().await {
        let (acme, beta) = (&two.acme, &two.beta);
        let patch = json!({"text": "x", "description": "x", "fields": ["text"]});
        let roles = json!({"roles": ["admin"]});
        let cases = [
            (Method::GET, "/api/items/notes/{}", &beta.note, &Json::Null),
            (Method::PATCH, "/api/items/notes/{}", &beta.note, &patch),
            (
                Method::DELETE,
                "/api/items/notes/{}",
                &beta.note,
                &Json::Null,
            ),
            (
                Method::GET,
                "/api/permissions/{}",
                &beta.permission,
                &Json::Null,
            ),
            (
                Method::DELETE,
                "/api/permissions/{}",
                &beta.permission,
                &Json::Null,
            ),
            (Method::GET, "/api/api-keys/{}", &beta.key_id, &Json::Null),
            (
                Method::DELETE,
                "/api/api-keys/{}",
                &beta.key_id,
                &Json::Null,
            ),
            (Method::GET, "/api/workspaces/{}", &beta.id, &Json::Null),
            (
                Method::PATCH,
                "/api/workspaces/{}",
                &beta.id,
                &json!({"name": "x"}),
            ),
            (
                Method::POST,
                "/api/workspaces/{}/switch",
                &beta.id,
                &Json::Null,
            ),
            (
                Method::GET,
                "/api/workspaces/{}/members",
                &beta.id,
                &Json::Null,
            ),
            (
                Method::GET,
                "/api/workspaces/{}/invitations",
                &beta.id,
                &Json::Null,
            ),
            (
                Method::PUT,
                &acme.at("/members/{}"),
                &beta.member_id,
                &roles,
            ),
            (
                Method::DELETE,
                &acme.at("/members/{}"),
                &beta.member_id,
                &Json::Null,
            ),
            (
                Method::DELETE,
                &acme.at("/invitations/{}"),
                &beta.invitation,
                &Json::Null,
            ),
        ];
        for (method, path, of_beta, body) in &cases {
            for caller in [&acme.admin, &acme.key] {
                let ask = |id: &str| {
                    let request = caller.request(method.clone(), path.replace("{}", id));
                    let request = request.header(TENANT, &acme.id);
                    answer(if body.is_null() {
                        request
                    } else {
                        request.json(body)
                    })
                };
                let (status, text) = ask(of_beta).await;
                assert_eq!((status, text), ask(NOWHERE).await, "{method} {path}");
                assert!([403, 404].contains(&status), "{method} {path}: {status}");
            }
        }
        // By the session, of which workspaces somebody else is in is unknown.
        for (method, path, of_beta, body) in &cases {
            let request = acme
                .admin
                .request(method.clone(), path.replace("{}", of_beta));
            let request = request.header(TENANT, &acme.id).json(body);
            assert_eq!(request.await.status, 404, "{method} {path}");
        }
        // All of it is still there.
        let note = beta.admin.get(format!("/api/items/notes/{}", beta.note));
        let note = note.header(TENANT, beta.slug).await.expect(200);
        assert_eq!(note.data()["text"], "secret of beta");
        for path in ["/api/permissions/{p}", "/api/api-keys/{k}"] {
            let path = path.replace("{p}", &beta.permission);
            let get = beta.admin.get(path.replace("{k}", &beta.key_id));
            get.header(TENANT, &beta.id).await.expect(200);
        }
        let invitations = beta.admin.get(beta.at("/invitations")).await.expect(200);
        assert_eq!(invitations.data().as_array().unwrap().len(), 1);
        let members = beta.admin.get(beta.at("/members")).await.expect(200);
        assert_eq!(members.data().as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn lists_have_what_is_of_the_workspace_alone() {
    for two in twos().await {
        let (acme, beta) = (&two.acme, &two.beta);
        for path in [
            "/api/collections",
            "/api/items/notes",
            "/api/roles",
            "/api/permissions",
            "/api/api-keys",
        ] {
            let listed = acme.admin.get(path).header(TENANT, acme.slug).await;
            let listed = listed.expect(200);
            assert!(!listed.data().as_array().unwrap().is_empty(), "{path}");
            for of_beta in ["beta", &beta.note, &beta.permission, &beta.key_id] {
                assert_clean(&listed, of_beta);
            }
            // Nor is any of it in the default workspace.
            let at_home = acme.admin.get(path).await;
            assert_clean(&at_home, "acme");
        }
        let of_beta = acme
            .admin
            .get("/api/items/of_beta")
            .header(TENANT, acme.slug);
        let unknown = acme
            .admin
            .get("/api/items/of_nobody")
            .header(TENANT, acme.slug);
        let (of_beta, unknown) = (answer(of_beta).await, answer(unknown).await);
        assert_eq!(of_beta.0, unknown.0);
        let members = acme.admin.get(acme.at("/members")).await.expect(200);
        let emails: Vec<Json> = members.data().as_array().unwrap().clone();
        let emails: Vec<&str> = emails
            .iter()
            .map(|one| one["email"].as_str().unwrap())
            .collect();
        assert_eq!(
            emails,
            ["dan@example.com", "ann@example.com", "admin@example.com"]
        );
        let roles = &members.data()[1]["roles"];
        assert_eq!(*roles, json!(["admin"]));
    }
}

/// Users of the instance, and tables of the host, are the operator's.
#[tokio::test]
async fn an_admin_of_a_workspace_does_not_run_the_instance() {
    for two in twos().await {
        let acme = &two.acme;
        let victim = &two.beta.member_id;
        let app = &two.world.app;
        let endpoints = app.backend().endpoints().iter();
        let operators: Vec<_> = endpoints
            .filter(|endpoint| endpoint.access() == Access::Operator)
            .collect();
        for prefix in ["/api/users", "/api/users/{id}/roles", "/api/admin/adopt"] {
            assert!(
                operators.iter().any(|endpoint| endpoint.path() == prefix),
                "{prefix}"
            );
        }
        let all = app.backend().endpoints().iter();
        let users = all.filter(|endpoint| {
            let path = endpoint.path();
            path.starts_with("/api/users") || path.starts_with("/api/admin")
        });
        assert!(users.clone().count() >= 9);
        for endpoint in users {
            assert_eq!(endpoint.access(), Access::Operator, "{endpoint:?}");
            let path = endpoint.path().replace("{id}", victim);
            for (caller, header) in [
                (&acme.admin, Some(&acme.id)),
                (&acme.admin, None),
                (&acme.key, Some(&acme.id)),
                (&acme.key, None),
            ] {
                let request = caller.request(endpoint.method().clone(), &path);
                let request = match header {
                    Some(id) => request.header(TENANT, id),
                    None => request,
                };
                let answer = request.json(&json!({"roles": ["admin"]})).await;
                assert_clean(&answer.expect(403), "eve@example.com");
            }
        }
        // Nor does the operator while he acts in another workspace.
        let operator = app.admin().await;
        operator.get("/api/users").await.expect(200);
        operator
            .get("/api/users")
            .header(TENANT, &acme.id)
            .await
            .expect(403);
        acme.admin
            .post("/api/workspaces")
            .header(TENANT, &acme.id)
            .json(&json!({"slug": "third", "name": "Third"}))
            .await
            .expect(403);
    }
}

/// TOK-2: an end user has nothing to do with workspaces.
#[tokio::test]
async fn an_end_user_has_nothing_to_do_with_workspaces() {
    for two in twos().await {
        let app = &two.world.app;
        let sign_up = json!({"email": "end@acme.example", "password": "correct horse battery"});
        let signed_up = app.anonymous().post("/api/t/acme/auth/sign-up/email");
        let signed_up = signed_up.json(&sign_up).await.expect(200);
        let end_user = app.with_token(signed_up.json()["token"].as_str().unwrap());
        for endpoint in app.backend().endpoints() {
            let path = endpoint.path().replace("{id}", &two.acme.id);
            let ours = path.starts_with("/api/workspaces");
            if ours && endpoint.access() == Access::SignedIn {
                let request = end_user.request(endpoint.method().clone(), &path);
                let body = json!({"token": "x", "roles": []});
                request.json(&body).await.expect(403);
            }
        }
    }
}

#[tokio::test]
async fn a_session_acts_in_the_workspace_it_was_switched_to() {
    for two in twos().await {
        let acme = &two.acme;
        let note = format!("/api/items/notes/{}", acme.note);
        let read = async || acme.admin.get(&note).await.status;
        assert_eq!(read().await, 403, "there are no notes at home");
        let switched = acme.admin.post(acme.at("/switch")).await.expect(200);
        assert_eq!(switched.data()["slug"], "acme");
        assert_eq!(read().await, 200);
        let session = acme.admin.get("/api/auth/get-session").await.json();
        assert_eq!(session["session"]["activeWorkspaceId"], acme.id.as_str());
        assert_eq!(session["user"]["roles"], json!(["admin"]));
        let at_home = acme.admin.get(&note).header(TENANT, "default");
        at_home.await.expect(403);
        acme.admin.post(two.beta.at("/switch")).await.expect(404);
        assert_eq!(read().await, 200);
        let default = two.world.app.backend().plane().default_tenant();
        let back = format!("/api/workspaces/{default}/switch");
        acme.admin.post(back).await.expect(200);
        assert_eq!(read().await, 403);
    }
}

#[tokio::test]
async fn who_runs_the_instance_sees_all_workspaces_and_others_their_own() {
    for two in twos().await {
        let slugs = async |client: &Client| {
            let listed = client.get("/api/workspaces").await.expect(200).data();
            let listed = listed.as_array().unwrap().clone();
            let slugs = listed
                .iter()
                .map(|one| one["slug"].as_str().unwrap().to_owned());
            slugs.collect::<Vec<_>>()
        };
        let operator = two.world.app.admin().await;
        let all = ["acme", "beta", "default"];
        assert_eq!(slugs(&operator).await, all);
        // Wherever he acts: it is about workspaces, not in one.
        operator.post(two.acme.at("/switch")).await.expect(200);
        assert_eq!(slugs(&operator).await, all);
        operator.get(two.beta.at("/members")).await.expect(200);
        assert_eq!(slugs(&two.acme.admin).await, ["default", "acme"]);
        assert_eq!(slugs(&two.acme.key).await, ["acme"]);
        let cid = two.world.app.user("cid").await;
        assert_eq!(slugs(&cid).await, ["default"]);
    }
}

#[tokio::test]
async fn a_workspace_is_renamed_by_its_admin_and_by_nobody_else() {
    for two in twos().await {
        let (app, acme) = (&two.world.app, &two.acme);
        let rename = async |client: &Client, name: &str| {
            let request = client.patch(acme.at("")).json(&json!({"name": name}));
            request.await.status
        };
        let (dan, cid) = (app.user("dan").await, app.user("cid").await);
        assert_eq!(rename(&dan, "of a member").await, 403);
        assert_eq!(rename(&cid, "of a stranger").await, 404);
        assert_eq!(rename(&two.beta.admin, "of another").await, 404);
        assert_eq!(rename(&acme.admin, "of its admin").await, 200);
        assert_eq!(rename(&app.admin().await, "of the operator").await, 200);
        let read = dan.get(acme.at("")).await.expect(200);
        assert_eq!(read.data()["name"], "of the operator");
        cid.get(acme.at("")).await.expect(404);
        dan.get(acme.at("/members")).await.expect(403);
    }
}

/// SES-5: who is removed is out at his next request.
#[tokio::test]
async fn ses_5_who_is_removed_is_out_at_his_next_request() {
    for two in twos().await {
        let (app, acme) = (&two.world.app, &two.acme);
        let operator = app.admin().await;
        let notes = |client: &Client| client.get("/api/items/notes").header(TENANT, &acme.id);
        notes(&acme.admin).await.expect(200);
        acme.key.get("/api/items/notes").await.expect(200);
        // The operator is an admin there too: he has made it.
        let path = acme.at(&format!("/members/{}", acme.admin_id));
        operator.delete(&path).await.expect(200);
        notes(&acme.admin).await.expect(404);
        acme.admin.get(acme.at("")).await.expect(404);
        acme.key.get("/api/items/notes").await.expect(401);
        acme.admin.get("/api/workspaces").await.expect(200);
        assert_eq!(operator.delete(&path).await.status, 404);

        // The last admin stays, and everybody else may leave.
        let dan = app.user("dan").await;
        let last = acme.at(&format!("/members/{}", user_id(&operator).await));
        dan.delete(&last).await.expect(403);
        operator.delete(&last).await.expect(409);
        let own = acme.at(&format!("/members/{}", acme.member_id));
        dan.delete(&own).await.expect(200);
        notes(&dan).await.expect(404);
    }
}

#[tokio::test]
async fn an_admin_gives_roles_to_members_and_only_the_operator_makes_members() {
    for two in twos().await {
        let (app, acme) = (&two.world.app, &two.acme);
        let cid = user_id(&app.user("cid").await).await;
        let set = |client: &Client, user: &str, roles: Json| {
            let put = client.request(Method::PUT, acme.at(&format!("/members/{user}")));
            put.json(&json!({"roles": roles})).into_future()
        };
        let given = set(&acme.admin, &acme.member_id, json!(["of_acme"])).await;
        assert_eq!(given.expect(200).data()["roles"], json!(["of_acme"]));
        let of_beta = set(&acme.admin, &acme.member_id, json!(["of_beta"])).await;
        of_beta.expect(422);
        let (stranger, nobody) = (
            set(&acme.admin, &cid, json!([])).await,
            set(&acme.admin, NOWHERE, json!([])).await,
        );
        assert_eq!((stranger.status, nobody.status), (404, 404));
        assert_clean(&stranger, "cid");
        let operator = app.admin().await;
        set(&operator, &cid, json!(["of_acme"])).await.expect(200);
        let seen = app.user("cid").await.get("/api/items/notes");
        let seen = seen.header(TENANT, acme.slug).await.expect(200);
        assert!(seen.text().contains("secret of acme"));
    }
}

/// The link in the last mail to an address.
async fn mailed(two: &Two, to: &str) -> String {
    let auth = two.world.app.backend().auth().unwrap();
    auth.deliver_mail().await.unwrap();
    let mails = two.mailer.take();
    let mail = mails.iter().rfind(|mail| mail.to() == to).unwrap();
    let link = mail.text().lines().find(|line| line.starts_with("http"));
    link.unwrap().to_owned()
}

async fn invite(two: &Two, name: &str) -> String {
    let email = format!("{name}@example.com");
    let body = json!({"email": email, "roles": ["of_acme"], "callbackURL": "/join?x=1"});
    let request = two.acme.admin.post(two.acme.at("/invitations"));
    let request = request.json(&body).header("host", "evil.example").await;
    let made = request.expect(201);
    assert_eq!(made.data()["invited_by"], two.acme.admin_id.as_str());
    let link = mailed(two, &email).await;
    let path = link.strip_prefix("http://localhost:8080").unwrap();
    let followed = two.world.app.anonymous().get(path).await.expect(302);
    let (page, token) = followed.header("location").split_once("token=").unwrap();
    assert_eq!(page, "/join?x=1&");
    token.to_owned()
}

#[tokio::test]
async fn an_invitation_leads_into_the_workspace_once() {
    for two in twos().await {
        let app = &two.world.app;
        let (cid, fay) = (app.user("cid").await, app.user("fay").await);
        let token = invite(&two, "cid").await;
        let accept = |client: &Client| {
            let request = client.post("/api/workspaces/accept-invitation");
            request.json(&json!({"token": token})).into_future()
        };
        let stolen = accept(&fay).await.expect(403);
        assert_eq!(stolen.code(), "NOT_THE_RECIPIENT");
        let accepted = accept(&cid).await.expect(200);
        assert_eq!(accepted.data()["slug"], "acme");
        assert_eq!(accept(&cid).await.expect(400).code(), "INVALID_TOKEN");
        let seen = cid.get("/api/items/notes").header(TENANT, "acme");
        assert!(seen.await.expect(200).text().contains("secret of acme"));
        cid.get("/api/items/notes")
            .header(TENANT, "beta")
            .await
            .expect(404);
        let session = cid.get("/api/auth/get-session").await.json();
        assert_eq!(session["user"]["emailVerified"], true);
        let again = app.anonymous().get(format!(
            "/api/workspaces/accept-invitation?token={token}&callbackURL=/join"
        ));
        let again = again.await.expect(302);
        assert_eq!(again.header("location"), "/join?error=INVALID_TOKEN");
    }
}

#[tokio::test]
async fn who_has_no_account_signs_up_by_his_invitation() {
    for two in twos().await {
        let token = invite(&two, "gus").await;
        let sign_up = |name: &str| {
            let email = format!("{name}@example.com");
            let body = json!({
                "email": email, "password": "correct horse battery", "name": name,
                "invitationToken": token,
            });
            let anonymous = two.world.app.anonymous();
            anonymous
                .post("/api/auth/sign-up/email")
                .json(&body)
                .into_future()
        };
        assert_eq!(sign_up("hal").await.expect(403).code(), "NOT_THE_RECIPIENT");
        let signed_up = sign_up("gus").await.expect(200);
        assert_eq!(signed_up.json()["user"]["emailVerified"], true);
        let gus = two
            .world
            .app
            .with_token(signed_up.json()["token"].as_str().unwrap());
        let seen = gus.get("/api/items/notes").header(TENANT, "acme");
        assert!(seen.await.expect(200).text().contains("secret of acme"));
        assert_eq!(sign_up("gus").await.expect(400).code(), "INVALID_TOKEN");
    }
}

#[tokio::test]
async fn az_13_no_table_of_ours_can_be_adopted() {
    for two in twos().await {
        let operator = two.world.app.admin().await;
        let tables = operator.get("/api/admin/adopt/tables").await.expect(200);
        let tables = tables.data();
        for table in tables.as_array().unwrap() {
            let name = table["name"].as_str().unwrap();
            assert!(!name.starts_with("workeros_"), "{name}");
            assert!(!name.starts_with("app_"), "{name}");
        }
        for table in ["app_users", "app_sessions", "workeros_users"] {
            let request = operator.post("/api/admin/adopt/inspect");
            request.json(&json!({"table": table})).await.expect(422);
        }
    }
}
