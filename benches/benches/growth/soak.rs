use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

use crate::Scale;
use crate::host::{Host, directory, filtered, runtime};
use crate::measure::{mib, resident};
use crate::report::{Row, time};

const CALLERS: u64 = 8;
const ROWS: usize = 10_000;

/// How many items each caller keeps of those it made.
const KEPT: usize = 50;

/// The pause of a caller between two requests: most of the load is to be what
/// is asked for, not how fast.
const PAUSE: Duration = Duration::from_millis(2);

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(500);

const SLUGS: [&str; 3] = ["posts", "notes", "tasks"];

pub(crate) fn run(scale: &Scale) -> Vec<Row> {
    let duration = Duration::from_secs(scale.of(600, 20));
    runtime().block_on(async {
        let directory = directory();
        let host = Host::open(directory.path()).await;
        for slug in SLUGS {
            host.define(&definition(slug)).await;
            host.fill(slug, ROWS, item).await;
        }
        let served = Arc::new(AtomicU64::new(0));
        let mut callers = JoinSet::new();
        for n in 0..CALLERS {
            callers.spawn(call(host.clone(), n, Arc::clone(&served)));
        }
        let samples = watch(&mut callers, duration).await;
        callers.shutdown().await;
        report(&samples, duration, served.load(Ordering::Relaxed))
    })
}

fn report(samples: &[Sample], duration: Duration, served: u64) -> Vec<Row> {
    let half = &samples[samples.len() / 2..];
    let at = |sample: &Sample| format!("{} / {}", mib(sample.own), mib(sample.all));
    let rate = served as f64 / duration.as_secs_f64();
    vec![
        Row::new("for", time(duration.as_secs_f64())),
        Row::new("requests, all answered well", served),
        Row::new("requests in a second", format!("{rate:.0}")),
        Row::new(
            "memory of its own / resident, at the start",
            at(&samples[0]),
        ),
        Row::new("at half time", at(&half[0])),
        Row::new("at the end", at(&half[half.len() - 1])),
        Row::new(
            "slope of the second half, memory of its own",
            format!("{:.1} KiB a minute", slope(half, |sample| sample.own)),
        ),
        Row::new(
            "slope of the second half, resident",
            format!("{:.1} KiB a minute", slope(half, |sample| sample.all)),
        ),
    ]
}

/// Memory in KiB at a time in minutes.
struct Sample {
    at: f64,
    own: f64,
    all: f64,
}

/// Samples the memory until the time is over; a caller that fails ends it.
async fn watch(callers: &mut JoinSet<()>, duration: Duration) -> Vec<Sample> {
    let start = Instant::now();
    let mut samples = Vec::new();
    while start.elapsed() < duration {
        let (own, all) = resident();
        let at = start.elapsed().as_secs_f64() / 60.0;
        samples.push(Sample { at, own, all });
        let ended = tokio::time::timeout(LOOK, callers.join_next()).await;
        assert!(ended.is_err(), "a caller failed");
    }
    samples
}

/// Least squares, in KiB a minute.
fn slope(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> f64 {
    let count = samples.len() as f64;
    let mean = |value: &dyn Fn(&Sample) -> f64| samples.iter().map(value).sum::<f64>() / count;
    let (x, y) = (mean(&|sample| sample.at), mean(&|sample| of(sample)));
    let both = |sample: &Sample| (sample.at - x) * (of(sample) - y);
    let square = |sample: &Sample| (sample.at - x).powi(2);
    mean(&both) / mean(&square)
}

/// One caller, for ever.
async fn call(host: Host, caller: u64, served: Arc<AtomicU64>) {
    let mut dice = Dice(caller);
    let mut own: Vec<(&str, String)> = Vec::new();
    loop {
        let slug = SLUGS[dice.below(SLUGS.len())];
        match dice.below(1000) {
            0 => host.sign_in().await,
            1..=600 => drop(host.get(&list(&mut dice, slug)).await),
            601..=750 if !own.is_empty() => {
                let (slug, id) = &own[dice.below(own.len())];
                host.get(&format!("/api/items/{slug}/{id}")).await;
            }
            751..=820 if !own.is_empty() => {
                let (slug, id) = &own[dice.below(own.len())];
                let change = json!({"views": dice.below(10_000)});
                host.patch(&format!("/api/items/{slug}/{id}"), &change)
                    .await;
            }
            _ if own.len() >= KEPT => {
                let (slug, id) = own.swap_remove(dice.below(own.len()));
                let path = format!("/api/items/{slug}/{id}");
                let (status, _) = host.send(Method::DELETE, &path, None).await;
                assert!(status.is_success(), "{path}: {status}");
            }
            _ => {
                let path = format!("/api/items/{slug}");
                let made = host.post(&path, &item(dice.below(10_000))).await;
                let made: Json = serde_json::from_slice(&made).unwrap();
                own.push((slug, made["data"]["id"].as_str().unwrap().to_owned()));
            }
        }
        served.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(PAUSE).await;
    }
}

/// A list hardly asked for before.
fn list(dice: &mut Dice, slug: &str) -> String {
    let sort = ["", "&sort=views", "&sort=-views", "&sort=title,-views"][dice.below(4)];
    let views = json!({"views": {"_gt": dice.below(10_000)}});
    let title = json!({"title": {"_contains": dice.below(10_000).to_string()}});
    let status = json!({"status": (["draft", "published"][dice.below(2)])});
    let filter = match dice.below(4) {
        0 => views,
        1 => json!({"$and": [views, status]}),
        2 => json!({"$or": [views, title]}),
        _ => json!({"$and": [status, {"$not": views}, {"$not": title}]}),
    };
    filtered(slug, &filter, sort)
}

/// SplitMix64, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }
}

fn definition(slug: &str) -> Json {
    json!({"slug": slug, "fields": [
        {"name": "title", "type": "text", "required": true},
        {"name": "body", "type": "longtext"},
        {"name": "status", "type": "text", "indexed": true},
        {"name": "views", "type": "integer", "indexed": true},
    ]})
}

fn item(n: usize) -> Json {
    json!({
        "title": format!("Post number {n}"),
        "body": "Lorem ipsum dolor sit amet. ".repeat(5),
        "status": if n.is_multiple_of(2) { "published" } else { "draft" },
        "views": (n * 7919) % 10_000,
    })
}
