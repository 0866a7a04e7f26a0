use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    vec![
        Scenario::get("/health").body([r#""status":"ok""#]),
        // It looks at no credentials, so none of them is wrong.
        Scenario::get("/health").header("authorization", "Bearer nonsense"),
        Scenario::get("/health?verbose=1")
            .expect(422)
            .code("VALIDATION")
            .body(["verbose"]),
        Scenario::delete("/health")
            .expect(405)
            .code("METHOD_NOT_ALLOWED"),
    ]
}
