use serde_json::json;
use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

fn path(rest: &str) -> String {
    format!("/api/t/default/auth/organization/{rest}")
}

fn post(rest: &str) -> Scenario {
    Scenario::post(path(rest))
}

fn get(rest: &str) -> Scenario {
    Scenario::get(path(rest))
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let id = "0190b6f0-0000-7000-8000-0000000000d1";
    let invitation = json!({"invitationId": id});
    let mut scenarios = Vec::new();
    for scenario in [
        post("create").json(json!({"name": "Acme", "slug": "acme"})),
        post("check-slug").json(json!({"slug": "acme"})),
        get("list"),
        post("set-active").json(json!({"organizationId": id})),
        get("get-organization"),
        get("get-full-organization"),
        post("update").json(json!({"organizationId": id, "data": {"name": "x"}})),
        post("delete").json(json!({"organizationId": id})),
        get("list-members"),
        post("remove-member").json(json!({"memberIdOrEmail": id, "organizationId": id})),
        post("update-member-role").json(json!({
            "memberId": id,
            "role": "admin",
            "organizationId": id,
        })),
        post("leave").json(json!({"organizationId": id})),
        get("get-active-member"),
        get("get-active-member-role"),
        post("has-permission").json(json!({"permissions": {"member": ["create"]}})),
        post("invite-member").json(json!({"email": "x@example.com", "role": "member"})),
        post("accept-invitation").json(invitation.clone()),
        post("reject-invitation").json(invitation.clone()),
        post("cancel-invitation").json(invitation),
        get("get-invitation").query("id", id),
        get("list-invitations"),
        get("list-user-invitations"),
    ] {
        scenarios.push(scenario.clone().expect(401));
        // TOK-2: whoever is signed in on the platform is nobody here.
        scenarios.push(scenario.clone().as_admin().expect(401));
        scenarios.push(scenario.as_key_of("bob").expect(403));
    }
    scenarios.push(get("accept-invitation").expect(302));
    scenarios
}
