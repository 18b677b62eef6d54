-- What sums, lists and counts ask of transfers, kept beside the rows: which rows are sides of one that holds, and what was lost on the way.

-- What was lost in an exchange, as a row states it: zero or less. It is in the currency of the row that money left by, or in that of the
-- row that it came in by; at most one of the two is not zero. Between rows of one currency their amounts tell it.
ALTER TABLE transfer_pairs ADD COLUMN exchange_fee_out_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE transfer_pairs ADD COLUMN exchange_fee_in_minor INTEGER NOT NULL DEFAULT 0;

-- The pairs that hold, seen from either side. lost_minor is what of the row is a fee: zero or less.
DROP VIEW transfer_sides;
CREATE VIEW transfer_sides AS
SELECT p.organization_id, p.out_id AS transaction_id, p.in_id AS other_id, p.linked_by, p.grounds, p.batch_id,
    o.account_id, i.account_id AS other_account_id, o.dated_on, i.dated_on AS other_dated_on, o.status, o.amount_minor,
    CASE WHEN a.currency = b.currency THEN MIN(o.amount_minor + i.amount_minor, 0) ELSE p.exchange_fee_out_minor END AS lost_minor
FROM transfer_pairs p
JOIN transactions o ON o.organization_id = p.organization_id AND o.id = p.out_id
JOIN transactions i ON i.organization_id = p.organization_id AND i.id = p.in_id
JOIN accounts a ON a.organization_id = o.organization_id AND a.id = o.account_id
JOIN accounts b ON b.organization_id = i.organization_id AND b.id = i.account_id
WHERE o.deleted_at IS NULL AND i.deleted_at IS NULL AND o.account_id <> i.account_id AND o.amount_minor < 0 AND i.amount_minor > 0
UNION ALL
SELECT p.organization_id, p.in_id AS transaction_id, p.out_id AS other_id, p.linked_by, p.grounds, p.batch_id,
    i.account_id, o.account_id AS other_account_id, i.dated_on, o.dated_on AS other_dated_on, i.status, i.amount_minor,
    CASE WHEN a.currency = b.currency THEN 0 ELSE p.exchange_fee_in_minor END AS lost_minor
FROM transfer_pairs p
JOIN transactions o ON o.organization_id = p.organization_id AND o.id = p.out_id
JOIN transactions i ON i.organization_id = p.organization_id AND i.id = p.in_id
JOIN accounts a ON a.organization_id = o.organization_id AND a.id = o.account_id
JOIN accounts b ON b.organization_id = i.organization_id AND b.id = i.account_id
WHERE o.deleted_at IS NULL AND i.deleted_at IS NULL AND o.account_id <> i.account_id AND o.amount_minor < 0 AND i.amount_minor > 0;

-- The same, found by day and by row without a look at any other table. Kept by whatever writes pairs or rows, in the same transaction; the
-- triggers below see to that.
CREATE TABLE linked_rows (
    organization_id BLOB NOT NULL,
    transaction_id BLOB NOT NULL,
    other_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    other_account_id BLOB NOT NULL,
    dated_on TEXT NOT NULL,
    other_dated_on TEXT NOT NULL,
    month TEXT NOT NULL,
    status TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    lost_minor INTEGER NOT NULL,
    PRIMARY KEY (organization_id, transaction_id),
    FOREIGN KEY (organization_id, transaction_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, other_id) REFERENCES transactions (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX linked_rows_by_other ON linked_rows (organization_id, other_id);
CREATE INDEX linked_rows_by_month
    ON linked_rows (organization_id, month, transaction_id, account_id, other_account_id, dated_on, other_dated_on, status, lost_minor);
CREATE INDEX linked_rows_with_fee ON linked_rows (organization_id, transaction_id, dated_on) WHERE lost_minor <> 0;

INSERT INTO linked_rows (organization_id, transaction_id, other_id, account_id, other_account_id, dated_on, other_dated_on, month, status,
        amount_minor, lost_minor)
    SELECT s.organization_id, s.transaction_id, s.other_id, s.account_id, s.other_account_id, s.dated_on, s.other_dated_on,
        substr(s.dated_on, 1, 7), s.status, s.amount_minor, s.lost_minor
    FROM transfer_sides s;

-- Nothing writes over a pair: it comes, and it goes.
CREATE TRIGGER linked_rows_on_link AFTER INSERT ON transfer_pairs
BEGIN
    INSERT INTO linked_rows (organization_id, transaction_id, other_id, account_id, other_account_id, dated_on, other_dated_on, month,
            status, amount_minor, lost_minor)
        SELECT s.organization_id, s.transaction_id, s.other_id, s.account_id, s.other_account_id, s.dated_on, s.other_dated_on,
            substr(s.dated_on, 1, 7), s.status, s.amount_minor, s.lost_minor
        FROM transfer_sides s
        WHERE s.organization_id = new.organization_id AND s.transaction_id IN (new.out_id, new.in_id)
            AND s.other_id IN (new.out_id, new.in_id)
        ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER linked_rows_on_unlink AFTER DELETE ON transfer_pairs
BEGIN
    DELETE FROM linked_rows WHERE organization_id = old.organization_id AND transaction_id IN (old.out_id, old.in_id)
        AND other_id IN (old.out_id, old.in_id);
END;

-- A row that moves, or comes, or goes, takes its other side along. Both sides of one may be written by one statement: each then looks
-- at what stands there, and the last one has it right.
CREATE TRIGGER linked_rows_on_move AFTER UPDATE OF account_id, dated_on, status, deleted_at, amount_minor ON transactions
WHEN old.account_id <> new.account_id OR old.dated_on <> new.dated_on OR old.status <> new.status
    OR old.amount_minor <> new.amount_minor OR (old.deleted_at IS NULL) <> (new.deleted_at IS NULL)
BEGIN
    DELETE FROM linked_rows WHERE organization_id = new.organization_id AND transaction_id = new.id;
    DELETE FROM linked_rows WHERE organization_id = new.organization_id AND other_id = new.id;
    INSERT INTO linked_rows (organization_id, transaction_id, other_id, account_id, other_account_id, dated_on, other_dated_on, month,
            status, amount_minor, lost_minor)
        SELECT s.organization_id, s.transaction_id, s.other_id, s.account_id, s.other_account_id, s.dated_on, s.other_dated_on,
            substr(s.dated_on, 1, 7), s.status, s.amount_minor, s.lost_minor
        FROM transfer_sides s WHERE s.organization_id = new.organization_id AND s.transaction_id = new.id
        UNION ALL
        SELECT s.organization_id, s.transaction_id, s.other_id, s.account_id, s.other_account_id, s.dated_on, s.other_dated_on,
            substr(s.dated_on, 1, 7), s.status, s.amount_minor, s.lost_minor
        FROM transfer_sides s WHERE s.organization_id = new.organization_id AND s.other_id = new.id
        ON CONFLICT DO NOTHING;
END;

-- What of transfers is spending: the fee, and the line of its row that it stands in. That is the line that is exactly as much, where
-- somebody has split the fee off, and else the first.
CREATE VIEW transfer_fees AS
SELECT r.organization_id, r.transaction_id, r.account_id, r.other_account_id, r.dated_on, r.other_dated_on, r.month, r.status,
    r.lost_minor AS fee_minor,
    COALESCE(
        (SELECT l.id FROM transaction_lines l WHERE l.organization_id = r.organization_id AND l.transaction_id = r.transaction_id
            AND l.amount_minor = r.lost_minor ORDER BY l.position LIMIT 1),
        (SELECT l.id FROM transaction_lines l WHERE l.organization_id = r.organization_id AND l.transaction_id = r.transaction_id
            ORDER BY l.position LIMIT 1)) AS line_id
FROM linked_rows r WHERE r.lost_minor <> 0;
