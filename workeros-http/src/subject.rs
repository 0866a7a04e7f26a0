use http::HeaderName;
use http::request::Parts;
use workeros_core::{Error, ErrorKind, Identity, Result, Subject, TenantId};

use crate::Backend;

const X_WORKEROS_TENANT: HeaderName = HeaderName::from_static("x-workeros-tenant");

/// Who sent a request, and in which workspace he acts: the one the request
/// names, else the one his credentials are bound to, else the default one.
pub(crate) async fn resolve(backend: &Backend, parts: &Parts) -> Result<Subject> {
    let named = named_tenant(backend, parts)?;
    let default = backend.plane().default_tenant();
    let Some(identity) = identify(backend, parts, named.unwrap_or(default)).await? else {
        return Ok(Subject::anonymous(named.unwrap_or(default)));
    };
    match (named, identity.tenant) {
        (Some(named), Some(bound)) if named != bound => {
            let message = "these credentials are for another workspace";
            Err(Error::new(ErrorKind::Forbidden, message))
        }
        (named, bound) => {
            let tenant = named.or(bound).unwrap_or(default);
            Ok(Subject::identified(tenant, identity))
        }
    }
}

/// Asks the authenticators one after the other. Credentials one of them does
/// not accept may be those of the next; nobody's are refused in the end.
async fn identify(backend: &Backend, parts: &Parts, tenant: TenantId) -> Result<Option<Identity>> {
    let mut refusal = None;
    for authenticator in &backend.0.authenticators {
        match authenticator.authenticate(parts, tenant).await {
            Ok(Some(identity)) => return Ok(Some(identity)),
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::Unauthorized => {
                refusal.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    refusal.map_or(Ok(None), Err)
}

/// The workspace the request names. One that is not there and one that is not
/// the caller's get the same answer.
fn named_tenant(backend: &Backend, parts: &Parts) -> Result<Option<TenantId>> {
    let mut values = parts.headers.get_all(X_WORKEROS_TENANT).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        let message = "the header `x-workeros-tenant` is given twice";
        return Err(Error::new(ErrorKind::BadRequest, message));
    }
    let named = value.to_str().ok().and_then(|text| text.parse().ok());
    let default = backend.plane().default_tenant();
    named
        .filter(|tenant| *tenant == default)
        .map(Some)
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such workspace"))
}
