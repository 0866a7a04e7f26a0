//! End users whom the admins of their workspace invite, or make.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use workeros_adapters::MemoryMailer;
use workeros_adapters::testkit::databases;
use workeros_auth::{RealmSettings, SignUpPolicy};
use workeros_http::testkit::TestApp;

use crate::support::{World, id};

const AUTH: &str = "/api/t/default/auth";
const ALL: &str = "/api/app-invitations";
const TENANT: &str = "x-workeros-tenant";

/// Where end users are those who were invited, with the mails that are sent.
async fn worlds() -> Vec<(World, MemoryMailer)> {
    let mut worlds = Vec::new();
    for opened in databases().await {
        let mailer = MemoryMailer::default();
        let sent = Arc::new(mailer.clone());
        let settings = RealmSettings::new().with_sign_up(SignUpPolicy::Invited);
        let app = TestApp::builder(Arc::clone(&opened.database));
        let app = app.with_auth(move |auth| auth.with_mailer(sent).with_app_settings(settings));
        let world = World::new(app.build().await, Some(opened)).await;
        let pages = json!({"allowed_redirect_urls": ["https://app.example/welcome"]});
        let admin = world.app.admin().await;
        let changed = admin.patch("/api/auth-settings").json(&pages).await;
        changed.expect(200);
        worlds.push((world, mailer));
    }
    worlds
}

/// The path of the link in the last mail.
async fn mailed(world: &World, mailer: &MemoryMailer) -> String {
    let auth = world.app.backend().auth().unwrap();
    auth.deliver_mail().await.unwrap();
    let mails = mailer.take();
    let mut lines = mails.last().unwrap().text().lines();
    let link = lines.find(|line| line.starts_with("http")).unwrap();
    let path = link.strip_prefix("http://localhost:8080").unwrap();
    path.to_owned()
}

/// Follows a link, to the page and with the token it brings.
async fn follow(app: &TestApp, path: &str) -> (String, String) {
    let followed = app.anonymous().get(path).await.expect(302);
    let (page, token) = followed.header("location").split_once("token=").unwrap();
    (page.to_owned(), token.to_owned())
}

fn sign_up(token: Option<&str>) -> Json {
    let mut body = json!({"email": "uma@users.example", "password": "correct horse battery"});
    if let Some(token) = token {
        body["invitationToken"] = token.into();
    }
    body
}

#[tokio::test]
async fn who_was_invited_signs_up_with_what_the_link_brings() {
    for (world, mailer) in worlds().await {
        let (app, admin) = (&world.app, world.app.admin().await);
        admin
            .post("/api/roles")
            .json(&json!({"name": "editor"}))
            .await
            .expect(201);
        let body = json!({
            "email": "Uma@users.example", "roles": ["editor"], "name": "Uma", "locale": "de",
            "callbackURL": "https://app.example/welcome?from=mail",
        });
        let request = admin.post(ALL).header("host", "evil.example");
        let made = request.json(&body).await.expect(201);
        assert_eq!(made.data()["email"], "uma@users.example");
        assert_eq!(made.data()["locale"], "de");
        assert!(made.data()["invited_by"].is_string());
        let path = mailed(&world, &mailer).await;
        let listed = admin.get(ALL).await.expect(200);
        assert_eq!(listed.data(), json!([made.data()]));
        assert!(!listed.text().contains("secret"), "{}", listed.text());

        let open = app.anonymous().post(format!("{AUTH}/sign-up/email"));
        let closed = open.json(&sign_up(None)).await.expect(403);
        assert_eq!(closed.code(), "SIGN_UP_CLOSED");
        let (page, token) = follow(app, &path).await;
        assert_eq!(page, "https://app.example/welcome?from=mail&");
        let come = app.anonymous().post(format!("{AUTH}/sign-up/email"));
        let came = come.json(&sign_up(Some(&token))).await.expect(200).json();
        assert_eq!(came["user"]["emailVerified"], true);
        assert_eq!(came["user"]["name"], "Uma");
        let uma = app.with_token(came["accessToken"].as_str().unwrap());
        let session = uma.get(format!("{AUTH}/get-session")).await.expect(200);
        assert_eq!(session.json()["user"]["roles"], json!(["editor"]));
        assert_eq!(admin.get(ALL).await.expect(200).data(), json!([]));
        let followed = app.anonymous().get(&path).await.expect(302);
        let page = "https://app.example/welcome?from=mail&error=INVALID_TOKEN";
        assert_eq!(followed.header("location"), page);
    }
}

#[tokio::test]
async fn an_invitation_is_mailed_anew_and_taken_back() {
    for (world, mailer) in worlds().await {
        let (app, admin) = (&world.app, world.app.admin().await);
        let body = json!({"email": "uma@users.example"});
        let made = admin.post(ALL).json(&body).await.expect(201);
        let (one, older) = (
            format!("{ALL}/{}", id(&made)),
            mailed(&world, &mailer).await,
        );
        let resend = format!("{one}/resend");
        let page = json!({"callbackURL": "/join"});
        let sent = admin.post(&resend).json(&page).await.expect(200);
        assert_eq!(sent.data()["id"], made.data()["id"]);
        let path = mailed(&world, &mailer).await;
        let stale = app.anonymous().get(&older).await.expect(302);
        assert_eq!(
            stale.header("location"),
            "/accept-invitation?error=INVALID_TOKEN"
        );
        let (page, token) = follow(app, &path).await;
        assert_eq!(page, "/join?");
        admin.delete(&one).await.expect(200);
        admin.delete(&one).await.expect(404);
        admin.post(&resend).json(&json!({})).await.expect(404);
        let late = app.anonymous().post(format!("{AUTH}/sign-up/email"));
        let late = late.json(&sign_up(Some(&token))).await.expect(404);
        assert_eq!(late.code(), "INVITATION_NOT_FOUND");
    }
}

/// OTP-4: the link in a mail leads nowhere that the workspace does not say.
#[tokio::test]
async fn otp_4_an_invitation_leads_where_the_workspace_says() {
    for (world, _) in worlds().await {
        let admin = world.app.admin().await;
        for (page, status) in [
            ("https://app.example/welcome", 201),
            ("https://app.example/elsewhere", 422),
            ("https://evil.example/welcome", 422),
            ("//evil.example", 422),
            ("javascript:alert(1)", 422),
        ] {
            let body = json!({"email": "uma@users.example", "callbackURL": page});
            let made = admin.post(ALL).json(&body).await.expect(status);
            if status == 422 {
                assert!(made.text().contains("/callbackURL"), "{}", made.text());
            }
        }
    }
}

#[tokio::test]
async fn az_2_admins_invite_to_their_own_workspace() {
    for (world, _) in worlds().await {
        let admin = world.app.admin().await;
        let acme = json!({"slug": "acme", "name": "Acme"});
        admin.post("/api/workspaces").json(&acme).await.expect(201);
        let body = json!({"email": "uma@users.example"});
        let made = admin.post(ALL).json(&body).await.expect(201);
        let one = format!("{ALL}/{}", id(&made));
        let there = admin.get(ALL).header(TENANT, "acme").await.expect(200);
        assert_eq!(there.data(), json!([]));
        admin.delete(&one).header(TENANT, "acme").await.expect(404);
        let resend = admin.post(format!("{one}/resend")).header(TENANT, "acme");
        resend.json(&json!({})).await.expect(404);
        let ann = world.app.user("ann").await;
        ann.post(ALL).json(&body).await.expect(403);
        admin.delete(&one).await.expect(200);
    }
}

#[tokio::test]
async fn an_admin_makes_an_end_user() {
    for (world, _) in worlds().await {
        let (app, admin) = (&world.app, world.app.admin().await);
        admin
            .post("/api/roles")
            .json(&json!({"name": "editor"}))
            .await
            .expect(201);
        let body = json!({
            "email": "uma@users.example", "name": "Uma", "roles": ["editor"], "locale": "fr",
            "image": "https://cdn.example/uma.png", "email_verified": true,
            "password": "correct horse battery",
        });
        let made = admin.post("/api/app-users").json(&body).await.expect(201);
        assert_eq!(made.data()["image"], "https://cdn.example/uma.png");
        assert_eq!(made.data()["email_verified"], true);
        assert!(!made.text().contains("correct horse"));
        let login = json!({"email": "uma@users.example", "password": "correct horse battery"});
        let sign_in = app.anonymous().post(format!("{AUTH}/sign-in/email"));
        let entered = sign_in.json(&login).await.expect(200).json();
        assert_eq!(entered["user"]["id"], made.data()["id"]);
        assert_eq!(entered["user"]["image"], "https://cdn.example/uma.png");

        let one = format!("/api/app-users/{}", id(&made));
        let patch = json!({"image": null, "email": "una@users.example", "locale": null});
        let changed = admin.patch(&one).json(&patch).await.expect(200);
        assert_eq!(changed.data()["image"], Json::Null);
        assert_eq!(changed.data()["email_verified"], false);
        let patch = json!({"email_verified": true});
        let changed = admin.patch(&one).json(&patch).await.expect(200);
        assert_eq!(changed.data()["email_verified"], true);

        for (member, value, path) in [
            ("roles", json!(["admin"]), "/roles"),
            ("roles", json!(["nobody"]), "nobody"),
            ("image", json!("http://cdn.example/x.png"), "/image"),
            ("password", json!("password"), "/password"),
            ("email", json!("una@users.example"), "/email"),
            ("id", json!("me"), "/id"),
        ] {
            let mut body = json!({"email": "ulf@users.example"});
            body[member] = value;
            let refused = admin.post("/api/app-users").json(&body).await.expect(422);
            assert!(refused.text().contains(path), "{}", refused.text());
        }
    }
}
