-- Categories that go, what rows are alike by, and what providers file rows under.

-- When it was merged or deleted. Batches that are undone may bring back lines of it: while a row of the books has it, it is there.
ALTER TABLE categories ADD COLUMN gone_at BIGINT;
DROP INDEX main_categories;
DROP INDEX subcategories;
CREATE UNIQUE INDEX main_categories ON categories (organization_id, name_folded) WHERE parent_id IS NULL AND gone_at IS NULL;
CREATE UNIQUE INDEX subcategories ON categories (organization_id, parent_id, name_folded)
    WHERE parent_id IS NOT NULL AND gone_at IS NULL;

-- The name without what changes from one row to the next, such as the number of a till. NULL until it has been worked out.
ALTER TABLE payees ADD COLUMN pattern TEXT;
CREATE INDEX payees_by_pattern ON payees (organization_id, pattern);

-- Of a content: keyed digests of the other side's account and of who collects or under which mandate, and what its provider files it
-- under. NULL also where the content came before these columns were there.
ALTER TABLE feed_row_versions ADD COLUMN counterparty_digest BYTEA;
ALTER TABLE feed_row_versions ADD COLUMN creditor_digest BYTEA;
ALTER TABLE feed_row_versions ADD COLUMN provider_category TEXT;
CREATE INDEX versions_by_counterparty ON feed_row_versions (organization_id, counterparty_digest, day)
    WHERE counterparty_digest IS NOT NULL;
CREATE INDEX versions_by_creditor ON feed_row_versions (organization_id, creditor_digest, day)
    WHERE creditor_digest IS NOT NULL;

-- What providers file rows under, as it was first seen, and to which category it is mapped. code is the provider's, or that of a
-- scheme which several share, with the scheme in front: mcc:5411.
CREATE TABLE provider_categories (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    category_id UUID,
    first_seen_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, code),
    FOREIGN KEY (organization_id, category_id) REFERENCES categories (organization_id, id)
);
CREATE INDEX provider_categories_by_category ON provider_categories (organization_id, category_id);
