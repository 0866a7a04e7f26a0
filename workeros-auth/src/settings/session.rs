use std::time::Duration;

use serde_json::{Value as Json, json};
use workeros_core::Result;

use super::setting::{Said, Setting};
use super::shape::Shape;
use crate::RealmSettings;

/// `{"lifetime", "idle"}`, in seconds: at least five minutes, and never longer
/// than the builder has it.
#[derive(Debug)]
pub(super) struct Sessions;

const LEAST: Duration = Duration::from_mins(5);

impl Setting for Sessions {
    fn name(&self) -> &'static str {
        "session"
    }

    fn shape(&self) -> &'static Shape {
        &Shape::Members(&[("lifetime", Shape::Value), ("idle", Shape::Value)])
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let mut object = said.object()?;
        let most = said.defaults.lifetime;
        let mut read = |name, most: Duration| {
            let range = seconds(LEAST.min(most))..=seconds(most);
            let read = said.within(&mut object, name, range)?;
            u64::try_from(read).ok().map(Duration::from_secs)
        };
        let (absolute, idle) = (read("lifetime", most.absolute), read("idle", most.idle));
        object.finish()?;
        rules.lifetime.absolute = absolute.unwrap_or(most.absolute);
        rules.lifetime.idle = idle.unwrap_or(most.idle);
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        json!({
            "lifetime": rules.lifetime.absolute.as_secs(),
            "idle": rules.lifetime.idle.as_secs(),
        })
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
