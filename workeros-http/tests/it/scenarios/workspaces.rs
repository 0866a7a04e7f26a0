use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::{NOWHERE, World};

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(world: &World) -> Vec<Scenario> {
    const ALL: &str = "/api/workspaces";
    const ACCEPT: &str = "/api/workspaces/accept-invitation";
    let default = world.app.backend().plane().default_tenant().to_string();
    let one = |id: &str| format!("{ALL}/{id}");
    let members = |id: &str| format!("{ALL}/{id}/members");
    let member = |id: &str| format!("{ALL}/{id}/members/{NOWHERE}");
    let invitations = |id: &str| format!("{ALL}/{id}/invitations");
    let invitation = |id: &str| format!("{ALL}/{id}/invitations/{NOWHERE}");
    let switch = |id: &str| format!("{ALL}/{id}/switch");
    let acme = json!({"slug": "acme", "name": "Acme"});
    let name = json!({"name": "Home"});
    let roles = json!({"roles": []});
    let eve = json!({"email": "eve@example.com"});
    let put = |path: String| Scenario::new(http::Method::PUT, path);
    vec![
        Scenario::get(ALL).expect(401),
        Scenario::get(ALL)
            .as_user("ann")
            .body([r#""slug":"default""#, r#""roles":[]"#])
            .not_body(["acme"]),
        Scenario::get(ALL).as_admin().body([r#""roles":["admin"]"#]),
        Scenario::post(ALL).json(acme.clone()).expect(401),
        Scenario::post(ALL)
            .as_user("ann")
            .json(acme.clone())
            .expect(403),
        Scenario::post(ALL)
            .as_admin()
            .json(acme.clone())
            .expect(201)
            .body([r#""slug":"acme""#, r#""name":"Acme""#]),
        Scenario::post(ALL).as_admin().json(acme).expect(409),
        Scenario::post(ALL)
            .as_admin()
            .json(json!({"slug": "No", "name": ""}))
            .expect(422)
            .body(["/slug", "/name"]),
        // What looks like an id is none.
        Scenario::post(ALL)
            .as_admin()
            .json(json!({"slug": "a18fd3ab-c200-7000-8000-00000000dead", "name": "x"}))
            .expect(422)
            .body(["/slug"]),
        Scenario::get(ALL)
            .as_admin()
            .body(["default", r#""slug":"acme""#]),
        Scenario::get(ALL).as_user("ann").not_body(["acme"]),
        Scenario::get(one(&default)).expect(401),
        Scenario::get(one(&default))
            .as_user("ann")
            .body([r#""slug":"default""#]),
        Scenario::get(one(&default)).as_key_of("ann"),
        Scenario::get(one(NOWHERE)).as_user("ann").expect(404),
        Scenario::get(one(NOWHERE)).as_admin().expect(404),
        Scenario::get(one("acme")).as_admin().expect(404),
        Scenario::patch(one(&default))
            .json(name.clone())
            .expect(401),
        Scenario::patch(one(&default))
            .as_user("ann")
            .json(name.clone())
            .expect(403),
        Scenario::patch(one(NOWHERE))
            .as_user("ann")
            .json(name.clone())
            .expect(404),
        Scenario::patch(one(&default))
            .as_admin()
            .json(name)
            .body([r#""name":"Home""#]),
        Scenario::patch(one(&default))
            .as_admin()
            .json(json!({"slug": "other"}))
            .expect(422)
            .body(["/slug", "/name"]),
        Scenario::delete(one(&default))
            .json(json!({"slug": "default"}))
            .expect(401),
        Scenario::delete(one(&default))
            .as_user("ann")
            .json(json!({"slug": "default"}))
            .expect(403),
        Scenario::delete(one(&default))
            .as_key_of("admin")
            .json(json!({"slug": "default"}))
            .expect(403),
        Scenario::delete(one(NOWHERE))
            .as_admin()
            .json(json!({"slug": "acme"}))
            .expect(404),
        Scenario::delete(one(&default))
            .as_admin()
            .json(json!({"slug": "default"}))
            .expect(409),
        Scenario::post(switch(&default)).expect(401),
        Scenario::post(switch(&default)).as_user("ann"),
        Scenario::post(switch(&default))
            .as_key_of("ann")
            .expect(403),
        Scenario::post(switch(NOWHERE)).as_user("ann").expect(404),
        Scenario::post(switch(NOWHERE)).as_admin().expect(404),
        Scenario::get(members(&default)).expect(401),
        Scenario::get(members(&default))
            .as_user("ann")
            .expect(403)
            .not_body(["bob"]),
        Scenario::get(members(NOWHERE)).as_user("ann").expect(404),
        Scenario::get(members(NOWHERE)).as_admin().expect(404),
        Scenario::get(members(&default))
            .as_admin()
            .query("limit", "2")
            .body([r#""has_more":true"#])
            .not_body(["password"]),
        Scenario::get(members(&default))
            .as_admin()
            .query("limit", "0")
            .expect(422),
        put(member(&default)).json(roles.clone()).expect(401),
        put(member(&default))
            .as_user("ann")
            .json(roles.clone())
            .expect(403),
        put(member(&default))
            .as_admin()
            .json(roles.clone())
            .expect(404),
        put(member(&default))
            .as_admin()
            .json(json!({"roles": ["ghost"]}))
            .expect(404),
        put(member(&default))
            .as_admin()
            .json(json!({}))
            .expect(422)
            .body(["/roles"]),
        put(member(NOWHERE)).as_admin().json(roles).expect(404),
        Scenario::delete(member(&default)).expect(401),
        Scenario::delete(member(&default))
            .as_user("ann")
            .expect(403),
        Scenario::delete(member(&default)).as_admin().expect(409),
        Scenario::get(invitations(&default)).expect(401),
        Scenario::get(invitations(&default))
            .as_user("ann")
            .expect(403),
        Scenario::get(invitations(&default))
            .as_admin()
            .body([r#"{"data":[]"#]),
        Scenario::post(invitations(&default))
            .json(eve.clone())
            .expect(401),
        Scenario::post(invitations(&default))
            .as_user("ann")
            .json(eve.clone())
            .expect(403),
        Scenario::post(invitations(&default))
            .as_admin()
            .json(eve)
            .expect(201)
            .body(["eve@example.com"])
            .not_body(["token"]),
        Scenario::post(invitations(&default))
            .as_admin()
            .json(json!({"email": "ann@example.com"}))
            .expect(409),
        Scenario::post(invitations(&default))
            .as_admin()
            .json(json!({"email": "nobody"}))
            .expect(422)
            .body(["/email"]),
        Scenario::post(invitations(&default))
            .as_admin()
            .json(json!({"email": "a@b.co", "roles": ["ghost"]}))
            .expect(422),
        Scenario::post(invitations(&default))
            .as_admin()
            .json(json!({"email": "a@b.co", "callbackURL": "//evil.example"}))
            .expect(422)
            .body(["/callbackURL"]),
        Scenario::get(invitations(&default))
            .as_admin()
            .body(["eve@example.com"]),
        Scenario::delete(invitation(&default)).expect(401),
        Scenario::delete(invitation(&default))
            .as_user("ann")
            .expect(403),
        Scenario::delete(invitation(&default))
            .as_admin()
            .expect(404),
        // A link that does not hold leads to the page all the same.
        Scenario::get(ACCEPT).expect(302),
        Scenario::get(ACCEPT)
            .query("callbackURL", "https://evil.example")
            .expect(422),
        Scenario::post(ACCEPT)
            .json(json!({"token": "x"}))
            .expect(401),
        Scenario::post(ACCEPT)
            .as_user("ann")
            .json(json!({"token": "x"}))
            .expect(400)
            .code("INVALID_TOKEN"),
        Scenario::post(ACCEPT)
            .as_key_of("ann")
            .json(json!({"token": "x"}))
            .expect(403),
        Scenario::post(ACCEPT)
            .as_user("ann")
            .json(json!({}))
            .expect(422)
            .body(["/token"]),
    ]
}
