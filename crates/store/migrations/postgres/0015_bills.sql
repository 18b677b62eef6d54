-- Bills of cards, as last stated. Which contents stand on one, the contents say: by the keyed digest of what the provider calls it.
CREATE TABLE bills (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    digest BYTEA NOT NULL,
    closed_on DATE,
    due_on DATE NOT NULL,
    owed_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id),
    FOREIGN KEY (currency) REFERENCES currencies (code)
);
CREATE UNIQUE INDEX bills_by_digest ON bills (organization_id, bank_account_id, digest);
ALTER TABLE feed_row_versions ADD COLUMN bill_digest BYTEA;
CREATE INDEX versions_of_bills ON feed_row_versions (organization_id, bank_account_id, bill_digest) WHERE bill_digest IS NOT NULL;
-- The rows of the books that stand on bills. One for which several contents stand is there as often.
CREATE VIEW rows_on_bills AS
    SELECT n.organization_id, n.id AS bill_id, k.transaction_id FROM bills n
    JOIN feed_row_versions v ON v.organization_id = n.organization_id AND v.bank_account_id = n.bank_account_id AND v.bill_digest = n.digest
    JOIN feed_rows r ON r.organization_id = v.organization_id AND r.current_version_id = v.id
    JOIN claims k ON k.organization_id = r.organization_id AND k.feed_row_id = r.id AND k.state = 'applied';
