-- What a person has to decide.

-- Rows that were held back and wait: few, and counted on every page.
CREATE INDEX claims_waiting ON claims (organization_id) WHERE state = 'quarantined';

-- Pending rows that banks stopped showing, the latest first.
CREATE INDEX feed_rows_vanished ON feed_rows (organization_id, vanished_at) WHERE vanished_at IS NOT NULL;

-- Rows that are alike, and of which a person said that they are two; the smaller id first. Nobody is asked again.
CREATE TABLE different_pairs (
    organization_id UUID NOT NULL,
    first_id UUID NOT NULL,
    second_id UUID NOT NULL,
    said_by UUID REFERENCES people (id),
    said_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, first_id, second_id),
    FOREIGN KEY (organization_id, first_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, second_id) REFERENCES transactions (organization_id, id)
);
