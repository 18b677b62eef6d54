-- Subscriptions to bank syncing, and addresses that people want to be reached under.

-- Until when an organization may use bank syncing, where the installation asks for a subscription; without a line it has none. The last
-- day belongs to it. told_soon and told_ended are the last days of which those who manage banks were told.
CREATE TABLE subscriptions (
    organization_id UUID PRIMARY KEY REFERENCES organizations (id),
    through_on DATE NOT NULL,
    told_soon DATE,
    told_ended DATE,
    changed_at BIGINT NOT NULL
);

-- The address that a person wants to have, until they open the link that was sent there. Only a digest of the link's token is kept.
CREATE TABLE address_changes (
    person_id UUID PRIMARY KEY REFERENCES people (id),
    email TEXT NOT NULL,
    token_digest BYTEA NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);
