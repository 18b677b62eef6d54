-- Notices of access that ends and of syncs that fail.

-- What was sent of a connection. about_at is the end of access, or the beginning of the failing, that it was about: another end, or
-- another failing, is told of anew.
CREATE TABLE notices_sent (
    organization_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    notice TEXT NOT NULL CHECK (notice IN ('ends_within_14', 'ends_within_7', 'ends_within_1', 'ended', 'failing', 'stuck')),
    about_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, connection_id, notice, about_at),
    FOREIGN KEY (organization_id, connection_id) REFERENCES connections (organization_id, id)
);

-- Whether a member wants to hear of an organization's banks by mail; only owners and admins do.
ALTER TABLE members ADD COLUMN wants_notices BOOLEAN NOT NULL DEFAULT TRUE;

-- To whom a mail with notices goes: it is not sent any more when they go, or want none.
ALTER TABLE mails ADD COLUMN person_id UUID REFERENCES people (id);
