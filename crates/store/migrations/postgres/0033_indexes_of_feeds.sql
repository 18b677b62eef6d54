-- Which feed of a bank account is the latest is asked for every account, and an organization may have hundreds.
CREATE INDEX feeds_by_bank_account ON feeds (organization_id, bank_account_id);
CREATE INDEX feeds_by_account ON feeds (organization_id, account_id);
