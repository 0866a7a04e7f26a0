//! Making collections of tables that are there.

use std::process::Output;

use serde_json::json;

use crate::support::{Place, Server, places, run};

const SQLITE: &str = r#"
    CREATE TABLE "Track" ("TrackId" INTEGER PRIMARY KEY, "Name" TEXT NOT NULL,
        "Added" TEXT NOT NULL, cover BLOB);
    INSERT INTO "Track" VALUES (7, 'So What', '1959-03-02 12:00:00', NULL);
    CREATE TABLE playlist_track (playlist INTEGER, track INTEGER, PRIMARY KEY (playlist, track));
"#;
const POSTGRES: &str = r#"
    CREATE TABLE "Track" ("TrackId" integer PRIMARY KEY, "Name" text NOT NULL,
        "Added" timestamptz NOT NULL, cover bytea);
    INSERT INTO "Track" VALUES (7, 'So What', '1959-03-02 12:00:00Z', NULL);
    CREATE TABLE playlist_track (playlist integer, track integer, PRIMARY KEY (playlist, track));
"#;

async fn prepare(place: &Place) {
    let sql = match place {
        Place::Sqlite(_) => SQLITE,
        Place::Postgres(_) => POSTGRES,
    };
    place.execute(sql).await;
}

async fn adopt(place: &Place, arguments: &[&str]) -> Output {
    let own = place.arguments();
    let arguments = ["adopt"].iter().chain(arguments).copied();
    run(arguments.chain(own.iter().map(String::as_str))).await
}

fn refused(output: &Output, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(output.stdout, b"");
    let error = said.lines().find(|line| line.starts_with("error: "));
    for word in words {
        assert!(error.unwrap().contains(word), "no `{word}` in {said}");
    }
}

#[tokio::test]
async fn a_table_is_served_as_it_is() {
    for place in places().await {
        prepare(&place).await;
        let columns = ["--pk-column", "TrackId", "--created-column", "Added"];
        let arguments = [&["tracks", "Track"], columns.as_slice()].concat();
        let output = adopt(&place, &arguments).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        for line in [
            "`Track` is the collection `tracks` now, with the fields",
            "  id (integer)",
            "  created_at (timestamp)",
            "  name (text)",
        ] {
            assert!(said.lines().any(|one| one == line), "no `{line}` in {said}");
        }
        assert!(said.contains("note: `cover` is left out"), "{said}");

        let server = Server::start(place.arguments()).await;
        let mut client = server.client().await;
        client.sign_up("ann@example.com").await;
        let track = client.get("/api/items/tracks/7").await;
        let expected = json!({
            "id": 7, "name": "So What", "created_at": "1959-03-02T12:00:00.000000Z",
        });
        assert_eq!(track["data"], expected);
        server.stop().await;
    }
}

#[tokio::test]
async fn the_table_itself_stays_as_it_is() {
    let place = Place::sqlite();
    prepare(&place).await;
    let ddl = || -> String {
        let sql = "SELECT group_concat(sql) FROM sqlite_schema WHERE tbl_name = 'Track'";
        let connection = place.connection();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let before = ddl();
    assert!(adopt(&place, &["tracks", "Track"]).await.status.success());
    assert_eq!(ddl(), before);
}

#[tokio::test]
async fn a_table_that_cannot_be_is_refused_with_the_reason() {
    for place in places().await {
        prepare(&place).await;
        let pairs = adopt(&place, &["pairs", "playlist_track"]).await;
        refused(&pairs, &["table", "primary key of several columns"]);
        let none = adopt(&place, &["tracks", "Trakc"]).await;
        refused(&none, &["there is no table `Trakc`"]);
        let ours = adopt(&place, &["people", "workeros_users"]).await;
        refused(&ours, &["system table"]);
        let slug = adopt(&place, &["My Tracks", "Track"]).await;
        refused(&slug, &["slug"]);
        let key = adopt(&place, &["tracks", "Track", "--pk-column", "Name"]).await;
        refused(&key, &["pk_column", "the primary key is `TrackId`"]);
        let owner = adopt(&place, &["tracks", "Track", "--owner-column", "nobody"]).await;
        refused(&owner, &["owner_column", "has no column `nobody`"]);

        assert!(adopt(&place, &["tracks", "Track"]).await.status.success());
        let again = adopt(&place, &["tracks2", "Track"]).await;
        refused(&again, &["belongs to another collection already"]);
    }
}

#[tokio::test]
async fn a_file_with_a_name_of_its_own() {
    let place = Place::sqlite();
    let file = place.file("music.db");
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute_batch(SQLITE)
        .unwrap();
    let url = format!("sqlite:{}", file.display());
    let output = run(["adopt", "tracks", "Track", "--database-url", &url]).await;
    assert!(output.status.success(), "{output:?}");
    let server = Server::start(["--database-url", &url]).await;
    let mut client = server.client().await;
    client.sign_up("ann@example.com").await;
    let tracks = client.get("/api/items/tracks").await;
    assert_eq!(tracks["data"][0]["name"], "So What");
    server.stop().await;
}
