//! A field that may not be read gives no sign of itself.

use serde_json::json;
use workeros_http::testkit::TestResponse;

use crate::support::{World, worlds};

/// The answer to a request that names a field, the name itself aside.
async fn answer(world: &World, query: &str, field: &str) -> (u16, String) {
    let ann = world.app.user("ann").await;
    let path = format!("/api/items/posts?{}", query.replace('#', field));
    let response: TestResponse = ann.get(path).header("x-request-id", "same").await;
    (response.status, response.text().replace(field, "#"))
}

#[tokio::test]
async fn az_4_a_hidden_field_answers_like_one_that_does_not_exist() {
    for world in worlds().await {
        for query in [
            "filter={%22%23%22:{%22_eq%22:1}}",
            "filter={%22#%22:{%22_eq%22:%22x%22}}",
            "filter={%22#%22:{%22_null%22:true}}",
            "filter={%22#%22:{%22_near%22:1}}",
            "filter={%22$not%22:{%22#%22:%22x%22}}",
            "filter={%22#.a%22:{%22_eq%22:1}}",
            "sort=#",
            "sort=-#,title",
            "meta=#",
        ] {
            let (hidden, absent) = (
                answer(&world, query, "memo").await,
                answer(&world, query, "nope").await,
            );
            assert_eq!(hidden, absent, "{query}");
            assert_eq!(hidden.0, 422, "{query}");
        }
    }
}

#[tokio::test]
async fn az_4_searching_does_not_look_into_it() {
    for world in worlds().await {
        let ann = world.app.user("ann").await;
        let found = |q: &'static str| ann.get(format!("/api/items/posts?q={q}&meta=*"));
        let by_title = found("of").await.expect(200).json();
        assert_eq!(by_title["meta"]["filter_count"], 1);
        for q in ["secret", "about"] {
            let by_note = found(q).await.expect(200).json();
            assert_eq!(
                (&by_note["meta"]["filter_count"], &by_note["data"]),
                (&0.into(), &json!([]))
            );
        }
    }
}

#[tokio::test]
async fn az_5_what_is_unknown_is_refused_with_its_place() {
    for world in worlds().await {
        let ann = world.app.user("ann").await;
        for (query, path) in [
            ("expand_all=1", "expand_all"),
            ("filter[title]=x", "filter[title]"),
            ("limit=1&limit=2", "limit"),
            ("FILTER={}", "FILTER"),
            ("filter={%22title%22:{%22_near%22:1}}", "filter/title/_near"),
        ] {
            let response = ann
                .get(format!("/api/items/posts?{query}"))
                .await
                .expect(422);
            assert_eq!(response.code(), "VALIDATION", "{query}");
            assert_eq!(response.paths(), [path], "{query}");
        }
    }
}

#[tokio::test]
async fn az_1_a_collection_one_may_not_touch_answers_like_one_that_is_not_there() {
    for world in worlds().await {
        let key = world.app.api_key("ann", None).await;
        for client in [world.app.anonymous(), world.app.user("ann").await, key] {
            let mut answers = Vec::new();
            for slug in ["secrets", "nothing"] {
                let (all, one) = (format!("/api/items/{slug}"), format!("/api/items/{slug}/x"));
                let body = json!({"title": "x"});
                let mut of_slug = Vec::new();
                for request in [
                    client.get(&all),
                    client.get(&one),
                    client.post(&all).json(&body),
                    client.patch(&one).json(&body),
                    client.delete(&one),
                    client.post(format!("{all}/query")).json(&json!({})),
                    client.get(format!("/api/collections/{slug}")),
                ] {
                    let response = request.header("x-request-id", "same").await;
                    assert!([401, 403].contains(&response.status), "{}", response.text());
                    of_slug.push(response.text());
                }
                answers.push(of_slug);
            }
            assert_eq!(answers[0], answers[1]);
        }
    }
}
