-- The overview: sums over the rows of months, and how many rows nobody has looked at.

-- The order of a register, and beside it what sums over days and running balances need, so that they read this index alone. deleted_at is always
-- NULL here; SQLite still fetches the row for it where the index does not have it.
DROP INDEX transactions_by_day;
CREATE INDEX transactions_by_day
    ON transactions (organization_id, account_id, dated_on, position, id, status, amount_minor, deleted_at)
    WHERE deleted_at IS NULL;

-- Rows that a bank has brought and nobody has looked at, newest last.
CREATE INDEX transactions_new ON transactions (organization_id, dated_on, position, id)
    WHERE deleted_at IS NULL AND reviewed_at IS NULL AND provider_dated_on IS NOT NULL;
