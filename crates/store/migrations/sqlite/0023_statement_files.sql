-- The bank account that stands for the statement files of an account: whatever rows they bring are of it, also beside a bank that feeds the
-- account. profile is how its files are read (JSON), as a person confirmed it last.
CREATE TABLE statement_accounts (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    account_id BLOB NOT NULL,
    bank_account_id BLOB NOT NULL,
    profile TEXT,
    PRIMARY KEY (organization_id, account_id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id)
) STRICT;
CREATE UNIQUE INDEX statement_accounts_by_bank_account ON statement_accounts (organization_id, bank_account_id);

-- Statement files, each from its upload on. content, guess and answer are sealed, and gone when the file is over; profile stays (JSON),
-- because the rows that it brought are read by it. Once it is imported its id is that of its source. A worker that reads or imports
-- holds the attempt until lease_until.
CREATE TABLE statement_files (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    person_id BLOB REFERENCES people (id),
    name TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('open', 'reading', 'ready', 'importing', 'done', 'failed', 'abandoned')),
    data_key BLOB NOT NULL,
    content BLOB,
    guess BLOB,
    answer BLOB,
    profile TEXT NOT NULL,
    problem TEXT,
    rows_total INTEGER NOT NULL,
    rows_done INTEGER NOT NULL,
    counts TEXT,
    batch_id BLOB,
    attempt INTEGER NOT NULL,
    lease_until INTEGER,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
) STRICT;
CREATE UNIQUE INDEX statement_files_open ON statement_files (organization_id, account_id)
    WHERE stage IN ('open', 'reading', 'ready', 'importing', 'failed');
CREATE INDEX statement_files_by_account ON statement_files (organization_id, account_id, created_at);
CREATE INDEX statement_files_due ON statement_files (created_at) WHERE stage IN ('reading', 'importing');
CREATE INDEX statement_files_idle ON statement_files (changed_at) WHERE stage IN ('open', 'ready', 'failed');
