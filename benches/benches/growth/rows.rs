use std::time::Instant;

use serde_json::{Value as Json, json};

use crate::Scale;
use crate::host::{Host, directory, filtered, runtime};
use crate::measure::{TIMES, median};
use crate::report::{Row, time};

const FEW: usize = 10_000;

/// Pages that are turned before the depth is reached.
const PAGES: usize = 200;

pub(crate) fn run(scale: &Scale) -> Vec<Row> {
    let count = scale.of(1_000_000, 50_000);
    let large = runtime().block_on(measure(count));
    let small = runtime().block_on(measure(FEW));
    let mut rows = vec![
        Row::new("rows", count),
        Row::new("made by batches of 500", time(large.made)),
    ];
    let each = large.medians.into_iter().zip(small.medians);
    rows.extend(each.map(|((what, large), (_, small))| Row::compared(what, large, small)));
    rows
}

struct Measured {
    made: f64,
    medians: Vec<(&'static str, f64)>,
}

async fn measure(count: usize) -> Measured {
    let directory = directory();
    let host = Host::open(directory.path()).await;
    host.define(&definition()).await;
    let start = Instant::now();
    host.fill("rows", count, item).await;
    let made = start.elapsed().as_secs_f64();
    let ids = host.ids("rows").await;
    let get = async |n: usize| {
        let path = format!("/api/items/rows/{}", ids[n % ids.len()]);
        host.get(&path).await
    };
    let filter = json!({"views": {"_gt": 5000}});
    let filtered = filtered("rows", &filter, "&sort=views");
    let start = deep(&host, count).await;
    let create = async |n| host.post("/api/items/rows", &item(n)).await;
    let list = async |path: &str| median(TIMES, async |_| host.get(path).await).await;
    let medians = vec![
        (
            "list 50, newest first",
            list("/api/items/rows?limit=50").await,
        ),
        (
            "list 50, filter and sort by an indexed field",
            list(&filtered).await,
        ),
        (
            "list 50 by a cursor, first page",
            list("/api/items/rows?limit=50&sort=views&cursor=").await,
        ),
        ("list 50 by a cursor, in the middle", list(&start).await),
        ("one item by its id", median(TIMES, get).await),
        ("create", median(TIMES, create).await),
    ];
    Measured { made, medians }
}

/// The path of a page in the middle of the table, some pages behind where a
/// filter begins it.
async fn deep(host: &Host, count: usize) -> String {
    let filter = json!({"views": {"_gte": 5000}});
    let base = if count > FEW {
        filtered("rows", &filter, "&sort=views")
    } else {
        "/api/items/rows?limit=50&sort=views".to_owned()
    };
    let mut path = format!("{base}&cursor=");
    for _ in 0..PAGES / 2 {
        let page = host.get(&path).await;
        let page: Json = serde_json::from_slice(&page).unwrap();
        let cursor = page["next_cursor"].as_str().unwrap();
        path = format!("{base}&cursor={cursor}");
    }
    path
}

fn definition() -> Json {
    json!({"slug": "rows", "fields": [
        {"name": "title", "type": "text", "required": true},
        {"name": "status", "type": "text", "indexed": true},
        {"name": "views", "type": "integer", "indexed": true},
    ]})
}

fn item(n: usize) -> Json {
    json!({
        "title": format!("Row number {n}"),
        "status": if n.is_multiple_of(2) { "published" } else { "draft" },
        "views": (n * 7919) % 10_000,
    })
}
