use std::time::Duration;

use serde_json::{Value as Json, json};
use workeros_core::Result;

use super::setting::{Said, Setting};
use super::shape::Shape;
use crate::{AnonymousUsers, RealmSettings};

/// `{"enabled", "kept_days"}`: whether there are users without an account, and
/// for how many days (1 to 365) one is kept. A workspace chooses for itself.
#[derive(Debug)]
pub(super) struct Anonymous;

const DAY_SECONDS: u64 = 24 * 60 * 60;
const DAYS: std::ops::RangeInclusive<i64> = 1..=365;

impl Setting for Anonymous {
    fn name(&self) -> &'static str {
        "anonymous"
    }

    fn shape(&self) -> &'static Shape {
        &Shape::Members(&[("enabled", Shape::Value), ("kept_days", Shape::Value)])
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let mut object = said.object()?;
        let defaults = said.defaults.anonymous;
        let enabled = object.boolean("enabled").unwrap_or(defaults.is_some());
        let days = said.within(&mut object, "kept_days", DAYS);
        object.finish()?;
        let days = days.and_then(|days| u64::try_from(days).ok());
        let users = defaults.unwrap_or_default();
        let kept = days.map_or(users.kept, |days| Duration::from_secs(days * DAY_SECONDS));
        rules.anonymous = enabled.then(|| users.with_kept(kept));
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        let users: AnonymousUsers = rules.anonymous.unwrap_or_default();
        json!({
            "enabled": rules.anonymous.is_some(),
            "kept_days": users.kept.as_secs() / DAY_SECONDS,
        })
    }
}
