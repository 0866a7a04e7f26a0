use serde_json::json;
use workeros_core::{Batch, Statement, Step};
use workeros_http::testkit::Scenario;

use crate::support::{World, worlds};

#[tokio::test]
async fn scenarios() {
    for world in worlds().await {
        let create = "CREATE TABLE legacy_songs (song_id integer PRIMARY KEY, title text NOT NULL)";
        let insert = "INSERT INTO legacy_songs (song_id, title) VALUES (7, 'Blue')";
        let mut batch = Batch::new();
        for sql in [create, insert] {
            batch.push(Step::new(Statement::new(sql, vec![])));
        }
        world
            .app
            .backend()
            .plane()
            .runtime()
            .database
            .apply(batch)
            .await
            .unwrap();
        world.app.check(table(&world)).await;
    }
}

pub(super) fn table(_: &World) -> Vec<Scenario> {
    let tables = || Scenario::get("/api/admin/adopt/tables");
    let inspect = || Scenario::post("/api/admin/adopt/inspect");
    let adopt = || Scenario::post("/api/admin/adopt");
    let songs = json!({"slug": "songs", "table": "legacy_songs"});
    vec![
        tables().expect(401),
        tables().as_user("ann").expect(403),
        tables()
            .as_admin()
            .body(["legacy_songs"])
            .not_body(["workeros_"]),
        inspect().json(json!({"table": "legacy_songs"})).expect(401),
        inspect()
            .as_user("ann")
            .json(json!({"table": "legacy_songs"}))
            .expect(403),
        inspect()
            .as_admin()
            .json(json!({"table": "legacy_songs"}))
            .body(["song_id", "proposal"]),
        inspect()
            .as_admin()
            .json(json!({"table": "nothing"}))
            .expect(422)
            .body(["/table"]),
        inspect()
            .as_admin()
            .json(json!({"table": "workeros_users"}))
            .expect(422)
            .body(["/table"]),
        inspect().as_admin().raw("application/json", "").expect(400),
        adopt().json(songs.clone()).expect(401),
        adopt().as_user("ann").json(songs.clone()).expect(403),
        adopt()
            .as_admin()
            .json(songs.clone())
            .expect(201)
            .body([r#""adopted":true"#]),
        adopt().as_admin().json(songs).expect(409),
        adopt()
            .as_admin()
            .json(json!({"slug": "x", "table": "workeros_users"}))
            .expect(422),
        adopt()
            .as_admin()
            .json(json!({"slug": "x"}))
            .expect(422)
            .body(["/table"]),
        Scenario::get("/api/items/songs/7")
            .as_admin()
            .body(["Blue"]),
        Scenario::get("/api/items/songs").as_user("ann").expect(403),
    ]
}

#[tokio::test]
async fn a_definition_that_says_adopted_adopts() {
    for world in worlds().await {
        let create = "CREATE TABLE old_notes (id integer PRIMARY KEY, body text)";
        let batch = Batch::new().step(Step::new(Statement::new(create, vec![])));
        world
            .app
            .backend()
            .plane()
            .runtime()
            .database
            .apply(batch)
            .await
            .unwrap();
        let body = json!({"slug": "old_notes", "adopted": true, "physicalTable": "old_notes"});
        let admin = world.app.admin().await;
        let adopted = admin.post("/api/collections").json(&body).await.expect(201);
        assert_eq!(adopted.data()["adopted"], true);
        admin.get("/api/items/old_notes").await.expect(200);
    }
}
