use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let get = || Scenario::get("/api/auth-settings");
    let patch = |body| Scenario::patch("/api/auth-settings").json(body);
    let preview = |body| Scenario::post("/api/auth-settings/mail/preview").json(body);
    let closed = json!({"sign_up": "closed"});
    vec![
        get().expect(401),
        get().as_user("ann").expect(403),
        get().as_admin().body([
            r#""version":0"#,
            r#""stored":{}"#,
            r#""sign_up":"open""#,
            r#""updated_at":null"#,
            r#""unreadable_secrets":[]"#,
        ]),
        patch(closed.clone()).expect(401),
        patch(closed.clone()).as_user("ann").expect(403),
        patch(closed)
            .as_admin()
            .body([r#""stored":{"sign_up":"closed"}"#, r#""version":1"#]),
        patch(json!({"sign_up": null}))
            .as_admin()
            .body([r#""stored":{}"#, r#""version":2"#]),
        patch(json!({"signUp": "open"}))
            .as_admin()
            .expect(422)
            .body([r#""path":"/signUp""#, "unknown_field"]),
        patch(json!("open")).as_admin().expect(422),
        preview(json!({"template": "magic-link"})).expect(401),
        preview(json!({"template": "magic-link"}))
            .as_user("ann")
            .expect(403),
        preview(json!({"template": "magic-link", "locale": "de-CH"}))
            .as_admin()
            .body([
                r#""locale":"de""#,
                r#""subject":"Anmelden""#,
                "zehn Minuten",
            ]),
        patch(json!({"mail": {"sender_nam": null}}))
            .as_admin()
            .expect(422)
            .body([r#""path":"/mail/sender_nam""#, "unknown_field"]),
        patch(json!({"mail": {"sender_name": "Shop\r\nBcc: eve@example.com"}}))
            .as_admin()
            .expect(422)
            .body([r#""path":"/mail/sender_name""#]),
        patch(json!({"mail": {"sender_name": "Shop", "reply_to": "shop@example.com"}}))
            .as_admin()
            .body([r#""sender_name":"Shop""#]),
        preview(json!({"template": "magic-link"})).as_admin().body([
            r#""sender_name":"Shop""#,
            r#""reply_to":"shop@example.com""#,
        ]),
        preview(json!({"template": "magic-link", "text": "{{url}} <b>", "html": "{{url}}"}))
            .as_admin()
            .body([r#""text":"https://example.com/link?token=sample <b>""#]),
        preview(json!({"template": "magic-link", "subject": "a\r\nb"}))
            .as_admin()
            .expect(422)
            .body([r#""path":"/subject""#]),
        preview(json!({"template": "magic-link", "text": "{{password}}"}))
            .as_admin()
            .expect(422)
            .body([r#""path":"/text""#, "unknown_value", "{{url}}"]),
        preview(json!({"template": "spam"})).as_admin().expect(422),
        preview(json!({"template": "magic-link", "locale": "?"}))
            .as_admin()
            .expect(422),
        preview(json!({"template": "magic-link", "to": "x"}))
            .as_admin()
            .expect(422),
    ]
}
