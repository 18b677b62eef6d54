-- Cashflow: what lines come to by month and category, what currencies are worth in one another, and plans.

-- The lines of an account in one month with one category, of booked or of pending rows that are not deleted: what came in, what went out
-- (zero or less), and how many they are. Kept by whatever writes rows or lines, in the same transaction; the triggers below see to that.
-- A category of sixteen zeros is none: a key has no room for NULL, and so it refers to no table. A row whose count has come to zero says
-- nothing and may stay. Months come first in the key and accounts last, so that the sums of many accounts are read in the order in which
-- they are added up.
CREATE TABLE month_sums (
    organization_id BLOB NOT NULL,
    month TEXT NOT NULL,
    category_id BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('booked', 'pending')),
    account_id BLOB NOT NULL,
    in_minor INTEGER NOT NULL,
    out_minor INTEGER NOT NULL,
    line_count INTEGER NOT NULL,
    PRIMARY KEY (organization_id, month, category_id, status, account_id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id)
) STRICT, WITHOUT ROWID;

INSERT INTO month_sums (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
    SELECT t.organization_id, substr(t.dated_on, 1, 7), COALESCE(l.category_id, zeroblob(16)), t.status, t.account_id,
        SUM(MAX(l.amount_minor, 0)), SUM(MIN(l.amount_minor, 0)), COUNT(*)
    FROM transactions t JOIN transaction_lines l ON l.organization_id = t.organization_id AND l.transaction_id = t.id
    WHERE t.deleted_at IS NULL AND t.status IN ('booked', 'pending')
    GROUP BY 1, 2, 3, 4, 5;

CREATE TRIGGER month_sums_on_insert AFTER INSERT ON transaction_lines
BEGIN
    INSERT INTO month_sums (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
        SELECT t.organization_id, substr(t.dated_on, 1, 7), COALESCE(new.category_id, zeroblob(16)), t.status, t.account_id,
            MAX(new.amount_minor, 0), MIN(new.amount_minor, 0), 1
        FROM transactions t WHERE t.organization_id = new.organization_id AND t.id = new.transaction_id
            AND t.deleted_at IS NULL AND t.status IN ('booked', 'pending')
        ON CONFLICT (organization_id, month, category_id, status, account_id) DO UPDATE SET
            in_minor = in_minor + excluded.in_minor, out_minor = out_minor + excluded.out_minor, line_count = line_count + 1;
END;

CREATE TRIGGER month_sums_on_delete AFTER DELETE ON transaction_lines
BEGIN
    INSERT INTO month_sums (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
        SELECT t.organization_id, substr(t.dated_on, 1, 7), COALESCE(old.category_id, zeroblob(16)), t.status, t.account_id,
            -MAX(old.amount_minor, 0), -MIN(old.amount_minor, 0), -1
        FROM transactions t WHERE t.organization_id = old.organization_id AND t.id = old.transaction_id
            AND t.deleted_at IS NULL AND t.status IN ('booked', 'pending')
        ON CONFLICT (organization_id, month, category_id, status, account_id) DO UPDATE SET
            in_minor = in_minor + excluded.in_minor, out_minor = out_minor + excluded.out_minor, line_count = line_count - 1;
END;

CREATE TRIGGER month_sums_on_update AFTER UPDATE OF amount_minor, category_id, transaction_id ON transaction_lines
WHEN old.amount_minor <> new.amount_minor OR old.category_id IS NOT new.category_id OR old.transaction_id <> new.transaction_id
BEGIN
    INSERT INTO month_sums (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
        SELECT t.organization_id, substr(t.dated_on, 1, 7), COALESCE(old.category_id, zeroblob(16)), t.status, t.account_id,
            -MAX(old.amount_minor, 0), -MIN(old.amount_minor, 0), -1
        FROM transactions t WHERE t.organization_id = old.organization_id AND t.id = old.transaction_id
            AND t.deleted_at IS NULL AND t.status IN ('booked', 'pending')
        ON CONFLICT (organization_id, month, category_id, status, account_id) DO UPDATE SET
            in_minor = in_minor + excluded.in_minor, out_minor = out_minor + excluded.out_minor, line_count = line_count - 1;
    INSERT INTO month_sums (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
        SELECT t.organization_id, substr(t.dated_on, 1, 7), COALESCE(new.category_id, zeroblob(16)), t.status, t.account_id,
            MAX(new.amount_minor, 0), MIN(new.amount_minor, 0), 1
        FROM transactions t WHERE t.organization_id = new.organization_id AND t.id = new.transaction_id
            AND t.deleted_at IS NULL AND t.status IN ('booked', 'pending')
        ON CONFLICT (organization_id, month, category_id, status, account_id) DO UPDATE SET
            in_minor = in_minor + excluded.in_minor, out_minor = out_minor + excluded.out_minor, line_count = line_count + 1;
END;

-- A row that moves to another account, month or state takes its lines along.
CREATE TRIGGER month_sums_on_move AFTER UPDATE OF account_id, dated_on, status, deleted_at ON transactions
WHEN old.account_id <> new.account_id OR substr(old.dated_on, 1, 7) <> substr(new.dated_on, 1, 7)
    OR old.status <> new.status OR (old.deleted_at IS NULL) <> (new.deleted_at IS NULL)
BEGIN
    INSERT INTO month_sums (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
        SELECT old.organization_id, substr(old.dated_on, 1, 7), COALESCE(l.category_id, zeroblob(16)), old.status, old.account_id,
            -SUM(MAX(l.amount_minor, 0)), -SUM(MIN(l.amount_minor, 0)), -COUNT(*)
        FROM transaction_lines l WHERE l.organization_id = old.organization_id AND l.transaction_id = old.id
            AND old.deleted_at IS NULL AND old.status IN ('booked', 'pending')
        GROUP BY 3
        ON CONFLICT (organization_id, month, category_id, status, account_id) DO UPDATE SET
            in_minor = in_minor + excluded.in_minor, out_minor = out_minor + excluded.out_minor,
            line_count = line_count + excluded.line_count;
    INSERT INTO month_sums (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
        SELECT new.organization_id, substr(new.dated_on, 1, 7), COALESCE(l.category_id, zeroblob(16)), new.status, new.account_id,
            SUM(MAX(l.amount_minor, 0)), SUM(MIN(l.amount_minor, 0)), COUNT(*)
        FROM transaction_lines l WHERE l.organization_id = new.organization_id AND l.transaction_id = new.id
            AND new.deleted_at IS NULL AND new.status IN ('booked', 'pending')
        GROUP BY 3
        ON CONFLICT (organization_id, month, category_id, status, account_id) DO UPDATE SET
            in_minor = in_minor + excluded.in_minor, out_minor = out_minor + excluded.out_minor,
            line_count = line_count + excluded.line_count;
END;

-- How many units of one currency a unit of another is worth, for the figures of one month: decimal text, with the day it was stated for
-- and where it was found. The highest version holds. One that figures were shown with is frozen (used_at): whoever changes it
-- writes the next version, and this one stays.
CREATE TABLE rates (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    to_currency TEXT NOT NULL REFERENCES currencies (code),
    from_currency TEXT NOT NULL REFERENCES currencies (code),
    month TEXT NOT NULL,
    version INTEGER NOT NULL,
    rate TEXT NOT NULL,
    rated_on TEXT NOT NULL,
    source TEXT NOT NULL,
    person_id BLOB REFERENCES people (id),
    set_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (organization_id, to_currency, from_currency, month, version)
) STRICT;

-- A plan of an asset, or of the organization where asset_id is NULL, as one file brought it. Until it is confirmed it is looked at and
-- counts for nothing; of those that are confirmed at most one of a place has not ended.
CREATE TABLE plans (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    id BLOB NOT NULL,
    asset_id BLOB,
    name TEXT NOT NULL,
    person_id BLOB REFERENCES people (id),
    brought_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
) STRICT;
CREATE INDEX plans_by_asset ON plans (organization_id, asset_id);
CREATE UNIQUE INDEX plans_that_hold ON plans (organization_id, COALESCE(asset_id, x'00'))
    WHERE confirmed_at IS NOT NULL AND ended_at IS NULL;

-- What is planned for one month and category: money out is below zero. Sixteen zeros are no category, as above.
CREATE TABLE planned_amounts (
    organization_id BLOB NOT NULL,
    plan_id BLOB NOT NULL,
    currency TEXT NOT NULL REFERENCES currencies (code),
    month TEXT NOT NULL,
    category_id BLOB NOT NULL,
    amount_minor INTEGER NOT NULL,
    PRIMARY KEY (organization_id, plan_id, currency, month, category_id),
    FOREIGN KEY (organization_id, plan_id) REFERENCES plans (organization_id, id)
) STRICT;
