-- The inbox: rows that banks and files have brought, waiting to be reviewed.

-- Whether rows that come wait in an inbox. What came while they did not never waits.
ALTER TABLE organizations ADD COLUMN has_inbox BOOLEAN NOT NULL DEFAULT FALSE;

-- Whether a member has the inbox, with its count, beside the other pages.
ALTER TABLE members ADD COLUMN wants_inbox BOOLEAN NOT NULL DEFAULT TRUE;

-- Where a row stands in the inbox: it waits there until somebody has looked at it (reviewed_at), or somebody has hidden it. NULL where it
-- never came in. Who looks at rows writes reviewed_at alone, so that undoing puts them back.
ALTER TABLE transactions ADD COLUMN inbox TEXT CHECK (inbox IN ('waiting', 'hidden'));
CREATE INDEX transactions_in_inbox ON transactions (organization_id, inbox, dated_on, position, id, account_id)
    WHERE inbox IS NOT NULL AND reviewed_at IS NULL AND deleted_at IS NULL;

-- What somebody asks a colleague about a row that waits. It says nothing once the row is reviewed, and holds again when that is undone.
CREATE TABLE inbox_flags (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    transaction_id UUID NOT NULL,
    from_id UUID REFERENCES people (id),
    to_id UUID NOT NULL REFERENCES people (id),
    note TEXT NOT NULL,
    flagged_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, transaction_id),
    FOREIGN KEY (organization_id, transaction_id) REFERENCES transactions (organization_id, id)
);
CREATE INDEX inbox_flags_by_recipient ON inbox_flags (organization_id, to_id);
