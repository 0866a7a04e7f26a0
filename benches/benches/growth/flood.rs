use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

use crate::Scale;
use crate::host::{Host, directory, runtime};
use crate::measure::quantile;
use crate::report::{Row, time};

const ROWS: usize = 1000;
const READERS: usize = 4;
const FLOOD: usize = 64;

/// What a reader waits between two requests: readers that never wait would
/// measure each other.
const PAUSE: Duration = Duration::from_millis(5);

pub(crate) fn run(scale: &Scale) -> Vec<Row> {
    let (rounds, duration) = (scale.of(5, 2), Duration::from_secs(scale.of(10, 2)));
    runtime().block_on(async {
        let directory = directory();
        let host = Host::open(directory.path()).await;
        host.define(&definition()).await;
        host.fill("posts", ROWS, item).await;
        let mut alone = Quantiles::default();
        let mut beside = Quantiles::default();
        let (mut signed_in, mut turned_away) = (0, 0);
        for _ in 0..rounds {
            alone.add(read(&host, duration).await);
            let end = Arc::new(AtomicBool::new(false));
            let mut flood = JoinSet::new();
            for _ in 0..FLOOD {
                flood.spawn(sign_in(host.clone(), Arc::clone(&end)));
            }
            beside.add(read(&host, duration).await);
            end.store(true, Ordering::Relaxed);
            for (some, others) in flood.join_all().await {
                signed_in += some;
                turned_away += others;
            }
        }
        let seconds = rounds as f64 * duration.as_secs_f64();
        let rate = |count: usize| format!("{:.0}", count as f64 / seconds);
        vec![
            Row::new("rounds of each", rounds),
            Row::new("signed in, in a second", rate(signed_in)),
            Row::new("turned away, in a second", rate(turned_away)),
            Row::compared("list 50, p50", beside.p50(), alone.p50()),
            Row::compared("list 50, p99", beside.p99(), alone.p99()),
            Row::new("the longest", time(beside.most)),
        ]
    })
}

/// Quantiles of each round.
#[derive(Default)]
struct Quantiles {
    p50: Vec<f64>,
    p99: Vec<f64>,
    most: f64,
}

impl Quantiles {
    fn add(&mut self, mut taken: Vec<f64>) {
        self.p50.push(quantile(&mut taken, 0.5));
        self.p99.push(quantile(&mut taken, 0.99));
        self.most = self.most.max(quantile(&mut taken, 1.0));
    }

    fn p50(&mut self) -> f64 {
        quantile(&mut self.p50, 0.5)
    }

    fn p99(&mut self) -> f64 {
        quantile(&mut self.p99, 0.5)
    }
}

/// How long each list takes.
async fn read(host: &Host, duration: Duration) -> Vec<f64> {
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let host = host.clone();
        readers.spawn(async move {
            let (begun, mut taken) = (Instant::now(), Vec::new());
            while begun.elapsed() < duration {
                let start = Instant::now();
                host.get("/api/items/posts?limit=50").await;
                taken.push(start.elapsed().as_secs_f64());
                tokio::time::sleep(PAUSE).await;
            }
            taken
        });
    }
    readers.join_all().await.concat()
}

/// How often somebody was signed in, and how often he was told to come again.
async fn sign_in(host: Host, end: Arc<AtomicBool>) -> (usize, usize) {
    let (mut signed_in, mut turned_away) = (0, 0);
    while !end.load(Ordering::Relaxed) {
        if host.try_to_sign_in().await {
            signed_in += 1;
        } else {
            turned_away += 1;
        }
    }
    (signed_in, turned_away)
}

fn definition() -> Json {
    json!({"slug": "posts", "fields": [{"name": "title", "type": "text", "required": true}]})
}

fn item(n: usize) -> Json {
    json!({"title": format!("Post number {n}")})
}
