//! No endpoint is left without a word on who may not call it.

use workeros_http::Access;
use workeros_http::testkit::Identity;

use crate::scenarios;
use crate::support::World;

#[tokio::test]
async fn every_endpoint_has_an_anonymous_scenario() {
    let world = World::sqlite().await;
    let scenarios = scenarios::all(&world);
    for endpoint in world.app.backend().endpoints() {
        let tried = scenarios.iter().any(|scenario| {
            let found = world.app.endpoint(scenario.method(), scenario.path());
            let same = found.is_some_and(|found| std::ptr::eq(found, endpoint));
            same && *scenario.identity() == Identity::Anonymous
        });
        assert!(
            tried,
            "{endpoint:?} has no scenario of somebody who is not signed in"
        );
    }
}

#[tokio::test]
async fn az_1_nobody_gets_past_the_access_of_an_endpoint() {
    let world = World::sqlite().await;
    let (anonymous, ann) = (world.app.anonymous(), world.app.user("ann").await);
    for endpoint in world.app.backend().endpoints() {
        let path = endpoint.path().replace(['{', '}'], "");
        let (method, access) = (endpoint.method(), endpoint.access());
        let for_some = [Access::SignedIn, Access::Admin, Access::Operator];
        if for_some.contains(&access) {
            let status = anonymous.request(method.clone(), &path).await.status;
            assert_eq!(status, 401, "{endpoint:?}");
        }
        if matches!(access, Access::Admin | Access::Operator) {
            assert_eq!(
                ann.request(method.clone(), &path).await.status,
                403,
                "{endpoint:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_endpoints_are_these() {
    let world = World::sqlite().await;
    let list = world
        .app
        .backend()
        .endpoints()
        .iter()
        .map(|endpoint| format!("{endpoint:?}"));
    insta::assert_snapshot!(list.collect::<Vec<_>>().join("\n"));
}
