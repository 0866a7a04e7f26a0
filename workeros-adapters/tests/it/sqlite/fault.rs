//! The file system fails under a commit.

use std::process::Command;

use tempfile::TempDir;
use workeros_core::{Cost, Database as _, ErrorKind};

use super::{Sqlite, batch, integer, run, statement};

const CHILD: &str = "WORKEROS_TEST_FAULT_DATABASE";

/// Runs this very program where no file may grow beyond two megabytes, so that
/// a write fails as it would on a broken disk.
#[test]
fn a_failed_commit_is_unavailable_and_leaves_nothing() {
    let directory = TempDir::new().unwrap();
    let output = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f 4096; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::fault::limited", "--nocapture"])
        .env(CHILD, directory.path().join("fault.db"))
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.contains("all held"), "{output}");
}

/// The program under the limit; does nothing when run as a test.
#[tokio::test]
async fn limited() {
    let Ok(path) = std::env::var(CHILD) else {
        return;
    };
    let db = Sqlite::open(path).await.unwrap();
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY, body blob)").await;
    let insert = |id: i64, size: i64| {
        db.apply(batch(
            "INSERT INTO t (id, body) VALUES ($1, zeroblob($2))",
            [id.into(), size.into()],
        ))
    };
    for round in 0..5 {
        insert(2 * round, 10).await.unwrap();
        let error = insert(2 * round + 1, 3_000_000).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        for cost in [Cost::Short, Cost::Long] {
            let count = statement("SELECT count(*) FROM t", []).with_cost(cost);
            assert_eq!(
                db.fetch(count).await.unwrap().rows[0].integer(0).unwrap(),
                round + 1
            );
        }
    }
    assert_eq!(
        integer(
            &db,
            "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"
        )
        .await,
        1
    );
    println!("all held");
}
