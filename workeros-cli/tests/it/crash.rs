//! A server that is killed in the middle of writes: nothing it acknowledged is
//! lost, nothing is half done, and the rows and the change log agree.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::support::{Client, Place, Server};

mod history;
mod ledger;
mod random;
mod stored;
mod writer;

use history::History;
use ledger::{Ledger, Settled};
use random::Random;
use stored::Stored;
use writer::{Retry, Writer};

const WRITERS: i64 = 8;
const BURSTS: u64 = 50;

/// How long a server may take to be there again.
const READY: Duration = Duration::from_secs(2);

/// `WORKEROS_TEST_SEED` repeats a run as far as chance goes,
/// `WORKEROS_TEST_BURSTS` makes it longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let seed = number("WORKEROS_TEST_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    let bursts = number("WORKEROS_TEST_BURSTS").unwrap_or(BURSTS);
    println!("WORKEROS_TEST_SEED={seed}");
    let mut crash = Crash::prepare(Random::new(seed)).await;
    for burst in 0..bursts {
        crash.burst().await;
        crash
            .check()
            .await
            .unwrap_or_else(|why| panic!("burst {burst}: {why}"));
    }
    println!("{bursts} kills: {:?}; {}", crash.totals, crash.history);
    crash.totals.expect_of(bursts);
    crash.checks_notice_a_row_that_goes_missing();
}

fn number(variable: &str) -> Option<u64> {
    Some(std::env::var(variable).ok()?.parse().expect(variable))
}

struct Crash {
    place: Place,
    token: String,
    random: Random,
    writers: Vec<Writer>,
    history: History,
    totals: Totals,
}

/// What the whole was about.
#[derive(Debug, Default)]
struct Totals {
    /// Changes of single items.
    acknowledged: usize,
    /// Writes that were in doubt.
    done: usize,
    undone: usize,
    repeated: usize,
}

impl Crash {
    async fn prepare(mut random: Random) -> Self {
        let place = Place::sqlite();
        let server = Server::start(place.arguments()).await;
        let mut client = server.client().await;
        let token = client.sign_up("ann@example.com").await;
        let fields = ["writer", "serial", "value"]
            .map(|name| json!({"name": name, "type": "integer", "required": true}));
        let items = json!({"slug": writer::SLUG, "fields": fields});
        client.post("/api/collections", items).await;
        server.stop().await;
        Self {
            place,
            token,
            writers: (0..WRITERS)
                .map(|index| Writer::new(index, random.split()))
                .collect(),
            random,
            history: History::default(),
            totals: Totals::default(),
        }
    }

    /// Writes until the server is killed.
    async fn burst(&mut self) {
        let server = self.start().await;
        let mut tasks = Vec::new();
        for mut writer in self.writers.drain(..) {
            let client = server.client().await.with_token(&self.token);
            tasks.push(tokio::spawn(async move {
                writer.write_until_it_breaks(client).await;
                writer
            }));
        }
        sleep(Duration::from_millis(50 + self.random.below(751))).await;
        server.kill().await;
        for task in tasks {
            let writer = timeout(Duration::from_secs(10), task);
            let writer = writer.await.expect("its connection broke").unwrap();
            self.writers.push(writer);
        }
    }

    /// Starts the server again, compares, and repeats what is in doubt.
    async fn check(&mut self) -> Result<(), String> {
        let server = self.start().await;
        let settled = self.compare()?;
        let mut client = server.client().await.with_token(&self.token);
        for (index, settled) in settled.into_iter().enumerate() {
            let Some(retry) = self.writers[index].retry.take() else {
                continue;
            };
            let first = repeat(&mut client, &retry).await?;
            if repeat(&mut client, &retry).await? != first {
                return Err(format!("{retry:?} was answered with two items"));
            }
            if settled == Settled::Undone {
                self.writers[index].ledger.acknowledge(retry.effect);
            }
            self.totals.repeated += 1;
        }
        // The retries wrote what was not there yet, once, and nothing else.
        self.compare()?;
        server.stop().await;
        Ok(())
    }

    /// Compares what is stored with what was acknowledged since the last time.
    /// Says for each writer whether what was in doubt is done.
    fn compare(&mut self) -> Result<Vec<Settled>, String> {
        let stored = Stored::read(&self.place.connection(), self.history.end())?;
        let log = self.history.append(&stored.log)?;
        self.history.compare(&stored.rows)?;
        let mut all = Vec::new();
        for writer in &mut self.writers {
            let ledger = std::mem::take(&mut writer.ledger);
            let own: Vec<_> = log.iter().filter(|e| e.writer == writer.index).collect();
            let settled = ledger
                .settle(&own)
                .map_err(|why| format!("writer {}: {why}", writer.index))?;
            self.totals.count(&ledger, settled);
            writer.items = self.history.items_of(writer.index);
            all.push(settled);
        }
        Ok(all)
    }

    async fn start(&self) -> Server {
        let start = Instant::now();
        let server = Server::start(self.place.arguments()).await;
        assert!(start.elapsed() < READY, "{:?}", start.elapsed());
        server
    }

    /// That the comparison above can fail.
    fn checks_notice_a_row_that_goes_missing(&self) {
        let mut stored = Stored::read(&self.place.connection(), 0).unwrap();
        let mut anew = History::default();
        anew.append(&stored.log).unwrap();
        anew.compare(&stored.rows).unwrap();
        stored.rows.pop_first();
        anew.compare(&stored.rows).unwrap_err();
    }
}

impl Totals {
    fn count(&mut self, ledger: &Ledger, settled: Settled) {
        self.acknowledged += ledger.acknowledged();
        match settled {
            Settled::Done => self.done += 1,
            Settled::Undone => self.undone += 1,
            Settled::Certain => {}
        }
    }

    /// That there was something to lose.
    fn expect_of(&self, bursts: u64) {
        let enough = |count: usize| u64::try_from(count).unwrap() > bursts;
        assert!(enough(self.acknowledged), "{self:?}");
        assert!(enough(self.done + self.undone), "{self:?}");
        assert!(self.repeated > 0, "{self:?}");
    }
}

/// Sends a create once more; answers the item's id.
async fn repeat(client: &mut Client, retry: &Retry) -> Result<String, String> {
    let path = writer::path();
    let answer = client
        .send(Method::POST, &path, Some(&retry.key), Some(&retry.body))
        .await
        .map_err(|error| error.to_string())?;
    let id = answer.body["data"]["id"].as_str();
    match (answer.status, id) {
        (StatusCode::CREATED, Some(id)) => Ok(id.to_owned()),
        _ => Err(format!("{retry:?} was answered {answer:?}")),
    }
}
