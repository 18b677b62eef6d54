-- Turning the sign of a bank account is a change that its batch records, beside the rows that turn with it. SQLite cannot change what a
-- column may hold, so the table is made anew.
CREATE TABLE changes_new (
    organization_id BLOB NOT NULL,
    batch_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    entity TEXT NOT NULL CHECK (entity IN ('transaction', 'line', 'claim', 'account', 'bank_account')),
    entity_id BLOB NOT NULL,
    owner_id BLOB NOT NULL,
    field TEXT NOT NULL,
    before_value TEXT,
    after_value TEXT,
    PRIMARY KEY (organization_id, batch_id, position),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
) STRICT;
INSERT INTO changes_new SELECT organization_id, batch_id, position, entity, entity_id, owner_id, field, before_value, after_value
    FROM changes;
DROP TABLE changes;
ALTER TABLE changes_new RENAME TO changes;
CREATE INDEX changes_by_owner ON changes (organization_id, owner_id);
