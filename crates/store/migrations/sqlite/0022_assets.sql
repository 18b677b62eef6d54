-- The tree of assets: where an asset or an account stood before, and what tells that the tree is another one than it was.

-- Rises with every write to the assets of the organization: a tree that was read holds as long as this stays.
ALTER TABLE organizations ADD COLUMN tree_revision INTEGER NOT NULL DEFAULT 0;

-- Under what an asset stood until a day; until_on is the first day on which it did not any more. Where it stands is in the asset
-- itself. NULL is the organization.
CREATE TABLE earlier_parents (
    organization_id BLOB NOT NULL,
    asset_id BLOB NOT NULL,
    until_on TEXT NOT NULL,
    parent_id BLOB,
    PRIMARY KEY (organization_id, asset_id, until_on),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id),
    FOREIGN KEY (organization_id, parent_id) REFERENCES assets (organization_id, id)
) STRICT;

-- To which asset an account belonged until a day; until_on is the first day on which it did not any more. To which it belongs is in
-- the account itself. NULL is none.
CREATE TABLE earlier_assets (
    organization_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    until_on TEXT NOT NULL,
    asset_id BLOB,
    PRIMARY KEY (organization_id, account_id, until_on),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
) STRICT;
