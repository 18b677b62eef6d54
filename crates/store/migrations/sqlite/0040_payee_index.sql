-- With state and amount at its end the rows of a payee are counted from the index alone: of a payee that is met everywhere, nine rows of
-- ten may be of accounts that whoever asks does not see.
DROP INDEX transactions_by_payee;
CREATE INDEX transactions_by_payee
    ON transactions (organization_id, payee_id, dated_on, position, id, account_id, deleted_at, status, amount_minor)
    WHERE deleted_at IS NULL;
