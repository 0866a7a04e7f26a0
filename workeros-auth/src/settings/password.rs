use serde_json::{Value as Json, json};
use workeros_core::Result;

use super::MAX_MIN_PASSWORD_LENGTH;
use super::setting::{Said, Setting};
use super::shape::Shape;
use crate::RealmSettings;

/// `{"min_length", "blocked"}`. A workspace may ask for longer passwords than
/// the builder, never for shorter ones, and block words besides the builder's.
#[derive(Debug)]
pub(super) struct Passwords;

const MAX_WORDS: usize = 1000;
const MAX_WORD_BYTES: usize = 256;

impl Setting for Passwords {
    fn name(&self) -> &'static str {
        "password"
    }

    fn shape(&self) -> &'static Shape {
        &Shape::Members(&[("min_length", Shape::Value), ("blocked", Shape::Value)])
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let mut object = said.object()?;
        let floor = as_integer(said.defaults.password.min_chars);
        let range = floor..=as_integer(MAX_MIN_PASSWORD_LENGTH);
        let least = said.within(&mut object, "min_length", range);
        let words = object.strings("blocked").unwrap_or_default();
        let are_words = words.iter().all(|word| word.len() <= MAX_WORD_BYTES);
        if words.len() > MAX_WORDS || !are_words {
            let message = "must be at most 1000 words of at most 256 bytes";
            object.complain("blocked", "out_of_range", message);
        }
        object.finish()?;
        if let Some(least) = least.and_then(|least| usize::try_from(least).ok()) {
            rules.password.min_chars = least;
        }
        let words = words.iter().map(|word| word.to_lowercase());
        rules.password.blocked.extend(words);
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        json!({
            "min_length": rules.password.min_chars,
            "blocked": rules.password.blocked,
        })
    }
}

fn as_integer(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
