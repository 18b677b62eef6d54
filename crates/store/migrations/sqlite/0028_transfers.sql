-- Transfers between the accounts of one organization.

-- What a content says of the other side, beside its sealed bytes and the digests of the account number that it names and of who
-- collects: a keyed digest of the reference from end to end, and the amount in another currency. other_side_version is empty where nobody
-- has read all that from the bytes yet.
ALTER TABLE feed_row_versions ADD COLUMN end_to_end_digest BLOB;
ALTER TABLE feed_row_versions ADD COLUMN original_minor INTEGER;
ALTER TABLE feed_row_versions ADD COLUMN original_currency TEXT;
ALTER TABLE feed_row_versions ADD COLUMN other_side_version INTEGER;
CREATE INDEX versions_without_other_side ON feed_row_versions (organization_id, id) WHERE other_side_version IS NULL;

-- The number by which a bank knows an account, without its currency, as a keyed digest; none where it has none. Rows that name it as
-- their other side are found by it.
CREATE TABLE account_numbers (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    bank_account_id BLOB NOT NULL,
    digest BLOB,
    PRIMARY KEY (organization_id, bank_account_id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id)
) STRICT;
CREATE INDEX account_numbers_by_digest ON account_numbers (organization_id, digest) WHERE digest IS NOT NULL;

-- Two transactions that are one transfer. It holds while both are in the books, in two accounts, and money goes from the one to the other:
-- whoever takes one of them out ends it, and whoever brings that back has it again. grounds (JSON) is what the rows said.
CREATE TABLE transfer_pairs (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    out_id BLOB NOT NULL,
    in_id BLOB NOT NULL,
    linked_by TEXT NOT NULL CHECK (linked_by IN ('rows', 'person')),
    grounds TEXT,
    batch_id BLOB NOT NULL,
    PRIMARY KEY (organization_id, out_id),
    FOREIGN KEY (organization_id, out_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, in_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
) STRICT;
CREATE UNIQUE INDEX transfer_pairs_by_in ON transfer_pairs (organization_id, in_id);

-- The pairs that hold, seen from either side.
CREATE VIEW transfer_sides AS
SELECT p.organization_id, p.out_id AS transaction_id, p.in_id AS other_id, p.linked_by, p.grounds, p.batch_id
FROM transfer_pairs p
JOIN transactions o ON o.organization_id = p.organization_id AND o.id = p.out_id
JOIN transactions i ON i.organization_id = p.organization_id AND i.id = p.in_id
WHERE o.deleted_at IS NULL AND i.deleted_at IS NULL AND o.account_id <> i.account_id AND o.amount_minor < 0 AND i.amount_minor > 0
UNION ALL
SELECT p.organization_id, p.in_id AS transaction_id, p.out_id AS other_id, p.linked_by, p.grounds, p.batch_id
FROM transfer_pairs p
JOIN transactions o ON o.organization_id = p.organization_id AND o.id = p.out_id
JOIN transactions i ON i.organization_id = p.organization_id AND i.id = p.in_id
WHERE o.deleted_at IS NULL AND i.deleted_at IS NULL AND o.account_id <> i.account_id AND o.amount_minor < 0 AND i.amount_minor > 0;

-- Two transactions of which a person said that they are no transfer; the smaller id first. Nobody is asked again.
CREATE TABLE transfer_rejections (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    first_id BLOB NOT NULL,
    second_id BLOB NOT NULL,
    batch_id BLOB NOT NULL,
    PRIMARY KEY (organization_id, first_id, second_id),
    FOREIGN KEY (organization_id, first_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, second_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
) STRICT;
