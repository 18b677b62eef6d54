-- What banks have brought and nobody has looked at is counted by account whenever a register opens.
DROP INDEX transactions_new;
CREATE INDEX transactions_new ON transactions (organization_id, account_id, dated_on, position, id)
    WHERE deleted_at IS NULL AND reviewed_at IS NULL AND provider_dated_on IS NOT NULL;
