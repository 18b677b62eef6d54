-- Banks: keys, connections, bank accounts, and the rows that they send.

-- Keys that an organization typed. Keys from a file or the environment belong to the installation and are never stored.
CREATE TABLE credentials (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    provider TEXT NOT NULL,
    data_key BYTEA NOT NULL,
    fields BYTEA NOT NULL,
    hint TEXT NOT NULL,
    created_by UUID REFERENCES people (id),
    created_at BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, provider)
);

-- Short-lived tokens of providers, kept so that a restart does not spend a new one.
CREATE TABLE provider_tokens (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    provider TEXT NOT NULL,
    keys_digest BYTEA NOT NULL,
    data_key BYTEA NOT NULL,
    token BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, provider, keys_digest)
);

-- consent_* is what the provider stated. remote is the provider's own reference, sealed.
CREATE TABLE connections (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    institution_key TEXT NOT NULL,
    institution_name TEXT NOT NULL,
    country TEXT,
    time_zone TEXT NOT NULL,
    owner_id UUID REFERENCES people (id),
    data_key BYTEA NOT NULL,
    remote BYTEA NOT NULL,
    consent_given_at BIGINT,
    consent_valid_until BIGINT,
    max_history_days BIGINT,
    created_at BIGINT NOT NULL,
    paused_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (organization_id, id)
);

-- One walk through the connecting loop. reference_digest finds it again when the provider sends the person back.
CREATE TABLE flows (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    provider TEXT NOT NULL,
    person_id UUID NOT NULL REFERENCES people (id),
    connection_id UUID,
    account_id UUID,
    reference_digest BYTEA NOT NULL UNIQUE,
    data_key BYTEA NOT NULL,
    state BYTEA NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('open', 'done', 'cancelled', 'failed')),
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id)
);

CREATE TABLE bank_accounts (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    institution_key TEXT NOT NULL,
    institution_name TEXT NOT NULL,
    name TEXT NOT NULL,
    holder TEXT,
    masked_number TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('checking', 'savings', 'credit_card', 'loan', 'investment', 'cash', 'other')),
    currency TEXT COLLATE "C" NOT NULL REFERENCES currencies (code),
    flips_sign BOOLEAN NOT NULL,
    data_key BYTEA NOT NULL,
    details BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    ignored_at BIGINT,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE match_keys (
    organization_id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('provider_hash', 'iban', 'mask')),
    digest BYTEA NOT NULL,
    PRIMARY KEY (organization_id, kind, digest, bank_account_id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id)
);

-- What a provider calls a bank account, and for how long. Several connections may see one bank account.
CREATE TABLE aliases (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    provider_account_id TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
);
CREATE UNIQUE INDEX aliases_active ON aliases (organization_id, connection_id, provider_account_id)
    WHERE until_at IS NULL;
CREATE INDEX aliases_by_bank_account ON aliases (organization_id, bank_account_id);

-- The tie between a bank account and an account. One feeds an account at a time; others may shadow it. refetch_from: a batch
-- from this day on was undone, so the next sync asks from there.
CREATE TABLE feeds (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    account_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    import_from DATE NOT NULL,
    refetch_from DATE,
    is_shadow BOOLEAN NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
);
CREATE UNIQUE INDEX feeds_active_by_account ON feeds (organization_id, account_id)
    WHERE until_at IS NULL AND NOT is_shadow;
CREATE UNIQUE INDEX feeds_active_by_bank_account ON feeds (organization_id, bank_account_id)
    WHERE until_at IS NULL AND NOT is_shadow;

CREATE TABLE sources (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('connection', 'statement_file')),
    connection_id UUID,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
);
CREATE UNIQUE INDEX sources_by_connection ON sources (organization_id, connection_id);

-- One transaction as a source sent it, through all its versions. status is its current version's; vanished_at: a pending
-- row that the bank took back.
CREATE TABLE feed_rows (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    current_version_id UUID NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('booked', 'pending', 'scheduled', 'declined')),
    vanished_at BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id)
);

CREATE INDEX feed_rows_pending ON feed_rows (organization_id, bank_account_id)
    WHERE status = 'pending' AND vanished_at IS NULL;

-- A content as received. feed_row_id is empty until a plan has decided which row it is. What matching needs stands beside
-- the sealed bytes: amounts and days, keyed digests of ids and content.
CREATE TABLE feed_row_versions (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    feed_row_id UUID,
    source_id UUID NOT NULL,
    run_id UUID,
    position BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('booked', 'pending', 'scheduled', 'declined')),
    amount_minor BIGINT,
    currency TEXT COLLATE "C",
    day DATE,
    provider_id_digest BYTEA,
    bank_id_digest BYTEA,
    reference_digest BYTEA,
    fingerprint BYTEA NOT NULL,
    fingerprint_version BIGINT NOT NULL,
    names_counterparty BOOLEAN NOT NULL,
    raw_digest BYTEA NOT NULL,
    raw BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    last_seen_run_id UUID,
    last_seen_at BIGINT NOT NULL,
    reason TEXT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id),
    FOREIGN KEY (organization_id, feed_row_id) REFERENCES feed_rows (organization_id, id),
    FOREIGN KEY (organization_id, source_id) REFERENCES sources (organization_id, id)
);
CREATE INDEX versions_unplanned ON feed_row_versions (organization_id, bank_account_id) WHERE feed_row_id IS NULL;
CREATE INDEX versions_by_day ON feed_row_versions (organization_id, bank_account_id, day, raw_digest);
CREATE INDEX versions_by_provider_id ON feed_row_versions (organization_id, bank_account_id, provider_id_digest)
    WHERE provider_id_digest IS NOT NULL;
CREATE INDEX versions_by_bank_id ON feed_row_versions (organization_id, bank_account_id, bank_id_digest)
    WHERE bank_id_digest IS NOT NULL;
CREATE INDEX versions_by_reference ON feed_row_versions (organization_id, bank_account_id, reference_digest)
    WHERE reference_digest IS NOT NULL;
CREATE INDEX versions_by_feed_row ON feed_row_versions (organization_id, feed_row_id);
CREATE INDEX versions_by_run ON feed_row_versions (organization_id, last_seen_run_id);
CREATE INDEX versions_by_first_run ON feed_row_versions (organization_id, run_id, day);

-- The only link between a feed row and a transaction.
CREATE TABLE claims (
    organization_id UUID NOT NULL,
    feed_row_id UUID NOT NULL,
    transaction_id UUID,
    state TEXT NOT NULL CHECK (state IN ('applied', 'dismissed', 'quarantined', 'superseded')),
    batch_id UUID NOT NULL,
    PRIMARY KEY (organization_id, feed_row_id),
    FOREIGN KEY (organization_id, feed_row_id) REFERENCES feed_rows (organization_id, id),
    FOREIGN KEY (organization_id, transaction_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
);
CREATE INDEX claims_by_transaction ON claims (organization_id, transaction_id);
