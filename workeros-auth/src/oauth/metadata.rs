use serde_json::{Map, Value as Json};
use workeros_core::{HttpClient, Result};

use super::fetch::get_object;
use super::provider::is_endpoint;
use super::refusal::misconfigured;
use super::token::Authentication;

/// Where a provider is to be found, and what it can do.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: Option<String>,
    /// Where its keys are; one without has no ID tokens.
    pub(super) jwks_uri: Option<String>,
    /// Whether it says in its answers that they are its own (RFC 9207).
    pub(super) names_itself: bool,
    pub(super) authentication: Authentication,
}

impl Metadata {
    /// Reads what a provider says of itself.
    pub(super) async fn discover(http: &dyn HttpClient, issuer: &str) -> Result<Self> {
        let document = &describe(http, issuer).await?;
        let optional = |name| described_endpoint(document, name);
        let required = |name| {
            let lacks = || misconfigured(format!("its description has no `{name}`"));
            optional(name)?.ok_or_else(lacks)
        };
        Ok(Self {
            authorization_endpoint: required("authorization_endpoint")?,
            token_endpoint: required("token_endpoint")?,
            userinfo_endpoint: optional("userinfo_endpoint")?,
            jwks_uri: Some(required("jwks_uri")?),
            names_itself: document.get("authorization_response_iss_parameter_supported")
                == Some(&Json::Bool(true)),
            authentication: authentication(document)?,
        })
    }
}

/// Reads what an issuer says of itself (OpenID Connect Discovery). Somebody else's
/// word for it does not count.
pub(crate) async fn describe(http: &dyn HttpClient, issuer: &str) -> Result<Map<String, Json>> {
    let base = issuer.strip_suffix('/').unwrap_or(issuer);
    let url = format!("{base}/.well-known/openid-configuration");
    let document = get_object(http, &url, None).await?;
    match document.get("issuer").and_then(Json::as_str) == Some(issuer) {
        true => Ok(document),
        false => Err(misconfigured("its description is of another issuer")),
    }
}

/// Where something of an issuer is to be found. What is described by https does not
/// lead to http.
pub(crate) fn described_endpoint(
    document: &Map<String, Json>,
    name: &str,
) -> Result<Option<String>> {
    let issuer = document.get("issuer").and_then(Json::as_str);
    let encrypts = issuer.is_none_or(|issuer| issuer.starts_with("https:"));
    let is_fit = |url: &str| is_endpoint(url) && (url.starts_with("https:") || !encrypts);
    match document.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(url)) if is_fit(url) => Ok(Some(url.clone())),
        Some(_) => Err(misconfigured(format!("its `{name}` is no https URL"))),
    }
}

/// Where nothing is said, `client_secret_basic` is.
fn authentication(document: &Map<String, Json>) -> Result<Authentication> {
    let Some(methods) = document.get("token_endpoint_auth_methods_supported") else {
        return Ok(Authentication::Basic);
    };
    let names = |method: &str| {
        let methods = methods.as_array();
        methods.is_some_and(|methods| methods.iter().any(|name| name == method))
    };
    if names("client_secret_basic") {
        Ok(Authentication::Basic)
    } else if names("client_secret_post") {
        Ok(Authentication::Post)
    } else {
        Err(misconfigured("it takes no client secret"))
    }
}
