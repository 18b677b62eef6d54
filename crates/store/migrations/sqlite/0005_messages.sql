-- Messages to the outside, and the audit.

CREATE TABLE outbox (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    delivered_at INTEGER,
    PRIMARY KEY (organization_id, id)
) STRICT;
CREATE INDEX outbox_waiting ON outbox (created_at) WHERE delivered_at IS NULL;

-- Append-only: the triggers below refuse every change. organization_id is empty for what concerns the installation.
CREATE TABLE audit (
    id BLOB PRIMARY KEY,
    organization_id BLOB REFERENCES organizations (id),
    at INTEGER NOT NULL,
    person_id BLOB REFERENCES people (id),
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_organization ON audit (organization_id, at);

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only');
END;
