//! Orders that no index has whole: the rows of a payee, a category, an account or a state stand together, and within them an index
//! has them by their days. So a page is chosen group by group, until it is full, and nobody sorts the rows that it does not show.

use bankside_domain::{Asker, Id};
use uuid::Uuid;

use super::Window;
use super::choosing::push_scope;
use super::filter::{RegisterQuery, RowState};
use super::sort::Sort;
use crate::convert::count;
use crate::db::{Session, on};
use crate::dialect::{VALUES_PER_LIST, push_list, push_sight};
use crate::{Store, StoreError};

/// Groups are taken together up to so many rows, and sorted as a whole. Few in tests, so that there are groups of both kinds.
const FEW: i64 = if cfg!(test) { 2 } else { 2_000 };

/// From the first to the last of an order.
const STATES: [RowState; 6] = [
    RowState::Pending,
    RowState::Scheduled,
    RowState::Declined,
    RowState::Typed,
    RowState::Cleared,
    RowState::Reconciled,
];

/// Rows that are next to each other.
struct Group {
    kind: Kind,
    /// No more than so many.
    at_most: i64,
    /// Whether they are of one key and so have one order only, that of their days.
    is_single: bool,
}

enum Kind {
    Accounts(Vec<Uuid>),
    /// `None` is without one.
    Payees(Keys),
    /// Of their first lines; `None` is without one.
    Categories(Keys),
    State(RowState),
    /// All rows, by the index of notes.
    Notes,
}

type Keys = Vec<Option<Uuid>>;

/// A key, the two texts by which it is sorted, and no fewer than its rows.
type Key = (Option<Uuid>, String, String, i64);

/// Keys next to each other as groups, in the order that is asked for. Keys with the same text cannot be told apart by it.
fn groups(keys: Vec<Key>, is_ascending: bool, kind: fn(Keys) -> Kind) -> Vec<Group> {
    let mut single: Vec<(Keys, (String, String), i64)> = Vec::new();
    for (key, first, second, rows) in keys {
        let texts = (first, second);
        match single.last_mut() {
            Some((same, before, sum)) if *before == texts => {
                same.push(key);
                *sum += rows;
            }
            _ => single.push((vec![key], texts, rows)),
        }
    }
    if !is_ascending {
        single.reverse();
    }
    let mut merged: Vec<(Keys, i64, bool)> = Vec::new();
    for (same, _, rows) in single {
        match merged.last_mut() {
            Some((keys, sum, is_single)) if *sum + rows <= FEW && keys.len() + same.len() <= VALUES_PER_LIST => {
                keys.extend(same);
                *sum += rows;
                *is_single = false;
            }
            _ => merged.push((same, rows, true)),
        }
    }
    merged.into_iter().map(|(keys, at_most, is_single)| Group { kind: kind(keys), at_most, is_single }).collect()
}

/// Appends that an expression is one of some keys.
macro_rules! push_is_one_of {
    ($query:expr, $expression:literal, $keys:expr) => {{
        $query.push(concat!("(", $expression, " IN "));
        push_list(&mut $query, $keys.iter().copied().flatten());
        if $keys.contains(&None) {
            $query.push(concat!(" OR ", $expression, " IS NULL"));
        }
        $query.push(")");
    }};
}

/// Appends the rows of a group, ready for what else is asked of them.
macro_rules! push_group {
    ($query:expr, $asker:expr, $request:expr, $group:expr, $by_notes:expr) => {{
        let organization = $asker.organization.uuid();
        let sort = $request.sort;
        match &$group.kind {
            // `CROSS` has SQLite begin with the index of notes.
            Kind::Notes => {
                $query.push(" FROM transaction_lines sl").push($by_notes).push(" CROSS JOIN transactions t");
            }
            _ if $group.is_single => _ = $query.push(" FROM transactions t"),
            _ => _ = $query.push(" FROM transactions t").push(sort.joins()),
        }
        push_scope!($query, $asker, $request.account);
        match &$group.kind {
            Kind::Accounts(ids) => {
                $query.push(" AND t.account_id IN ");
                push_list(&mut $query, ids.iter().copied());
            }
            Kind::Payees(ids) => {
                $query.push(" AND ");
                push_is_one_of!($query, "t.payee_id", ids);
            }
            Kind::Categories(ids) if $group.at_most <= FEW => {
                $query.push(
                    " AND t.id IN (SELECT gl.transaction_id FROM transaction_lines gl WHERE gl.organization_id = ",
                );
                $query.push_bind(organization).push(" AND gl.position = 0 AND ");
                push_is_one_of!($query, "gl.category_id", ids);
                $query.push(")");
            }
            Kind::Categories(ids) => {
                $query.push(
                    " AND EXISTS (SELECT 1 FROM transaction_lines gl WHERE gl.organization_id = t.organization_id \
                     AND gl.transaction_id = t.id AND gl.position = 0 AND ",
                );
                push_is_one_of!($query, "gl.category_id", ids);
                $query.push(")");
            }
            Kind::State(state) => _ = $query.push(state.condition()),
            Kind::Notes => {
                $query.push(" AND sl.transaction_id = t.id AND sl.position = 0 AND sl.organization_id = ");
                $query.push_bind(organization);
            }
        }
    }};
}

impl Store {
    /// The rows of a page of a register that leaves none out, where it is in an order of groups and the rows that are looked at for it
    /// are fewer than those that would have to be sorted. `total` is how many rows the register has.
    pub(super) async fn chosen_by_groups(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
        window: Window,
        total: i64,
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        if matches!(request.sort, Sort::Date | Sort::Amount) {
            return Ok(None);
        }
        let all = match request.account {
            Some(_) => self.count_register(session, asker, &RegisterQuery::default()).await?,
            None => total,
        };
        // Of so many rows that are looked at, so many are of the account.
        if (window.offset + window.limit).saturating_mul(all / total.max(1)) > total {
            return Ok(None);
        }
        let mut ids: Vec<Uuid> = Vec::new();
        let mut skipped = window.offset;
        for group in self.groups_of(session, asker, request, window.is_ascending).await? {
            let missing = window.limit - count(ids.len());
            if missing == 0 {
                break;
            }
            let rows = Window { offset: skipped, limit: missing, ..window };
            let found = self.rows_of_group(session, asker, request, &group, rows).await?;
            skipped = if skipped > 0 && found.is_empty() {
                // Somebody may have added rows since.
                (skipped - self.count_group(session, asker, request, &group).await?).max(0)
            } else {
                0
            };
            ids.extend(found);
        }
        Ok(Some(ids))
    }

    /// All groups of an order, from its first to its last.
    async fn groups_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
        is_ascending: bool,
    ) -> Result<Vec<Group>, StoreError> {
        let alone = |kind| Group { kind, at_most: i64::MAX, is_single: true };
        if let (Sort::Account, Some(account)) = (request.sort, request.account) {
            return Ok(vec![alone(Kind::Accounts(vec![account.uuid()]))]);
        }
        let (select, group_by, kind): (_, _, fn(Keys) -> Kind) = match request.sort {
            Sort::State => {
                let mut states = STATES.map(|state| alone(Kind::State(state)));
                if !is_ascending {
                    states.reverse();
                }
                return Ok(states.into());
            }
            Sort::Account => (
                "SELECT k.id, k.name_folded, '', k.transaction_count FROM accounts k WHERE k.organization_id = ",
                " ORDER BY k.name_folded, k.id",
                |ids| Kind::Accounts(ids.into_iter().flatten().collect()),
            ),
            Sort::Payee => (
                "SELECT k.id, COALESCE(k.name_folded, ''), '', x.n FROM (SELECT t.organization_id, t.payee_id, COUNT(*) AS n \
                 FROM transactions t WHERE t.deleted_at IS NULL AND t.organization_id = ",
                " GROUP BY t.organization_id, t.payee_id) x LEFT JOIN payees k ON k.organization_id = x.organization_id \
                 AND k.id = x.payee_id ORDER BY 2, k.id",
                Kind::Payees,
            ),
            Sort::Category => (
                "SELECT k.id, COALESCE(m.name_folded, k.name_folded, ''), COALESCE(k.name_folded, ''), x.n \
                 FROM (SELECT l.organization_id, l.category_id, COUNT(*) AS n FROM transaction_lines l WHERE l.organization_id = ",
                " GROUP BY l.organization_id, l.category_id) x LEFT JOIN categories k ON k.organization_id = x.organization_id \
                 AND k.id = x.category_id LEFT JOIN categories m ON m.organization_id = k.organization_id \
                 AND m.id = k.parent_id ORDER BY 2, 3, k.id",
                Kind::Categories,
            ),
            // Notes are one group; days and amounts have indexes of their own and do not come here.
            Sort::Note | Sort::Date | Sort::Amount => return Ok(vec![alone(Kind::Notes)]),
        };
        let keys: Vec<Key> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(select);
            query.push_bind(asker.organization.uuid()).push(group_by);
            query.build_query_as().fetch_all(c).await?
        });
        Ok(groups(keys, is_ascending, kind))
    }

    async fn rows_of_group(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
        group: &Group,
        window: Window,
    ) -> Result<Vec<Uuid>, StoreError> {
        let is_by_day = group.is_single && !matches!(group.kind, Kind::Notes);
        let order = if is_by_day { Sort::Date } else { request.sort }.order(window.is_ascending);
        let by_notes = session.by_notes();
        Ok(on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT t.id");
            push_group!(query, asker, request, group, by_notes);
            query.push(order).push(" LIMIT ").push_bind(window.limit).push(" OFFSET ").push_bind(window.offset);
            query.build_query_scalar().fetch_all(c).await?
        }))
    }

    async fn count_group(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
        group: &Group,
    ) -> Result<i64, StoreError> {
        let by_notes = session.by_notes();
        Ok(on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT COUNT(*)");
            push_group!(query, asker, request, group, by_notes);
            query.build_query_scalar().fetch_one(c).await?
        }))
    }
}
