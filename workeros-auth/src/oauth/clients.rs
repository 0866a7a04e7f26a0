//! The providers of a realm.

use std::sync::Arc;

use workeros_core::{Error, ErrorKind, HttpClient, Result, Runtime};

use super::refusal::misconfigured;
use super::{OAuthClient, OAuthProvider};
use crate::{Auth, Plane};

/// Makes a client of each provider.
///
/// # Errors
///
/// [`Validation`](ErrorKind::Validation) for two of the same id, and without a
/// client to talk to them by.
pub(crate) fn connect(
    providers: Vec<OAuthProvider>,
    http: Option<&Arc<dyn HttpClient>>,
    runtime: &Runtime,
) -> Result<Vec<Arc<OAuthClient>>> {
    let refuse = |why: String| Error::new(ErrorKind::Validation, why);
    let mut clients: Vec<Arc<OAuthClient>> = Vec::new();
    for provider in providers {
        let id = provider.id();
        if clients.iter().any(|client| client.provider().id() == id) {
            return Err(refuse(format!("there are two providers `{id}`")));
        }
        let http = http.ok_or_else(|| {
            refuse(format!(
                "`{id}` needs an HTTP client: set one by `with_http_client`"
            ))
        })?;
        clients.push(Arc::new(OAuthClient::new(
            provider,
            Arc::clone(http),
            Arc::clone(&runtime.clock),
            Arc::clone(&runtime.random),
        )));
    }
    Ok(clients)
}

impl<P: Plane> Auth<P> {
    /// The ids of the providers one can sign in with.
    #[must_use]
    pub fn oauth_providers(&self) -> Vec<&str> {
        let clients = self.settings.providers.iter();
        clients.map(|client| client.provider().id()).collect()
    }

    /// The client of a provider.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) with code `PROVIDER_NOT_FOUND`;
    /// [`Unavailable`](ErrorKind::Unavailable) with code `PROVIDER_MISCONFIGURED`
    /// for one whose secret cannot be opened.
    pub(super) fn oauth_client(&self, id: &str) -> Result<&OAuthClient> {
        if self.settings.unreadable_providers.contains(id) {
            return Err(misconfigured("its secret cannot be opened"));
        }
        let mut clients = self.settings.providers.iter();
        let client = clients.find(|client| client.provider().id() == id);
        client.map(AsRef::as_ref).ok_or_else(|| {
            let message = "there is no such provider";
            Error::new(ErrorKind::NotFound, message).with_code("PROVIDER_NOT_FOUND")
        })
    }
}
