-- The inbox: rows that banks and files have brought, waiting to be reviewed.

-- Whether rows that come wait in an inbox. What came while they did not never waits.
ALTER TABLE organizations ADD COLUMN has_inbox INTEGER NOT NULL DEFAULT 0;

-- Whether a member has the inbox, with its count, beside the other pages.
ALTER TABLE members ADD COLUMN wants_inbox INTEGER NOT NULL DEFAULT 1;

-- Where a row stands in the inbox: it waits there until somebody has looked at it (reviewed_at), or somebody has hidden it. NULL where it
-- never came in. Who looks at rows writes reviewed_at alone, so that undoing puts them back.
ALTER TABLE transactions ADD COLUMN inbox TEXT CHECK (inbox IN ('waiting', 'hidden'));
CREATE INDEX transactions_in_inbox ON transactions (organization_id, inbox, dated_on, position, id, account_id)
    WHERE inbox IS NOT NULL AND reviewed_at IS NULL AND deleted_at IS NULL;

-- What somebody asks a colleague about a row that waits. It says nothing once the row is reviewed, and holds again when that is undone.
CREATE TABLE inbox_flags (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    transaction_id BLOB NOT NULL,
    from_id BLOB REFERENCES people (id),
    to_id BLOB NOT NULL REFERENCES people (id),
    note TEXT NOT NULL,
    flagged_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, transaction_id),
    FOREIGN KEY (organization_id, transaction_id) REFERENCES transactions (organization_id, id)
) STRICT;
CREATE INDEX inbox_flags_by_recipient ON inbox_flags (organization_id, to_id);
