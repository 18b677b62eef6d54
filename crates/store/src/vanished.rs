//! Vanished rows: what a bank showed as pending and showed no more, kept as history.

use bankside_domain::{AccountId, Asker, Currency, FeedRowId, Id, Right};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, currency, instant, micros};
use crate::db::{on, sql};
use crate::{Store, StoreError};

/// That a transaction `t` stands in the books.
pub(crate) const IN_BOOKS: &str = "t.deleted_at IS NULL";

/// That a transaction `t` is a pending row that left the books because its bank stopped showing it, and that nothing has settled since.
pub(crate) const GONE: &str = "t.deleted_at IS NOT NULL AND EXISTS (SELECT 1 FROM claims gk \
     JOIN feed_rows gr ON gr.organization_id = gk.organization_id AND gr.id = gk.feed_row_id \
     WHERE gk.organization_id = t.organization_id AND gk.transaction_id = t.id AND gk.state = 'superseded' \
     AND gr.status = 'pending' AND gr.vanished_at IS NOT NULL)";

/// A pending row that the bank stopped showing, as it last stood in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VanishedRow {
    /// Which one.
    pub feed_row: FeedRowId,
    /// In which account it stood.
    pub account: AccountId,
    /// That account's name.
    pub account_name: String,
    /// Its day.
    pub dated_on: Date,
    /// Minor units.
    pub amount_minor: i64,
    /// Its currency.
    pub currency: Currency,
    /// Whom it was with.
    pub payee: Option<String>,
    /// What it was for.
    pub note: Option<String>,
    /// When the bank showed it last.
    pub last_seen_at: Timestamp,
    /// When it left the books.
    pub vanished_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    account_name: String,
    dated_on: SqlDate,
    amount_minor: i64,
    currency: String,
    scale: i64,
    payee: Option<String>,
    note: Option<String>,
    last_seen_at: i64,
    vanished_at: i64,
}

impl Row {
    fn into_vanished_row(self) -> Result<VanishedRow, StoreError> {
        let scale = u8::try_from(self.scale).map_err(|_| StoreError::Corrupt(format!("scale of {}", self.currency)))?;
        Ok(VanishedRow {
            feed_row: self.id.into(),
            account: self.account_id.into(),
            account_name: self.account_name,
            dated_on: self.dated_on.to_jiff(),
            amount_minor: self.amount_minor,
            currency: Currency { code: currency(&self.currency)?, scale },
            payee: self.payee,
            note: self.note,
            last_seen_at: instant(self.last_seen_at)?,
            vanished_at: instant(self.vanished_at)?,
        })
    }
}

impl Store {
    /// Pending rows that vanished since an instant and have not come back, the latest first.
    pub async fn vanished_rows(
        &self,
        asker: &Asker,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<VanishedRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT r.id, t.account_id, a.name AS account_name, t.dated_on, t.amount_minor, a.currency, c.scale,
                    p.name AS payee, l.note, v.last_seen_at, r.vanished_at
             FROM feed_rows r
             JOIN feed_row_versions v ON v.organization_id = r.organization_id AND v.id = r.current_version_id
             JOIN claims k ON k.organization_id = r.organization_id AND k.feed_row_id = r.id AND k.state = 'superseded'
             JOIN transactions t ON t.organization_id = k.organization_id AND t.id = k.transaction_id
                AND t.deleted_at IS NOT NULL
             JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id
             JOIN currencies c ON c.code = a.currency
             LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id
             LEFT JOIN transaction_lines l ON l.organization_id = t.organization_id AND l.transaction_id = t.id
                AND l.position = 0
             WHERE r.organization_id = $1 AND r.vanished_at >= $2 AND r.status = 'pending' /* in sight: t.account_id */
             ORDER BY r.vanished_at DESC, r.id LIMIT $3"
            ),
            sight,
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(micros(since))
            .bind(limit)
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Row::into_vanished_row).collect()
    }
}
