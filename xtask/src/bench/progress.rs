use std::time::{Duration, Instant};

/// Tells how far a run is, and about how long it takes yet.
#[derive(Debug)]
pub(crate) struct Progress {
    start: Instant,
    /// Seconds under load: done, and in all.
    done: u64,
    planned: u64,
    measuring: Option<Instant>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            done: 0,
            planned: 0,
            measuring: None,
        }
    }

    /// Since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// What happens now.
    pub(crate) fn say(&self, what: &str) {
        println!("[{}] {what}", clock(self.elapsed()));
    }

    /// From here on so many seconds of load are to come.
    pub(crate) fn plan(&mut self, seconds: u64) {
        self.planned = seconds;
        self.measuring = Some(Instant::now());
    }

    /// So many seconds of load begin.
    pub(crate) fn begin(&mut self, what: &str, seconds: u64) {
        let left = clock(self.left());
        println!("[{}, {left} left] {what}", clock(self.elapsed()));
        self.done += seconds;
    }

    /// As slow as it was so far: around a run there is more than its load.
    fn left(&self) -> Duration {
        let to_come = Duration::from_secs(self.planned.saturating_sub(self.done));
        let spent = self
            .measuring
            .map_or(Duration::ZERO, |start| start.elapsed());
        if self.done == 0 {
            return to_come;
        }
        let done = Duration::from_secs(self.done);
        to_come.mul_f64((spent.as_secs_f64() / done.as_secs_f64()).max(1.0))
    }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
