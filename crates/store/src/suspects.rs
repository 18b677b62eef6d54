//! Rows of an account and of its bank around some days: among them is why bank and ledger part.

use bankside_domain::row::RowStatus;
use bankside_domain::suspect::{Grounds, RowNear, Whereabouts};
use bankside_domain::suspicion::pairs::MAX_DAYS_APART;
use bankside_domain::{AccountId, Asker, BankAccountId, Id, Right};
use jiff::Span;
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, code, date, ids};
use crate::db::{Session, on, sql};
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
struct Row {
    id: Option<Uuid>,
    day: SqlDate,
    payee: Option<String>,
    amount_minor: i64,
}

impl Row {
    fn standing(self, whereabouts: Whereabouts) -> RowNear {
        RowNear {
            transaction: ids(self.id),
            day: self.day.to_jiff(),
            payee: self.payee,
            amount_minor: self.amount_minor,
            whereabouts,
        }
    }
}

#[derive(sqlx::FromRow)]
struct OwnRow {
    #[sqlx(flatten)]
    row: Row,
    status: String,
    is_from_bank: bool,
    is_gone: bool,
}

impl OwnRow {
    fn into_near(self) -> Result<RowNear, StoreError> {
        let whereabouts = match (self.is_gone, code::<RowStatus>(&self.status)?, self.is_from_bank) {
            (true, ..) => Whereabouts::Suspect(Grounds::TakenOut),
            (false, RowStatus::Booked, true) => Whereabouts::Booked,
            (false, RowStatus::Booked, false) => Whereabouts::Suspect(Grounds::Typed),
            (false, RowStatus::Pending | RowStatus::Scheduled | RowStatus::Declined, _) => {
                Whereabouts::Suspect(Grounds::Pending)
            }
        };
        Ok(self.row.standing(whereabouts))
    }
}

impl Store {
    /// The rows of an account from a few days before to a few days after, also those that somebody took out; and of its bank account
    /// those that stand elsewhere or are held back.
    pub async fn rows_near(
        &self,
        asker: &Asker,
        account: AccountId,
        bank_account: BankAccountId,
        from: Date,
        to: Date,
    ) -> Result<Vec<RowNear>, StoreError> {
        let granted = asker.require_account(Right::SeeBooks, account)?;
        // As far as twins lie apart.
        let reach = Span::new().days(MAX_DAYS_APART);
        let days = (from.saturating_sub(reach), to.saturating_add(reach));
        let mut session = self.db.read(granted).await?;
        let mut near = self.own_rows_near(&mut session, asker, account, days).await?;
        near.extend(self.moved_rows_near(&mut session, asker, account, bank_account, days).await?);
        near.extend(self.held_rows_near(&mut session, asker, bank_account, days).await?);
        Ok(near)
    }

    async fn own_rows_near(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        (from, to): (Date, Date),
    ) -> Result<Vec<RowNear>, StoreError> {
        let text = sql!(
            "SELECT t.id, COALESCE(t.booked_on, t.dated_on) AS day, p.name AS payee, t.amount_minor, t.status,
                t.provider_dated_on IS NOT NULL AS is_from_bank, t.deleted_at IS NOT NULL AS is_gone
             FROM transactions t LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id
             WHERE t.organization_id = $1 AND t.account_id = $2 AND COALESCE(t.booked_on, t.dated_on) BETWEEN $3 AND $4
                AND (t.deleted_at IS NULL OR EXISTS (SELECT 1 FROM claims k WHERE k.organization_id = t.organization_id
                    AND k.transaction_id = t.id AND k.state = 'dismissed'))
             ORDER BY 2, t.id"
        );
        let rows: Vec<OwnRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(date(from))
            .bind(date(to))
            .fetch_all(c)
            .await?);
        rows.into_iter().map(OwnRow::into_near).collect()
    }

    async fn moved_rows_near(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        bank_account: BankAccountId,
        (from, to): (Date, Date),
    ) -> Result<Vec<RowNear>, StoreError> {
        let text = session.in_sight(sql!(
            "SELECT t.id, COALESCE(t.booked_on, t.dated_on) AS day, p.name AS payee, t.amount_minor
             FROM transactions t
             JOIN claims k ON k.organization_id = t.organization_id AND k.transaction_id = t.id AND k.state = 'applied'
             JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id AND r.bank_account_id = $3
             LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id
             WHERE t.organization_id = $1 AND t.account_id <> $2 AND t.deleted_at IS NULL
                AND COALESCE(t.booked_on, t.dated_on) BETWEEN $4 AND $5
                /* in sight: t.account_id */
             ORDER BY 2, t.id"
        ), asker.sight());
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(bank_account.uuid())
            .bind(date(from))
            .bind(date(to))
            .fetch_all(c)
            .await?);
        let moved = Whereabouts::Suspect(Grounds::Moved);
        Ok(rows.into_iter().map(|row| row.standing(moved)).collect())
    }

    async fn held_rows_near(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        (from, to): (Date, Date),
    ) -> Result<Vec<RowNear>, StoreError> {
        let text = sql!(
            "SELECT k.transaction_id AS id, v.day, NULL AS payee,
                CASE WHEN b.flips_sign THEN -v.amount_minor ELSE v.amount_minor END AS amount_minor
             FROM feed_row_versions v
             JOIN bank_accounts b ON b.organization_id = v.organization_id AND b.id = v.bank_account_id
             JOIN feed_rows r ON r.organization_id = v.organization_id AND r.id = v.feed_row_id
                AND r.current_version_id = v.id
             JOIN claims k ON k.organization_id = r.organization_id AND k.feed_row_id = r.id AND k.state = 'quarantined'
             WHERE v.organization_id = $1 AND v.bank_account_id = $2 AND v.day BETWEEN $3 AND $4
                AND v.amount_minor IS NOT NULL
             ORDER BY v.day, v.id"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .bind(date(from))
            .bind(date(to))
            .fetch_all(c)
            .await?);
        let held = Whereabouts::Suspect(Grounds::HeldBack);
        Ok(rows.into_iter().map(|row| row.standing(held)).collect())
    }
}
