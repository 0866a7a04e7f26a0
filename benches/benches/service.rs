//! The service in process, on SQLite: lists, one item, creates.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark reports by panicking"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::Method;
use tokio::runtime::{Builder, Runtime};
use workeros_benches::{Instance, POSTS, post};

fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .unwrap()
}

/// One caller at a time on one thread: what one core does.
fn lists(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let instance = runtime.block_on(Instance::with_posts(POSTS));
    let mut group = criterion.benchmark_group("list 50 of 10k, one core");
    group.throughput(Throughput::Elements(1));
    let filter = "%7B%22views%22:%7B%22_gt%22:5000%7D%7D";
    let paths = [
        (
            "plain",
            "/api/items/posts?limit=50".to_owned(),
            &instance.admin,
        ),
        (
            "filter and sort",
            format!("/api/items/posts?limit=50&filter={filter}&sort=views"),
            &instance.admin,
        ),
        (
            "row filter",
            "/api/items/posts?limit=50".to_owned(),
            &instance.user,
        ),
        (
            "keyset page 1",
            "/api/items/posts?limit=50&cursor=".to_owned(),
            &instance.admin,
        ),
    ];
    for (name, path, token) in &paths {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| runtime.block_on(instance.call(Method::GET, path, token, None)));
        });
    }
    group.finish();
    let page = runtime.block_on(instance.call(
        Method::GET,
        "/api/items/posts?limit=1",
        &instance.admin,
        None,
    ));
    let page: serde_json::Value = serde_json::from_slice(&page).unwrap();
    let path = format!(
        "/api/items/posts/{}",
        page["data"][0]["id"].as_str().unwrap()
    );
    criterion.bench_function("get by id, one core", |bencher| {
        bencher.iter(|| runtime.block_on(instance.call(Method::GET, &path, &instance.admin, None)));
    });
}

/// Durable creates, each with its row of the change log, from 64 callers.
fn creates(criterion: &mut Criterion) {
    let runtime = runtime(2);
    let instance = Arc::new(runtime.block_on(Instance::with_posts(0)));
    let mut group = criterion.benchmark_group("create");
    group
        .throughput(Throughput::Elements(1))
        .measurement_time(Duration::from_secs(10));
    for callers in [1_u64, 64] {
        group.bench_function(format!("{callers} callers"), |bencher| {
            bencher.iter_custom(|iterations| {
                runtime.block_on(create(Arc::clone(&instance), callers, iterations))
            });
        });
    }
    group.finish();
}

async fn create(instance: Arc<Instance>, callers: u64, iterations: u64) -> Duration {
    let start = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let instance = Arc::clone(&instance);
            let share = iterations / callers + u64::from(caller < iterations % callers);
            tokio::spawn(async move {
                for n in 0..share {
                    let body = post(usize::try_from(n).unwrap());
                    let path = "/api/items/posts";
                    instance
                        .call(Method::POST, path, &instance.admin, Some(body))
                        .await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    start.elapsed()
}

criterion_group!(benches, lists, creates);
criterion_main!(benches);
