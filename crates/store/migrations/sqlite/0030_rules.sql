-- Rules: what follows for a row from what it says.

-- No rule has been kept before. definition (JSON) is the conditions and what follows; revision rises with every change of the rule;
-- gone_at is when it was deleted: its row stays, since history and layers speak of it.
DROP TABLE rules;
CREATE TABLE rules (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('before', 'normal', 'last')),
    position INTEGER NOT NULL,
    definition TEXT NOT NULL,
    is_on INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    gone_at INTEGER,
    PRIMARY KEY (organization_id, id)
) STRICT;
CREATE UNIQUE INDEX rules_by_name ON rules (organization_id, name_folded) WHERE gone_at IS NULL;

-- For how many rows a rule held when a batch was made, and how many of them it changed by that batch.
CREATE TABLE rule_hits (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    rule_id BLOB NOT NULL,
    batch_id BLOB NOT NULL,
    matched INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (organization_id, rule_id, batch_id),
    FOREIGN KEY (organization_id, rule_id) REFERENCES rules (organization_id, id),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
) STRICT;

-- Which rule wrote a rule's layer.
ALTER TABLE field_layers ADD COLUMN rule_id BLOB;
