use serde_json::{Value as Json, json};
use workeros_core::Result;

use super::setting::{Said, Setting};
use super::shape::Shape;
use crate::{OrganizationCreation, RealmSettings};

/// `{"creation", "max_members", "max_per_user"}`: who makes organizations is the
/// workspace's to say; the numbers are never greater than the builder has them.
#[derive(Debug)]
pub(super) struct Organizations;

const CREATIONS: [(OrganizationCreation, &str); 2] = [
    (OrganizationCreation::Everybody, "everybody"),
    (OrganizationCreation::Nobody, "nobody"),
];

impl Setting for Organizations {
    fn name(&self) -> &'static str {
        "organizations"
    }

    fn shape(&self) -> &'static Shape {
        &Shape::Members(&[
            ("creation", Shape::Value),
            ("max_members", Shape::Value),
            ("max_per_user", Shape::Value),
        ])
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let mut object = said.object()?;
        let most = said.defaults.organizations;
        let creation = object.string("creation").and_then(|name| {
            let found = CREATIONS.iter().find(|(_, known)| *known == name);
            if found.is_none() {
                let why = "must be `everybody` or `nobody`";
                object.complain("creation", "invalid_value", why);
            }
            found.map(|(creation, _)| *creation)
        });
        let mut read = |name, least: u32, most: u32| {
            let range = i64::from(least.min(most))..=i64::from(most);
            let read = said.within(&mut object, name, range)?;
            u32::try_from(read).ok()
        };
        let max_members = read("max_members", 1, most.max_members);
        let max_per_user = read("max_per_user", 0, most.max_per_user);
        object.finish()?;
        rules.organizations = most
            .with_creation(creation.unwrap_or(most.creation))
            .with_max_members(max_members.unwrap_or(most.max_members))
            .with_max_per_user(max_per_user.unwrap_or(most.max_per_user));
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        let rules = rules.organizations;
        let creation = CREATIONS.iter().find(|(known, _)| *known == rules.creation);
        json!({
            "creation": creation.map(|(_, name)| *name),
            "max_members": rules.max_members,
            "max_per_user": rules.max_per_user,
        })
    }
}
