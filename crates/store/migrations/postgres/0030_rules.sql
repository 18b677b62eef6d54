-- Rules: what follows for a row from what it says.

-- No rule has been kept before. definition (JSON) is the conditions and what follows; revision rises with every change of the rule;
-- gone_at is when it was deleted: its row stays, since history and layers speak of it.
DROP TABLE rules;
CREATE TABLE rules (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('before', 'normal', 'last')),
    position BIGINT NOT NULL,
    definition TEXT NOT NULL,
    is_on BOOLEAN NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    gone_at BIGINT,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX rules_by_name ON rules (organization_id, name_folded) WHERE gone_at IS NULL;

-- For how many rows a rule held when a batch was made, and how many of them it changed by that batch.
CREATE TABLE rule_hits (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    rule_id UUID NOT NULL,
    batch_id UUID NOT NULL,
    matched BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (organization_id, rule_id, batch_id),
    FOREIGN KEY (organization_id, rule_id) REFERENCES rules (organization_id, id),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
);

-- Which rule wrote a rule's layer.
ALTER TABLE field_layers ADD COLUMN rule_id UUID;
