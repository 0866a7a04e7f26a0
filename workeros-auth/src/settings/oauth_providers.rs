use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value as Json, json};
use workeros_core::input::escape;
use workeros_core::{Error, ErrorKind, IdGenerator, Result};

use self::entry::Entry;
use super::secrets::is_set;
use super::setting::{Change, Said, Setting};
use super::shape::Shape;
use crate::RealmSettings;
use crate::oauth::OAuthClient;

mod entry;

/// The providers that end users sign in with, by the ids they have in paths:
/// `{"kind", "client_id", "client_secret", "native_client_ids"?, "scopes"?,
/// "enabled"?, "sign_up"?, "trusted_for_linking"?}`, with `issuer` for one of kind `oidc`, and `team_id`,
/// `key_id` and `private_key` in place of the secret for `apple`.
///
/// Of one that the operator has set up a workspace can only say `enabled`.
///
/// What the provider says about addresses links accounts only where nobody in the
/// workspace can speak for it: Google, GitHub and Apple, or an issuer that the
/// operator vouches for. An admin could run any other himself, and sign in as
/// whoever has an address here.
#[derive(Debug)]
pub(super) struct OAuthProviders;

const NAME: &str = "oauth_providers";
const MOST: usize = 20;
/// The row of a provider: made when it is added, and part of the identity of all
/// accounts at it.
const ROW: &str = "row";
/// One of them, of whatever kind.
const PROVIDER: Shape = Shape::Members(&[
    ("kind", Shape::Value),
    ("issuer", Shape::Value),
    ("client_id", Shape::Value),
    ("native_client_ids", Shape::Value),
    ("client_secret", Shape::Secret),
    ("team_id", Shape::Value),
    ("key_id", Shape::Value),
    ("private_key", Shape::Secret),
    ("scopes", Shape::Value),
    ("enabled", Shape::Value),
    ("sign_up", Shape::Value),
    ("trusted_for_linking", Shape::Value),
    (ROW, Shape::Value),
]);
const SECRETS: [&str; 2] = ["client_secret", "private_key"];
/// Whom a secret is sent to: another one gets another secret.
const DESTINATION: [&str; 2] = ["kind", "issuer"];

#[async_trait]
impl Setting for OAuthProviders {
    fn name(&self) -> &'static str {
        NAME
    }

    fn shape(&self) -> &'static Shape {
        &Shape::Named(|_| true, &PROVIDER)
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let entries = said.members()?;
        if entries.len() > MOST {
            return Err(said.refuse("out_of_range", format!("must be at most {MOST}")));
        }
        let mut complaints = Vec::new();
        for (id, json) in entries {
            match Entry::new(said.member(id, json), id).apply(rules) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Validation => {
                    complaints.extend_from_slice(error.details());
                }
                Err(error) => return Err(error),
            }
        }
        if complaints.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(complaints))
        }
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        let providers = rules.providers.iter().map(|client| client.provider());
        let members = providers.map(|provider| {
            let shown = json!({
                "kind": provider.kind_name(),
                "issuer": provider.issuer(),
                "client_id": provider.client_id(),
                "native_client_ids": provider.native_client_ids(),
                "scopes": provider.scopes(),
                "sign_up": provider.admits_sign_up(),
                "trusted_for_linking": provider.is_trusted_for_linking(),
            });
            (provider.id().to_owned(), shown)
        });
        Json::Object(members.collect())
    }

    fn settle(&self, change: &mut Change<'_>) -> Result<()> {
        let (before, new_secrets, ids) = (change.before, change.new_secrets, change.ids);
        let mut complaints = Vec::new();
        for (id, entry) in change.after.as_object_mut().into_iter().flatten() {
            let pointer = format!("/{NAME}/{}", escape(id));
            let before = before.get(id);
            if let Some(entry) = entry.as_object_mut() {
                let settled = settle_row(entry, before, &pointer, ids)
                    .and_then(|()| check_destination(entry, before, &pointer, new_secrets));
                if let Err(error) = settled {
                    complaints.extend_from_slice(error.details());
                }
            }
        }
        if complaints.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(complaints))
        }
    }

    /// Looks for the description of each provider that is new, where the issuer
    /// is the workspace's word: it must be there, and where we may go.
    async fn probe(&self, said: &Said<'_>, rules: &RealmSettings) -> Result<()> {
        for client in &rules.providers {
            let is_known = [said.before, Some(said.defaults)]
                .into_iter()
                .flatten()
                .any(|rules| {
                    rules
                        .providers
                        .iter()
                        .any(|known| Arc::ptr_eq(known, client))
                });
            if !is_known && client.provider().kind_name() == "oidc" {
                probe(client).await?;
            }
        }
        Ok(())
    }
}

/// Gives what is new a row, which nobody else can.
fn settle_row(
    entry: &mut Map<String, Json>,
    before: Option<&Json>,
    pointer: &str,
    ids: &dyn IdGenerator,
) -> Result<()> {
    let row = before.and_then(|before| before.get(ROW));
    if entry.get(ROW) != row {
        let pointer = format!("{pointer}/{ROW}");
        return Err(Error::validation(pointer, "read_only", "cannot be set"));
    }
    if row.is_none() && entry.contains_key("kind") {
        entry.insert(ROW.to_owned(), ids.next_id().to_string().into());
    }
    Ok(())
}

/// Lets nobody send a secret elsewhere who does not know it.
fn check_destination(
    entry: &Map<String, Json>,
    before: Option<&Json>,
    pointer: &str,
    new_secrets: &[String],
) -> Result<()> {
    let Some(before) = before else {
        return Ok(());
    };
    let is_same = DESTINATION
        .iter()
        .all(|name| before.get(name) == entry.get(*name));
    for name in SECRETS {
        let pointer = format!("{pointer}/{name}");
        let is_old = entry.get(name).is_some_and(is_set) && !new_secrets.contains(&pointer);
        if is_old && !is_same {
            let message = "must be given again for another provider";
            return Err(Error::validation(pointer, "required", message));
        }
    }
    Ok(())
}

async fn probe(client: &OAuthClient) -> Result<()> {
    let Err(error) = client.probe().await else {
        return Ok(());
    };
    let pointer = format!("/{NAME}/{}/issuer", escape(client.provider().id()));
    Err(if is_blocked(&error) {
        let message = "is at an address that may not be reached from here";
        Error::validation(pointer, "egress_blocked", message)
    } else {
        let message = "does not describe itself at `/.well-known/openid-configuration`";
        Error::validation(pointer, "provider_unavailable", message)
    }
    .with_source(error))
}

/// Whether it is our own client that did not let it through.
fn is_blocked(error: &Error) -> bool {
    let first = std::error::Error::source(error);
    let mut causes = std::iter::successors(first, |cause| cause.source());
    causes.any(|cause| {
        let cause = cause.downcast_ref::<Error>();
        cause.is_some_and(|cause| cause.code() == Some("EGRESS_BLOCKED"))
    })
}
