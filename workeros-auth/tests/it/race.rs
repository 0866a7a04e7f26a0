//! R19: many who come with the same proof at once, of whom one may get in.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Barrier;
use workeros_core::{Error, Result};

/// How many come at once.
pub(crate) const RACERS: usize = 64;

/// How often a race is run on each database, unless `WORKEROS_TEST_REPETITIONS`
/// says another number.
const ROUNDS: usize = 200;

/// How often a race is run.
pub(crate) fn rounds() -> usize {
    let asked = std::env::var("WORKEROS_TEST_REPETITIONS").ok();
    asked.map_or(ROUNDS, |text| {
        text.parse().expect("a number of repetitions")
    })
}

/// How often it is run on each plane, where it is run on both: what decides is
/// the same code in the same database.
pub(crate) fn rounds_of_plane() -> usize {
    rounds().div_ceil(2)
}

/// What each of those got who came at once. Each is told which one he is.
pub(crate) async fn race<T, F>(come: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(RACERS));
    let racers = (0..RACERS).map(|racer| {
        let (start, run) = (Arc::clone(&start), come(racer));
        tokio::spawn(async move {
            start.wait().await;
            run.await
        })
    });
    let racers: Vec<_> = racers.collect();
    let mut results = Vec::with_capacity(RACERS);
    for racer in racers {
        results.push(racer.await.unwrap());
    }
    results
}

/// What the one of them got who got anything. The others were refused with one
/// of these codes.
pub(crate) async fn winner<T, F>(refusals: &[&str], come: impl Fn(usize) -> F) -> T
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let mut won = Vec::new();
    let mut refused = BTreeMap::<String, usize>::new();
    for result in race(come).await {
        match result {
            Ok(got) => won.push(got),
            Err(error) => *refused.entry(code(&error, refusals)).or_default() += 1,
        }
    }
    assert_eq!(won.len(), 1, "{} got in, refused: {refused:?}", won.len());
    won.remove(0)
}

fn code(error: &Error, refusals: &[&str]) -> String {
    let code = error.code().unwrap_or_default();
    assert!(refusals.contains(&code), "{error:?}");
    code.to_owned()
}
