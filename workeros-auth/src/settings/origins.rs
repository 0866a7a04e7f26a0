use std::collections::BTreeSet;

use http::Uri;
use serde_json::{Value as Json, json};
use workeros_core::{Cost, Error, Migration, Origin, Result, Statement, Step, TenantId};

use super::setting::{Said, Setting};
use crate::{Auth, Plane, Realm, RealmSettings};

/// The origins whose pages may ask for the end users of a workspace and read what
/// they are answered, and to which these may be sent.
#[derive(Debug)]
pub(super) struct AllowedOrigins;

const MOST: usize = 100;

/// The origins of all workspaces: a browser that asks whether it may send a
/// request does not say whose it is.
pub(crate) const APP_ORIGINS: Migration = Migration {
    name: "auth-app-0041-origins",
    sqlite: &["CREATE TABLE app_origins (\
        origin TEXT NOT NULL, \
        realm_id TEXT NOT NULL, \
        PRIMARY KEY (origin, realm_id)) STRICT"],
    postgres: &["CREATE TABLE app_origins (\
        origin text NOT NULL, \
        realm_id uuid NOT NULL, \
        PRIMARY KEY (origin, realm_id))"],
};

const IS_ALLOWED: &str = "SELECT 1 FROM app_origins WHERE origin = $1 LIMIT 1";
const REMOVE: &str = "DELETE FROM app_origins WHERE realm_id = $1";
const INSERT: &str = "INSERT INTO app_origins (origin, realm_id) VALUES ($1, $2)";

impl Setting for AllowedOrigins {
    fn name(&self) -> &'static str {
        "allowed_origins"
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let mut origins = BTreeSet::new();
        for (index, text) in said.strings(MOST)?.into_iter().enumerate() {
            let origin = Origin::parse(text).ok().filter(is_safe);
            let refused = || {
                let pointer = format!("{}/{index}", said.pointer);
                let message = "must be an origin such as `https://app.example.com`";
                Error::validation(pointer, "invalid_value", message)
            };
            origins.insert(origin.ok_or_else(refused)?.as_str().to_owned());
        }
        rules.allowed_origins.extend(origins);
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        json!(rules.allowed_origins)
    }

    fn beside(&self, realm: Realm, rules: &RealmSettings) -> Vec<Step> {
        let step = |sql, params| Step::new(Statement::new(sql, params));
        let origins = rules.allowed_origins.iter();
        let origins = origins.map(|origin| step(INSERT, vec![origin.clone().into(), realm.into()]));
        let remove = step(REMOVE, vec![realm.into()]);
        std::iter::once(remove).chain(origins).collect()
    }
}

impl RealmSettings {
    /// Whether pages of an origin may ask for these users.
    #[must_use]
    pub fn allows_origin(&self, origin: &Origin) -> bool {
        self.allowed_origins.contains(origin.as_str())
    }
}

impl<P: Plane> Auth<P> {
    /// Whether a workspace says that pages of this origin may ask for its end users.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn is_origin_of_app(&self, tenant: TenantId, origin: &Origin) -> Result<bool> {
        Ok(self.rules_of(tenant).await?.allows_origin(origin))
    }

    /// Whether any workspace says that pages of this origin may ask for its end
    /// users.
    ///
    /// # Errors
    ///
    /// What the database answers.
    pub async fn is_origin_of_apps(&self, origin: &Origin) -> Result<bool> {
        if self.inner.app_settings.allows_origin(origin) {
            return Ok(true);
        }
        let params = vec![origin.as_str().into()];
        let statement = Statement::new(IS_ALLOWED, params).with_cost(Cost::Short);
        Ok(self.fetch(statement).await?.first().is_some())
    }
}

/// What others can change on its way is nobody's page.
fn is_safe(origin: &Origin) -> bool {
    let uri: Option<Uri> = origin.as_str().parse().ok();
    uri.is_some_and(|uri| uri.scheme_str() == Some("https") || is_local(&uri))
}

/// Whether it is this very machine.
pub(super) fn is_local(uri: &Uri) -> bool {
    let is_below = |host: &str| host.ends_with(".localhost");
    let is_named = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    uri.host()
        .is_some_and(|host| is_named(host) || is_below(host))
}
