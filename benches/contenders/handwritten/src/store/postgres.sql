CREATE TABLE IF NOT EXISTS users (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    admin boolean NOT NULL,
    disabled boolean NOT NULL,
    password_hash text NOT NULL
);

CREATE TABLE IF NOT EXISTS sessions (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE IF NOT EXISTS posts (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    owner_id uuid NOT NULL,
    title text NOT NULL,
    body text,
    status text,
    views bigint,
    score double precision,
    featured boolean,
    published_at timestamptz,
    data jsonb
);
CREATE INDEX IF NOT EXISTS posts_page ON posts (created_at, id);
CREATE INDEX IF NOT EXISTS posts_views ON posts (views, id);

CREATE TABLE IF NOT EXISTS archive (LIKE posts INCLUDING ALL);

CREATE TABLE IF NOT EXISTS changes (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collection text NOT NULL,
    item text NOT NULL,
    action text NOT NULL,
    before jsonb,
    after jsonb,
    actor text NOT NULL,
    at timestamptz NOT NULL
);
