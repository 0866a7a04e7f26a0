use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use workeros::{Authenticator, Error, ErrorKind, Identity, Random, Result, TenantId};

/// The role of who works in support.
pub(crate) const SUPPORT: &str = "support";

/// The employees who work in support, by the bearer tokens they have.
#[derive(Default, Clone)]
pub struct Staff(HashMap<String, i64>);

impl Staff {
    /// Gives the employee with this id a token.
    ///
    /// # Errors
    ///
    /// When there are no random bytes.
    pub fn admit(&mut self, employee: i64, random: &impl Random) -> Result<String> {
        let mut bytes = [0; 32];
        random.fill(&mut bytes)?;
        let token = hex::encode(bytes);
        self.0.insert(token.clone(), employee);
        Ok(token)
    }
}

#[async_trait]
impl Authenticator for Staff {
    async fn authenticate(&self, request: &Parts, _: Option<TenantId>) -> Result<Option<Identity>> {
        let Some(header) = request.headers.get(AUTHORIZATION) else {
            return Ok(None);
        };
        let token = header
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Bearer "));
        let employee = token.and_then(|token| self.0.get(token));
        let employee =
            employee.ok_or_else(|| Error::new(ErrorKind::Unauthorized, "the token is unknown"))?;
        Ok(Some(
            Identity::host(employee.to_string()).with_role(SUPPORT),
        ))
    }
}

impl fmt::Debug for Staff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.values()).finish()
    }
}
