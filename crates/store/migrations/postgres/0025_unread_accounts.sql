-- How many accounts of a sync are left out because they cannot be read here, such as those in a currency that nobody knows.
ALTER TABLE connections ADD COLUMN unread_accounts BIGINT NOT NULL DEFAULT 0;
