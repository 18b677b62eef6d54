//! Which rows a register shows, and in which order.

use std::collections::BTreeSet;

use bankside_domain::cashflow::Reach;
use bankside_domain::{AccountId, BillId, CategoryId, CurrencyCode, PayeeId, TagId, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use super::cashflow::Within;
use super::search::{Search, folded};
use crate::inbox::InboxRows;

/// Which rows to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegisterQuery {
    /// Of this account; `None` is of all.
    pub account: Option<AccountId>,
    /// With this text in payee, notes, category or tags, or with this amount.
    pub search: Option<String>,
    /// What else must be true of them.
    pub filter: Filter,
    /// By what they are sorted.
    pub sort: Sort,
    /// From the smallest to the greatest, and from the oldest to the newest.
    pub is_ascending: bool,
    /// How many rows to skip.
    pub offset: i64,
    /// How many rows to show, at most 500.
    pub limit: i64,
    /// Whether the rows shall not wait until all that fit are counted, where that takes a look at each.
    pub leaves_totals: bool,
}

/// What must be true of a row. What is `None` or `false` asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this one.
    pub only: Option<TransactionId>,
    /// On this day or later.
    pub from: Option<Date>,
    /// On this day or earlier.
    pub to: Option<Date>,
    /// At least this much, in or out: minor units for currencies with 0, 1, 2, 3 and 4 digits after the point.
    pub min: Option<[i64; 5]>,
    /// At most this much, in or out.
    pub max: Option<[i64; 5]>,
    /// Money in or out.
    pub direction: Option<Direction>,
    /// In one of these accounts.
    pub accounts: Option<BTreeSet<AccountId>>,
    /// With a line of this category, or with one that has none.
    pub category: Option<Option<CategoryId>>,
    /// With a line that has a category, whichever.
    pub is_mapped: bool,
    /// With a line of this category or of one below it.
    pub main_category: Option<CategoryId>,
    /// What this cashflow counts: rows of the accounts that stood there on their day, booked ones, and pending ones where the account
    /// counts them. What is asked of the direction is asked of lines then, since cashflow is made of lines.
    pub cashflow: Option<Reach>,
    /// In this currency.
    pub currency: Option<CurrencyCode>,
    /// With this payee.
    pub payee: Option<PayeeId>,
    /// With a payee of this pattern ([`bankside_domain::suggest::pattern`]).
    pub pattern: Option<String>,
    /// With this tag on a line.
    pub tag: Option<TagId>,
    /// On this bill of a card.
    pub bill: Option<BillId>,
    /// In this state.
    pub state: Option<RowState>,
    /// Nobody has looked at it.
    pub is_new: bool,
    /// A person has written over what the bank says.
    pub is_edited: bool,
    /// In the inbox.
    pub inbox: Option<InboxRows>,
}

/// In or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Money in.
    In,
    /// Money out.
    Out,
}

/// How far a row has come, as people read it: the first that is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// The bank may still change it.
    Pending,
    /// The bank will do it.
    Scheduled,
    /// The bank has refused it.
    Declined,
    /// It was compared with a statement and locked.
    Reconciled,
    /// The bank has booked it, or a person has ticked it.
    Cleared,
    /// Somebody typed it, and nothing has confirmed it.
    Typed,
}

impl RowState {
    /// The condition. Each text is one that both engines understand; that a pending row is not booked is said for SQLite, which looks
    /// for the very condition of an index.
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::Pending => " AND t.status = 'pending' AND t.status <> 'booked'",
            Self::Scheduled => " AND t.status = 'scheduled' AND t.status <> 'booked'",
            Self::Declined => " AND t.status = 'declined' AND t.status <> 'booked'",
            Self::Reconciled => " AND t.status = 'booked' AND t.reconciled_at IS NOT NULL",
            Self::Cleared => {
                " AND t.status = 'booked' AND t.reconciled_at IS NULL \
                 AND (t.provider_dated_on IS NOT NULL OR t.cleared_at IS NOT NULL)"
            }
            Self::Typed => {
                " AND t.status = 'booked' AND t.reconciled_at IS NULL AND t.provider_dated_on IS NULL \
                 AND t.cleared_at IS NULL"
            }
        }
    }
}

/// By what a register is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Its day, and within a day as the bank has them.
    #[default]
    Date,
    /// The account's name.
    Account,
    /// The payee's name.
    Payee,
    /// The note.
    Note,
    /// The category.
    Category,
    /// The amount.
    Amount,
    /// How far it has come.
    State,
}

impl Sort {
    /// The joins that its expression needs inside the choice of the page.
    pub(super) fn joins(self) -> &'static str {
        match self {
            Self::Account => " JOIN accounts sa ON sa.organization_id = t.organization_id AND sa.id = t.account_id",
            Self::Payee => " LEFT JOIN payees sp ON sp.organization_id = t.organization_id AND sp.id = t.payee_id",
            Self::Note | Self::Category => {
                " LEFT JOIN transaction_lines sl ON sl.organization_id = t.organization_id \
                 AND sl.transaction_id = t.id AND sl.position = 0 \
                 LEFT JOIN categories sk ON sk.organization_id = sl.organization_id AND sk.id = sl.category_id \
                 LEFT JOIN categories sm ON sm.organization_id = sk.organization_id AND sm.id = sk.parent_id"
            }
            Self::Date | Self::Amount | Self::State => "",
        }
    }

    /// Whether an index has the rows in this order.
    pub(super) fn is_walked(self) -> bool {
        matches!(self, Self::Date | Self::Amount)
    }

    /// What the page is chosen by: expressions of the row and of its joins, each to be followed by its direction.
    fn inner(self) -> &'static [&'static str] {
        match self {
            Self::Date => &["t.dated_on", "t.position", "t.id"],
            Self::Account => &["sa.name_folded", "t.dated_on", "t.position", "t.id"],
            Self::Payee => &["COALESCE(sp.name_folded, '')", "t.dated_on", "t.position", "t.id"],
            // Its beginning is what the index of notes has.
            Self::Note => &[
                "SUBSTR(COALESCE(sl.note_folded, ''), 1, 100)",
                "COALESCE(sl.note_folded, '')",
                "t.dated_on",
                "t.position",
                "t.id",
            ],
            Self::Category => &[
                "COALESCE(sm.name_folded, sk.name_folded, '')",
                "COALESCE(sk.name_folded, '')",
                "t.dated_on",
                "t.position",
                "t.id",
            ],
            Self::Amount => &["t.amount_minor", "t.dated_on", "t.position", "t.id"],
            Self::State => &[
                "CASE WHEN t.status = 'pending' THEN 0 WHEN t.status = 'scheduled' THEN 1 WHEN t.status = 'declined' THEN 2 \
                 WHEN t.reconciled_at IS NOT NULL THEN 5 WHEN t.provider_dated_on IS NOT NULL THEN 4 \
                 WHEN t.cleared_at IS NOT NULL THEN 4 ELSE 3 END",
                "t.dated_on",
                "t.position",
                "t.id",
            ],
        }
    }

    /// `ORDER BY …` of the choice of the page.
    pub(super) fn order(self, is_ascending: bool) -> String {
        let direction = if is_ascending { "ASC" } else { "DESC" };
        let parts: Vec<String> = self.inner().iter().map(|expression| format!("{expression} {direction}")).collect();
        format!(" ORDER BY {}", parts.join(", "))
    }

    /// The same order for the rows of the page, whose joins have other names.
    pub(super) fn order_of_page(self, is_ascending: bool) -> String {
        [("sa.", "a."), ("sp.", "p."), ("sl.", "l."), ("sk.", "k0."), ("sm.", "k1.")]
            .iter()
            .fold(self.order(is_ascending), |order, (inner, outer)| order.replace(inner, outer))
    }
}

impl Filter {
    /// Whether anything is asked of lines that an amount of theirs can be told of: which category, and of a cashflow the direction.
    pub(super) fn asks_lines(&self) -> bool {
        self.category.is_some() || self.main_category.is_some() || self.line_direction().is_some()
    }

    /// Money in or out, where that is asked of lines.
    pub(super) fn line_direction(&self) -> Option<Direction> {
        self.direction.filter(|_| self.cashflow.is_some())
    }
}

impl RegisterQuery {
    /// Whether rows are left out that the account has.
    pub fn is_filtered(&self) -> bool {
        self.filter != Filter::default() || folded(self).is_some()
    }
}

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

/// What is looked up before the rows are chosen.
pub(super) struct Prepared {
    /// How many digits after the point the amounts have that are looked at; none where no amount is asked for.
    pub(super) scales: Vec<i64>,
    /// What is searched for.
    pub(super) search: Option<Search>,
    /// What the search finds, where that is not much: it is found once then, for the page and for its sums.
    pub(super) found: Option<Vec<Uuid>>,
    /// Whether the filter lets so many rows through that a page is filled soonest by walking through rows in its order.
    pub(super) is_wide: bool,
    /// What a cashflow reaches, where that is asked for.
    pub(super) reached: Option<Within>,
    /// Whether only rows of some accounts are asked for.
    pub(super) has_accounts: bool,
}

impl Prepared {
    /// These rows, as far as they are in the books and in sight.
    pub(super) fn of_these(ids: Vec<Uuid>) -> Self {
        Self { scales: Vec::new(), search: None, found: Some(ids), is_wide: false, reached: None, has_accounts: false }
    }

    /// Whether other questions have the same text, so that its plan is worth keeping: not those with words, rows or accounts of their own.
    pub(super) fn is_like_others(&self) -> bool {
        self.search.is_none() && self.found.is_none() && self.reached.is_none() && !self.has_accounts
    }
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
    ($query:expr, $organization:expr, $filter:expr) => {{
        match $filter.category {
            Some(Some(category)) => _ = $query.push(" AND fl.category_id = ").push_bind(category.uuid()),
            Some(None) => _ = $query.push(" AND fl.category_id IS NULL"),
            None => {}
        }
        if let Some(main) = $filter.main_category {
            $query.push(" AND fl.category_id IN (SELECT fk.id FROM categories fk WHERE fk.organization_id = ");
            $query.push_bind($organization).push(" AND (fk.id = ").push_bind(main.uuid());
            $query.push(" OR fk.parent_id = ").push_bind(main.uuid()).push("))");
        }
    }};
}

/// Appends that a row `t` stands in the books, in an account if one is asked for, and in sight of who asks.
macro_rules! push_scope {
    ($query:expr, $asker:expr, $account:expr) => {{
        $query.push(" WHERE t.organization_id = ").push_bind($asker.organization.uuid());
        $query.push(" AND t.deleted_at IS NULL");
        if let Some(account) = $account {
            $query.push(" AND t.account_id = ").push_bind(account.uuid());
        }
        if let Some(accounts) = $asker.sight().accounts() {
            $query.push(" AND t.account_id IN ");
            push_list(&mut $query, accounts.iter().map(|account| account.uuid()));
        }
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
        push_scope!($query, $asker, $request.account);
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
        if filter.asks_lines() {
            push_line_condition!($query, organization, $manner, " FROM transaction_lines fl", {
                push_line_asks!($query, organization, filter);
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
