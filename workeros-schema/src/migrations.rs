use workeros_core::Migration;

/// The system tables of the data plane, in order.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "schema-0001-workspaces",
        sqlite: &[
            "CREATE TABLE workeros_settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
            "CREATE TABLE workeros_tenants (\
                id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, \
                version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, \
                deleted_at TEXT, removed_at TEXT) STRICT",
            "CREATE INDEX workeros_tenants_deleted_at ON workeros_tenants (deleted_at) \
                WHERE deleted_at IS NOT NULL",
        ],
        postgres: &[
            "CREATE TABLE workeros_settings (key text PRIMARY KEY, value text NOT NULL)",
            "CREATE TABLE workeros_tenants (\
                id uuid PRIMARY KEY, slug text NOT NULL UNIQUE, name text NOT NULL, \
                version bigint NOT NULL DEFAULT 1, created_at timestamptz NOT NULL, \
                deleted_at timestamptz, removed_at timestamptz)",
            "CREATE INDEX workeros_tenants_deleted_at ON workeros_tenants (deleted_at) \
                WHERE deleted_at IS NOT NULL",
        ],
    },
    Migration {
        name: "schema-0002-collections",
        sqlite: &["CREATE TABLE workeros_collections (\
                id TEXT PRIMARY KEY, \
                tenant_id TEXT NOT NULL REFERENCES workeros_tenants (id), \
                slug TEXT NOT NULL, physical_table TEXT NOT NULL, \
                exclusive_table TEXT UNIQUE, definition TEXT NOT NULL, \
                version INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, \
                UNIQUE (tenant_id, slug)) STRICT"],
        postgres: &["CREATE TABLE workeros_collections (\
                id uuid PRIMARY KEY, \
                tenant_id uuid NOT NULL REFERENCES workeros_tenants (id), \
                slug text NOT NULL, physical_table text NOT NULL, \
                exclusive_table text UNIQUE, definition jsonb NOT NULL, \
                version bigint NOT NULL, created_at timestamptz NOT NULL, \
                updated_at timestamptz NOT NULL, \
                UNIQUE (tenant_id, slug))"],
    },
    Migration {
        name: "schema-0003-access",
        sqlite: &[
            "CREATE TABLE workeros_roles (\
                id TEXT PRIMARY KEY, \
                tenant_id TEXT NOT NULL REFERENCES workeros_tenants (id), \
                name TEXT NOT NULL, description TEXT, admin INTEGER NOT NULL, \
                system INTEGER NOT NULL, created_at TEXT NOT NULL, \
                UNIQUE (tenant_id, name)) STRICT",
            "CREATE TABLE workeros_permissions (\
                id TEXT PRIMARY KEY, \
                tenant_id TEXT NOT NULL REFERENCES workeros_tenants (id), \
                role_id TEXT NOT NULL REFERENCES workeros_roles (id) ON DELETE CASCADE, \
                collection_id TEXT REFERENCES workeros_collections (id) ON DELETE CASCADE, \
                action TEXT NOT NULL, condition TEXT, fields TEXT, created_at TEXT NOT NULL) STRICT",
            "CREATE INDEX workeros_permissions_tenant ON workeros_permissions (tenant_id)",
            "CREATE INDEX workeros_permissions_role ON workeros_permissions (role_id)",
            "CREATE INDEX workeros_permissions_collection ON workeros_permissions (collection_id)",
        ],
        postgres: &[
            "CREATE TABLE workeros_roles (\
                id uuid PRIMARY KEY, \
                tenant_id uuid NOT NULL REFERENCES workeros_tenants (id), \
                name text NOT NULL, description text, admin boolean NOT NULL, \
                system boolean NOT NULL, created_at timestamptz NOT NULL, \
                UNIQUE (tenant_id, name))",
            "CREATE TABLE workeros_permissions (\
                id uuid PRIMARY KEY, \
                tenant_id uuid NOT NULL REFERENCES workeros_tenants (id), \
                role_id uuid NOT NULL REFERENCES workeros_roles (id) ON DELETE CASCADE, \
                collection_id uuid REFERENCES workeros_collections (id) ON DELETE CASCADE, \
                action text NOT NULL, condition jsonb, fields jsonb, \
                created_at timestamptz NOT NULL)",
            "CREATE INDEX workeros_permissions_tenant ON workeros_permissions (tenant_id)",
            "CREATE INDEX workeros_permissions_role ON workeros_permissions (role_id)",
            "CREATE INDEX workeros_permissions_collection ON workeros_permissions (collection_id)",
        ],
    },
    Migration {
        name: "schema-0004-changes",
        // `tx` lets a reader on Postgres stop before the oldest transaction
        // that is still open, so that none of its entries is skipped.
        sqlite: &[
            "CREATE TABLE workeros_changes (\
                seq INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL, \
                collection TEXT NOT NULL, item TEXT NOT NULL, action TEXT NOT NULL, \
                before TEXT, after TEXT, actor TEXT NOT NULL, request_id TEXT, at TEXT NOT NULL) STRICT",
            "CREATE TABLE workeros_readers (\
                name TEXT PRIMARY KEY, seq INTEGER NOT NULL, tx INTEGER NOT NULL DEFAULT 0) STRICT",
            "CREATE TABLE workeros_idempotency (\
                tenant_id TEXT NOT NULL, actor TEXT NOT NULL, key TEXT NOT NULL, \
                fingerprint BLOB NOT NULL, response TEXT NOT NULL, created_at TEXT NOT NULL, \
                PRIMARY KEY (tenant_id, actor, key)) STRICT, WITHOUT ROWID",
            "CREATE INDEX workeros_idempotency_age ON workeros_idempotency (created_at)",
        ],
        postgres: &[
            "CREATE TABLE workeros_changes (\
                seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
                tx xid8 NOT NULL DEFAULT pg_current_xact_id(), tenant_id uuid NOT NULL, \
                collection text NOT NULL, item text NOT NULL, action text NOT NULL, \
                before jsonb, after jsonb, actor text NOT NULL, request_id text, \
                at timestamptz NOT NULL)",
            "CREATE INDEX workeros_changes_tx ON workeros_changes (tx, seq)",
            "CREATE TABLE workeros_readers (\
                name text PRIMARY KEY, seq bigint NOT NULL, tx bigint NOT NULL DEFAULT 0)",
            "CREATE TABLE workeros_idempotency (\
                tenant_id uuid NOT NULL, actor text NOT NULL, key text NOT NULL, \
                fingerprint bytea NOT NULL, response jsonb NOT NULL, \
                created_at timestamptz NOT NULL, PRIMARY KEY (tenant_id, actor, key))",
            "CREATE INDEX workeros_idempotency_age ON workeros_idempotency (created_at)",
        ],
    },
];
