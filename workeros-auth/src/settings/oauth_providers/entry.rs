use std::sync::Arc;

use workeros_core::input::Object;
use workeros_core::{Detail, Error, ErrorKind, Result};
use zeroize::Zeroizing;

use super::super::setting::Said;
use super::ROW;
use crate::RealmSettings;
use crate::oauth::{AppleKey, OAuthClient, OAuthProvider};

const KINDS: [&str; 4] = ["google", "github", "apple", "oidc"];

/// One provider, as a workspace says it.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    said: Said<'a>,
    id: &'a str,
}

/// What is the same for all kinds.
struct Common {
    row: Option<String>,
    client_id: Option<String>,
    native_client_ids: Vec<String>,
    scopes: Option<Vec<String>>,
    is_enabled: bool,
    admits_sign_up: bool,
    is_trusted: bool,
}

impl<'a> Entry<'a> {
    pub(super) fn new(said: Said<'a>, id: &'a str) -> Self {
        Self { said, id }
    }

    /// Adds it to the providers, or takes one of the operator's away.
    pub(super) fn apply(&self, rules: &mut RealmSettings) -> Result<()> {
        let is_new = self.said.is_new;
        let is_operators = rules.providers.iter().any(|client| self.is_of(client));
        match (self.said.json.get("kind").is_some(), is_operators) {
            (false, true) => return self.switch(rules),
            // The operator's, until he took it away.
            (false, false) if !is_new => return Ok(()),
            (true, true) if is_new => {
                let message = "is set up by the operator: only `enabled` can be said of it";
                return Err(self.said.refuse("not_allowed", message));
            }
            (true, _) | (false, false) => {}
        }
        let read = self.read();
        rules.providers.retain(|client| !self.is_of(client));
        match read {
            Ok((provider, true)) => rules.providers.extend(self.client(provider)?),
            Ok((_, false)) => {}
            // Its secret cannot be opened: there is no other in its stead.
            Err(error) if error.kind() == ErrorKind::Internal => {
                rules.unreadable_providers.insert(self.id.to_owned());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Turns one of the operator's off, or on.
    fn switch(&self, rules: &mut RealmSettings) -> Result<()> {
        let mut object = self.said.object()?;
        let is_enabled = object.boolean("enabled").unwrap_or(true);
        object.finish()?;
        rules
            .providers
            .retain(|client| is_enabled || !self.is_of(client));
        Ok(())
    }

    fn read(&self) -> Result<(OAuthProvider, bool)> {
        let mut object = self.said.object()?;
        let kind = self.kind(&mut object)?;
        let common = Common::read(&mut object);
        let client_id = common.client_id.as_deref();
        let made = match kind {
            "apple" => self.apple(&mut object, client_id),
            _ => self.by_secret(&mut object, kind, client_id),
        };
        let finished = made.and_then(|made| match made {
            Some(provider) => common.finish(provider, self.id).map(Some),
            None => Ok(None),
        });
        let finished = match finished {
            Err(error) if error.kind() != ErrorKind::Validation => return Err(error),
            other => object.keep(other.map_err(|error| self.placed(&error))),
        };
        let provider = finished.flatten();
        let is_trusted = common.is_trusted
            && provider
                .as_ref()
                .is_none_or(|provider| self.may_be_trusted(provider));
        if self.said.is_new && common.is_trusted && !is_trusted {
            let message = "is for the operator to say of this issuer";
            object.complain("trusted_for_linking", "not_allowed", message);
        }
        object.finish()?;
        // INVARIANT: where there is none, there was a complaint.
        let provider = provider.ok_or_else(|| Error::internal("a provider without a word"))?;
        let provider = match is_trusted {
            true => provider.with_trust_for_linking(),
            false => provider,
        };
        Ok((provider, common.is_enabled))
    }

    /// Its kind, which says what else there is.
    fn kind(&self, object: &mut Object) -> Result<&'static str> {
        let pointer = object.pointer("kind");
        let Some(kind) = object.string("kind") else {
            return Err(Error::validation(pointer, "required", "is required"));
        };
        let known = KINDS.into_iter().find(|known| *known == kind);
        known.ok_or_else(|| {
            let message = "must be `google`, `github`, `apple` or `oidc`";
            Error::validation(pointer, "invalid_value", message)
        })
    }

    fn by_secret(
        &self,
        object: &mut Object,
        kind: &str,
        client_id: Option<&str>,
    ) -> Result<Option<OAuthProvider>> {
        let issuer = (kind == "oidc").then(|| required(object, "issuer"));
        let secret = self.secret(object, "client_secret")?;
        let (Some(client_id), Some(secret)) = (client_id, secret) else {
            return Ok(None);
        };
        let secret = secret.as_str();
        let provider = match issuer {
            Some(Some(issuer)) => OAuthProvider::oidc(self.id, &issuer, client_id, secret),
            Some(None) => return Ok(None),
            None if kind == "google" => OAuthProvider::google(client_id, secret),
            None => OAuthProvider::github(client_id, secret),
        };
        provider.map(Some)
    }

    fn apple(&self, object: &mut Object, client_id: Option<&str>) -> Result<Option<OAuthProvider>> {
        let (team, key) = (required(object, "team_id"), required(object, "key_id"));
        let secret = self.secret(object, "private_key")?;
        let (Some(client_id), Some(team), Some(key), Some(secret)) = (client_id, team, key, secret)
        else {
            return Ok(None);
        };
        let key = AppleKey::new(team, key, &secret)?;
        OAuthProvider::apple(client_id, key).map(Some)
    }

    /// A secret, which must be there.
    fn secret(&self, object: &mut Object, name: &str) -> Result<Option<Zeroizing<String>>> {
        // What stands there says that it is set.
        object.json(name);
        let secret = match self.said.secret(name) {
            Err(error) if error.kind() == ErrorKind::Validation => {
                return Ok(object.keep(Err(error)));
            }
            other => other?,
        };
        if secret.is_none() {
            object.complain(name, "required", "is required");
        }
        Ok(secret)
    }

    /// Whether nobody in the workspace can speak for it.
    fn may_be_trusted(&self, provider: &OAuthProvider) -> bool {
        let vouched = &self.said.defaults.vouched_issuers;
        provider.kind_name() != "oidc" || vouched.contains(provider.issuer())
    }

    /// A client of it: the one there is, if it is the same, with what it
    /// remembers.
    fn client(&self, provider: OAuthProvider) -> Result<Option<Arc<OAuthClient>>> {
        let before = self.said.before.map(|before| before.providers.iter());
        let is_same = |client: &&Arc<OAuthClient>| client.provider().is_same(&provider);
        if let Some(client) = before.into_iter().flatten().find(is_same) {
            return Ok(Some(Arc::clone(client)));
        }
        let instance = self.said.instance;
        match &instance.http {
            Some(http) => Ok(Some(Arc::new(OAuthClient::new(
                provider,
                Arc::clone(http),
                Arc::clone(&instance.clock),
                Arc::clone(&instance.random),
            )))),
            None if self.said.is_new => {
                let message = "this instance has no HTTP client to ask providers by";
                Err(self.said.refuse("unsupported", message))
            }
            None => Ok(None),
        }
    }

    fn is_of(&self, client: &Arc<OAuthClient>) -> bool {
        client.provider().id() == self.id
    }

    /// Says where in the document it is what a provider is not made of.
    fn placed(&self, error: &Error) -> Error {
        let details = error.details().iter();
        let details = details.map(|detail| {
            let member = match detail.path.as_str() {
                "id" => "",
                "issuer" => "/issuer",
                "clientId" => "/client_id",
                "clientSecret" => "/client_secret",
                "nativeClientIds" => "/native_client_ids",
                "scopes" => "/scopes",
                "teamId" => "/team_id",
                "keyId" => "/key_id",
                _ => "/private_key",
            };
            Detail {
                path: format!("{}{member}", self.said.pointer),
                ..detail.clone()
            }
        });
        Error::invalid(details.collect())
    }
}

impl Common {
    fn read(object: &mut Object) -> Self {
        Self {
            row: object.string(ROW),
            client_id: required(object, "client_id"),
            native_client_ids: object.strings("native_client_ids").unwrap_or_default(),
            scopes: object.strings("scopes"),
            is_enabled: object.boolean("enabled").unwrap_or(true),
            admits_sign_up: object.boolean("sign_up").unwrap_or(true),
            is_trusted: object.boolean("trusted_for_linking").unwrap_or(false),
        }
    }

    fn finish(&self, provider: OAuthProvider, id: &str) -> Result<OAuthProvider> {
        let mut provider = provider
            .with_id(id)?
            .with_native_client_ids(&self.native_client_ids)?;
        if let Some(row) = &self.row {
            provider = provider.with_row(row);
        }
        if let Some(scopes) = &self.scopes {
            provider = provider.with_scopes(scopes)?;
        }
        Ok(match self.admits_sign_up {
            true => provider,
            false => provider.with_sign_up_disabled(),
        })
    }
}

fn required(object: &mut Object, name: &str) -> Option<String> {
    object.require(name);
    object.string(name)
}
