use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let list = |query: &str| Scenario::get(format!("/api/auth-activity{query}"));
    vec![
        list("").expect(401),
        list("").as_user("ann").expect(403),
        list("")
            .as_admin()
            .body([r#""action":"auth.sign_up""#, r#""method":"password""#])
            .not_body(["correct horse", "pak_"]),
        list("?limit=1").as_admin().body([r#""has_more":true"#]),
        list("?limit=0").as_admin().expect(422),
        list("?user=nobody").as_admin().expect(422),
        list("?cursor=x").as_admin().expect(422),
    ]
}
