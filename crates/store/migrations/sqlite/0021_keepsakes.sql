-- What a connector has made at a provider for an organization once and for all, such as a user there: sealed, under a keyed digest of
-- its name. It cannot be had a second time, so it stays when keys are forgotten.
CREATE TABLE provider_keepsakes (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    provider TEXT NOT NULL,
    name_digest BLOB NOT NULL,
    data_key BLOB NOT NULL,
    content BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (organization_id, provider, name_digest)
) STRICT;
