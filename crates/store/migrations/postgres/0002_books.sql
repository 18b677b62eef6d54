-- The books: accounts, transactions with their lines, and every write to them.

-- opening_minor + booked_minor (+ pending_minor where the policy counts it) is the balance. booked_minor, pending_minor and
-- transaction_count are kept by the same statement that writes the rows; revision rises with every write to the account.
CREATE TABLE accounts (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    asset_id UUID,
    name TEXT NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('checking', 'savings', 'credit_card', 'loan', 'investment', 'cash', 'other')),
    currency TEXT COLLATE "C" NOT NULL REFERENCES currencies (code),
    opening_minor BIGINT NOT NULL,
    opening_on DATE,
    opening_source TEXT NOT NULL CHECK (opening_source IN ('person', 'bank', 'unknown')),
    pending_policy TEXT NOT NULL CHECK (pending_policy IN ('booked_only', 'shown', 'counted')),
    locked_through DATE,
    revision BIGINT NOT NULL,
    booked_minor BIGINT NOT NULL,
    pending_minor BIGINT NOT NULL,
    transaction_count BIGINT NOT NULL,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
);

CREATE TABLE payees (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, name_folded)
);

CREATE TABLE categories (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    parent_id UUID,
    name TEXT NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL,
    is_builtin BOOLEAN NOT NULL,
    position BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, parent_id) REFERENCES categories (organization_id, id)
);

CREATE TABLE tags (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, name_folded)
);

CREATE TABLE rules (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    stage TEXT NOT NULL,
    position BIGINT NOT NULL,
    definition TEXT NOT NULL,
    is_enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id)
);

-- Every write to the books belongs to a batch.
CREATE TABLE batches (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    actor TEXT NOT NULL CHECK (actor IN ('run', 'import', 'person', 'rule', 'system')),
    person_id UUID REFERENCES people (id),
    run_id UUID,
    summary TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    undoes UUID,
    undone_by UUID,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, undoes) REFERENCES batches (organization_id, id),
    FOREIGN KEY (organization_id, undone_by) REFERENCES batches (organization_id, id)
);
CREATE INDEX batches_by_run ON batches (organization_id, run_id);

-- before and after are text; NULL is a blank. owner_id is the transaction or account that the row belongs to.
CREATE TABLE changes (
    organization_id UUID NOT NULL,
    batch_id UUID NOT NULL,
    position BIGINT NOT NULL,
    entity TEXT NOT NULL CHECK (entity IN ('transaction', 'line', 'claim', 'account')),
    entity_id UUID NOT NULL,
    owner_id UUID NOT NULL,
    field TEXT NOT NULL,
    before_value TEXT,
    after_value TEXT,
    PRIMARY KEY (organization_id, batch_id, position),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
);
CREATE INDEX changes_by_owner ON changes (organization_id, owner_id);

-- dated_on and payee_id are what holds; provider_* is the lowest layer, field_layers keeps the two above it.
CREATE TABLE transactions (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('booked', 'pending', 'scheduled', 'declined')),
    amount_minor BIGINT NOT NULL,
    dated_on DATE NOT NULL,
    payee_id UUID,
    booked_on DATE,
    value_on DATE,
    provider_dated_on DATE,
    provider_payee_id UUID,
    moves_opening BOOLEAN NOT NULL,
    position BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    cleared_at BIGINT,
    reconciled_at BIGINT,
    reviewed_at BIGINT,
    deleted_at BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
    FOREIGN KEY (organization_id, payee_id) REFERENCES payees (organization_id, id),
    FOREIGN KEY (organization_id, provider_payee_id) REFERENCES payees (organization_id, id)
);
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
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    transaction_id UUID NOT NULL,
    position BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    category_id UUID,
    note TEXT,
    note_folded TEXT COLLATE "C",
    provider_note TEXT,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, transaction_id, position),
    FOREIGN KEY (organization_id, transaction_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, category_id) REFERENCES categories (organization_id, id)
);

CREATE TABLE line_tags (
    organization_id UUID NOT NULL,
    line_id UUID NOT NULL,
    tag_id UUID NOT NULL,
    PRIMARY KEY (organization_id, line_id, tag_id),
    FOREIGN KEY (organization_id, line_id) REFERENCES transaction_lines (organization_id, id),
    FOREIGN KEY (organization_id, tag_id) REFERENCES tags (organization_id, id)
);

-- The rule's and the person's layer of a field, present only where one was written. A NULL value is a blank that holds.
CREATE TABLE field_layers (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    entity TEXT NOT NULL CHECK (entity IN ('transaction', 'line')),
    entity_id UUID NOT NULL,
    field TEXT NOT NULL,
    layer TEXT NOT NULL CHECK (layer IN ('rule', 'person')),
    value TEXT,
    batch_id UUID NOT NULL,
    PRIMARY KEY (organization_id, entity_id, field, layer),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
);
