//! Bringing the system tables up to date.

use serde_json::json;

use crate::support::{Place, Server, places, run};

fn migrate(place: &Place) -> Vec<String> {
    let mut arguments = vec!["migrate".to_owned()];
    arguments.extend(place.arguments());
    arguments
}

#[tokio::test]
async fn once_twice_and_before_a_start() {
    for place in places().await {
        for _ in 0..2 {
            let output = run(migrate(&place)).await;
            assert!(output.status.success(), "{output:?}");
            assert_eq!(output.stdout, b"the system tables are up to date\n");
            // It is no server: it sends no mail, and asks nobody to sign up.
            assert!(output.stderr.is_empty(), "{output:?}");
        }
        let server = Server::start(place.arguments()).await;
        let mut client = server.client().await;
        client.sign_up("ann@example.com").await;
        server.stop().await;
    }
}

#[tokio::test]
async fn the_second_time_changes_nothing() {
    let place = Place::sqlite();
    let state = || -> Vec<String> {
        let connection = place.connection();
        let sql = "SELECT name || coalesce(sql, '') FROM sqlite_schema \
                   UNION ALL SELECT json_group_array(name) FROM workeros_migrations ORDER BY 1";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    run(migrate(&place)).await;
    let first = state();
    assert!(first.len() > 10);
    run(migrate(&place)).await;
    assert_eq!(state(), first);
}

#[tokio::test]
async fn several_at_once() {
    for place in places().await {
        let all = tokio::join!(
            run(migrate(&place)),
            run(migrate(&place)),
            run(migrate(&place)),
        );
        for output in [all.0, all.1, all.2] {
            assert!(output.status.success(), "{output:?}");
        }
        let server = Server::start(place.arguments()).await;
        let mut client = server.client().await;
        client.sign_up("ann@example.com").await;
        let things = json!({"slug": "things", "fields": []});
        client.post("/api/collections", things).await;
        server.stop().await;
    }
}
