//! The conditions in SQL by which the rows are chosen that a filter asks for.

/// Appends what an amount may be in a currency with so many digits after the point.
macro_rules! push_bounds {
    ($query:expr, $filter:expr, $scale:expr) => {{
        let of_scale = |bounds: [i64; 5]| bounds[usize::try_from($scale).unwrap_or(0).min(4)];
        if let Some(least) = $filter.min.map(of_scale) {
            $query.push(" AND (t.amount_minor >= ").push_bind(least);
            $query.push(" OR t.amount_minor <= ").push_bind(-least).push(")");
        }
        if let Some(most) = $filter.max.map(of_scale) {
            $query.push(" AND t.amount_minor BETWEEN ").push_bind(-most).push(" AND ").push_bind(most);
        }
    }};
}

/// How conditions on lines are put. Both ways mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// All that fit are looked up first.
    Set,
    /// Each row is looked at when its turn comes, until there are enough.
    Walk,
}

/// Appends that a row has a line with something; the body says with what.
macro_rules! push_line_condition {
    ($query:expr, $organization:expr, $manner:expr, $from:expr, $body:block) => {{
        match $manner {
            Manner::Walk => {
                $query.push(" AND EXISTS (SELECT 1").push($from);
                $query.push(" WHERE fl.organization_id = t.organization_id AND fl.transaction_id = t.id");
            }
            Manner::Set => {
                $query.push(" AND t.id IN (SELECT fl.transaction_id").push($from);
                $query.push(" WHERE fl.organization_id = ").push_bind($organization);
            }
        }
        $body
        $query.push(")");
    }};
}

/// Appends what a line `fl` must be for its amount to be among those that are asked for.
macro_rules! push_line_asks {
    ($query:expr, $asker:expr, $filter:expr) => {{
        match $filter.category {
            Some(Some(category)) => _ = $query.push(" AND fl.category_id = ").push_bind(category.uuid()),
            Some(None) => _ = $query.push(" AND fl.category_id IS NULL"),
            None => {}
        }
        if $filter.wants_category() {
            push_wants_category!($query, $asker, "fl");
        }
        if let Some(main) = $filter.main_category {
            $query.push(" AND fl.category_id IN (SELECT fk.id FROM categories fk WHERE fk.organization_id = ");
            $query.push_bind($asker.organization.uuid()).push(" AND (fk.id = ").push_bind(main.uuid());
            $query.push(" OR fk.parent_id = ").push_bind(main.uuid()).push("))");
        }
    }};
}

/// Appends that a row `t` stands in the books, or is present otherwise, in an account if one is asked for, and in sight of who asks.
macro_rules! push_scope {
    ($query:expr, $asker:expr, $account:expr) => {
        push_scope!($query, $asker, $account, crate::vanished::IN_BOOKS)
    };
    ($query:expr, $asker:expr, $account:expr, $presence:expr) => {{
        $query.push(" WHERE t.organization_id = ").push_bind($asker.organization.uuid());
        $query.push(" AND ").push($presence);
        if let Some(account) = $account {
            $query.push(" AND t.account_id = ").push_bind(account.uuid());
        }
        push_sight(&mut $query, "t", $asker.sight());
    }};
}

/// Appends where the rows come from, and the conditions that choose them. A macro, because the two engines' builders are two types.
macro_rules! push_chosen {
    ($query:expr, $joins:expr, $asker:expr, $request:expr, $prepared:expr, $manner:expr) => {{
        let organization = $asker.organization.uuid();
        let filter = &$request.filter;
        match &$prepared.found {
            // With a limit of its own, so that each is looked up by its id, whatever else is asked of them.
            Some(found) => {
                $query.push(" FROM (SELECT x.* FROM transactions x WHERE x.organization_id = ").push_bind(organization);
                $query.push(" AND x.id IN ");
                push_list(&mut $query, found.iter().copied());
                $query.push(" LIMIT ").push_bind(i64::try_from(found.len()).unwrap_or(i64::MAX)).push(") t");
            }
            None => _ = $query.push(" FROM transactions t"),
        }
        $query.push($joins);
        push_scope!($query, $asker, $request.account, $prepared.presence);
        if let Some(accounts) = &filter.accounts {
            $query.push(" AND t.account_id IN ");
            push_list(&mut $query, accounts.iter().map(|account| account.uuid()));
        }
        if let Some(only) = filter.only {
            $query.push(" AND t.id = ").push_bind(only.uuid());
        }
        if let Some(from) = filter.from {
            $query.push(" AND t.dated_on >= ").push_bind(date(from));
        }
        if let Some(to) = filter.to {
            $query.push(" AND t.dated_on <= ").push_bind(date(to));
        }
        match $prepared.scales.as_slice() {
            [] => {}
            [scale] => {
                // Named one by one, so that the index by account and amount serves all of them.
                if $request.account.is_none() {
                    $query.push(" AND t.account_id IN (SELECT fa.id FROM accounts fa WHERE fa.organization_id = ");
                    $query.push_bind(organization).push(")");
                }
                push_bounds!($query, filter, *scale);
            }
            scales => {
                $query.push(" AND (0 = 1");
                for scale in scales {
                    $query.push(
                        " OR (t.account_id IN (SELECT fa.id FROM accounts fa JOIN currencies fu ON fu.code = fa.currency \
                         WHERE fa.organization_id = ",
                    );
                    $query.push_bind(organization).push(" AND fu.scale = ").push_bind(*scale).push(")");
                    push_bounds!($query, filter, *scale);
                    $query.push(")");
                }
                $query.push(")");
            }
        }
        if let Some(within) = &$prepared.reached {
            push_reached!($query, within.reached);
        }
        if let Some(currency) = filter.currency {
            $query.push(" AND t.account_id IN (SELECT fc.id FROM accounts fc WHERE fc.organization_id = ");
            $query.push_bind(organization).push(" AND fc.currency = ").push_bind(currency.to_string()).push(")");
        }
        match filter.direction.filter(|_| filter.cashflow.is_none()) {
            Some(Direction::In) => _ = $query.push(" AND t.amount_minor > 0"),
            Some(Direction::Out) => _ = $query.push(" AND t.amount_minor < 0"),
            None => {}
        }
        if filter.wants_category() {
            $query.push(" AND t.status IN ('booked', 'pending')");
        }
        if filter.asks_lines() {
            push_line_condition!($query, organization, $manner, " FROM transaction_lines fl", {
                push_line_asks!($query, $asker, filter);
                if let Some(within) = &$prepared.reached {
                    push_counted_lines!($query, filter, within);
                }
            });
        }
        if filter.is_mapped {
            push_line_condition!($query, organization, $manner, " FROM transaction_lines fl", {
                $query.push(" AND fl.category_id IS NOT NULL");
            });
        }
        if let Some(payee) = filter.payee {
            $query.push(" AND t.payee_id = ").push_bind(payee.uuid());
        }
        if let Some(pattern) = &filter.pattern {
            $query.push(" AND t.payee_id IN (SELECT fp.id FROM payees fp WHERE fp.organization_id = ");
            $query.push_bind(organization).push(" AND fp.pattern = ").push_bind(pattern.clone()).push(")");
        }
        if let Some(tag) = filter.tag {
            let joined = " FROM transaction_lines fl JOIN line_tags fg \
                 ON fg.organization_id = fl.organization_id AND fg.line_id = fl.id";
            push_line_condition!($query, organization, $manner, joined, {
                $query.push(" AND fg.tag_id = ").push_bind(tag.uuid());
            });
        }
        if let Some(bill) = filter.bill {
            $query.push(" AND t.id IN (SELECT fb.transaction_id FROM rows_on_bills fb WHERE fb.organization_id = ");
            $query.push_bind(organization).push(" AND fb.bill_id = ").push_bind(bill.uuid()).push(")");
        }
        if let Some(state) = filter.state {
            $query.push(state.condition());
        }
        if filter.is_new {
            $query.push(" AND t.reviewed_at IS NULL AND t.provider_dated_on IS NOT NULL");
        }
        if let Some(rows) = filter.inbox {
            $query.push(rows.condition());
            if let Some((exists, person)) = rows.asked() {
                $query.push(exists).push(" (SELECT 1 FROM inbox_flags ff WHERE ff.organization_id = t.organization_id");
                $query.push(" AND ff.transaction_id = t.id AND ff.to_id = ").push_bind(person.uuid()).push(")");
            }
        }
        if filter.is_edited {
            // Not row by row: what persons have written is little beside what banks have brought.
            $query.push(
                " AND t.provider_dated_on IS NOT NULL AND t.id IN (SELECT COALESCE(yl.transaction_id, y.entity_id) \
                 FROM field_layers y LEFT JOIN transaction_lines yl ON yl.organization_id = y.organization_id \
                 AND yl.id = y.entity_id WHERE y.layer = 'person' AND y.organization_id = ",
            );
            $query.push_bind(organization).push(")");
        }
        // What was found already is where the rows come from.
        if $prepared.found.is_none()
            && let Some(search) = &$prepared.search
        {
            match $manner {
                Manner::Walk => {
                    $query.push(" AND ");
                    push_is_found!($query, organization, search);
                }
                Manner::Set => {
                    $query.push(" AND t.id IN (");
                    push_found!($query, organization, search, search.union);
                    $query.push(")");
                }
            }
        }
    }};
}

pub(super) use {push_bounds, push_chosen, push_line_asks, push_line_condition, push_scope};

/// Whether a person has written over what the bank says of a row.
pub(super) const EDITED: &str = "(t.provider_dated_on IS NOT NULL AND (EXISTS (SELECT 1 FROM field_layers y \
     WHERE y.organization_id = t.organization_id AND y.entity_id = t.id AND y.layer = 'person') \
     OR EXISTS (SELECT 1 FROM transaction_lines yl JOIN field_layers y ON y.organization_id = yl.organization_id \
     AND y.entity_id = yl.id WHERE yl.organization_id = t.organization_id AND yl.transaction_id = t.id AND y.layer = 'person')))";
