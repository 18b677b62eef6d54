-- Which login at the provider a connection uses, by a keyed digest: one login is one connection, whoever takes it up at the same time.
ALTER TABLE connections ADD COLUMN login_digest BLOB;
CREATE UNIQUE INDEX connections_by_login ON connections (organization_id, provider, login_digest)
    WHERE login_digest IS NOT NULL AND ended_at IS NULL;
