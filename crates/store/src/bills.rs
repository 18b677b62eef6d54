//! Bills of cards: as last stated, and the rows that stand on them.

use bankside_domain::reconcile::Digest;
use bankside_domain::{AccountId, Asker, BankAccountId, BillId, CurrencyCode, Id, Right};
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, currency, date, dates, micros};
use crate::db::{on, run, sql};
use crate::runs::Lease;
use crate::{Store, StoreError};

/// The most bills that an account shows: twenty years of months.
const MOST_SHOWN: i64 = 240;

/// A bill as a fetch stated it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedBill {
    /// Digest of what the provider calls it.
    pub digest: Digest,
    /// The day from which nothing is put on it any more.
    pub closed_on: Option<Date>,
    /// The day on which it has to be paid.
    pub due_on: Date,
    /// What has to be paid, in minor units; negative where the bank owes it.
    pub owed_minor: i64,
    /// Its currency.
    pub currency: CurrencyCode,
}

/// A bill with the rows of the books that stand on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBill {
    /// Which one.
    pub id: BillId,
    /// The day from which nothing is put on it any more.
    pub closed_on: Option<Date>,
    /// The day on which it has to be paid.
    pub due_on: Date,
    /// What has to be paid, in minor units; negative where the bank owes it.
    pub owed_minor: i64,
    /// Its currency.
    pub currency: CurrencyCode,
    /// How many rows stand on it.
    pub rows: i64,
    /// What they come to, in minor units; out is negative.
    pub rows_minor: i64,
}

/// Which bill a content stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillDays {
    /// Which one.
    pub id: BillId,
    /// The day on which it has to be paid.
    pub due_on: Date,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    closed_on: Option<SqlDate>,
    due_on: SqlDate,
    owed_minor: i64,
    currency: String,
    held: i64,
    held_minor: i64,
}

impl Row {
    fn into_bill(self) -> Result<KeptBill, StoreError> {
        Ok(KeptBill {
            id: self.id.into(),
            closed_on: self.closed_on.map(SqlDate::to_jiff),
            due_on: self.due_on.to_jiff(),
            owed_minor: self.owed_minor,
            currency: currency(&self.currency)?,
            rows: self.held,
            rows_minor: self.held_minor,
        })
    }
}

impl Store {
    /// Keeps bills that a run fetched, each as it was stated last; the run's lease must still hold.
    pub async fn keep_bills(
        &self,
        asker: &Asker,
        lease: &Lease,
        bank_account: BankAccountId,
        bills: &[StatedBill],
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        self.check_lease(&mut session, asker, lease).await?;
        let now = micros(self.ambient.now());
        for bill in bills {
            let id: BillId = self.ambient.id();
            let text = sql!(
                "INSERT INTO bills (organization_id, id, bank_account_id, digest, closed_on, due_on, owed_minor, currency, seen_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (organization_id, bank_account_id, digest) DO UPDATE SET closed_on = excluded.closed_on,
                 due_on = excluded.due_on, owed_minor = excluded.owed_minor, currency = excluded.currency,
                 seen_at = excluded.seen_at"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(id.uuid())
                    .bind(bank_account.uuid())
                    .bind(bill.digest.0.as_slice())
                    .bind(dates(bill.closed_on))
                    .bind(date(bill.due_on))
                    .bind(bill.owed_minor)
                    .bind(bill.currency.as_str())
                    .bind(now)
            );
        }
        session.commit().await
    }

    /// The bills of whatever feeds an account or has fed it, the latest first, with the rows of the account that stand on them.
    pub async fn bills(&self, asker: &Asker, account: AccountId) -> Result<Vec<KeptBill>, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::SeeBooks, account)?).await?;
        let text = sql!(
            "SELECT n.id, n.closed_on, n.due_on, n.owed_minor, n.currency, COALESCE(h.held, 0) AS held,
                    CAST(COALESCE(h.held_minor, 0) AS BIGINT) AS held_minor
             FROM bills n
             LEFT JOIN (SELECT d.bill_id, COUNT(*) AS held, SUM(d.amount_minor) AS held_minor
                FROM (SELECT DISTINCT s.bill_id, t.id, t.amount_minor FROM rows_on_bills s
                    JOIN transactions t ON t.organization_id = s.organization_id AND t.id = s.transaction_id
                        AND t.account_id = $2 AND t.deleted_at IS NULL
                    WHERE s.organization_id = $1) d
                GROUP BY d.bill_id) h ON h.bill_id = n.id
             WHERE n.organization_id = $1 AND n.bank_account_id IN
                (SELECT f.bank_account_id FROM feeds f WHERE f.organization_id = $1 AND f.account_id = $2)
             ORDER BY n.due_on DESC, n.id LIMIT $3"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(MOST_SHOWN)
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Row::into_bill).collect()
    }

    /// Whether an account has bills to show.
    pub async fn has_bills(&self, asker: &Asker, account: AccountId) -> Result<bool, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::SeeBooks, account)?).await?;
        let text = sql!(
            "SELECT 1 FROM feeds f JOIN bills n ON n.organization_id = f.organization_id AND n.bank_account_id = f.bank_account_id
             WHERE f.organization_id = $1 AND f.account_id = $2 LIMIT 1"
        );
        let found: Option<i32> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .fetch_optional(c)
            .await?);
        Ok(found.is_some())
    }

    /// The day on which a bill has to be paid.
    pub async fn bill_due(&self, asker: &Asker, bill: BillId) -> Result<Option<Date>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!("SELECT due_on, bank_account_id FROM bills WHERE organization_id = $1 AND id = $2");
        let found: Option<(SqlDate, Uuid)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bill.uuid())
            .fetch_optional(c)
            .await?);
        let Some((due_on, bank_account)) = found else { return Ok(None) };
        self.check_bank_account_in_sight(&mut session, asker, bank_account.into()).await?;
        Ok(Some(due_on.to_jiff()))
    }

    /// The bill of a bank account that a content names.
    pub async fn bill_named(
        &self,
        asker: &Asker,
        bank_account: BankAccountId,
        digest: Digest,
    ) -> Result<Option<BillDays>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        self.check_bank_account_in_sight(&mut session, asker, bank_account).await?;
        let text =
            sql!("SELECT id, due_on FROM bills WHERE organization_id = $1 AND bank_account_id = $2 AND digest = $3");
        let found: Option<(Uuid, SqlDate)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .bind(digest.0.as_slice())
            .fetch_optional(c)
            .await?);
        Ok(found.map(|(id, due_on)| BillDays { id: id.into(), due_on: due_on.to_jiff() }))
    }
}
