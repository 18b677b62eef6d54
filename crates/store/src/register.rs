//! The register: the transactions of an account, or of all of them, page by page.

mod balances;
mod cashflow;
mod choosing;
mod filter;
mod groups;
mod prepare;
mod search;
mod several;
mod sort;
mod unfinished;

use std::collections::{BTreeMap, HashMap};

use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, Asker, CategoryId, Currency, CurrencyCode, Id, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use cashflow::{push_counted, push_counted_lines, push_fee_of_line, push_others, push_reached};
use choosing::{EDITED, Manner, push_bounds, push_chosen, push_line_asks, push_line_condition, push_scope};
pub use filter::{Direction, Filter, RegisterQuery, RowState};
use prepare::Prepared;
use search::{Place, push_found, push_in_place, push_is_found};
pub use sort::Sort;

use crate::cashflow::push_stretches;
use crate::categories::path;
use crate::convert::{SqlDate, code, count, currency, date};
use crate::db::{Session, on, sql};
use crate::dialect::{push_list, push_sight};
use crate::transfers::{TransferMark, push_wants_category};
use crate::{Store, StoreError};

/// At most this many rows on a page.
const MAX_PAGE_ROWS: i64 = 500;

/// One transaction as the register shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRow {
    /// Which one.
    pub id: TransactionId,
    /// In which account.
    pub account: AccountId,
    /// That account's name.
    pub account_name: String,
    /// Its day.
    pub dated_on: Date,
    /// Whom it was with.
    pub payee: Option<String>,
    /// What its first line was for.
    pub note: Option<String>,
    /// The category of its first line.
    pub category: Option<CategoryId>,
    /// That category's path, `House ▸ Repairs`.
    pub category_path: Option<String>,
    /// The tags of its first line.
    pub tags: Vec<String>,
    /// How many lines it has.
    pub lines: i64,
    /// Minor units.
    pub amount_minor: i64,
    /// What the account came to with it, in minor units; only where the register shows every row of one account in its order,
    /// and the row counts.
    pub balance_minor: Option<i64>,
    /// Its currency.
    pub currency: Currency,
    /// How far the bank has got.
    pub status: RowStatus,
    /// Whether a bank sent it.
    pub is_from_bank: bool,
    /// Whether nobody has looked at it.
    pub is_new: bool,
    /// Whether a person has written over what the bank says.
    pub is_edited: bool,
    /// Whether a person ticked it.
    pub is_ticked: bool,
    /// Whether it was compared with a statement.
    pub is_reconciled: bool,
    /// What it is of a transfer between own accounts, if it is one side of one.
    pub transfer: Option<TransferMark>,
}

impl RegisterRow {
    /// How far it has come, as people read it.
    pub fn state(&self) -> RowState {
        match self.status {
            RowStatus::Pending => RowState::Pending,
            RowStatus::Scheduled => RowState::Scheduled,
            RowStatus::Declined => RowState::Declined,
            RowStatus::Booked if self.is_reconciled => RowState::Reconciled,
            RowStatus::Booked if self.is_from_bank || self.is_ticked => RowState::Cleared,
            RowStatus::Booked => RowState::Typed,
        }
    }
}

/// A page of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterPage {
    /// The rows.
    pub rows: Vec<RegisterRow>,
    /// How many there are in all; at least, where nobody has counted them.
    pub total: i64,
    /// What they come to by currency; only of a register that leaves rows out, and only where they are counted.
    pub sums: Vec<RegisterSum>,
    /// Whether all are counted.
    pub is_counted: bool,
}

/// What the rows of one currency come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterSum {
    /// Which currency.
    pub currency: Currency,
    /// How many rows.
    pub count: i64,
    /// Minor units.
    pub minor: i64,
    /// What of that is of lines that are asked for, in minor units: less, where a row was split; only where a category is asked for, a
    /// direction of a cashflow, or rows of a cashflow among which a transfer has a fee.
    pub lines_minor: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    account_name: String,
    dated_on: SqlDate,
    payee: Option<String>,
    line_id: Option<Uuid>,
    note: Option<String>,
    category_id: Option<Uuid>,
    category: Option<String>,
    main_category: Option<String>,
    lines: i64,
    amount_minor: i64,
    currency: String,
    scale: i64,
    status: String,
    is_from_bank: bool,
    is_edited: bool,
    cleared_at: Option<i64>,
    reconciled_at: Option<i64>,
    reviewed_at: Option<i64>,
}

impl Row {
    fn into_register_row(self, tags: &mut HashMap<Uuid, Vec<String>>) -> Result<RegisterRow, StoreError> {
        let currency = scaled(&self.currency, self.scale)?;
        let path = |name: String| path(&name, self.main_category.as_deref());
        Ok(RegisterRow {
            id: self.id.into(),
            account: self.account_id.into(),
            account_name: self.account_name,
            dated_on: self.dated_on.to_jiff(),
            payee: self.payee,
            note: self.note,
            category: self.category_id.map(CategoryId::from),
            category_path: self.category.map(path),
            tags: self.line_id.and_then(|line| tags.remove(&line)).unwrap_or_default(),
            lines: self.lines,
            amount_minor: self.amount_minor,
            balance_minor: None,
            currency,
            status: code(&self.status)?,
            is_from_bank: self.is_from_bank,
            is_new: self.reviewed_at.is_none(),
            is_edited: self.is_edited,
            is_ticked: self.cleared_at.is_some(),
            is_reconciled: self.reconciled_at.is_some(),
            transfer: None,
        })
    }
}

/// What rows come to by currency, as the database says it.
fn sums_of(rows: &[RegisterRow]) -> Vec<RegisterSum> {
    let mut sums: BTreeMap<CurrencyCode, RegisterSum> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(row.currency.code).or_insert(RegisterSum {
            currency: row.currency,
            count: 0,
            minor: 0,
            lines_minor: None,
        });
        sum.count += 1;
        sum.minor = sum.minor.saturating_add(row.amount_minor);
    }
    sums.into_values().collect()
}

pub(crate) fn scaled(code: &str, scale: i64) -> Result<Currency, StoreError> {
    let scale = u8::try_from(scale).map_err(|_| StoreError::Corrupt(format!("scale of {code}")))?;
    Ok(Currency { code: currency(code)?, scale })
}

/// Which rows are read, and from which end: whoever asks for the far end of a long register is not made to wait for all before it.
#[derive(Clone, Copy)]
struct Window {
    is_ascending: bool,
    offset: i64,
    limit: i64,
}

impl Window {
    /// `total` is how many rows there are, where that is known.
    fn of(request: &RegisterQuery, total: Option<i64>) -> Self {
        let (offset, limit) = (request.offset.max(0), request.limit.clamp(1, MAX_PAGE_ROWS));
        match total {
            Some(total) if offset > total / 2 => {
                let rows = limit.min((total - offset).max(0));
                Self { is_ascending: !request.is_ascending, offset: (total - offset - rows).max(0), limit: rows }
            }
            _ => Self { is_ascending: request.is_ascending, offset, limit },
        }
    }
}

impl Store {
    /// A page of the register.
    pub async fn register(&self, asker: &Asker, request: &RegisterQuery) -> Result<RegisterPage, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let total =
            if request.is_filtered() { None } else { Some(self.count_register(&mut session, asker, request).await?) };
        let window = Window::of(request, total);
        let prepared = self.prepare(&mut session, asker, request).await?;
        let chosen = match total {
            Some(total) => self.chosen_by_groups(&mut session, asker, request, window, total).await?,
            None => None,
        };
        let rows = self.register_rows(&mut session, asker, request, &prepared, window, chosen).await?;
        let lines: Vec<Uuid> = rows.iter().filter_map(|row| row.line_id).collect();
        let mut tags = self.tag_names(&mut session, asker, &lines).await?;
        let rows = rows.into_iter().map(|row| row.into_register_row(&mut tags));
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        self.mark_transfers(&mut session, asker, &mut rows).await?;
        let Some(total) = total else {
            return self.totalled(&mut session, asker, request, &prepared, rows).await;
        };
        self.run_balances(&mut session, asker, request, window, &mut rows).await?;
        Ok(RegisterPage { rows, total, sums: Vec::new(), is_counted: true })
    }

    /// A page of a register that leaves rows out, with what all come to: all are looked at for that, unless they are here.
    async fn totalled(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
        prepared: &Prepared,
        rows: Vec<RegisterRow>,
    ) -> Result<RegisterPage, StoreError> {
        let (shown, limit) = (count(rows.len()), request.limit.clamp(1, MAX_PAGE_ROWS));
        // Rows do not say what of them is counted where a transfer cost a fee.
        let counts_whole_rows = prepared.reached.as_ref().is_none_or(|within| !within.has_fees);
        let sums = if request.offset <= 0 && shown < limit && !request.filter.asks_lines() && counts_whole_rows {
            sums_of(&rows)
        } else if request.leaves_totals {
            // An empty page says nothing of those before it.
            let total = if shown == 0 { 0 } else { request.offset + shown };
            return Ok(RegisterPage { rows, total, sums: Vec::new(), is_counted: false });
        } else {
            self.sum_register(session, asker, request, prepared).await?
        };
        Ok(RegisterPage { rows, total: sums.iter().map(|sum| sum.count).sum(), sums, is_counted: true })
    }

    /// One row as the register shows it.
    pub async fn register_row(&self, asker: &Asker, id: TransactionId) -> Result<RegisterRow, StoreError> {
        let filter = Filter { only: Some(id), ..Filter::default() };
        let page = self.register(asker, &RegisterQuery { filter, limit: 1, ..RegisterQuery::default() }).await?;
        page.rows.into_iter().next().ok_or(StoreError::NotFound("the transaction"))
    }

    async fn register_rows(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
        prepared: &Prepared,
        window: Window,
        chosen: Option<Vec<Uuid>>,
    ) -> Result<Vec<Row>, StoreError> {
        let manner = if prepared.is_wide && request.sort.is_walked() { Manner::Walk } else { Manner::Set };
        Ok(on!(session, c => {
            // The page is chosen first, as far as possible by its index alone; only its rows are looked up in the other tables.
            let mut query = sqlx::QueryBuilder::new(
                "SELECT t.id, t.account_id, a.name AS account_name, t.dated_on, p.name AS payee, l.id AS line_id, l.note, \
                 k0.id AS category_id, k0.name AS category, k1.name AS main_category, \
                 (SELECT COUNT(*) FROM transaction_lines n WHERE n.organization_id = t.organization_id \
                  AND n.transaction_id = t.id) AS lines, \
                 t.amount_minor, a.currency, u.scale, t.status, t.cleared_at, t.reconciled_at, t.reviewed_at, \
                 t.provider_dated_on IS NOT NULL AS is_from_bank, ",
            );
            query.push(EDITED).push(" AS is_edited FROM (SELECT t.id");
            if let Some(chosen) = chosen {
                query.push(" FROM transactions t WHERE t.organization_id = ").push_bind(asker.organization.uuid());
                query.push(" AND t.id IN ");
                push_list(&mut query, chosen);
            } else {
                push_chosen!(query, request.sort.joins(), asker, request, prepared, manner);
                query.push(request.sort.order(window.is_ascending));
                query.push(" LIMIT ").push_bind(window.limit).push(" OFFSET ").push_bind(window.offset);
            }
            query.push(") chosen JOIN transactions t ON t.organization_id = ").push_bind(asker.organization.uuid());
            query.push(
                " AND t.id = chosen.id \
                 JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id \
                 JOIN currencies u ON u.code = a.currency \
                 LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id \
                 LEFT JOIN transaction_lines l ON l.organization_id = t.organization_id \
                  AND l.transaction_id = t.id AND l.position = 0 \
                 LEFT JOIN categories k0 ON k0.organization_id = l.organization_id AND k0.id = l.category_id \
                 LEFT JOIN categories k1 ON k1.organization_id = k0.organization_id AND k1.id = k0.parent_id",
            );
            query.push(request.sort.order_of_page(request.is_ascending));
            // A search is planned for its very text: how much it finds decides what is quick.
            query.build_query_as().persistent(prepared.is_like_others()).fetch_all(c).await?
        }))
    }

    /// The names of the tags of some lines.
    pub(crate) async fn tag_names(
        &self,
        session: &mut Session,
        asker: &Asker,
        lines: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<String>>, StoreError> {
        let mut names: HashMap<Uuid, Vec<String>> = HashMap::new();
        let rows: Vec<(Uuid, String)> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT g.line_id, w.name FROM line_tags g JOIN tags w ON w.organization_id = g.organization_id \
                 AND w.id = g.tag_id WHERE g.organization_id = ",
            );
            query.push_bind(asker.organization.uuid()).push(" AND g.line_id IN ");
            push_list(&mut query, lines.iter().copied());
            query.push(" ORDER BY w.name_folded, w.id");
            query.build_query_as().fetch_all(c).await?
        });
        for (line, name) in rows {
            names.entry(line).or_default().push(name);
        }
        Ok(names)
    }

    /// The transactions that fit, at most so many.
    pub(crate) async fn matching(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
        limit: usize,
    ) -> Result<Vec<TransactionId>, StoreError> {
        let prepared = &self.prepare(session, asker, request).await?;
        let ids: Vec<Uuid> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT t.id");
            push_chosen!(query, "", asker, request, prepared, Manner::Set);
            query.push(" LIMIT ").push_bind(count(limit));
            query.build_query_scalar().persistent(prepared.is_like_others()).fetch_all(c).await?
        });
        Ok(ids.into_iter().map(TransactionId::from).collect())
    }

    async fn sum_register(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
        prepared: &Prepared,
    ) -> Result<Vec<RegisterSum>, StoreError> {
        let within = prepared.reached.as_ref();
        let asks_lines = request.filter.asks_lines() || within.is_some_and(|within| within.has_fees);
        let sums: Vec<(String, i64, i64, i64, i64)> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT a.currency, u.scale, CAST(SUM(s.n) AS BIGINT), CAST(SUM(s.minor) AS BIGINT), \
                 CAST(COALESCE(SUM(s.of_lines), 0) AS BIGINT) FROM \
                 (SELECT t.organization_id, t.account_id, COUNT(*) AS n, SUM(t.amount_minor) AS minor, ",
            );
            if asks_lines {
                query.push("SUM((SELECT SUM(");
                push_counted!(query, within);
                query.push(
                    ") FROM transaction_lines fl \
                     WHERE fl.organization_id = t.organization_id AND fl.transaction_id = t.id",
                );
                push_line_asks!(query, asker, request.filter);
                if let Some(within) = within {
                    push_counted_lines!(query, request.filter, within);
                }
                query.push("))");
            } else {
                query.push("0");
            }
            query.push(" AS of_lines");
            push_chosen!(query, "", asker, request, prepared, Manner::Set);
            query.push(
                " GROUP BY t.organization_id, t.account_id) s \
                 JOIN accounts a ON a.organization_id = s.organization_id AND a.id = s.account_id \
                 JOIN currencies u ON u.code = a.currency GROUP BY a.currency, u.scale ORDER BY a.currency",
            );
            query.build_query_as().persistent(prepared.is_like_others()).fetch_all(c).await?
        });
        let sum = |(code, scale, count, minor, of_lines): (String, i64, i64, i64, i64)| {
            let lines_minor = asks_lines.then_some(of_lines);
            Ok(RegisterSum { currency: scaled(&code, scale)?, count, minor, lines_minor })
        };
        sums.into_iter().map(sum).collect()
    }

    async fn count_register(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
    ) -> Result<i64, StoreError> {
        // Kept beside the account, so that opening a long register costs nothing.
        let text = session.in_sight(
            sql!(
                "SELECT CAST(COALESCE(SUM(transaction_count), 0) AS BIGINT) FROM accounts
             WHERE organization_id = $1 AND (id = $2 OR $2 IS NULL) /* in sight: id */"
            ),
            asker.sight(),
        );
        Ok(on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(request.account.map(Id::uuid))
            .fetch_one(c)
            .await?))
    }
}
