use http::HeaderName;
use http::request::Parts;
use workeros_core::{
    Error, ErrorKind, Identity, Result, Subject, TenantId, Workspace, Workspaces as _,
};

use crate::Backend;

const X_WORKEROS_TENANT: HeaderName = HeaderName::from_static("x-workeros-tenant");

/// Who sent a request, and in which workspace he acts: the one the request
/// names, else his own, else the default one.
pub(crate) async fn resolve(backend: &Backend, parts: &Parts) -> Result<Subject> {
    let named = named_tenant(backend, parts).await?;
    resolve_in(backend, parts, named).await
}

/// The same, with the workspace that is named. Who does not act in it gets the
/// answer for one that is not there.
pub(crate) async fn resolve_in(
    backend: &Backend,
    parts: &Parts,
    named: Option<TenantId>,
) -> Result<Subject> {
    let default = backend.plane().default_tenant();
    let Some(identity) = identify(backend, parts, named).await? else {
        return Ok(Subject::anonymous(named.unwrap_or(default)));
    };
    let tenant = identity.tenant.unwrap_or(default);
    if named.is_some_and(|named| named != tenant) {
        return Err(Workspace::not_there());
    }
    Ok(Subject::identified(tenant, identity))
}

/// Asks the authenticators one after the other. Credentials one of them does
/// not accept may be those of the next; nobody's are refused in the end.
async fn identify(
    backend: &Backend,
    parts: &Parts,
    named: Option<TenantId>,
) -> Result<Option<Identity>> {
    let mut refusal = None;
    for authenticator in &backend.0.authenticators {
        match authenticator.authenticate(parts, named).await {
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

/// The workspace the request names, by its id or its slug.
async fn named_tenant(backend: &Backend, parts: &Parts) -> Result<Option<TenantId>> {
    let mut values = parts.headers.get_all(X_WORKEROS_TENANT).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        let message = "the header `x-workeros-tenant` is given twice";
        return Err(Error::new(ErrorKind::BadRequest, message));
    }
    let name = value.to_str().map_err(|_| Workspace::not_there())?;
    let found = match name.parse() {
        Ok(id) => backend.plane().by_id(id).await?,
        Err(_) => backend.plane().by_slug(name).await?,
    };
    let workspace = found.ok_or_else(Workspace::not_there)?;
    Ok(Some(workspace.id))
}
