use std::fmt;
use std::str::FromStr;

use uuid::Uuid;
use workeros_dsl::Value;

/// Declares a newtype over a UUID.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with this UUID.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }

        impl From<$name> for Value {
            fn from(id: $name) -> Self {
                Self::Uuid(id.0)
            }
        }
    };
}

id! {
    /// A workspace: the unit that data, roles and members belong to.
    TenantId
}
id! {
    /// A user of the bundled auth.
    UserId
}
id! {
    /// A session of the bundled auth.
    SessionId
}
id! {
    /// An API key.
    ApiKeyId
}
id! {
    /// An account at a provider, by which a user of the bundled auth signs in.
    LinkedAccountId
}
id! {
    /// A passkey of a user of the bundled auth.
    PasskeyId
}
id! {
    /// An invitation to a workspace or to an organization.
    InvitationId
}
id! {
    /// An organization of end users of a workspace.
    OrganizationId
}
id! {
    /// That somebody is in an organization.
    OrganizationMemberId
}
id! {
    /// A role of a workspace.
    RoleId
}
id! {
    /// A permission row of a role.
    PermissionId
}
id! {
    /// A collection.
    CollectionId
}
