-- People who are asked to join, and how they hear of it.

-- Groups are told apart by their folded names.
ALTER TABLE member_groups ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX member_groups_by_name ON member_groups (organization_id, name_folded);

-- With which organization a person begins; where it is empty, with the first by name.
ALTER TABLE people ADD COLUMN begins_with UUID REFERENCES organizations (id);

-- Who has been asked to join, with which place. Of the token in the link only a digest is kept. An invitation is open until it is
-- accepted, taken back, or its time is over.
CREATE TABLE invitations (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    group_id UUID,
    asset_id UUID,
    token_digest BYTEA NOT NULL UNIQUE,
    invited_by UUID NOT NULL REFERENCES people (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    accepted_at BIGINT,
    accepted_by UUID REFERENCES people (id),
    taken_back_at BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, group_id) REFERENCES member_groups (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
);
CREATE UNIQUE INDEX invitations_open ON invitations (organization_id, email_folded)
    WHERE accepted_at IS NULL AND taken_back_at IS NULL;

-- Mails on their way. The text is sealed, because a link in it lets somebody in, and gone when the mail is. A worker that sends one holds
-- the attempt until lease_until.
CREATE TABLE mails (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    invitation_id UUID,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    data_key BYTEA NOT NULL,
    body BYTEA,
    attempt BIGINT NOT NULL,
    lease_until BIGINT,
    next_at BIGINT NOT NULL,
    fault TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    given_up_at BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, invitation_id) REFERENCES invitations (organization_id, id)
);
CREATE INDEX mails_waiting ON mails (next_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE INDEX mails_by_invitation ON mails (organization_id, invitation_id);
