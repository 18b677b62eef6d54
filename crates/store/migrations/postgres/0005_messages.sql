-- Messages to the outside, and the audit.

CREATE TABLE outbox (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX outbox_waiting ON outbox (created_at) WHERE delivered_at IS NULL;

-- Append-only: the triggers below refuse every change. organization_id is empty for what concerns the installation.
CREATE TABLE audit (
    id UUID PRIMARY KEY,
    organization_id UUID REFERENCES organizations (id),
    at BIGINT NOT NULL,
    person_id UUID REFERENCES people (id),
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_by_organization ON audit (organization_id, at);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END $$;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
