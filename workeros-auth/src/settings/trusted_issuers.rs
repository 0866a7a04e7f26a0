use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use workeros_core::input::{Object, escape};
use workeros_core::{Error, Result};

use super::setting::{Said, Setting};
use super::shape::Shape;
use crate::jwt::Algorithm;
use crate::third_party::{RealmIssuers, TrustedTokens};
use crate::{RealmSettings, TokenIssuer, TokenKind};

/// `{"<name>": {"issuer", "audience", "jwks_url", "tokens", "algorithms",
/// "email_claims": {"address", "verified"}, "roles": {"claim", "map"}}}`: whose
/// tokens end users act by, in requests that name the workspace. They are asked
/// for their keys by the client that says where requests may go.
#[derive(Debug)]
pub(super) struct TrustedIssuers;

const MOST: usize = 10;
const ISSUER: Shape = Shape::Members(&[
    ("issuer", Shape::Value),
    ("audience", Shape::Value),
    ("jwks_url", Shape::Value),
    ("tokens", Shape::Value),
    ("algorithms", Shape::Value),
    (
        "email_claims",
        Shape::Members(&[("address", Shape::Value), ("verified", Shape::Value)]),
    ),
    (
        "roles",
        Shape::Members(&[
            ("claim", Shape::Value),
            ("map", Shape::Named(|_| true, &Shape::Value)),
        ]),
    ),
]);
const KINDS: [(TokenKind, &str); 3] = [
    (TokenKind::Access, "access"),
    (TokenKind::Plain, "plain"),
    (TokenKind::Id, "id"),
];

impl Setting for TrustedIssuers {
    fn name(&self) -> &'static str {
        "trusted_issuers"
    }

    fn shape(&self) -> &'static Shape {
        &Shape::Named(|_| true, &ISSUER)
    }

    fn apply(&self, said: &Said<'_>, rules: &mut RealmSettings) -> Result<()> {
        let members = said.members()?;
        if members.len() > MOST {
            return Err(said.refuse("out_of_range", "must be at most 10"));
        }
        let mut issuers = BTreeMap::new();
        let mut details = Vec::new();
        for (name, json) in members {
            match read_issuer(said, name, json) {
                Ok(issuer) => drop(issuers.insert(name.clone(), issuer)),
                Err(error) => details.extend_from_slice(error.details()),
            }
        }
        if !details.is_empty() {
            return Err(Error::invalid(details));
        }
        let before = said.before.and_then(|rules| rules.issuers.as_ref());
        let same = before.filter(|before| before.named == issuers);
        rules.issuers = match same {
            Some(same) => Some(same.clone()),
            None => connect(said, issuers)?,
        };
        Ok(())
    }

    fn show(&self, rules: &RealmSettings) -> Json {
        let named = rules.issuers.iter().flat_map(|issuers| &issuers.named);
        named
            .map(|(name, issuer)| (name.clone(), show_issuer(issuer)))
            .collect()
    }
}

/// Nobody acts by tokens that cannot be verified any more.
fn connect(said: &Said<'_>, named: BTreeMap<String, TokenIssuer>) -> Result<Option<RealmIssuers>> {
    let (http, clock) = (said.instance.http.as_ref(), &said.instance.clock);
    match http {
        None if said.is_new => {
            let why = "this instance sends no requests, so it cannot ask for keys";
            return Err(said.refuse("unsupported", why));
        }
        None => return Ok(None),
        Some(_) => {}
    }
    let tokens = TrustedTokens::new(named.values().cloned().collect(), http, clock);
    let tokens = tokens.map_err(|error| said.refuse("duplicate", error.message().to_owned()))?;
    Ok(Some(RealmIssuers {
        named,
        tokens: tokens.into(),
    }))
}

fn read_issuer(said: &Said<'_>, name: &str, json: &Json) -> Result<TokenIssuer> {
    let mut object = Object::read(json, format!("{}/{}", said.pointer, escape(name)))?;
    let issuer = object.required_string("issuer");
    let audience = object.required_string("audience");
    let jwks_url = object.string("jwks_url");
    let kind = object.string("tokens");
    let algorithms = object.strings("algorithms");
    let email = object.object("email_claims");
    let roles = object.object("roles");
    let place = object.pointer("");
    let place = place.trim_end_matches('/');
    let ours = said.instance.apps.as_ref().map(|apps| apps.issuer());
    if ours == Some(issuer.as_str()) {
        object.complain("issuer", "not_allowed", "is this instance itself");
    }
    for (member, url) in [("issuer", Some(&issuer)), ("jwks_url", jwks_url.as_ref())] {
        if url.is_some_and(|url| url.starts_with("http:")) {
            object.complain(member, "invalid_value", "must be an https URL");
        }
    }
    if audience.contains("{workspace}") {
        let message = "must not have `{workspace}` in it: it is for this one alone";
        object.complain("audience", "not_allowed", message);
    }
    let read = read_options(issuer, audience, jwks_url, kind, algorithms, email, roles);
    let issuer = object.keep(read.map_err(|error| below(place, error)));
    object.finish()?;
    issuer.ok_or_else(|| Error::validation(place, "invalid_value", "is no issuer"))
}

fn read_options(
    issuer: String,
    audience: String,
    jwks_url: Option<String>,
    kind: Option<String>,
    algorithms: Option<Vec<String>>,
    email: Option<serde_json::Map<String, Json>>,
    roles: Option<serde_json::Map<String, Json>>,
) -> Result<TokenIssuer> {
    let mut read = TokenIssuer::new(issuer, audience)?;
    if let Some(url) = jwks_url {
        read = read.with_jwks_url(url)?;
    }
    if let Some(kind) = kind {
        let found = KINDS.iter().find(|(_, name)| *name == kind);
        let message = "must be `access`, `plain` or `id`";
        let refuse = || Error::validation("tokens", "invalid_value", message);
        read = read.with_tokens(found.ok_or_else(refuse)?.0);
    }
    if let Some(names) = algorithms {
        let found: Option<Vec<_>> = names.iter().map(|name| Algorithm::parse(name)).collect();
        let message = "must be of `EdDSA`, `ES256` and `RS256`";
        let refuse = || Error::validation("algorithms", "invalid_value", message);
        read = read.with_algorithms(found.ok_or_else(refuse)?)?;
    }
    if let Some(email) = email {
        let mut object = Object::read(&Json::Object(email), "email_claims")?;
        let address = object.required_string("address");
        let verified = object.required_string("verified");
        object.finish()?;
        read = read.with_email_claims(address, verified)?;
    }
    if let Some(roles) = roles {
        let mut object = Object::read(&Json::Object(roles), "roles")?;
        let claim = object.required_string("claim");
        let map = object.object("map").unwrap_or_default();
        object.finish()?;
        let pairs = map.into_iter().map(|(said, role)| match role {
            Json::String(role) => Ok((said, role)),
            _ => Err(Error::validation(
                "roles/map",
                "type_mismatch",
                "must be names of roles",
            )),
        });
        read = read.with_roles(claim, pairs.collect::<Result<Vec<_>>>()?)?;
    }
    Ok(read)
}

/// The complaints, where they stand in the document.
fn below(place: &str, error: Error) -> Error {
    let mut details = error.details().to_vec();
    for detail in &mut details {
        let path = match detail.path.as_str() {
            "jwksUrl" => "jwks_url",
            path => path,
        };
        detail.path = format!("{place}/{path}");
    }
    error.with_details(details)
}

fn show_issuer(issuer: &TokenIssuer) -> Json {
    let parts = issuer.parts();
    let kind = KINDS.iter().find(|(kind, _)| *kind == parts.kind);
    let algorithms: Vec<_> = parts.algorithms.iter().map(|it| it.name()).collect();
    json!({
        "issuer": issuer.issuer(),
        "audience": parts.audience,
        "jwks_url": parts.jwks_url,
        "tokens": kind.map(|(_, name)| *name),
        "algorithms": algorithms,
        "email_claims": {"address": parts.email.0, "verified": parts.email.1},
        "roles": parts.roles.map(|(claim, map)| {
            let map: serde_json::Map<_, _> = map
                .iter()
                .map(|(said, role)| (said.clone(), json!(role)))
                .collect();
            json!({"claim": claim, "map": map})
        }),
    })
}
