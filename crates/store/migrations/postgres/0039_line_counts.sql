-- How many lines of booked or pending rows that are not deleted an account has with one category: what the months of month_sums come to,
-- for pages that ask for no month and would read every one of them. The triggers below keep it beside them. Sixteen zeros are no category.
CREATE TABLE line_counts (
    organization_id UUID NOT NULL,
    account_id UUID NOT NULL,
    category_id UUID NOT NULL,
    line_count BIGINT NOT NULL,
    PRIMARY KEY (organization_id, account_id, category_id),
    FOREIGN KEY (organization_id, account_id) REFERENCES accounts (organization_id, id)
);

INSERT INTO line_counts (organization_id, account_id, category_id, line_count)
    SELECT organization_id, account_id, category_id, SUM(line_count) FROM month_sums GROUP BY 1, 2, 3;

-- Planned anew each time, as the sums are.
CREATE FUNCTION line_counts_of_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE $q$
    INSERT INTO line_counts AS n (organization_id, account_id, category_id, line_count)
        SELECT organization_id, account_id, category_id, SUM(line_count) FROM came GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (organization_id, account_id, category_id) DO UPDATE SET line_count = n.line_count + excluded.line_count
    $q$;
    RETURN NULL;
END
$$;
CREATE TRIGGER line_counts_on_insert AFTER INSERT ON month_sums
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION line_counts_of_inserted();

CREATE FUNCTION line_counts_of_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE $q$
    INSERT INTO line_counts AS n (organization_id, account_id, category_id, line_count)
        SELECT organization_id, account_id, category_id, SUM(line_count)
        FROM (SELECT organization_id, account_id, category_id, -line_count AS line_count FROM went
            UNION ALL SELECT organization_id, account_id, category_id, line_count FROM came) m
        GROUP BY 1, 2, 3 HAVING SUM(line_count) <> 0 ORDER BY 1, 2, 3
        ON CONFLICT (organization_id, account_id, category_id) DO UPDATE SET line_count = n.line_count + excluded.line_count
    $q$;
    RETURN NULL;
END
$$;
CREATE TRIGGER line_counts_on_update AFTER UPDATE ON month_sums
    REFERENCING OLD TABLE AS went NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION line_counts_of_updated();
