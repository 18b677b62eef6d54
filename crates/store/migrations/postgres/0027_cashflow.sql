-- Cashflow: what lines come to by month and category, what currencies are worth in one another, and plans.

-- The lines of an account in one month with one category, of booked or of pending rows that are not deleted: what came in, what went out
-- (zero or less), and how many they are. Kept by whatever writes rows or lines, in the same transaction; the triggers below see to that.
-- A category of sixteen zeros is none: a key has no room for NULL, and so it refers to no table. A row whose count has come to zero says
-- nothing and may stay. Months come first in the key and accounts last, so that the sums of many accounts are read in the order in which
-- they are added up.
CREATE TABLE month_sums (
    organization_id UUID NOT NULL,
    month TEXT NOT NULL,
    category_id UUID NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('booked', 'pending')),
    account_id UUID NOT NULL,
    in_minor BIGINT NOT NULL,
    out_minor BIGINT NOT NULL,
    line_count BIGINT NOT NULL,
    PRIMARY KEY (organization_id, month, category_id, status, account_id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id)
);

INSERT INTO month_sums (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
    SELECT t.organization_id, to_char(t.dated_on, 'YYYY-MM'), COALESCE(l.category_id, '00000000-0000-0000-0000-000000000000'), t.status,
        t.account_id, SUM(GREATEST(l.amount_minor, 0)), SUM(LEAST(l.amount_minor, 0)), COUNT(*)
    FROM transactions t JOIN transaction_lines l ON l.organization_id = t.organization_id AND l.transaction_id = t.id
    WHERE t.deleted_at IS NULL AND t.status IN ('booked', 'pending')
    GROUP BY 1, 2, 3, 4, 5;

-- Each statement's lines are added up before they are written. Each is planned anew: a plan that is kept for a session, and was made when
-- the tables were empty, would read them whole for ever after.
CREATE FUNCTION month_sums_of_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE $q$
    INSERT INTO month_sums AS m (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
        SELECT t.organization_id, to_char(t.dated_on, 'YYYY-MM'), COALESCE(l.category_id, '00000000-0000-0000-0000-000000000000'),
            t.status, t.account_id, SUM(l.sign * GREATEST(l.amount_minor, 0)), SUM(l.sign * LEAST(l.amount_minor, 0)), SUM(l.sign)
        FROM (SELECT organization_id, transaction_id, category_id, amount_minor, 1 AS sign FROM came) l
        JOIN transactions t ON t.organization_id = l.organization_id AND t.id = l.transaction_id
        WHERE t.deleted_at IS NULL AND t.status IN ('booked', 'pending')
        GROUP BY 1, 2, 3, 4, 5
        HAVING SUM(l.sign) <> 0 OR SUM(l.sign * GREATEST(l.amount_minor, 0)) <> 0 OR SUM(l.sign * LEAST(l.amount_minor, 0)) <> 0
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (organization_id, month, category_id, status, account_id) DO UPDATE SET
            in_minor = m.in_minor + excluded.in_minor, out_minor = m.out_minor + excluded.out_minor,
            line_count = m.line_count + excluded.line_count
    $q$;
    RETURN NULL;
END
$$;
CREATE TRIGGER month_sums_on_insert AFTER INSERT ON transaction_lines
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION month_sums_of_inserted();

CREATE FUNCTION month_sums_of_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE $q$
    INSERT INTO month_sums AS m (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
        SELECT t.organization_id, to_char(t.dated_on, 'YYYY-MM'), COALESCE(l.category_id, '00000000-0000-0000-0000-000000000000'),
            t.status, t.account_id, SUM(l.sign * GREATEST(l.amount_minor, 0)), SUM(l.sign * LEAST(l.amount_minor, 0)), SUM(l.sign)
        FROM (SELECT organization_id, transaction_id, category_id, amount_minor, -1 AS sign FROM went) l
        JOIN transactions t ON t.organization_id = l.organization_id AND t.id = l.transaction_id
        WHERE t.deleted_at IS NULL AND t.status IN ('booked', 'pending')
        GROUP BY 1, 2, 3, 4, 5
        HAVING SUM(l.sign) <> 0 OR SUM(l.sign * GREATEST(l.amount_minor, 0)) <> 0 OR SUM(l.sign * LEAST(l.amount_minor, 0)) <> 0
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (organization_id, month, category_id, status, account_id) DO UPDATE SET
            in_minor = m.in_minor + excluded.in_minor, out_minor = m.out_minor + excluded.out_minor,
            line_count = m.line_count + excluded.line_count
    $q$;
    RETURN NULL;
END
$$;
CREATE TRIGGER month_sums_on_delete AFTER DELETE ON transaction_lines
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION month_sums_of_deleted();

CREATE FUNCTION month_sums_of_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE $q$
    INSERT INTO month_sums AS m (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
        SELECT t.organization_id, to_char(t.dated_on, 'YYYY-MM'), COALESCE(l.category_id, '00000000-0000-0000-0000-000000000000'),
            t.status, t.account_id, SUM(l.sign * GREATEST(l.amount_minor, 0)), SUM(l.sign * LEAST(l.amount_minor, 0)), SUM(l.sign)
        FROM (SELECT organization_id, transaction_id, category_id, amount_minor, -1 AS sign FROM went
            UNION ALL SELECT organization_id, transaction_id, category_id, amount_minor, 1 FROM came) l
        JOIN transactions t ON t.organization_id = l.organization_id AND t.id = l.transaction_id
        WHERE t.deleted_at IS NULL AND t.status IN ('booked', 'pending')
        GROUP BY 1, 2, 3, 4, 5
        HAVING SUM(l.sign) <> 0 OR SUM(l.sign * GREATEST(l.amount_minor, 0)) <> 0 OR SUM(l.sign * LEAST(l.amount_minor, 0)) <> 0
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (organization_id, month, category_id, status, account_id) DO UPDATE SET
            in_minor = m.in_minor + excluded.in_minor, out_minor = m.out_minor + excluded.out_minor,
            line_count = m.line_count + excluded.line_count
    $q$;
    RETURN NULL;
END
$$;
CREATE TRIGGER month_sums_on_update AFTER UPDATE ON transaction_lines
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION month_sums_of_updated();

-- A row that moves to another account, month or state takes its lines along.
CREATE FUNCTION month_sums_of_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE $q$
    INSERT INTO month_sums AS m (organization_id, month, category_id, status, account_id, in_minor, out_minor, line_count)
        SELECT x.organization_id, x.month, COALESCE(l.category_id, '00000000-0000-0000-0000-000000000000'), x.status, x.account_id,
            SUM(x.sign * GREATEST(l.amount_minor, 0)), SUM(x.sign * LEAST(l.amount_minor, 0)), SUM(x.sign)
        FROM went o JOIN came n ON n.organization_id = o.organization_id AND n.id = o.id
        CROSS JOIN LATERAL (VALUES
                (o.organization_id, o.id, to_char(o.dated_on, 'YYYY-MM'), o.status, o.account_id, o.deleted_at, -1),
                (n.organization_id, n.id, to_char(n.dated_on, 'YYYY-MM'), n.status, n.account_id, n.deleted_at, 1)
            ) x (organization_id, id, month, status, account_id, deleted_at, sign)
        JOIN transaction_lines l ON l.organization_id = x.organization_id AND l.transaction_id = x.id
        WHERE (o.account_id, to_char(o.dated_on, 'YYYY-MM'), o.status, o.deleted_at IS NULL)
                <> (n.account_id, to_char(n.dated_on, 'YYYY-MM'), n.status, n.deleted_at IS NULL)
            AND x.deleted_at IS NULL AND x.status IN ('booked', 'pending')
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (organization_id, month, category_id, status, account_id) DO UPDATE SET
            in_minor = m.in_minor + excluded.in_minor, out_minor = m.out_minor + excluded.out_minor,
            line_count = m.line_count + excluded.line_count
    $q$;
    RETURN NULL;
END
$$;
CREATE TRIGGER month_sums_on_move AFTER UPDATE ON transactions
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION month_sums_of_moved();

-- How many units of one currency a unit of another is worth, for the figures of one month: decimal text, with the day it was stated for
-- and where it was found. The highest version holds. One that figures were shown with is frozen (used_at): whoever changes it
-- writes the next version, and this one stays.
CREATE TABLE rates (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    to_currency TEXT NOT NULL REFERENCES currencies (code),
    from_currency TEXT NOT NULL REFERENCES currencies (code),
    month TEXT NOT NULL,
    version BIGINT NOT NULL,
    rate TEXT NOT NULL,
    rated_on DATE NOT NULL,
    source TEXT NOT NULL,
    person_id UUID REFERENCES people (id),
    set_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (organization_id, to_currency, from_currency, month, version)
);

-- A plan of an asset, or of the organization where asset_id is NULL, as one file brought it. Until it is confirmed it is looked at and
-- counts for nothing; of those that are confirmed at most one of a place has not ended.
CREATE TABLE plans (
    organization_id UUID NOT NULL REFERENCES organizations (id),
    id UUID NOT NULL,
    asset_id UUID,
    name TEXT NOT NULL,
    person_id UUID REFERENCES people (id),
    brought_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, asset_id) REFERENCES assets (organization_id, id)
);
CREATE INDEX plans_by_asset ON plans (organization_id, asset_id);
CREATE UNIQUE INDEX plans_that_hold ON plans (organization_id, COALESCE(asset_id, '00000000-0000-0000-0000-000000000000'))
    WHERE confirmed_at IS NOT NULL AND ended_at IS NULL;

-- What is planned for one month and category: money out is below zero. Sixteen zeros are no category, as above.
CREATE TABLE planned_amounts (
    organization_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    currency TEXT NOT NULL REFERENCES currencies (code),
    month TEXT NOT NULL,
    category_id UUID NOT NULL,
    amount_minor BIGINT NOT NULL,
    PRIMARY KEY (organization_id, plan_id, currency, month, category_id),
    FOREIGN KEY (organization_id, plan_id) REFERENCES plans (organization_id, id)
);
