use std::path::Path;
use std::time::Instant;

use serde_json::{Value as Json, json};
use workeros::Query;

use crate::host::{Host, directory, runtime};
use crate::measure::{TIMES, median, mib, once, quantile, resident};
use crate::report::{Row, time};
use crate::{Scale, this_program};

/// The rows of the one collection that is read.
const ROWS: usize = 1000;

pub(crate) fn run(scale: &Scale) -> Vec<Row> {
    let count = scale.of(10_000, 1000);
    let (many, one) = (directory(), directory());
    let mut rows = vec![Row::new("collections", count)];
    rows.extend(runtime().block_on(make(many.path(), count)));
    runtime().block_on(make(one.path(), 1));
    let (large, small) = (reopened(many.path()), reopened(one.path()));
    rows.push(Row::compared(
        "a new process: open, build, first list",
        large.start,
        small.start,
    ));
    let each = (large.memory - small.memory) / f64::from(count - 1);
    rows.push(Row::new(
        "memory of its own after the first list",
        format!("{}, against {}", mib(large.memory), mib(small.memory)),
    ));
    rows.push(Row::new(
        "of that for each collection",
        format!("{each:.1} KiB"),
    ));
    let compared = |what, large, small| Row::compared(what, large, small);
    rows.push(compared("list 50 of one of them", large.list, small.list));
    rows.push(compared("one item by its id", large.get, small.get));
    rows.push(compared("a label changed", large.label, small.label));
    rows.push(compared("a permission made", large.permit, small.permit));
    rows.push(compared("a field added", large.field, small.field));
    rows.push(compared(
        "the first list after that",
        large.after,
        small.after,
    ));
    rows.push(compared("a collection made", large.define, small.define));
    rows
}

/// Makes the collections; tells how long the first and the last took.
async fn make(directory: &Path, count: u32) -> Vec<Row> {
    let host = Host::open(directory).await;
    let start = Instant::now();
    let mut taken = Vec::new();
    for n in 0..count {
        taken.push(once(host.define(&definition(n))).await);
    }
    let defined = start.elapsed().as_secs_f64();
    let permissions = host.workeros.plane().permissions(host.workeros.system());
    let start = Instant::now();
    for n in 0..count {
        permissions.create(&permission(n)).await.unwrap();
    }
    let permitted = start.elapsed().as_secs_f64();
    let item = |n: usize| json!({"title": format!("Title {n}"), "views": n});
    host.fill("table_0", ROWS, item).await;
    host.workeros.shutdown().await;
    let part = taken.len().min(100);
    let last = taken.len() - part;
    let last = quantile(&mut taken[last..].to_vec(), 0.5);
    let first = quantile(&mut taken[..part], 0.5);
    vec![
        Row::new("all of them made", time(defined)),
        Row::compared("one of the last 100, against the first 100", last, first),
        Row::new("a permission row for each", time(permitted)),
    ]
}

fn definition(n: u32) -> Json {
    json!({"slug": format!("table_{n}"), "fields": [
        {"name": "title", "type": "text", "required": true, "label": "Title"},
        {"name": "body", "type": "longtext"},
        {"name": "status", "type": "text", "choices": ["draft", "published"]},
        {"name": "views", "type": "integer", "indexed": true},
        {"name": "score", "type": "number"},
        {"name": "featured", "type": "boolean"},
        {"name": "published_at", "type": "timestamp"},
        {"name": "data", "type": "json"},
    ]})
}

fn permission(n: u32) -> Json {
    json!({
        "role": "authenticated", "collection": format!("table_{n}"), "action": "read",
        "condition": {"status": "published"}, "fields": ["title", "views"],
    })
}

/// What a new process measures on a database that is there.
struct Reopened {
    start: f64,
    memory: f64,
    list: f64,
    get: f64,
    label: f64,
    permit: f64,
    field: f64,
    after: f64,
    define: f64,
}

fn reopened(directory: &Path) -> Reopened {
    let said = this_program(&["--reopen", directory.to_str().unwrap()]);
    let said: Json = serde_json::from_str(&said).unwrap();
    let of = |name: &str| said[name].as_f64().unwrap();
    Reopened {
        start: of("start"),
        memory: of("memory"),
        list: of("list"),
        get: of("get"),
        label: of("label"),
        permit: of("permit"),
        field: of("field"),
        after: of("after"),
        define: of("define"),
    }
}

/// Opens the database, measures and prints.
pub(crate) fn reopen(directory: &Path) {
    let measured = runtime().block_on(async {
        let start = Instant::now();
        let host = Host::start(directory).await;
        let items = host.workeros.items("table_0").as_system();
        items.list(&Query::new()).await.unwrap();
        let start = start.elapsed().as_secs_f64();
        let (memory, _) = resident();
        let host = host.signed_in().await;
        let list = "/api/items/table_0?limit=50";
        let ids = host.ids("table_0").await;
        let lists = median(TIMES, async |_| host.get(list).await).await;
        let path = |n: usize| format!("/api/items/table_0/{}", ids[n % ids.len()]);
        let gets = median(TIMES, async |n| host.get(&path(n)).await).await;
        let here = "/api/collections/table_0";
        let label = async |n| {
            let field = json!({"name": "title", "label": format!("Label {n}")});
            host.patch(here, &json!({"fields": [field]})).await
        };
        let label = median(50, label).await;
        let permission = json!({"role": "public", "collection": "table_0", "action": "read"});
        let permit = async |_| host.post("/api/permissions", &permission).await;
        let permit = median(50, permit).await;
        let mut fields = Vec::new();
        let mut after = Vec::new();
        let mut defined = Vec::new();
        for n in 0..20 {
            let field = json!({"fields": [{"name": format!("more_{n}"), "type": "text"}]});
            fields.push(once(host.patch(here, &field)).await);
            after.push(once(host.get(list)).await);
            defined.push(once(host.define(&definition(1_000_000 + n))).await);
        }
        json!({
            "start": start, "memory": memory, "list": lists, "get": gets, "label": label,
            "permit": permit, "field": quantile(&mut fields, 0.5),
            "after": quantile(&mut after, 0.5), "define": quantile(&mut defined, 0.5),
        })
    });
    println!("{measured}");
}
