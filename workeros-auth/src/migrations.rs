use workeros_core::Migration;

use crate::anonymous::{APP_ANONYMOUS, PLATFORM_ANONYMOUS};
use crate::impersonation::IMPERSONATIONS;
use crate::jwt::SIGNING_KEYS;
use crate::oauth::{APP_ACCOUNTS, PLATFORM_ACCOUNTS};
use crate::organization::APP_ORGANIZATIONS;
use crate::passkey_rows::{APP_PASSKEYS, PLATFORM_PASSKEYS};
use crate::refresh::REFRESH;
use crate::settings::{APP_ORIGINS, APP_SETTINGS};
use crate::two_factor::{APP_TWO_FACTOR, PLATFORM_TWO_FACTOR};

/// The system tables of this crate, in order; see
/// [`migrate`](workeros_core::migrate).
pub const MIGRATIONS: &[Migration] = &[
    PLATFORM_USERS,
    PLATFORM_SESSIONS,
    PLATFORM_USER_ROLES,
    API_KEYS,
    BOOTSTRAP,
    CHANGES,
    PLATFORM_FLOWS,
    MAIL_QUEUE,
    APP_USERS,
    APP_SESSIONS,
    APP_USER_ROLES,
    APP_FLOWS,
    REFRESH,
    SIGNING_KEYS,
    ACTIVITY,
    PLATFORM_PASSKEYS,
    APP_PASSKEYS,
    PLATFORM_TWO_FACTOR,
    APP_TWO_FACTOR,
    PLATFORM_ACCOUNTS,
    APP_ACCOUNTS,
    APP_ORGANIZATIONS,
    APP_SETTINGS,
    APP_ORIGINS,
    PLATFORM_ANONYMOUS,
    APP_ANONYMOUS,
    IMPERSONATIONS,
];

/// Declares a migration of each plane: the names of both, and the statements,
/// in which `p` stands for the prefix of the plane's tables.
macro_rules! tables {
    (
        $(#[$doc:meta])*
        $platform:ident = $platform_name:literal, $app:ident = $app_name:literal,
        sqlite: [$([$($sqlite:tt)+]),+ $(,)?],
        postgres: [$([$($postgres:tt)+]),+ $(,)?] $(,)?
    ) => {
        $(#[$doc])*
        pub(crate) const $platform: workeros_core::Migration = workeros_core::Migration {
            name: $platform_name,
            sqlite: &[$($crate::plane::planes!($($sqlite)+).platform),+],
            postgres: &[$($crate::plane::planes!($($postgres)+).platform),+],
        };
        $(#[$doc])*
        pub(crate) const $app: workeros_core::Migration = workeros_core::Migration {
            name: $app_name,
            sqlite: &[$($crate::plane::planes!($($sqlite)+).app),+],
            postgres: &[$($crate::plane::planes!($($postgres)+).app),+],
        };
    };
}
pub(crate) use tables;

tables! {
    /// An address is one user's within a realm. The guest is who signed up so, as
    /// long as he waits; see `anonymous::waiting`.
    PLATFORM_USERS = "auth-0001-users", APP_USERS = "auth-app-0001-users",
    sqlite: [["CREATE TABLE " p "_users (\
        id TEXT PRIMARY KEY NOT NULL, \
        realm_id TEXT NOT NULL, \
        email TEXT NOT NULL, \
        name TEXT NOT NULL, \
        password_hash TEXT, \
        locale TEXT, \
        email_verified INTEGER NOT NULL, \
        disabled INTEGER NOT NULL, \
        created_at TEXT NOT NULL, \
        updated_at TEXT NOT NULL, \
        image TEXT, \
        guest_id TEXT, \
        UNIQUE (realm_id, email)) STRICT"]],
    postgres: [["CREATE TABLE " p "_users (\
        id uuid PRIMARY KEY, \
        realm_id uuid NOT NULL, \
        email text NOT NULL, \
        name text NOT NULL, \
        password_hash text, \
        locale text, \
        email_verified boolean NOT NULL, \
        disabled boolean NOT NULL, \
        created_at timestamptz NOT NULL, \
        updated_at timestamptz NOT NULL, \
        image text, \
        guest_id uuid, \
        UNIQUE (realm_id, email))"]],
}

tables! {
    /// What a session is found by is its key, see `SessionKey`. One that somebody
    /// else acts by goes with his own; see `impersonation`.
    PLATFORM_SESSIONS = "auth-0002-sessions", APP_SESSIONS = "auth-app-0002-sessions",
    sqlite: [
        ["CREATE TABLE " p "_sessions (\
        id TEXT PRIMARY KEY NOT NULL, \
        realm_id TEXT NOT NULL, \
        user_id TEXT NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        key BLOB NOT NULL UNIQUE, \
        created_at TEXT NOT NULL, \
        expires_at TEXT NOT NULL, \
        last_seen_at TEXT NOT NULL, \
        ip TEXT, \
        user_agent TEXT, \
        active_tenant TEXT, \
        " ["", "active_organization TEXT, "] "\
        admin_id TEXT REFERENCES workeros_users (id) ON DELETE CASCADE, \
        admin_session TEXT REFERENCES workeros_sessions (id) ON DELETE CASCADE, \
        admin_tenant TEXT, \
        admin_roles TEXT, \
        read_only INTEGER) STRICT"],
        ["CREATE INDEX " p "_sessions_user_id ON " p "_sessions (user_id)"],
        ["CREATE INDEX " p "_sessions_admin_id ON " p "_sessions (admin_id) \
        WHERE admin_id IS NOT NULL"],
        ["CREATE INDEX " p "_sessions_admin_session ON " p "_sessions (admin_session) \
        WHERE admin_session IS NOT NULL"],
    ],
    postgres: [
        ["CREATE TABLE " p "_sessions (\
        id uuid PRIMARY KEY, \
        realm_id uuid NOT NULL, \
        user_id uuid NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        key bytea NOT NULL UNIQUE, \
        created_at timestamptz NOT NULL, \
        expires_at timestamptz NOT NULL, \
        last_seen_at timestamptz NOT NULL, \
        ip text, \
        user_agent text, \
        active_tenant uuid, \
        " ["", "active_organization uuid, "] "\
        admin_id uuid REFERENCES workeros_users (id) ON DELETE CASCADE, \
        admin_session uuid REFERENCES workeros_sessions (id) ON DELETE CASCADE, \
        admin_tenant uuid, \
        admin_roles text, \
        read_only boolean)"],
        ["CREATE INDEX " p "_sessions_user_id ON " p "_sessions (user_id)"],
        ["CREATE INDEX " p "_sessions_admin_id ON " p "_sessions (admin_id) \
        WHERE admin_id IS NOT NULL"],
        ["CREATE INDEX " p "_sessions_admin_session ON " p "_sessions (admin_session) \
        WHERE admin_session IS NOT NULL"],
    ],
}

tables! {
    /// Roles are named, not referred to: their table belongs to another crate.
    PLATFORM_USER_ROLES = "auth-0003-user-roles", APP_USER_ROLES = "auth-app-0003-user-roles",
    sqlite: [
        ["CREATE TABLE " p "_user_roles (\
        tenant_id TEXT NOT NULL, \
        user_id TEXT NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        role TEXT NOT NULL, \
        PRIMARY KEY (tenant_id, user_id, role)) STRICT"],
        ["CREATE INDEX " p "_user_roles_user_id ON " p "_user_roles (user_id)"],
        ["CREATE INDEX " p "_user_roles_role ON " p "_user_roles (tenant_id, role, user_id)"],
    ],
    postgres: [
        ["CREATE TABLE " p "_user_roles (\
        tenant_id uuid NOT NULL, \
        user_id uuid NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        role text NOT NULL, \
        PRIMARY KEY (tenant_id, user_id, role))"],
        ["CREATE INDEX " p "_user_roles_user_id ON " p "_user_roles (user_id)"],
        ["CREATE INDEX " p "_user_roles_role ON " p "_user_roles (tenant_id, role, user_id)"],
    ],
}

tables! {
    /// What was begun and waits for its proof; see `flow`.
    PLATFORM_FLOWS = "auth-0007-flows", APP_FLOWS = "auth-app-0007-flows",
    sqlite: [
        ["CREATE TABLE " p "_auth_flows (\
        id TEXT PRIMARY KEY NOT NULL, \
        realm_id TEXT NOT NULL, \
        purpose TEXT NOT NULL, \
        user_id TEXT REFERENCES " p "_users (id) ON DELETE CASCADE, \
        address TEXT, \
        secret_hash BLOB NOT NULL UNIQUE, \
        data TEXT, \
        attempts INTEGER NOT NULL, \
        created_at TEXT NOT NULL, \
        expires_at TEXT NOT NULL, \
        UNIQUE (realm_id, purpose, address)) STRICT"],
        ["CREATE INDEX " p "_auth_flows_user_id ON " p "_auth_flows (user_id)"],
        ["CREATE INDEX " p "_auth_flows_expires_at ON " p "_auth_flows (expires_at)"],
    ],
    postgres: [
        ["CREATE TABLE " p "_auth_flows (\
        id uuid PRIMARY KEY, \
        realm_id uuid NOT NULL, \
        purpose text NOT NULL, \
        user_id uuid REFERENCES " p "_users (id) ON DELETE CASCADE, \
        address text, \
        secret_hash bytea NOT NULL UNIQUE, \
        data text, \
        attempts bigint NOT NULL, \
        created_at timestamptz NOT NULL, \
        expires_at timestamptz NOT NULL, \
        UNIQUE (realm_id, purpose, address))"],
        ["CREATE INDEX " p "_auth_flows_user_id ON " p "_auth_flows (user_id)"],
        ["CREATE INDEX " p "_auth_flows_expires_at ON " p "_auth_flows (expires_at)"],
    ],
}

const API_KEYS: Migration = Migration {
    name: "auth-0004-api-keys",
    sqlite: &[
        "CREATE TABLE workeros_api_keys (\
        id TEXT PRIMARY KEY NOT NULL, \
        tenant_id TEXT NOT NULL, \
        user_id TEXT NOT NULL REFERENCES workeros_users (id) ON DELETE CASCADE, \
        name TEXT NOT NULL, \
        prefix TEXT NOT NULL UNIQUE, \
        last4 TEXT NOT NULL, \
        token_hash BLOB NOT NULL, \
        roles TEXT, \
        collections TEXT, \
        read_only INTEGER NOT NULL, \
        tools TEXT, \
        per_minute INTEGER, \
        per_day INTEGER, \
        created_at TEXT NOT NULL, \
        expires_at TEXT, \
        last_used_at TEXT, \
        revoked_at TEXT) STRICT",
        "CREATE INDEX workeros_api_keys_user_id ON workeros_api_keys (user_id)",
        "CREATE INDEX workeros_api_keys_tenant_id ON workeros_api_keys (tenant_id, id)",
    ],
    postgres: &[
        "CREATE TABLE workeros_api_keys (\
        id uuid PRIMARY KEY, \
        tenant_id uuid NOT NULL, \
        user_id uuid NOT NULL REFERENCES workeros_users (id) ON DELETE CASCADE, \
        name text NOT NULL, \
        prefix text NOT NULL UNIQUE, \
        last4 text NOT NULL, \
        token_hash bytea NOT NULL, \
        roles text, \
        collections text, \
        read_only boolean NOT NULL, \
        tools text, \
        per_minute bigint, \
        per_day bigint, \
        created_at timestamptz NOT NULL, \
        expires_at timestamptz, \
        last_used_at timestamptz, \
        revoked_at timestamptz)",
        "CREATE INDEX workeros_api_keys_user_id ON workeros_api_keys (user_id)",
        "CREATE INDEX workeros_api_keys_tenant_id ON workeros_api_keys (tenant_id, id)",
    ],
};

/// One row at most. It outlives the user it names: who came first is decided
/// once for the life of the database.
const BOOTSTRAP: Migration = Migration {
    name: "auth-0005-bootstrap",
    sqlite: &["CREATE TABLE workeros_bootstrap (\
        id INTEGER PRIMARY KEY CHECK (id = 1), \
        user_id TEXT NOT NULL, \
        created_at TEXT NOT NULL) STRICT"],
    postgres: &["CREATE TABLE workeros_bootstrap (\
        id integer PRIMARY KEY CHECK (id = 1), \
        user_id uuid NOT NULL, \
        created_at timestamptz NOT NULL)"],
};

/// What instances tell each other; see `feed`. The subject is the id of a user,
/// a key or a realm, or the hash of a session's token; none means everybody.
const CHANGES: Migration = Migration {
    name: "auth-0006-changes",
    sqlite: &["CREATE TABLE workeros_auth_changes (\
        id INTEGER PRIMARY KEY AUTOINCREMENT, \
        subject BLOB, \
        at INTEGER NOT NULL DEFAULT (unixepoch())) STRICT"],
    postgres: &[
        "CREATE TABLE workeros_auth_changes (\
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
        tx xid8 NOT NULL DEFAULT pg_current_xact_id(), \
        subject bytea, \
        at timestamptz NOT NULL DEFAULT now())",
        "CREATE INDEX workeros_auth_changes_tx ON workeros_auth_changes (tx)",
    ],
};

/// Mails that are not sent yet; see `outbox`. What they say is sealed. One that
/// was given up has no next time.
const MAIL_QUEUE: Migration = Migration {
    name: "auth-0008-mail-queue",
    sqlite: &[
        "CREATE TABLE workeros_mail_queue (\
        id TEXT PRIMARY KEY NOT NULL, \
        realm_id TEXT NOT NULL, \
        to_address TEXT NOT NULL, \
        template TEXT NOT NULL, \
        data TEXT NOT NULL, \
        languages TEXT, \
        attempts INTEGER NOT NULL, \
        next_at TEXT, \
        created_at TEXT NOT NULL, \
        expires_at TEXT NOT NULL, \
        last_error TEXT) STRICT",
        "CREATE INDEX workeros_mail_queue_next_at ON workeros_mail_queue (next_at)",
    ],
    postgres: &[
        "CREATE TABLE workeros_mail_queue (\
        id uuid PRIMARY KEY, \
        realm_id uuid NOT NULL, \
        to_address text NOT NULL, \
        template text NOT NULL, \
        data text NOT NULL, \
        languages text, \
        attempts bigint NOT NULL, \
        next_at timestamptz, \
        created_at timestamptz NOT NULL, \
        expires_at timestamptz NOT NULL, \
        last_error text)",
        "CREATE INDEX workeros_mail_queue_next_at ON workeros_mail_queue (next_at)",
    ],
};

/// What was done, see `activity`. Rows outlive the users they name.
const ACTIVITY: Migration = Migration {
    name: "auth-0010-activity",
    sqlite: &[
        "CREATE TABLE workeros_auth_activity (\
        id TEXT PRIMARY KEY NOT NULL, \
        realm_id TEXT NOT NULL, \
        at TEXT NOT NULL, \
        action TEXT NOT NULL, \
        actor TEXT NOT NULL, \
        user_id TEXT, \
        ip TEXT, \
        user_agent TEXT, \
        request_id TEXT, \
        detail TEXT NOT NULL) STRICT",
        "CREATE INDEX workeros_auth_activity_realm_id ON workeros_auth_activity (realm_id, id)",
        "CREATE INDEX workeros_auth_activity_user_id ON workeros_auth_activity (user_id, id)",
        "CREATE INDEX workeros_auth_activity_at ON workeros_auth_activity (at)",
    ],
    postgres: &[
        "CREATE TABLE workeros_auth_activity (\
        id uuid PRIMARY KEY, \
        realm_id uuid NOT NULL, \
        at timestamptz NOT NULL, \
        action text NOT NULL, \
        actor text NOT NULL, \
        user_id uuid, \
        ip text, \
        user_agent text, \
        request_id text, \
        detail text NOT NULL)",
        "CREATE INDEX workeros_auth_activity_realm_id ON workeros_auth_activity (realm_id, id)",
        "CREATE INDEX workeros_auth_activity_user_id ON workeros_auth_activity (user_id, id)",
        "CREATE INDEX workeros_auth_activity_at ON workeros_auth_activity (at)",
    ],
};
