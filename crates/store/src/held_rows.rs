//! Held rows: feed rows that matching did not place, with all that a person needs to decide about one.

use bankside_domain::row::RowIdKind;
use bankside_domain::{AccountId, Asker, CurrencyCode, FeedRowId, FeedRowVersionId, Id, Right, RunId, TransactionId};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, currency, ids, instant};
use crate::db::{Session, on, sql};
use crate::details::{ClaimedRow, ClaimedRowRow};
use crate::dialect::push_sight;
use crate::{Store, StoreError};

/// A feed row that waits for a person.
#[derive(Debug, Clone)]
pub struct HeldRow {
    /// Which one.
    pub feed_row: FeedRowId,
    /// The account that it would come into.
    pub account: AccountId,
    /// The first day that this account's feed imports.
    pub import_from: Date,
    /// The run that brought its content first.
    pub run: Option<RunId>,
    /// When the bank showed it last.
    pub last_seen_at: Timestamp,
    /// Its amount in minor units; `None` when it could not be read.
    pub amount_minor: Option<i64>,
    /// Its currency; `None` when it could not be read.
    pub currency: Option<CurrencyCode>,
    /// Its day, if it says one.
    pub day: Option<Date>,
    /// What the bank sent, sealed.
    pub row: ClaimedRow,
}

#[derive(sqlx::FromRow)]
struct HeldRowRow {
    feed_row_id: Uuid,
    account_id: Uuid,
    import_from: SqlDate,
    run_id: Option<Uuid>,
    last_seen_at: i64,
    amount_minor: Option<i64>,
    currency: Option<String>,
    day: Option<SqlDate>,
    #[sqlx(flatten)]
    row: ClaimedRowRow,
}

impl HeldRowRow {
    fn into_held_row(self) -> Result<HeldRow, StoreError> {
        Ok(HeldRow {
            feed_row: self.feed_row_id.into(),
            account: self.account_id.into(),
            import_from: self.import_from.to_jiff(),
            run: ids(self.run_id),
            last_seen_at: instant(self.last_seen_at)?,
            amount_minor: self.amount_minor,
            currency: self.currency.as_deref().map(currency).transpose()?,
            day: self.day.map(SqlDate::to_jiff),
            row: self.row.into_claimed_row()?,
        })
    }
}

impl Store {
    /// Rows that wait for a person, those that came last first. Where a bank account feeds nothing any more, nothing waits.
    pub async fn held_rows(&self, asker: &Asker, limit: i64) -> Result<Vec<HeldRow>, StoreError> {
        self.held(asker, None, limit).await
    }

    /// One row that waits for a person; one about which somebody has decided is not found.
    pub async fn held_row(&self, asker: &Asker, id: FeedRowId) -> Result<HeldRow, StoreError> {
        let held = self.held(asker, Some(id), 1).await?;
        held.into_iter().next().ok_or(StoreError::NotFound("the row that was held back"))
    }

    async fn held(&self, asker: &Asker, only: Option<FeedRowId>, limit: i64) -> Result<Vec<HeldRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(sql!(
            "SELECT k.feed_row_id, f.account_id, f.import_from, v.run_id, v.last_seen_at, v.amount_minor, v.currency, v.day,
                    v.id, v.bank_account_id, b.name AS bank_account_name, b.kind AS account_kind,
                    b.currency AS account_currency, b.data_key, b.flips_sign, s.connection_id, v.source_id, v.status, v.raw, v.received_at, v.reason
             FROM claims k
             JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id
             JOIN feed_row_versions v ON v.organization_id = r.organization_id AND v.id = r.current_version_id
             JOIN bank_accounts b ON b.organization_id = v.organization_id AND b.id = v.bank_account_id
             JOIN sources s ON s.organization_id = v.organization_id AND s.id = v.source_id
             JOIN feeds f ON f.organization_id = v.organization_id AND f.bank_account_id = v.bank_account_id
                AND f.until_at IS NULL AND NOT f.is_shadow
             WHERE k.organization_id = $1 AND k.state = 'quarantined' AND (k.feed_row_id = $2 OR $2 IS NULL) /* in sight: f.account_id */
             ORDER BY v.received_at DESC, v.position, v.id LIMIT $3"
        ), sight);
        let rows: Vec<HeldRowRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(only.map(Id::uuid))
            .bind(limit)
            .fetch_all(c)
            .await?);
        rows.into_iter().map(HeldRowRow::into_held_row).collect()
    }

    /// How many rows wait for a person, counted up to a limit.
    pub async fn count_held(&self, asker: &Asker, at_most: i64) -> Result<i64, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(sql!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM claims k
                JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id
                JOIN feeds f ON f.organization_id = r.organization_id AND f.bank_account_id = r.bank_account_id
                    AND f.until_at IS NULL AND NOT f.is_shadow
                WHERE k.organization_id = $1 AND k.state = 'quarantined' /* in sight: f.account_id */ LIMIT $2) AS found"
        ), sight);
        Ok(on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(at_most)
            .fetch_one(c)
            .await?))
    }

    /// Transactions of the books whose feed rows have an id of a version, the latest first.
    pub async fn transactions_with_id(
        &self,
        asker: &Asker,
        version: FeedRowVersionId,
        kind: RowIdKind,
    ) -> Result<Vec<TransactionId>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        self.with_id(&mut session, asker, version, kind).await
    }

    pub(crate) async fn with_id(
        &self,
        session: &mut Session,
        asker: &Asker,
        version: FeedRowVersionId,
        kind: RowIdKind,
    ) -> Result<Vec<TransactionId>, StoreError> {
        let column = match kind {
            RowIdKind::Provider => "provider_id_digest",
            RowIdKind::Bank => "bank_id_digest",
            RowIdKind::Reference => "reference_digest",
        };
        let found: Vec<Uuid> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT DISTINCT t.id FROM feed_row_versions v \
                 JOIN feed_row_versions w ON w.organization_id = v.organization_id \
                 AND w.bank_account_id = v.bank_account_id AND w.",
            );
            query.push(column).push(" = v.").push(column);
            query.push(
                " JOIN feed_rows r ON r.organization_id = w.organization_id AND r.current_version_id = w.id \
                 AND r.id = w.feed_row_id \
                 JOIN claims k ON k.organization_id = r.organization_id AND k.feed_row_id = r.id AND k.state = 'applied' \
                 JOIN transactions t ON t.organization_id = k.organization_id AND t.id = k.transaction_id \
                 AND t.deleted_at IS NULL \
                 WHERE v.organization_id = ",
            );
            query.push_bind(asker.organization.uuid()).push(" AND v.id = ").push_bind(version.uuid());
            push_sight(&mut query, "t", asker.sight());
            query.push(" ORDER BY t.id DESC");
            query.build_query_scalar().fetch_all(c).await?
        });
        Ok(found.into_iter().map(TransactionId::from).collect())
    }
}
