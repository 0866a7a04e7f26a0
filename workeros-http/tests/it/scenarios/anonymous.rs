use workeros_http::testkit::Scenario;

use crate::support::World;

#[tokio::test]
async fn scenarios() {
    super::check(table).await;
}

/// Where the host has not said that there are any.
pub(super) fn table(_: &World) -> Vec<Scenario> {
    let planes = ["/api/auth", "/api/t/default/auth"];
    let of_plane = |base: &str| {
        let sign_in = Scenario::post(format!("{base}/sign-in/anonymous"));
        let delete = Scenario::post(format!("{base}/delete-anonymous-user"));
        vec![
            sign_in.clone().expect(404).code("ANONYMOUS_USERS_DISABLED"),
            sign_in.as_user("ann").expect(404),
            delete.clone().expect(401),
            delete.as_key_of("bob").expect(403),
        ]
    };
    planes.map(of_plane).concat()
}
