//! The register: the transactions of an account, or of all of them, page by page.

use bankside_domain::row::RowStatus;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, Currency, Id, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, code, count, currency};
use crate::db::on;
use crate::dialect::containing;
use crate::{Store, StoreError};

/// At most this many rows on a page.
const MAX_PAGE_ROWS: i64 = 500;

/// Newest first, and within a day as the bank has them. An index of each of the two registers has this order.
const ORDER: &str = " ORDER BY t.dated_on DESC, t.position DESC, t.id DESC";

/// Which rows to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegisterQuery {
    /// Of this account; `None` is of all.
    pub account: Option<AccountId>,
    /// With this text in payee, notes or category, or with this amount.
    pub search: Option<String>,
    /// How many rows to skip.
    pub offset: i64,
    /// How many rows to show, at most 500.
    pub limit: i64,
}

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
    pub category: Option<String>,
    /// How many lines it has.
    pub lines: i64,
    /// Minor units.
    pub amount_minor: i64,
    /// Its currency.
    pub currency: Currency,
    /// How far the bank has got.
    pub status: RowStatus,
    /// Whether a bank sent it.
    pub is_from_bank: bool,
    /// Whether it was compared with a statement.
    pub is_reconciled: bool,
}

/// A page of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterPage {
    /// The rows, newest first.
    pub rows: Vec<RegisterRow>,
    /// How many there are in all.
    pub total: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    account_name: String,
    dated_on: SqlDate,
    payee: Option<String>,
    note: Option<String>,
    category: Option<String>,
    lines: i64,
    amount_minor: i64,
    currency: String,
    scale: i64,
    status: String,
    is_from_bank: bool,
    reconciled_at: Option<i64>,
}

impl Row {
    fn into_register_row(self) -> Result<RegisterRow, StoreError> {
        let scale = u8::try_from(self.scale).map_err(|_| StoreError::Corrupt(format!("scale of {}", self.currency)))?;
        Ok(RegisterRow {
            id: self.id.into(),
            account: self.account_id.into(),
            account_name: self.account_name,
            dated_on: self.dated_on.to_jiff(),
            payee: self.payee,
            note: self.note,
            category: self.category,
            lines: self.lines,
            amount_minor: self.amount_minor,
            currency: Currency { code: currency(&self.currency)?, scale },
            status: code(&self.status)?,
            is_from_bank: self.is_from_bank,
            is_reconciled: self.reconciled_at.is_some(),
        })
    }
}

/// Appends the conditions that choose the rows. A macro, because the two engines' builders are two types.
macro_rules! push_conditions {
    ($query:expr, $asker:expr, $request:expr) => {{
        $query.push(" WHERE t.organization_id = ").push_bind($asker.organization.uuid());
        $query.push(" AND t.deleted_at IS NULL");
        if let Some(account) = $request.account {
            $query.push(" AND t.account_id = ").push_bind(account.uuid());
        }
        if let Some(search) = Search::of($request) {
            $query.push(" AND (t.payee_id IN (SELECT p.id FROM payees p WHERE p.organization_id = ");
            $query.push_bind($asker.organization.uuid());
            $query.push(" AND p.name_folded LIKE ").push_bind(search.pattern.clone()).push(" ESCAPE '\\')");
            $query.push(
                " OR EXISTS (SELECT 1 FROM transaction_lines s LEFT JOIN categories k \
                 ON k.organization_id = s.organization_id AND k.id = s.category_id \
                 WHERE s.organization_id = t.organization_id AND s.transaction_id = t.id AND (s.note_folded LIKE ",
            );
            $query.push_bind(search.pattern.clone());
            $query.push(" ESCAPE '\\' OR k.name_folded LIKE ").push_bind(search.pattern).push(" ESCAPE '\\'))");
            for minor in search.minors {
                $query.push(" OR t.amount_minor IN (").push_bind(minor).push(", ").push_bind(-minor).push(")");
            }
            $query.push(")");
        }
    }};
}

/// What a typed search may mean.
struct Search {
    pattern: String,
    minors: Vec<i64>,
}

impl Search {
    fn of(request: &RegisterQuery) -> Option<Self> {
        let folded = fold(request.search.as_deref()?);
        if folded.is_empty() {
            return None;
        }
        Some(Self { pattern: containing(&folded), minors: amounts(&folded) })
    }
}

/// The amounts, in minor units, that a text may mean: `12.40`, `12,40` and `-12.4` all find 1240 of a currency with cents.
fn amounts(text: &str) -> Vec<i64> {
    let text = text.trim_start_matches(['-', '+', '\u{2212}']).replace(',', ".");
    let digits = |part: &str| !part.is_empty() && part.len() <= 15 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    if !digits(whole) || !(part.is_empty() || digits(part)) || part.len() > 3 {
        return Vec::new();
    }
    let of_scale = |scale: usize| format!("{whole}{part:0<scale$}").parse().ok();
    [0, 2, 3].into_iter().filter(|scale| part.len() <= *scale).filter_map(of_scale).collect()
}

impl Store {
    /// A page of the register, newest first.
    pub async fn register(&self, asker: &Asker, request: &RegisterQuery) -> Result<RegisterPage, StoreError> {
        asker.require(Right::SeeBooks)?;
        let limit = request.limit.clamp(1, MAX_PAGE_ROWS);
        let mut session = self.db.read().await?;
        let rows: Vec<Row> = on!(session, c => {
            // The page is chosen first, by its index alone; only its rows are looked up in the other tables.
            let mut query = sqlx::QueryBuilder::new(
                "SELECT t.id, t.account_id, a.name AS account_name, t.dated_on, p.name AS payee, l.note, \
                 k0.name AS category, \
                 (SELECT COUNT(*) FROM transaction_lines n WHERE n.organization_id = t.organization_id \
                  AND n.transaction_id = t.id) AS lines, \
                 t.amount_minor, a.currency, u.scale, t.status, t.reconciled_at, \
                 t.provider_dated_on IS NOT NULL AS is_from_bank \
                 FROM (SELECT t.* FROM transactions t",
            );
            push_conditions!(query, asker, request);
            query.push(ORDER).push(" LIMIT ").push_bind(limit).push(" OFFSET ").push_bind(request.offset.max(0));
            query.push(
                ") t \
                 JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id \
                 JOIN currencies u ON u.code = a.currency \
                 LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id \
                 LEFT JOIN transaction_lines l ON l.organization_id = t.organization_id \
                  AND l.transaction_id = t.id AND l.position = 0 \
                 LEFT JOIN categories k0 ON k0.organization_id = l.organization_id AND k0.id = l.category_id",
            );
            query.push(ORDER);
            query.build_query_as().fetch_all(c).await?
        });
        let rows = rows.into_iter().map(Row::into_register_row).collect::<Result<Vec<_>, _>>()?;
        let is_whole = request.offset <= 0 && count(rows.len()) < limit;
        let total = if is_whole { count(rows.len()) } else { self.count_register(asker, request).await? };
        Ok(RegisterPage { rows, total })
    }

    async fn count_register(&self, asker: &Asker, request: &RegisterQuery) -> Result<i64, StoreError> {
        let mut session = self.db.read().await?;
        if Search::of(request).is_none() {
            // Kept beside the account, so that opening a long register costs nothing.
            return Ok(on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT CAST(COALESCE(SUM(transaction_count), 0) AS BIGINT) FROM accounts WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid());
                if let Some(account) = request.account {
                    query.push(" AND id = ").push_bind(account.uuid());
                }
                query.build_query_scalar().fetch_one(c).await?
            }));
        }
        Ok(on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT COUNT(*) FROM transactions t");
            push_conditions!(query, asker, request);
            query.build_query_scalar().fetch_one(c).await?
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_may_be_an_amount() {
        assert_eq!(amounts("12.40"), [1240, 12400]);
        assert_eq!(amounts("-12,4"), [1240, 12400]);
        assert_eq!(amounts("12"), [12, 1200, 12000]);
        for text in ["café", "1.2.3", "12.4567", "", "."] {
            assert!(amounts(text).is_empty(), "{text}");
        }
    }
}
