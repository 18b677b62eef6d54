-- What a register is sorted by: within a payee, a state and a note the rows stand in the order of their days.

DROP INDEX transactions_by_payee;
CREATE INDEX transactions_by_payee
    ON transactions (organization_id, payee_id, dated_on, position, id, account_id, deleted_at)
    WHERE deleted_at IS NULL;

-- Few rows are of these two, or of the second one day nearly all.
CREATE INDEX transactions_not_booked ON transactions (organization_id, account_id, status, dated_on, position, id)
    WHERE status <> 'booked' AND deleted_at IS NULL;
CREATE INDEX transactions_reconciled ON transactions (organization_id, account_id, dated_on, position, id)
    WHERE reconciled_at IS NOT NULL AND deleted_at IS NULL;

-- The beginning of a note tells nearly all of them apart; the rest of it is read where it does not.
CREATE INDEX lines_by_start_of_note
    ON transaction_lines (organization_id, SUBSTR(COALESCE(note_folded, ''), 1, 100), transaction_id)
    WHERE position = 0;
