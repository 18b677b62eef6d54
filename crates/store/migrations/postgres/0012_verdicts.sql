-- What people have said about differences between bank and ledger. found_on and found_at are of the first balance that does not fit, and
-- NULL where bank and ledger have been apart from the start. A verdict that was taken back stays here and counts no more.
CREATE TABLE balance_verdicts (
    organization_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'ignored')),
    found_on DATE,
    found_at BIGINT,
    by_minor BIGINT NOT NULL,
    person_id UUID REFERENCES people (id),
    made_at BIGINT NOT NULL,
    taken_back_at BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id),
    FOREIGN KEY (organization_id, bank_account_id) REFERENCES bank_accounts (organization_id, id)
);
CREATE INDEX balance_verdicts_by_account ON balance_verdicts (organization_id, account_id);
