-- How many lines of booked or pending rows that are not deleted an account has with one category: what the months of month_sums come to,
-- for pages that ask for no month and would read every one of them. The triggers below keep it beside them. Sixteen zeros are no category.
CREATE TABLE line_counts (
    organization_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    category_id BLOB NOT NULL,
    line_count INTEGER NOT NULL,
    PRIMARY KEY (organization_id, account_id, category_id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id)
) STRICT, WITHOUT ROWID;

INSERT INTO line_counts (organization_id, account_id, category_id, line_count)
    SELECT organization_id, account_id, category_id, SUM(line_count) FROM month_sums GROUP BY 1, 2, 3;

CREATE TRIGGER line_counts_on_insert AFTER INSERT ON month_sums
BEGIN
    INSERT INTO line_counts (organization_id, account_id, category_id, line_count)
        VALUES (new.organization_id, new.account_id, new.category_id, new.line_count)
        ON CONFLICT (organization_id, account_id, category_id) DO UPDATE SET line_count = line_count + excluded.line_count;
END;

CREATE TRIGGER line_counts_on_update AFTER UPDATE OF line_count ON month_sums WHEN old.line_count <> new.line_count
BEGIN
    UPDATE line_counts SET line_count = line_count + new.line_count - old.line_count
        WHERE organization_id = new.organization_id AND account_id = new.account_id AND category_id = new.category_id;
END;
