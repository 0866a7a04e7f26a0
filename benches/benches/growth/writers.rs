use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

use crate::Scale;
use crate::host::{Host, directory, filtered, log_of, runtime};
use crate::measure::{mib, quantile};
use crate::report::{Row, time};

const EACH: usize = 64;
const ROWS: usize = 10_000;

/// How often the size of the log is looked at.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) fn run(scale: &Scale) -> Vec<Row> {
    let duration = Duration::from_secs(scale.of(60, 5));
    runtime().block_on(async {
        let directory = directory();
        let host = Host::open(directory.path()).await;
        host.define(&definition()).await;
        host.fill("posts", ROWS, item).await;
        let end = Arc::new(AtomicBool::new(false));
        let mut writers = JoinSet::new();
        let mut readers = JoinSet::new();
        for n in 0..EACH {
            writers.spawn(write(host.clone(), n, Arc::clone(&end)));
            readers.spawn(read(host.clone(), n, Arc::clone(&end)));
        }
        let sizes = watch(directory.path(), duration).await;
        end.store(true, Ordering::Relaxed);
        let mut rows = vec![Row::new("for", time(duration.as_secs_f64()))];
        rows.extend(report("writes", writers.join_all().await, duration));
        rows.extend(report("reads", readers.join_all().await, duration));
        let most = sizes.iter().copied().fold(0.0, f64::max);
        let half = sizes.len() / 2;
        let (early, late) = sizes.split_at(half);
        let most_of = |sizes: &[f64]| mib(sizes.iter().copied().fold(0.0, f64::max) / 1024.0);
        rows.push(Row::new(
            "the write-ahead log at its longest",
            mib(most / 1024.0),
        ));
        rows.push(Row::new(
            "at its longest in the first and in the second half",
            format!("{}, {}", most_of(early), most_of(late)),
        ));
        rows
    })
}

/// What one caller saw.
#[derive(Default)]
struct Seen {
    taken: Vec<f64>,
    failures: usize,
}

impl Seen {
    async fn call(&mut self, host: &Host, method: Method, path: &str, body: Option<&Json>) -> Json {
        let start = Instant::now();
        let (status, answer) = host.send(method, path, body).await;
        self.taken.push(start.elapsed().as_secs_f64());
        if !status.is_success() {
            self.failures += 1;
            eprintln!("{path}: {status} {}", String::from_utf8_lossy(&answer));
        }
        serde_json::from_slice(&answer).unwrap_or_default()
    }
}

/// Creates, updates and deletes.
async fn write(host: Host, caller: usize, end: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    let path = "/api/items/posts";
    let mut n = caller;
    while !end.load(Ordering::Relaxed) {
        n += EACH;
        let body = item(n);
        let created = seen.call(&host, Method::POST, path, Some(&body)).await;
        let this = format!("{path}/{}", created["data"]["id"].as_str().unwrap_or("-"));
        let change = json!({"views": n % 777});
        seen.call(&host, Method::PATCH, &this, Some(&change)).await;
        seen.call(&host, Method::DELETE, &this, None).await;
    }
    seen
}

/// Short reads, and long ones in between.
async fn read(host: Host, caller: usize, end: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    let mut n = caller;
    while !end.load(Ordering::Relaxed) {
        n += EACH;
        let path = match n / EACH % 10 {
            0 => "/api/items/posts?limit=50&sort=title".to_owned(),
            1..=4 => {
                let filter = json!({"views": {"_gt": n % 10_000}});
                filtered("posts", &filter, "&sort=views")
            }
            _ => "/api/items/posts?limit=50".to_owned(),
        };
        seen.call(&host, Method::GET, &path, None).await;
    }
    seen
}

/// The sizes of the log in bytes, until the time is over.
async fn watch(directory: &Path, duration: Duration) -> Vec<f64> {
    let start = Instant::now();
    let mut sizes = Vec::new();
    while start.elapsed() < duration {
        let length = std::fs::metadata(log_of(directory)).map_or(0, |log| log.len());
        sizes.push(length as f64);
        tokio::time::sleep(LOOK).await;
    }
    sizes
}

fn report(what: &str, seen: Vec<Seen>, duration: Duration) -> Vec<Row> {
    let failures: usize = seen.iter().map(|seen| seen.failures).sum();
    let mut taken: Vec<f64> = seen.into_iter().flat_map(|seen| seen.taken).collect();
    let rate = taken.len() as f64 / duration.as_secs_f64();
    let (p50, p99) = (quantile(&mut taken, 0.5), quantile(&mut taken, 0.99));
    let most = quantile(&mut taken, 1.0);
    vec![
        Row::new(format!("{what} answered with an error"), failures),
        Row::new(format!("{what} in a second"), format!("{rate:.0}")),
        Row::new(
            format!("{what}: p50, p99, the longest"),
            format!("{}, {}, {}", time(p50), time(p99), time(most)),
        ),
    ]
}

fn definition() -> Json {
    json!({"slug": "posts", "fields": [
        {"name": "title", "type": "text", "required": true},
        {"name": "body", "type": "longtext"},
        {"name": "views", "type": "integer", "indexed": true},
    ]})
}

fn item(n: usize) -> Json {
    json!({
        "title": format!("Post number {n}"),
        "body": "Lorem ipsum dolor sit amet, consectetur adipiscing elit. ".repeat(5),
        "views": (n * 7919) % 10_000,
    })
}
