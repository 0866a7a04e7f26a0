/// Who may make organizations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OrganizationCreation {
    /// Every end user.
    #[default]
    Everybody,
    /// Nobody but the host, by [`Auth::found_organization`](crate::Auth::found_organization).
    Nobody,
}

/// The rules for the organizations of a workspace's end users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationRules {
    /// Who may make them (everybody).
    pub creation: OrganizationCreation,
    /// How many members one has at most (1000).
    pub max_members: u32,
    /// How many one user is in at most (100).
    pub max_per_user: u32,
}

impl OrganizationRules {
    /// The rules where nothing else is said.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets who may make organizations.
    #[must_use]
    pub fn with_creation(mut self, creation: OrganizationCreation) -> Self {
        self.creation = creation;
        self
    }

    /// Sets how many members an organization has at most, from 1 on. Those that
    /// have more keep them.
    #[must_use]
    pub fn with_max_members(mut self, members: u32) -> Self {
        self.max_members = members;
        self
    }

    /// Sets how many organizations a user is in at most. Whoever is in more
    /// stays there.
    #[must_use]
    pub fn with_max_per_user(mut self, organizations: u32) -> Self {
        self.max_per_user = organizations;
        self
    }
}

impl Default for OrganizationRules {
    fn default() -> Self {
        Self {
            creation: OrganizationCreation::default(),
            max_members: 1000,
            max_per_user: 100,
        }
    }
}
