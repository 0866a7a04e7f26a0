use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

/// Where no provider is set up.
pub(super) fn table(_: &World) -> Vec<Scenario> {
    let planes = ["/api/auth", "/api/t/default/auth"];
    let mut table: Vec<_> = planes.iter().flat_map(|auth| of_plane(auth)).collect();
    let verify = || Scenario::post("/api/t/default/auth/one-time-token/verify");
    let complete = || Scenario::post("/api/t/default/auth/link-social/complete");
    let made_up = "0123456789abcdefghijABCDEFGHIJ0123456789abc";
    let depart = Scenario::get("/api/t/default/auth/depart");
    table.extend([
        depart.expect(400).code("INVALID_TOKEN"),
        verify()
            .json(json!({}))
            .expect(422)
            .body(["/token", "/browserToken"]),
        verify()
            .json(json!({"token": made_up, "browserToken": made_up}))
            .expect(400)
            .code("INVALID_TOKEN"),
        complete()
            .json(json!({"token": made_up, "browserToken": made_up}))
            .expect(401),
    ]);
    table
}

fn of_plane(auth: &str) -> Vec<Scenario> {
    let post = |path: &str| Scenario::post(format!("{auth}/{path}"));
    let get = |path: &str| Scenario::get(format!("{auth}/{path}"));
    let form = "application/x-www-form-urlencoded";
    let github = || json!({"provider": "github"});
    vec![
        get("providers").body([r#"{"providers":[]}"#]),
        post("sign-in/social")
            .json(github())
            .expect(404)
            .code("PROVIDER_NOT_FOUND"),
        post("sign-in/social")
            .json(json!({}))
            .expect(422)
            .body(["/provider"]),
        post("sign-in/social")
            .json(json!({"provider": "github", "callbackURL": "//evil.example"}))
            .expect(422)
            .body(["/callbackURL"]),
        post("link-social").json(github()).expect(401),
        get("list-accounts").expect(401),
        post("unlink-account")
            .json(json!({"accountId": "x"}))
            .expect(401),
        get("callback/github").expect(400).code("STATE_MISMATCH"),
        get("callback/github")
            .query("state", "x")
            .query("code", "y")
            .query("hd", "z")
            .header(
                "cookie",
                "workeros.oauth=0123456789abcdefghijABCDEFGHIJ0123456789abc",
            )
            .expect(400)
            .code("STATE_MISMATCH"),
        post("callback/github")
            .raw(form, "state=x&code=y")
            .expect(303),
        post("callback/github")
            .raw(form, "state=x&state=y")
            .expect(422),
        post("callback/github").raw(form, "state=%ff").expect(400),
        post("callback/github").json(github()).expect(415),
    ]
}
