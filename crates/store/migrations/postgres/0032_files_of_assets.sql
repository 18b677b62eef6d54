-- Files that are brought at an asset and have rows of several accounts of it and of what lies below it. Which account a row is of is told by
-- a column. parts (JSON, sealed) says what stands in that column and which account a person chose for it; it stays, as profile does, so that
-- the next file of the asset begins with it. content and guess are sealed, and gone when the file is over.
CREATE TABLE asset_files (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    asset_id UUID NOT NULL,
    person_id UUID REFERENCES people (id),
    name TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('open', 'divided', 'importing', 'done', 'abandoned')),
    data_key BYTEA NOT NULL,
    content BYTEA,
    guess BYTEA,
    parts BYTEA,
    profile TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
);
CREATE UNIQUE INDEX asset_files_open ON asset_files (organization_id, asset_id) WHERE stage IN ('open', 'divided', 'importing');
CREATE INDEX asset_files_by_asset ON asset_files (organization_id, asset_id, created_at);
CREATE INDEX asset_files_idle ON asset_files (changed_at) WHERE stage IN ('open', 'divided', 'importing');

-- The statement files that a file of an asset is divided into, one for each account. They have no content of their own.
CREATE TABLE asset_file_parts (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    file_id UUID NOT NULL,
    asset_file_id UUID NOT NULL,
    PRIMARY KEY (organization_id, file_id),
    FOREIGN KEY (organization_id, file_id) REFERENCES statement_files (organization_id, id),
    FOREIGN KEY (organization_id, asset_file_id) REFERENCES asset_files (organization_id, id)
);
CREATE INDEX asset_file_parts_by_asset_file ON asset_file_parts (organization_id, asset_file_id);

-- What a statement file that was imported says of the balance at the end of a day. It proves something as long as the import stands.
CREATE TABLE file_balances (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    file_id UUID NOT NULL,
    stated_on DATE NOT NULL,
    amount_minor BIGINT NOT NULL,
    PRIMARY KEY (organization_id, file_id, stated_on),
    FOREIGN KEY (organization_id, file_id) REFERENCES statement_files (organization_id, id)
);
