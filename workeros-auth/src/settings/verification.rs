use serde_json::Value as Json;
use workeros_core::Result;

use super::setting::{Said, Setting};
use crate::RealmSettings;

/// Whether an address must be verified. Where the builder wants it, a workspace
/// cannot do without.
#[derive(Debug)]
pub(super) struct RequiredVerification;

impl Setting for RequiredVerification {
    fn name(&self) -> &'static str {
        "require_verified_email"
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let required = said.boolean()?;
        let floor = said.defaults.require_verified_email;
        if said.is_new && floor && !required {
            return Err(said.refuse("not_allowed", "is required on this instance"));
        }
        if said.is_new && required && said.instance.mail.is_none() {
            return Err(said.refuse("unsupported", "this instance sends no mail"));
        }
        rules.require_verified_email = required || floor;
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        rules.require_verified_email.into()
    }
}
