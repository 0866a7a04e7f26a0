use workeros_core::Migration;

/// Of end users alone. An invitation is a flow and what stands here beside it.
pub(crate) const APP_ORGANIZATIONS: Migration = Migration {
    name: "auth-app-0050-organizations",
    sqlite: &[
        "CREATE TABLE app_organizations (\
        id TEXT PRIMARY KEY NOT NULL, \
        realm_id TEXT NOT NULL, \
        name TEXT NOT NULL, \
        slug TEXT NOT NULL, \
        logo TEXT, \
        metadata TEXT, \
        created_at TEXT NOT NULL, \
        UNIQUE (realm_id, slug)) STRICT",
        "CREATE TABLE app_organization_members (\
        id TEXT PRIMARY KEY NOT NULL, \
        organization_id TEXT NOT NULL REFERENCES app_organizations (id) ON DELETE CASCADE, \
        user_id TEXT NOT NULL REFERENCES app_users (id) ON DELETE CASCADE, \
        role TEXT NOT NULL, \
        created_at TEXT NOT NULL, \
        UNIQUE (organization_id, user_id)) STRICT",
        "CREATE INDEX app_organization_members_user_id ON app_organization_members (user_id)",
        "CREATE TABLE app_organization_invitations (\
        id TEXT PRIMARY KEY NOT NULL REFERENCES app_auth_flows (id) ON DELETE CASCADE, \
        organization_id TEXT NOT NULL REFERENCES app_organizations (id) ON DELETE CASCADE, \
        email TEXT NOT NULL, \
        role TEXT NOT NULL, \
        UNIQUE (organization_id, email)) STRICT",
        "CREATE INDEX app_organization_invitations_email ON app_organization_invitations (email)",
    ],
    postgres: &[
        "CREATE TABLE app_organizations (\
        id uuid PRIMARY KEY, \
        realm_id uuid NOT NULL, \
        name text NOT NULL, \
        slug text NOT NULL, \
        logo text, \
        metadata text, \
        created_at timestamptz NOT NULL, \
        UNIQUE (realm_id, slug))",
        "CREATE TABLE app_organization_members (\
        id uuid PRIMARY KEY, \
        organization_id uuid NOT NULL REFERENCES app_organizations (id) ON DELETE CASCADE, \
        user_id uuid NOT NULL REFERENCES app_users (id) ON DELETE CASCADE, \
        role text NOT NULL, \
        created_at timestamptz NOT NULL, \
        UNIQUE (organization_id, user_id))",
        "CREATE INDEX app_organization_members_user_id ON app_organization_members (user_id)",
        "CREATE TABLE app_organization_invitations (\
        id uuid PRIMARY KEY REFERENCES app_auth_flows (id) ON DELETE CASCADE, \
        organization_id uuid NOT NULL REFERENCES app_organizations (id) ON DELETE CASCADE, \
        email text NOT NULL, \
        role text NOT NULL, \
        UNIQUE (organization_id, email))",
        "CREATE INDEX app_organization_invitations_email ON app_organization_invitations (email)",
    ],
};
