-- What a person has to decide.

-- Rows that were held back and wait: few, and counted on every page.
CREATE INDEX claims_waiting ON claims (organization_id) WHERE state = 'quarantined';

-- Pending rows that banks stopped showing, the latest first.
CREATE INDEX feed_rows_vanished ON feed_rows (organization_id, vanished_at) WHERE vanished_at IS NOT NULL;

-- Rows that are alike, and of which a person said that they are two; the smaller id first. Nobody is asked again.
CREATE TABLE different_pairs (
    organization_id BLOB NOT NULL,
    first_id BLOB NOT NULL,
    second_id BLOB NOT NULL,
    said_by BLOB REFERENCES people (id),
    said_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, first_id, second_id),
    FOREIGN KEY (organization_id, first_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, second_id) REFERENCES transactions (organization_id, id)
) STRICT;
