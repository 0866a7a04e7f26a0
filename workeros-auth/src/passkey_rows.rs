//! The rows of passkeys, which are there whether anybody can sign in by one or
//! not.

use crate::migrations::tables;

tables! {
    /// What a device calls a passkey is one user's within a realm.
    PLATFORM_PASSKEYS = "auth-0020-passkeys", APP_PASSKEYS = "auth-app-0020-passkeys",
    sqlite: [
        ["CREATE TABLE " p "_passkeys (\
        id TEXT PRIMARY KEY NOT NULL, \
        realm_id TEXT NOT NULL, \
        user_id TEXT NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        name TEXT, \
        credential_id BLOB NOT NULL, \
        public_key BLOB NOT NULL, \
        counter INTEGER NOT NULL, \
        backup_eligible INTEGER NOT NULL, \
        backed_up INTEGER NOT NULL, \
        transports TEXT NOT NULL, \
        model TEXT, \
        created_at TEXT NOT NULL, \
        last_used_at TEXT, \
        UNIQUE (realm_id, credential_id)) STRICT"],
        ["CREATE INDEX " p "_passkeys_user_id ON " p "_passkeys (user_id)"],
    ],
    postgres: [
        ["CREATE TABLE " p "_passkeys (\
        id uuid PRIMARY KEY, \
        realm_id uuid NOT NULL, \
        user_id uuid NOT NULL REFERENCES " p "_users (id) ON DELETE CASCADE, \
        name text, \
        credential_id bytea NOT NULL, \
        public_key bytea NOT NULL, \
        counter bigint NOT NULL, \
        backup_eligible boolean NOT NULL, \
        backed_up boolean NOT NULL, \
        transports text NOT NULL, \
        model uuid, \
        created_at timestamptz NOT NULL, \
        last_used_at timestamptz, \
        UNIQUE (realm_id, credential_id))"],
        ["CREATE INDEX " p "_passkeys_user_id ON " p "_passkeys (user_id)"],
    ],
}
