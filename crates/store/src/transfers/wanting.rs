//! Which lines want a category: what a transfer has moved wants none.

/// Appends that a line `$line` wants a category, as far as transfers go: it is of no row of a transfer whose other row is in sight, or it is
/// the line that such a transfer's fee stands in.
macro_rules! push_wants_category {
    ($query:expr, $asker:expr, $line:literal) => {{
        // The line of the fee is looked up only where there is one.
        $query.push(concat!(
            " AND NOT EXISTS (SELECT 1 FROM linked_rows lr WHERE lr.organization_id = ",
            $line,
            ".organization_id AND lr.transaction_id = ",
            $line,
            ".transaction_id AND (lr.lost_minor = 0 OR ",
            $line,
            ".id <> (SELECT lf.line_id FROM transfer_fees lf WHERE lf.organization_id = lr.organization_id \
             AND lf.transaction_id = lr.transaction_id))",
        ));
        if let Some(accounts) = $asker.sight().accounts() {
            $query.push(" AND lr.other_account_id IN ");
            push_list(&mut $query, accounts.iter().map(|account| account.uuid()));
        }
        $query.push(")");
    }};
}

pub(crate) use push_wants_category;
