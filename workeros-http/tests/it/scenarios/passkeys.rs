use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::{NOWHERE, World};

/// PK-6, KEY-6: nobody says whose passkey it is, and no key sees passkeys.
#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let planes = ["/api/auth/passkey", "/api/t/default/auth/passkey"];
    let both = planes.map(|base| [signing_in(base), own(base)].concat());
    let mut table = both.concat();
    table.extend(of_ann());
    table
}

fn signing_in(base: &str) -> Vec<Scenario> {
    let answer = || Scenario::post(format!("{base}/verify-authentication"));
    vec![
        Scenario::get(format!("{base}/generate-authenticate-options"))
            .expect(200)
            .body([
                r#""challenge":""#,
                r#""rpId":"localhost""#,
                r#""userVerification":"required""#,
                r#""allowCredentials":[]"#,
            ]),
        answer()
            .json(json!({"response": {}}))
            .expect(401)
            .code("AUTHENTICATION_FAILED"),
        answer().json(json!({})).expect(422).body(["/response"]),
        answer()
            .json(json!({"response": {}, "userId": NOWHERE}))
            .expect(422)
            .body(["/userId"]),
    ]
}

fn own(base: &str) -> Vec<Scenario> {
    let path = |rest: &str| format!("{base}/{rest}");
    let mut scenarios = Vec::new();
    for scenario in [
        Scenario::get(path("generate-register-options")),
        Scenario::post(path("verify-registration")).json(json!({"response": {}})),
        Scenario::get(path("list-user-passkeys")),
        Scenario::post(path("update-passkey")).json(json!({"id": NOWHERE, "name": "x"})),
        Scenario::post(path("delete-passkey")).json(json!({"id": NOWHERE})),
    ] {
        scenarios.push(scenario.clone().expect(401));
        scenarios.push(scenario.as_key_of("bob").expect(403));
    }
    scenarios
}

fn of_ann() -> Vec<Scenario> {
    let path = |rest: &str| format!("/api/auth/passkey/{rest}");
    let begin =
        |query: &str| Scenario::get(path("generate-register-options") + query).as_user("ann");
    let rename = |id: &str| {
        let body = json!({"id": id, "name": "mine"});
        Scenario::post(path("update-passkey"))
            .as_user("ann")
            .json(body)
    };
    let delete = |id: &str| {
        let body = json!({"id": id});
        Scenario::post(path("delete-passkey"))
            .as_user("ann")
            .json(body)
    };
    vec![
        begin("?authenticatorAttachment=platform&name=Laptop")
            .expect(200)
            .body([
                r#""authenticatorAttachment":"platform""#,
                r#""residentKey":"required""#,
                r#""name":"ann@example.com""#,
            ]),
        begin("?authenticatorAttachment=pocket")
            .expect(422)
            .body(["authenticatorAttachment"]),
        begin("?userId=1").expect(422),
        Scenario::post(path("verify-registration"))
            .as_user("ann")
            .json(json!({"response": {"id": "x"}}))
            .expect(400)
            .code("FAILED_TO_VERIFY_REGISTRATION"),
        Scenario::get(path("list-user-passkeys"))
            .as_user("ann")
            .expect(200)
            .body(["[]"]),
        rename(NOWHERE).expect(404).code("PASSKEY_NOT_FOUND"),
        rename("x").expect(404).code("PASSKEY_NOT_FOUND"),
        delete(NOWHERE).expect(404).code("PASSKEY_NOT_FOUND"),
        delete("x").expect(404).code("PASSKEY_NOT_FOUND"),
    ]
}
