//! One transaction in full: its days, its layers, its lines, and the feed rows behind it.

use bankside_domain::account::AccountKind;
use bankside_domain::edit::Standing;
use bankside_domain::reconcile::{ClaimState, Reason};
use bankside_domain::row::RowStatus;
use bankside_domain::{
    Asker, BankAccountId, Code, ConnectionId, CurrencyCode, FeedRowVersionId, Id, Right, SourceId, TransactionId,
};
use bankside_vault::{Sealed, WrappedKey};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, code, currency, ids, instant};
use crate::db::{Session, on, sql};
use crate::{Store, StoreError};

/// One transaction in full.
#[derive(Debug, Clone)]
pub struct TransactionDetails {
    /// As it stands.
    pub standing: Standing,
    /// The payee that the bank names.
    pub provider_payee: Option<String>,
    /// The day on which the bank booked it.
    pub booked_on: Option<Date>,
    /// The day from which it counts.
    pub value_on: Option<Date>,
    /// The feed rows behind it, the latest first.
    pub feed_rows: Vec<ClaimedRow>,
}

/// A feed row behind a transaction, as it was last received.
#[derive(Debug, Clone)]
pub struct ClaimedRow {
    /// Which content.
    pub version: FeedRowVersionId,
    /// Of which bank account.
    pub bank_account: BankAccountId,
    /// That bank account's name.
    pub bank_account_name: String,
    /// What it is.
    pub account_kind: AccountKind,
    /// Its currency.
    pub account_currency: CurrencyCode,
    /// Its key.
    pub data_key: WrappedKey,
    /// Whether its amounts are turned round.
    pub flips_sign: bool,
    /// The connection that brought it; statement files have none.
    pub connection: Option<ConnectionId>,
    /// Where it came from.
    pub source: SourceId,
    /// How far the bank had got.
    pub status: RowStatus,
    /// Its bytes, sealed.
    pub raw: Sealed,
    /// When they first came.
    pub received_at: Timestamp,
    /// Why it was treated as it was.
    pub reason: Option<Reason>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct ClaimedRowRow {
    id: Uuid,
    bank_account_id: Uuid,
    bank_account_name: String,
    account_kind: String,
    account_currency: String,
    data_key: Vec<u8>,
    flips_sign: bool,
    connection_id: Option<Uuid>,
    source_id: Uuid,
    status: String,
    raw: Vec<u8>,
    received_at: i64,
    reason: Option<String>,
}

impl ClaimedRowRow {
    pub(crate) fn into_claimed_row(self) -> Result<ClaimedRow, StoreError> {
        Ok(ClaimedRow {
            version: self.id.into(),
            bank_account: self.bank_account_id.into(),
            bank_account_name: self.bank_account_name,
            account_kind: code(&self.account_kind)?,
            account_currency: currency(&self.account_currency)?,
            data_key: WrappedKey::from_bytes(self.data_key),
            flips_sign: self.flips_sign,
            connection: ids(self.connection_id),
            source: self.source_id.into(),
            status: code(&self.status)?,
            raw: Sealed::from_bytes(self.raw),
            received_at: instant(self.received_at)?,
            reason: self.reason.as_deref().map(serde_json::from_str).transpose()?,
        })
    }
}

impl Store {
    /// One transaction of the books in full.
    pub async fn transaction(&self, asker: &Asker, id: TransactionId) -> Result<TransactionDetails, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let standing = self.stand(&mut session, asker, &[id]).await?;
        self.details_of(&mut session, asker, standing, ClaimState::Applied).await
    }

    /// The same of a pending row that has left the books because its bank stopped showing it, as it stood then.
    pub async fn gone_transaction(&self, asker: &Asker, id: TransactionId) -> Result<TransactionDetails, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let standing = self.stand_gone(&mut session, asker, &[id]).await?;
        self.details_of(&mut session, asker, standing, ClaimState::Superseded).await
    }

    async fn details_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        standing: Vec<Standing>,
        claimed: ClaimState,
    ) -> Result<TransactionDetails, StoreError> {
        let standing = standing.into_iter().next().ok_or(StoreError::NotFound("the transaction"))?;
        let id = standing.id;
        let text = sql!(
            "SELECT t.booked_on, t.value_on, p.name FROM transactions t
             LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.provider_payee_id
             WHERE t.organization_id = $1 AND t.id = $2"
        );
        let (booked_on, value_on, provider_payee): (Option<SqlDate>, Option<SqlDate>, Option<String>) = on!(session, c => sqlx::query_as(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .fetch_one(c)
                .await?);
        let text = sql!(
            "SELECT v.id, v.bank_account_id, b.name AS bank_account_name, b.kind AS account_kind,
                    b.currency AS account_currency, b.data_key, b.flips_sign, s.connection_id, v.source_id, v.status, v.raw, v.received_at, v.reason
             FROM claims k
             JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id
             JOIN feed_row_versions v ON v.organization_id = r.organization_id AND v.id = r.current_version_id
             JOIN bank_accounts b ON b.organization_id = v.organization_id AND b.id = v.bank_account_id
             JOIN sources s ON s.organization_id = v.organization_id AND s.id = v.source_id
             WHERE k.organization_id = $1 AND k.transaction_id = $2 AND k.state = $3
             ORDER BY v.received_at DESC, v.id DESC"
        );
        let rows: Vec<ClaimedRowRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .bind(claimed.code())
            .fetch_all(c)
            .await?);
        Ok(TransactionDetails {
            standing,
            provider_payee,
            booked_on: booked_on.map(SqlDate::to_jiff),
            value_on: value_on.map(SqlDate::to_jiff),
            feed_rows: rows.into_iter().map(ClaimedRowRow::into_claimed_row).collect::<Result<_, _>>()?,
        })
    }
}
