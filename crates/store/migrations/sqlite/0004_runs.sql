-- Runs are the queue; beside them what they brought and what they cost.

CREATE TABLE runs (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    trigger_kind TEXT NOT NULL CHECK (trigger_kind IN ('linked', 'renewed', 'person', 'schedule', 'webhook')),
    person_id BLOB REFERENCES people (id),
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'finished')),
    due_at INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER,
    outcome TEXT CHECK (outcome IN ('done', 'partly', 'failed')),
    fault TEXT,
    calls INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
) STRICT;
-- At most one run of a connection waits, and at most one goes on.
CREATE UNIQUE INDEX runs_waiting ON runs (organization_id, connection_id) WHERE state = 'queued';
CREATE UNIQUE INDEX runs_going_on ON runs (organization_id, connection_id) WHERE state = 'running';
CREATE INDEX runs_due ON runs (due_at) WHERE state IN ('queued', 'running');
CREATE INDEX runs_by_connection ON runs (organization_id, connection_id, created_at);

CREATE TABLE run_attempts (
    organization_id BLOB NOT NULL,
    run_id BLOB NOT NULL,
    attempt INTEGER NOT NULL,
    lease_owner TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, run_id, attempt),
    FOREIGN KEY (organization_id, run_id) REFERENCES runs (organization_id, id)
) STRICT;

-- asked_* is the window that was asked for, served_* the days of the rows that came. fetched_at: rows and balances are stored and
-- may be planned. counts and fault are JSON.
CREATE TABLE run_accounts (
    organization_id BLOB NOT NULL,
    run_id BLOB NOT NULL,
    bank_account_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    step TEXT NOT NULL CHECK (step IN ('waiting', 'rows', 'balance', 'match', 'done', 'failed')),
    position INTEGER NOT NULL,
    asked_from TEXT,
    booked_complete INTEGER NOT NULL,
    pending_complete INTEGER NOT NULL,
    served_from TEXT,
    served_to TEXT,
    rows_received INTEGER NOT NULL,
    rows_seen_again INTEGER NOT NULL,
    fetched_at INTEGER,
    applied_at INTEGER,
    batch_id BLOB,
    counts TEXT,
    fault TEXT,
    PRIMARY KEY (organization_id, run_id, bank_account_id),
    FOREIGN KEY (organization_id, run_id) REFERENCES runs (organization_id, id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
) STRICT;
CREATE INDEX run_accounts_by_feed ON run_accounts (organization_id, bank_account_id, account_id, applied_at);
CREATE INDEX run_accounts_by_batch ON run_accounts (organization_id, batch_id) WHERE batch_id IS NOT NULL;

-- Every balance that was ever stated. moment: 'now', 'end_of' or 'start_of' the day in moment_on.
CREATE TABLE balances (
    organization_id BLOB NOT NULL,
    id BLOB NOT NULL,
    bank_account_id BLOB NOT NULL,
    run_id BLOB,
    kind TEXT NOT NULL CHECK (kind IN ('booked', 'expected', 'available', 'other')),
    provider_kind TEXT NOT NULL,
    moment TEXT NOT NULL CHECK (moment IN ('now', 'end_of', 'start_of')),
    moment_on TEXT,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id),
    FOREIGN KEY (organization_id, run_id) REFERENCES runs (organization_id, id)
) STRICT;
CREATE INDEX balances_by_bank_account ON balances (organization_id, bank_account_id, seen_at);

-- What the balances prove (JSON), worked out for one revision of the account; another revision means: work it out again.
CREATE TABLE balance_proofs (
    organization_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    account_revision INTEGER NOT NULL,
    proof TEXT NOT NULL,
    computed_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, account_id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id)
) STRICT;

-- Calls spent, per rule and what it counts together (subject).
CREATE TABLE quota_ledger (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    max_calls INTEGER NOT NULL,
    used_calls INTEGER NOT NULL,
    resets_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, provider, subject)
) STRICT;
