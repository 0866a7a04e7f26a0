//! A list, part by part: finding its plan, making it, reading the page,
//! writing rows as JSON, and what HTTP puts around it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark reports by panicking"
)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use http::Method;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use workeros::Query;
use workeros_benches::{Instance, POSTS, Watched};
use workeros_core::{Database as _, PageWriter, Row};

const PATH: &str = "/api/items/posts?limit=50";

/// More lists than plans are kept: each is different, and when one comes again
/// its plan has long gone.
const LISTS: usize = 20_000;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn instance(runtime: &Runtime) -> (Instance, Arc<Watched>) {
    runtime.block_on(Instance::watched(POSTS))
}

/// With a database that answers at once.
fn plans(criterion: &mut Criterion) {
    let runtime = runtime();
    let (instance, database) = instance(&runtime);
    let items = instance.workeros.items("posts").as_system();
    let list = |query: &Query| runtime.block_on(items.list(query)).unwrap();
    list(&Query::new().limit(1));
    database.repeat();
    let same = nth(0);
    criterion.bench_function("list without a database, plan-cache hit", |bencher| {
        bencher.iter(|| list(black_box(&same)));
    });
    let different: Vec<Query> = (0..LISTS).map(nth).collect();
    let mut turn = different.iter().cycle();
    criterion.bench_function("list without a database, plan-cache miss", |bencher| {
        bencher.iter(|| list(black_box(turn.next().unwrap())));
    });
}

/// Each shows other fields, or in another order.
fn nth(n: usize) -> Query {
    let all = [
        "title", "body", "status", "views", "score", "featured", "data",
    ];
    let mut left = all.to_vec();
    let mut rest = n;
    let mut fields = Vec::new();
    while let Some(count) = (!left.is_empty()).then_some(left.len()) {
        fields.push(left.remove(rest % count));
        rest /= count;
    }
    let filter = json!({"status": "published", "views": {"_gt": 10}});
    let limit = 1 + rest % 200;
    Query::new().filter(filter).fields(fields).limit(limit)
}

fn pages(criterion: &mut Criterion) {
    let runtime = runtime();
    let (instance, database) = instance(&runtime);
    let call = || runtime.block_on(instance.call(Method::GET, PATH, &instance.admin, None));
    call();
    let read = database.last();
    database.pass();
    criterion.bench_function("page of 50, from SQLite to JSON", |bencher| {
        bencher.iter(|| {
            let shape = Arc::clone(&read.shape);
            let page = database.fetch_json(read.statement.clone(), shape);
            runtime.block_on(page).unwrap()
        });
    });
    let rows = database.fetch(read.statement.clone());
    let rows: Vec<Row> = runtime.block_on(rows).unwrap().iter().cloned().collect();
    criterion.bench_function("page of 50, from values to JSON", |bencher| {
        bencher.iter(|| {
            let mut writer = PageWriter::new(&read.shape);
            for row in black_box(&rows) {
                writer.push_values(row).unwrap();
            }
            writer.finish()
        });
    });
    database.repeat();
    criterion.bench_function("request around a page, envelope included", |bencher| {
        bencher.iter(call);
    });
}

criterion_group!(benches, plans, pages);
criterion_main!(benches);
