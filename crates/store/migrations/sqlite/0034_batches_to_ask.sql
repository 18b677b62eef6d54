-- Batches whose rows rules and transfers have not been asked about yet. One is written in the transaction of the batch and goes once
-- they have been asked, so that whoever is cut off between the two loses nothing: the worker asks about what is due. what is 'rows'
-- where rows came or changed, and 'links' where transfers were linked or taken apart. tries counts how often the worker has begun.
CREATE TABLE batches_to_ask (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    batch_id BLOB NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('rows', 'links')),
    due_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    PRIMARY KEY (organization_id, batch_id),
    FOREIGN KEY (organization_id, batch_id) REFERENCES batches (organization_id, id)
) STRICT;
CREATE INDEX batches_to_ask_by_time ON batches_to_ask (due_at);

-- The log of rules is read by batches.
CREATE INDEX rule_hits_by_batch ON rule_hits (organization_id, batch_id);
