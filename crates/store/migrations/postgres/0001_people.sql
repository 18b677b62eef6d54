-- People, organizations and what belongs to the installation itself.
-- Instants are microseconds UTC; dates are civil dates; *_folded columns hold text folded for search and comparison.

CREATE TABLE installation (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    key_id BYTEA NOT NULL,
    key_check BYTEA NOT NULL,
    identity_key BYTEA NOT NULL,
    passphrase_salt BYTEA,
    created_at BIGINT NOT NULL
);

CREATE TABLE settings (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Seeded from ISO 4217; a scale is frozen once an amount was read with it.
CREATE TABLE currencies (
    code TEXT COLLATE "C" PRIMARY KEY,
    scale BIGINT NOT NULL CHECK (scale BETWEEN 0 AND 8),
    is_custom BOOLEAN NOT NULL,
    first_used_at BIGINT
);

CREATE TABLE people (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL UNIQUE,
    email TEXT,
    email_folded TEXT COLLATE "C" UNIQUE,
    password_hash TEXT NOT NULL,
    is_operator BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_digest BYTEA PRIMARY KEY,
    person_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person_id);

-- Failed attempts per bucket (a person's name, an address); shared by all machines of an installation.
CREATE TABLE throttles (
    bucket TEXT COLLATE "C" PRIMARY KEY,
    failures BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE organizations (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('household', 'company')),
    currency TEXT COLLATE "C" NOT NULL REFERENCES currencies (code),
    time_zone TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE assets (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    parent_id UUID,
    kind TEXT NOT NULL CHECK (kind IN ('structuring', 'production')),
    stage TEXT NOT NULL CHECK (stage IN ('conceptual', 'active')),
    name TEXT NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    closed_on DATE,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, parent_id) REFERENCES assets (organization_id, id)
);
CREATE INDEX assets_by_parent ON assets (organization_id, parent_id);

CREATE TABLE member_groups (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    asset_id UUID,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
);

CREATE TABLE members (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    person_id UUID NOT NULL REFERENCES people (id),
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    group_id UUID,
    asset_id UUID,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, person_id),
    FOREIGN KEY (organization_id, group_id) REFERENCES member_groups (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
);
CREATE INDEX members_by_person ON members (person_id);
