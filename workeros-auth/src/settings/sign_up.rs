use serde_json::Value as Json;
use workeros_core::Result;

use super::setting::{Said, Setting};
use crate::{RealmSettings, SignUpPolicy};

/// `"open"`, `"invited"` or `"closed"`. A workspace chooses for itself,
/// whatever the builder's default is.
#[derive(Debug)]
pub(super) struct SignUp;

const POLICIES: [(SignUpPolicy, &str); 3] = [
    (SignUpPolicy::Open, "open"),
    (SignUpPolicy::Invited, "invited"),
    (SignUpPolicy::Closed, "closed"),
];

impl Setting for SignUp {
    fn name(&self) -> &'static str {
        "sign_up"
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let name = said.string()?;
        let found = POLICIES.iter().find(|(_, known)| *known == name);
        let refused = || said.refuse("invalid_value", "must be `open`, `invited` or `closed`");
        rules.sign_up = found.ok_or_else(refused)?.0;
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        let found = POLICIES.iter().find(|(policy, _)| *policy == rules.sign_up);
        found.map(|(_, name)| *name).into()
    }
}
