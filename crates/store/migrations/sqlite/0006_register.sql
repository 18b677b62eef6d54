-- The register: what it is sorted, filtered and counted by.

-- News are rows that nobody has looked at. What is here already is history.
UPDATE transactions SET reviewed_at = created_at WHERE reviewed_at IS NULL;

-- Rows that people typed and nobody has ticked: what a reconciliation is about.
CREATE INDEX transactions_to_clear ON transactions (organization_id, account_id, dated_on)
    WHERE deleted_at IS NULL AND provider_dated_on IS NULL AND cleared_at IS NULL;

CREATE INDEX transactions_by_payee ON transactions (organization_id, payee_id, dated_on)
    WHERE deleted_at IS NULL;
CREATE INDEX transactions_by_amount ON transactions (organization_id, account_id, amount_minor)
    WHERE deleted_at IS NULL;
CREATE INDEX lines_by_category ON transaction_lines (organization_id, category_id, transaction_id);
CREATE INDEX lines_by_tag ON line_tags (organization_id, tag_id, line_id);

-- What a person did, newest first: what they can undo and redo.
CREATE INDEX batches_by_person ON batches (organization_id, person_id, made_at);

-- One name once under each parent.
CREATE UNIQUE INDEX main_categories ON categories (organization_id, name_folded) WHERE parent_id IS NULL;
CREATE UNIQUE INDEX subcategories ON categories (organization_id, parent_id, name_folded) WHERE parent_id IS NOT NULL;
