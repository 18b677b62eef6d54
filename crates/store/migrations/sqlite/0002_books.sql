-- The books: accounts, transactions with their lines, and every write to them.

-- opening_minor + booked_minor (+ pending_minor where the policy counts it) is the balance. booked_minor, pending_minor and
-- transaction_count are kept by the same statement that writes the rows; revision rises with every write to the account.
CREATE TABLE accounts (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    asset_id BLOB,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('checking', 'savings', 'credit_card', 'loan', 'investment', 'cash', 'other')),
    currency TEXT NOT NULL REFERENCES currencies (code),
    opening_minor INTEGER NOT NULL,
    opening_on TEXT,
    opening_source TEXT NOT NULL CHECK (opening_source IN ('person', 'bank', 'unknown')),
    pending_policy TEXT NOT NULL CHECK (pending_policy IN ('booked_only', 'shown', 'counted')),
    locked_through TEXT,
    revision INTEGER NOT NULL,
    booked_minor INTEGER NOT NULL,
    pending_minor INTEGER NOT NULL,
    transaction_count INTEGER NOT NULL,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    closed_at INTEGER,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
) STRICT;

CREATE TABLE payees (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, name_folded)
) STRICT;

CREATE TABLE categories (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    parent_id BLOB,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    is_builtin INTEGER NOT NULL,
    position INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, parent_id) REFERENCES categories (organization_id, id)
) STRICT;

CREATE TABLE tags (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, name_folded)
) STRICT;

CREATE TABLE rules (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    stage TEXT NOT NULL,
    position INTEGER NOT NULL,
    definition TEXT NOT NULL,
    is_enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, id)
) STRICT;

-- Every write to the books belongs to a batch.
CREATE TABLE batches (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    actor TEXT NOT NULL CHECK (actor IN ('run', 'import', 'person', 'rule', 'system')),
    person_id BLOB REFERENCES people (id),
    run_id BLOB,
    summary TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    undoes BLOB,
    undone_by BLOB,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, undoes) REFERENCES batches (organization_id, id),
    FOREIGN KEY (organization_id, undone_by) REFERENCES batches (organization_id, id)
) STRICT;
CREATE INDEX batches_by_run ON batches (organization_id, run_id);

-- before and after are text; NULL is a blank. owner_id is the transaction or account that the row belongs to.
CREATE TABLE changes (
    organization_id BLOB NOT NULL,
    batch_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    entity TEXT NOT NULL CHECK (entity IN ('transaction', 'line', 'claim', 'account')),
    entity_id BLOB NOT NULL,
    owner_id BLOB NOT NULL,
    field TEXT NOT NULL,
    before_value TEXT,
    after_value TEXT,
    PRIMARY KEY (organization_id, batch_id, position),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
) STRICT;
CREATE INDEX changes_by_owner ON changes (organization_id, owner_id);

-- dated_on and payee_id are what holds; provider_* is the lowest layer, field_layers keeps the two above it.
CREATE TABLE transactions (
    organization_id BLOB NOT NULL,
    id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('booked', 'pending', 'scheduled', 'declined')),
    amount_minor INTEGER NOT NULL,
    dated_on TEXT NOT NULL,
    payee_id BLOB,
    booked_on TEXT,
    value_on TEXT,
    provider_dated_on TEXT,
    provider_payee_id BLOB,
    moves_opening INTEGER NOT NULL,
    position INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    cleared_at INTEGER,
    reconciled_at INTEGER,
    reviewed_at INTEGER,
    deleted_at INTEGER,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
    FOREIGN KEY (organization_id, payee_id) REFERENCES payees (organization_id, id),
    FOREIGN KEY (organization_id, provider_payee_id) REFERENCES payees (organization_id, id)
) STRICT;
CREATE INDEX transactions_by_day ON transactions (organization_id, account_id, dated_on, position, id)
    WHERE deleted_at IS NULL;
CREATE INDEX transactions_of_all_by_day ON transactions (organization_id, dated_on, position, id)
    WHERE deleted_at IS NULL;
-- Proofs look at rows by the day on which they are in the books, by the day of the bank where that is another one, and by when
-- they were first seen.
CREATE INDEX transactions_by_other_day ON transactions (organization_id, account_id, booked_on)
    WHERE booked_on <> dated_on;
CREATE INDEX transactions_by_seen ON transactions (organization_id, account_id, seen_at);

CREATE TABLE transaction_lines (
    organization_id BLOB NOT NULL,
    id BLOB NOT NULL,
    transaction_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    category_id BLOB,
    note TEXT,
    note_folded TEXT,
    provider_note TEXT,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, transaction_id, position),
    FOREIGN KEY (organization_id, transaction_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, category_id) REFERENCES categories (organization_id, id)
) STRICT;

CREATE TABLE line_tags (
    organization_id BLOB NOT NULL,
    line_id BLOB NOT NULL,
    tag_id BLOB NOT NULL,
    PRIMARY KEY (organization_id, line_id, tag_id),
    FOREIGN KEY (organization_id, line_id) REFERENCES transaction_lines (organization_id, id),
    FOREIGN KEY (organization_id, tag_id) REFERENCES tags (organization_id, id)
) STRICT;

-- The rule's and the person's layer of a field, present only where one was written. A NULL value is a blank that holds.
CREATE TABLE field_layers (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    entity TEXT NOT NULL CHECK (entity IN ('transaction', 'line')),
    entity_id BLOB NOT NULL,
    field TEXT NOT NULL,
    layer TEXT NOT NULL CHECK (layer IN ('rule', 'person')),
    value TEXT,
    batch_id BLOB NOT NULL,
    PRIMARY KEY (organization_id, entity_id, field, layer),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
) STRICT;
