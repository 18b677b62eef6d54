-- Moves of an account's feed to another connection, at most one open for each account. What the new feed shows is fetched beside the books:
-- answer is sealed, and gone when the move is over. A worker that fetches holds the attempt until lease_until.
CREATE TABLE moves (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    from_feed_id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    person_id UUID REFERENCES people (id),
    stage TEXT NOT NULL CHECK (stage IN ('fetching', 'ready', 'failed', 'done', 'abandoned')),
    asked_from DATE NOT NULL,
    data_key BYTEA NOT NULL,
    answer BYTEA,
    fault TEXT,
    rows_received BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    lease_until BIGINT,
    cut_over_on DATE,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
    FOREIGN KEY (organization_id, from_feed_id) REFERENCES feeds (organization_id, id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
);
CREATE UNIQUE INDEX moves_open ON moves (organization_id, account_id) WHERE stage IN ('fetching', 'ready', 'failed');
CREATE INDEX moves_due ON moves (created_at) WHERE stage = 'fetching';
CREATE INDEX moves_idle ON moves (changed_at) WHERE stage IN ('fetching', 'ready', 'failed');
