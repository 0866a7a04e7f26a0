CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY NOT NULL,
    email TEXT NOT NULL UNIQUE,
    admin BOOLEAN NOT NULL,
    disabled BOOLEAN NOT NULL,
    password_hash TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS sessions (
    token_hash BLOB PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS posts (
    id TEXT PRIMARY KEY NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT,
    status TEXT,
    views INTEGER,
    score REAL,
    featured BOOLEAN,
    published_at TEXT,
    data TEXT
);
CREATE INDEX IF NOT EXISTS posts_page ON posts (created_at, id);
CREATE INDEX IF NOT EXISTS posts_views ON posts (views, id);

CREATE TABLE IF NOT EXISTS archive (
    id TEXT PRIMARY KEY NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT,
    status TEXT,
    views INTEGER,
    score REAL,
    featured BOOLEAN,
    published_at TEXT,
    data TEXT
);
CREATE INDEX IF NOT EXISTS archive_page ON archive (created_at, id);
CREATE INDEX IF NOT EXISTS archive_views ON archive (views, id);

CREATE TABLE IF NOT EXISTS changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL,
    item TEXT NOT NULL,
    action TEXT NOT NULL,
    before TEXT,
    after TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
);
