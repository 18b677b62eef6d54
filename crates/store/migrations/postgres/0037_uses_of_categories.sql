-- What is counted apart beside the sums of months: lines of split rows beyond the first, and rows that are in no sum. Both are few.
CREATE INDEX lines_of_splits ON transaction_lines (organization_id, transaction_id, category_id) WHERE position > 0;
CREATE INDEX transactions_in_no_sum ON transactions (organization_id, account_id, id) WHERE status IN ('scheduled', 'declined');
