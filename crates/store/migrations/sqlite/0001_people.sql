-- People, organizations and what belongs to the installation itself.
-- Instants are microseconds UTC; dates are civil dates; *_folded columns hold text folded for search and comparison.

CREATE TABLE installation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    key_id BLOB NOT NULL,
    key_check BLOB NOT NULL,
    identity_key BLOB NOT NULL,
    passphrase_salt BLOB,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- Seeded from ISO 4217; a scale is frozen once an amount was read with it.
CREATE TABLE currencies (
    code TEXT PRIMARY KEY,
    scale INTEGER NOT NULL CHECK (scale BETWEEN 0 AND 8),
    is_custom INTEGER NOT NULL,
    first_used_at INTEGER
) STRICT;

CREATE TABLE people (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL UNIQUE,
    email TEXT,
    email_folded TEXT UNIQUE,
    password_hash TEXT NOT NULL,
    is_operator INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    token_digest BLOB PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_person ON sessions (person_id);

-- Failed attempts per bucket (a person's name, an address); shared by all machines of an installation.
CREATE TABLE throttles (
    bucket TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE organizations (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('household', 'company')),
    currency TEXT NOT NULL REFERENCES currencies (code),
    time_zone TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE assets (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    parent_id BLOB,
    kind TEXT NOT NULL CHECK (kind IN ('structuring', 'production')),
    stage TEXT NOT NULL CHECK (stage IN ('conceptual', 'active')),
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    closed_on TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, parent_id) REFERENCES assets (organization_id, id)
) STRICT;
CREATE INDEX assets_by_parent ON assets (organization_id, parent_id);

CREATE TABLE member_groups (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    asset_id BLOB,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
) STRICT;

CREATE TABLE members (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    person_id BLOB NOT NULL REFERENCES people (id),
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    group_id BLOB,
    asset_id BLOB,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, person_id),
    FOREIGN KEY (organization_id, group_id) REFERENCES member_groups (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
) STRICT;
CREATE INDEX members_by_person ON members (person_id);
