-- Turning the sign of a bank account is a change that its batch records, beside the rows that turn with it.
ALTER TABLE changes DROP CONSTRAINT changes_entity_check;
ALTER TABLE changes ADD CONSTRAINT changes_entity_check
    CHECK (entity IN ('transaction', 'line', 'claim', 'account', 'bank_account'));
