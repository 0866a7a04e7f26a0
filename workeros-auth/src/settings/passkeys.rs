use serde_json::{Value as Json, json};
use workeros_core::input::Object;
use workeros_core::{Error, Result};

use super::setting::{Said, Setting};
use super::shape::Shape;
use crate::{RealmSettings, RelyingParty};

/// `{"domain", "origins", "name"}`: whom passkeys of the end users are made for.
/// The domain cannot be changed without losing those there are; a browser makes
/// none for a domain that its page is not of.
#[derive(Debug)]
pub(super) struct Passkeys;

const MOST_ORIGINS: usize = 20;
const MAX_NAME_CHARS: usize = 64;

impl Setting for Passkeys {
    fn name(&self) -> &'static str {
        "passkeys"
    }

    fn shape(&self) -> &'static Shape {
        &Shape::Members(&[
            ("domain", Shape::Value),
            ("origins", Shape::Value),
            ("name", Shape::Value),
        ])
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let mut object = said.object()?;
        let domain = object.required_string("domain");
        object.require("origins");
        let origins = object.strings("origins").unwrap_or_default();
        let name = object.string("name");
        let is_name = |name: &String| (1..=MAX_NAME_CHARS).contains(&name.chars().count());
        if !name.as_ref().is_none_or(is_name) {
            object.complain("name", "out_of_range", "must have 1 to 64 characters");
        }
        if !(1..=MOST_ORIGINS).contains(&origins.len()) {
            object.complain("origins", "out_of_range", "must be 1 to 20");
        }
        let party = read_party(&mut object, &domain, &origins);
        object.finish()?;
        let party = party.map(|party| match name {
            Some(name) => party.with_name(name),
            None => party,
        });
        rules.passkeys = party;
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        rules.passkeys.as_ref().map_or(Json::Null, |party| {
            json!({
                "domain": party.id(),
                "origins": party.origins().collect::<Vec<_>>(),
                "name": party.name(),
            })
        })
    }
}

fn read_party(object: &mut Object, domain: &str, origins: &[String]) -> Option<RelyingParty> {
    let mut party: Option<RelyingParty> = None;
    for (index, origin) in origins.iter().enumerate() {
        let with = match party.take() {
            None => RelyingParty::new(domain, origin),
            Some(party) => party.with_origin(origin),
        };
        let pointer = format!("{}/{index}", object.pointer("origins"));
        let with = with.map_err(|error| {
            Error::validation(pointer, "invalid_value", error.message().to_owned())
        });
        party = Some(object.keep(with)?);
    }
    party
}
