-- What sums, lists and counts ask of transfers, kept beside the rows: which rows are sides of one that holds, and what was lost on the way.

-- What was lost in an exchange, as a row states it: zero or less. It is in the currency of the row that money left by, or in that of the
-- row that it came in by; at most one of the two is not zero. Between rows of one currency their amounts tell it.
ALTER TABLE transfer_pairs ADD COLUMN exchange_fee_out_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE transfer_pairs ADD COLUMN exchange_fee_in_minor BIGINT NOT NULL DEFAULT 0;

-- The pairs that hold, seen from either side. lost_minor is what of the row is a fee: zero or less.
DROP VIEW transfer_sides;
CREATE VIEW transfer_sides AS
SELECT p.organization_id, p.out_id AS transaction_id, p.in_id AS other_id, p.linked_by, p.grounds, p.batch_id,
    o.account_id, i.account_id AS other_account_id, o.dated_on, i.dated_on AS other_dated_on, o.status, o.amount_minor,
    CASE WHEN a.currency = b.currency THEN LEAST(o.amount_minor + i.amount_minor, 0) ELSE p.exchange_fee_out_minor END AS lost_minor
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
    organization_id UUID NOT NULL,
    transaction_id UUID NOT NULL,
    other_id UUID NOT NULL,
    account_id UUID NOT NULL,
    other_account_id UUID NOT NULL,
    dated_on DATE NOT NULL,
    other_dated_on DATE NOT NULL,
    month TEXT COLLATE "C" NOT NULL,
    status TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    lost_minor BIGINT NOT NULL,
    PRIMARY KEY (organization_id, transaction_id),
    FOREIGN KEY (organization_id, transaction_id) REFERENCES transactions (organization_id, id),
    FOREIGN KEY (organization_id, other_id) REFERENCES transactions (organization_id, id)
);
CREATE INDEX linked_rows_by_other ON linked_rows (organization_id, other_id);
CREATE INDEX linked_rows_by_month
    ON linked_rows (organization_id, month, transaction_id, account_id, other_account_id, dated_on, other_dated_on, status, lost_minor);
CREATE INDEX linked_rows_with_fee ON linked_rows (organization_id, transaction_id, dated_on) WHERE lost_minor <> 0;

INSERT INTO linked_rows (organization_id, transaction_id, other_id, account_id, other_account_id, dated_on, other_dated_on, month, status,
        amount_minor, lost_minor)
    SELECT s.organization_id, s.transaction_id, s.other_id, s.account_id, s.other_account_id, s.dated_on, s.other_dated_on,
        to_char(s.dated_on, 'YYYY-MM'), s.status, s.amount_minor, s.lost_minor
    FROM transfer_sides s;

-- The sides that hold of whatever pair a row is in, as the row stands. Planned anew each time: a plan that is kept for a session, and was
-- made when the tables were empty, would read them whole for ever after.
CREATE FUNCTION link_row(organization UUID, one UUID) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE $q$
    INSERT INTO linked_rows (organization_id, transaction_id, other_id, account_id, other_account_id, dated_on, other_dated_on, month,
            status, amount_minor, lost_minor)
        SELECT s.organization_id, s.transaction_id, s.other_id, s.account_id, s.other_account_id, s.dated_on, s.other_dated_on,
            to_char(s.dated_on, 'YYYY-MM'), s.status, s.amount_minor, s.lost_minor
        FROM transfer_sides s WHERE s.organization_id = $1 AND s.transaction_id = $2
        UNION ALL
        SELECT s.organization_id, s.transaction_id, s.other_id, s.account_id, s.other_account_id, s.dated_on, s.other_dated_on,
            to_char(s.dated_on, 'YYYY-MM'), s.status, s.amount_minor, s.lost_minor
        FROM transfer_sides s WHERE s.organization_id = $1 AND s.other_id = $2
        ON CONFLICT DO NOTHING
    $q$ USING organization, one;
END
$$;

-- Nothing writes over a pair: it comes, and it goes.
CREATE FUNCTION linked_rows_of_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- What the view says, once more: asked about many rows at once, both halves of the view would be read whole for each.
    EXECUTE $q$
    INSERT INTO linked_rows (organization_id, transaction_id, other_id, account_id, other_account_id, dated_on, other_dated_on, month,
            status, amount_minor, lost_minor)
        SELECT p.organization_id, s.transaction_id, s.other_id, s.account_id, s.other_account_id, s.dated_on, s.other_dated_on,
            to_char(s.dated_on, 'YYYY-MM'), s.status, s.amount_minor, s.lost_minor
        FROM came p
        JOIN transactions o ON o.organization_id = p.organization_id AND o.id = p.out_id
        JOIN transactions i ON i.organization_id = p.organization_id AND i.id = p.in_id
        JOIN accounts a ON a.organization_id = o.organization_id AND a.id = o.account_id
        JOIN accounts b ON b.organization_id = i.organization_id AND b.id = i.account_id
        CROSS JOIN LATERAL (VALUES
            (o.id, i.id, o.account_id, i.account_id, o.dated_on, i.dated_on, o.status, o.amount_minor,
                CASE WHEN a.currency = b.currency THEN LEAST(o.amount_minor + i.amount_minor, 0) ELSE p.exchange_fee_out_minor END),
            (i.id, o.id, i.account_id, o.account_id, i.dated_on, o.dated_on, i.status, i.amount_minor,
                CASE WHEN a.currency = b.currency THEN 0 ELSE p.exchange_fee_in_minor END)
            ) s (transaction_id, other_id, account_id, other_account_id, dated_on, other_dated_on, status, amount_minor, lost_minor)
        WHERE o.deleted_at IS NULL AND i.deleted_at IS NULL AND o.account_id <> i.account_id
            AND o.amount_minor < 0 AND i.amount_minor > 0
        ON CONFLICT DO NOTHING
    $q$;
    RETURN NULL;
END
$$;
CREATE TRIGGER linked_rows_on_link AFTER INSERT ON transfer_pairs
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION linked_rows_of_link();

CREATE FUNCTION linked_rows_of_unlink() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'DELETE FROM linked_rows WHERE organization_id = $1 AND transaction_id IN ($2, $3) AND other_id IN ($2, $3)'
        USING old.organization_id, old.out_id, old.in_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER linked_rows_on_unlink AFTER DELETE ON transfer_pairs FOR EACH ROW EXECUTE FUNCTION linked_rows_of_unlink();

-- A row that moves, or comes, or goes, takes its other side along. All rows of the statement are written by then.
CREATE FUNCTION linked_rows_of_moved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved RECORD;
BEGIN
    FOR moved IN EXECUTE $q$
        SELECT n.organization_id, n.id FROM went o JOIN came n ON n.organization_id = o.organization_id AND n.id = o.id
        WHERE (o.account_id, o.dated_on, o.status, o.amount_minor, o.deleted_at IS NULL)
                <> (n.account_id, n.dated_on, n.status, n.amount_minor, n.deleted_at IS NULL)
            AND (EXISTS (SELECT 1 FROM transfer_pairs p WHERE p.organization_id = n.organization_id AND p.out_id = n.id)
                OR EXISTS (SELECT 1 FROM transfer_pairs p WHERE p.organization_id = n.organization_id AND p.in_id = n.id))
    $q$ LOOP
        EXECUTE 'DELETE FROM linked_rows WHERE organization_id = $1 AND (transaction_id = $2 OR other_id = $2)'
            USING moved.organization_id, moved.id;
        PERFORM link_row(moved.organization_id, moved.id);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER linked_rows_on_move AFTER UPDATE ON transactions
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION linked_rows_of_moved();

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
