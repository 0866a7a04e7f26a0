//! The store on SQLite and on Postgres: the same answers, and no table changed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test reports by panicking, and is told by the environment where Postgres is"
)]

mod postgres;
mod sqlite;
mod visitor;

use std::sync::Arc;

use axum::http::StatusCode;
use example_adopt_chinook::Staff;
use serde_json::json;
use workeros::{Database, SystemRandom};

use visitor::Visitor;

/// Goes through the store as everybody and as two of its support.
async fn visit(database: Arc<dyn Database>) {
    let mut staff = Staff::default();
    let [jane, steve] = [3, 5].map(|employee| staff.admit(employee, &SystemRandom).unwrap());
    let (app, backend) = example_adopt_chinook::app(Arc::clone(&database), staff.clone())
        .await
        .unwrap();
    let anybody = Visitor::new(&app, "");
    let (jane, steve) = (Visitor::new(&app, &jane), Visitor::new(&app, &steve));
    everybody_browses(&anybody).await;
    nobody_sees_what_no_row_names(&anybody, &jane).await;
    support_sees_its_own_customers(&jane, &steve).await;
    support_sees_sums(&jane).await;
    nobody_writes(&anybody, &jane).await;
    backend.shutdown().await;

    // A second start finds everything adopted.
    let (app, backend) = example_adopt_chinook::app(database, staff).await.unwrap();
    let artists = Visitor::new(&app, "").list("artists?sort=id&limit=1").await;
    assert_eq!(artists[0]["name"], "AC/DC");
    backend.shutdown().await;
}

async fn everybody_browses(anybody: &Visitor) {
    // By code point, whatever the database's collation.
    let found = anybody
        .list(r#"artists?filter={"name":{"_starts_with":"A"}}&sort=name&limit=3&fields=name"#)
        .await;
    let names = [
        "A Cor Do Som",
        "AC/DC",
        "Aaron Copland & London Symphony Orchestra",
    ];
    assert_eq!(found, json!(names.map(|name| json!({"name": name}))));

    let found = anybody
        .list("tracks?sort=-milliseconds&limit=2&fields=id,name,milliseconds")
        .await;
    assert_eq!(
        found,
        json!([
            {"id": 2820, "name": "Occupation / Precipice", "milliseconds": 5_286_953},
            {"id": 3224, "name": "Through a Looking Glass", "milliseconds": 5_088_838},
        ])
    );
    let found = anybody
        .list(r#"tracks?filter={"album_id":1,"milliseconds":{"_gt":250000}}&sort=id"#)
        .await;
    assert_eq!(
        found,
        json!([
            {"id": 1, "name": "For Those About To Rock (We Salute You)", "album_id": 1,
                "composer": "Angus Young, Malcolm Young, Brian Johnson",
                "milliseconds": 343_719, "unit_price": 0.99},
            {"id": 10, "name": "Evil Walks", "album_id": 1,
                "composer": "Angus Young, Malcolm Young, Brian Johnson",
                "milliseconds": 263_497, "unit_price": 0.99},
            {"id": 12, "name": "Breaking The Rules", "album_id": 1,
                "composer": "Angus Young, Malcolm Young, Brian Johnson",
                "milliseconds": 263_288, "unit_price": 0.99},
            {"id": 14, "name": "Spellbound", "album_id": 1,
                "composer": "Angus Young, Malcolm Young, Brian Johnson",
                "milliseconds": 270_863, "unit_price": 0.99},
        ])
    );
    let (_, album) = anybody.get("albums/5").await;
    assert_eq!(
        album["data"],
        json!({"id": 5, "title": "Big Ones", "artist_id": 3})
    );
}

/// A field that is not granted is not shown, and nothing can be found out by
/// it: there it is as one that is not there.
async fn nobody_sees_what_no_row_names(anybody: &Visitor, jane: &Visitor) {
    for (visitor, slug, hidden) in [
        (anybody, "tracks", "bytes"),
        (jane, "tracks", "bytes"),
        (jane, "customers", "phone"),
        (jane, "invoices", "customer_id"),
    ] {
        let path = format!("{slug}?fields={hidden}");
        assert_eq!(visitor.get(&path).await.0, StatusCode::FORBIDDEN, "{path}");
        for field in [hidden, "no_such_field"] {
            for path in [
                format!("{slug}?sort={field}"),
                format!(r#"{slug}?filter={{"{field}":{{"_null":false}}}}"#),
            ] {
                let (status, answer) = visitor.get(&path).await;
                assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
                let code = &answer["error"]["details"][0]["code"];
                assert_eq!(code, "unknown_field", "{path}");
            }
        }
    }
    for path in ["customers", "employees", "invoices/1", "genre"] {
        assert_eq!(
            anybody.get(path).await.0,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
    }
}

async fn support_sees_its_own_customers(jane: &Visitor, steve: &Visitor) {
    for (visitor, employee, count) in [(jane, 3, 21), (steve, 5, 18)] {
        let customers = visitor.list("customers?limit=100").await;
        let customers = customers.as_array().unwrap();
        assert_eq!(customers.len(), count);
        for customer in customers {
            assert_eq!(customer["support_rep_id"], employee);
            assert_eq!(customer.get("phone"), None);
        }
    }
    let found = jane
        .list(
            r#"customers?filter={"country":"Canada"}&sort=-last_name&limit=3&fields=id,last_name"#,
        )
        .await;
    assert_eq!(
        found,
        json!([
            {"id": 3, "last_name": "Tremblay"},
            {"id": 33, "last_name": "Sullivan"},
            {"id": 15, "last_name": "Peterson"},
        ])
    );
    // Customer 1 is Jane's.
    assert_eq!(jane.get("customers/1").await.0, StatusCode::OK);
    assert_eq!(steve.get("customers/1").await.0, StatusCode::NOT_FOUND);
    let stranger = jane.with_token("unknown");
    assert_eq!(stranger.get("artists").await.0, StatusCode::UNAUTHORIZED);
}

async fn support_sees_sums(jane: &Visitor) {
    let found = jane
        .list(r#"invoices?filter={"total":{"_gte":23}}&sort=-total"#)
        .await;
    assert_eq!(
        found,
        json!([
            {"id": 404, "invoice_date": "2025-11-13T00:00:00.000000Z",
                "billing_country": "Czech Republic", "total": 25.86},
            {"id": 299, "invoice_date": "2024-08-05T00:00:00.000000Z",
                "billing_country": "USA", "total": 23.86},
        ])
    );
    let found = jane
        .list(r#"employees?filter={"reports_to":2}&sort=last_name&fields=last_name"#)
        .await;
    let names = ["Johnson", "Park", "Peacock"];
    assert_eq!(found, json!(names.map(|name| json!({"last_name": name}))));
}

async fn nobody_writes(anybody: &Visitor, jane: &Visitor) {
    let name = json!({"name": "Nobody"});
    assert_eq!(
        anybody.post("artists", &name).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(jane.post("artists", &name).await, StatusCode::FORBIDDEN);
}
