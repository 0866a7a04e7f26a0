use crate::Timestamp;

/// What the variables of the language stand for in one request. What is not
/// given has no value: a comparison with it is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Variables {
    user_id: Option<String>,
    user_email: Option<String>,
    user_roles: Option<Vec<String>>,
    tenant_id: Option<String>,
    now: Option<Timestamp>,
}

impl Variables {
    /// Sets `$user.id`.
    #[must_use]
    pub fn with_user_id(mut self, id: impl Into<Option<String>>) -> Self {
        self.user_id = id.into();
        self
    }

    /// Sets `$user.email`.
    #[must_use]
    pub fn with_user_email(mut self, email: impl Into<Option<String>>) -> Self {
        self.user_email = email.into();
        self
    }

    /// Sets `$user.roles`. An empty list is a known empty list.
    #[must_use]
    pub fn with_user_roles(mut self, roles: impl Into<Option<Vec<String>>>) -> Self {
        self.user_roles = roles.into();
        self
    }

    /// Sets `$tenant.id`, alias `$user.tenant_id`.
    #[must_use]
    pub fn with_tenant_id(mut self, id: impl Into<Option<String>>) -> Self {
        self.tenant_id = id.into();
        self
    }

    /// Sets `$now`, taken once per request.
    #[must_use]
    pub fn with_now(mut self, now: impl Into<Option<Timestamp>>) -> Self {
        self.now = now.into();
        self
    }
}
