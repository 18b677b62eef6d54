//! What a snapshot reads, as it comes from the database.

use bankside_domain::reconcile::{ClaimState, Digest, Known};
use bankside_domain::row::{FINGERPRINT_VERSION, RowIdKind};
use bankside_domain::{AccountId, CurrencyCode, FeedRowVersionId, Id, RunId, TransactionId};
use bankside_vault::Sealed;
use uuid::Uuid;

use super::StoredVersion;
use crate::StoreError;
use crate::convert::{SqlDate, code, currency, digest, ids, instant};

#[derive(sqlx::FromRow)]
pub(super) struct VersionRow {
    id: Uuid,
    feed_row_id: Option<Uuid>,
    status: String,
    provider_id_digest: Option<Vec<u8>>,
    bank_id_digest: Option<Vec<u8>>,
    reference_digest: Option<Vec<u8>>,
    fingerprint: Vec<u8>,
    fingerprint_version: i64,
    day: Option<SqlDate>,
    raw: Vec<u8>,
    received_at: i64,
    last_seen_run_id: Option<Uuid>,
    connection_id: Option<Uuid>,
}

#[derive(sqlx::FromRow)]
pub(super) struct KnownRow {
    pub(super) feed_row_id: Uuid,
    version_id: Uuid,
    status: String,
    amount_minor: Option<i64>,
    currency: Option<String>,
    day: Option<SqlDate>,
    provider_id_digest: Option<Vec<u8>>,
    bank_id_digest: Option<Vec<u8>>,
    reference_digest: Option<Vec<u8>>,
    fingerprint: Vec<u8>,
    fingerprint_version: i64,
    last_seen_run_id: Option<Uuid>,
    claim_state: Option<String>,
    transaction_id: Option<Uuid>,
    payee_folded: Option<String>,
    since: Option<Uuid>,
    is_in_books: bool,
    is_settled: bool,
    is_locked: bool,
    day_by_person: Option<SqlDate>,
    is_vanished: bool,
    is_from_elsewhere: bool,
    account_id: Option<Uuid>,
}

fn row_ids(
    provider: Option<&[u8]>,
    bank: Option<&[u8]>,
    reference: Option<&[u8]>,
) -> Result<Vec<(RowIdKind, Digest)>, StoreError> {
    [(RowIdKind::Provider, provider), (RowIdKind::Bank, bank), (RowIdKind::Reference, reference)]
        .into_iter()
        .filter_map(|(kind, bytes)| bytes.map(|bytes| Ok((kind, digest(bytes)?))))
        .collect()
}

impl VersionRow {
    pub(super) fn into_version(self, run: Option<RunId>) -> Result<StoredVersion, StoreError> {
        Ok(StoredVersion {
            id: self.id.into(),
            known_as: ids(self.feed_row_id),
            is_left_over: run.is_some_and(|run| self.last_seen_run_id != Some(run.uuid())),
            status: code(&self.status)?,
            ids: row_ids(
                self.provider_id_digest.as_deref(),
                self.bank_id_digest.as_deref(),
                self.reference_digest.as_deref(),
            )?,
            fingerprint: digest(&self.fingerprint)?,
            has_old_fingerprint: self.fingerprint_version != FINGERPRINT_VERSION,
            day: self.day.map(SqlDate::to_jiff),
            raw: Sealed::from_bytes(self.raw),
            received_at: instant(self.received_at)?,
            connection: ids(self.connection_id),
        })
    }
}

impl KnownRow {
    /// Its version, if its fingerprint is of an older normal form than ours.
    pub(super) fn outdated(&self) -> Option<FeedRowVersionId> {
        (self.fingerprint_version != FINGERPRINT_VERSION).then(|| self.version_id.into())
    }

    /// The row as a plan for another bank account of this account sees it; `None` where it is another account's. One that stands in no
    /// account is of this one while its bank account feeds it.
    pub(super) fn beside(self, account: AccountId, is_feeding: bool) -> Option<Self> {
        let is_ours = self.account_id.map_or(is_feeding, |id| id == account.uuid());
        is_ours.then_some(Self { is_from_elsewhere: true, ..self })
    }

    pub(super) fn into_known(self, run: Option<RunId>) -> Result<Known, StoreError> {
        let claim = match self.claim_state {
            Some(state) => Some((code::<ClaimState>(&state)?, ids::<TransactionId>(self.transaction_id))),
            None => None,
        };
        let stands = claim.is_some_and(|(state, _)| state != ClaimState::Superseded);
        let currency: Option<CurrencyCode> = self.currency.as_deref().map(currency).transpose()?;
        Ok(Known {
            feed_row: self.feed_row_id.into(),
            ids: row_ids(
                self.provider_id_digest.as_deref(),
                self.bank_id_digest.as_deref(),
                self.reference_digest.as_deref(),
            )?,
            fingerprint: digest(&self.fingerprint)?,
            status: code(&self.status)?,
            minor: self.amount_minor,
            currency,
            day: self.day.map(SqlDate::to_jiff),
            payee_folded: self.payee_folded,
            seen: stands && run.is_some_and(|run| self.last_seen_run_id == Some(run.uuid())),
            claim,
            since: ids(self.since),
            is_in_books: self.is_in_books,
            is_settled: self.is_settled,
            is_locked: self.is_locked,
            day_by_person: self.day_by_person.map(SqlDate::to_jiff),
            is_vanished: self.is_vanished,
            is_from_elsewhere: self.is_from_elsewhere,
        })
    }
}

/// The columns of a [`KnownRow`], and where they come from.
pub(super) const KNOWN: &str = "SELECT r.id AS feed_row_id, v.id AS version_id, v.status, \
     CASE WHEN b.flips_sign THEN -v.amount_minor ELSE v.amount_minor END AS amount_minor, v.currency, v.day, v.provider_id_digest, \
     v.bank_id_digest, v.reference_digest, v.fingerprint, v.fingerprint_version, v.last_seen_run_id, k.state AS claim_state, \
     k.transaction_id, k.since_batch_id AS since, t.id IS NOT NULL AND t.deleted_at IS NULL AND t.provider_dated_on IS NOT NULL AS is_in_books, \
     (r.status = 'pending' OR COALESCE(k.state = 'superseded' AND t.amount_minor <> \
     CASE WHEN b.flips_sign THEN -v.amount_minor ELSE v.amount_minor END, FALSE)) AND EXISTS (SELECT 1 FROM claims o JOIN feed_rows q ON q.organization_id = o.organization_id \
     AND q.id = o.feed_row_id WHERE o.organization_id = k.organization_id AND o.transaction_id = k.transaction_id \
     AND o.feed_row_id <> k.feed_row_id AND q.status = 'booked') AS is_settled, \
     COALESCE(t.deleted_at IS NULL AND t.dated_on <= a.locked_through, FALSE) AS is_locked, \
     r.vanished_at IS NOT NULL AS is_vanished, CASE WHEN t.deleted_at IS NOT NULL AND EXISTS (SELECT 1 FROM field_layers y \
     WHERE y.organization_id = t.organization_id AND y.entity_id = t.id AND y.field = 'dated_on' AND y.layer = 'person') \
     THEN t.dated_on END AS day_by_person, \
     COALESCE(COALESCE(z.connection_id, s.connection_id) <> f.connection_id, FALSE) AS is_from_elsewhere, t.account_id, \
     CASE WHEN v.names_counterparty THEN p.name_folded END AS payee_folded \
     FROM feed_row_versions v \
     JOIN feed_rows r ON r.organization_id = v.organization_id AND r.id = v.feed_row_id AND r.current_version_id = v.id \
     JOIN bank_accounts b ON b.organization_id = v.organization_id AND b.id = v.bank_account_id \
     JOIN sources s ON s.organization_id = v.organization_id AND s.id = v.source_id \
     LEFT JOIN runs z ON z.organization_id = v.organization_id AND z.id = v.last_seen_run_id \
     LEFT JOIN feeds f ON f.organization_id = v.organization_id AND f.bank_account_id = v.bank_account_id \
     AND f.until_at IS NULL AND NOT f.is_shadow \
     LEFT JOIN claims k ON k.organization_id = r.organization_id AND k.feed_row_id = r.id \
     LEFT JOIN transactions t ON t.organization_id = k.organization_id AND t.id = k.transaction_id \
     LEFT JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id \
     LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.provider_payee_id \
     WHERE v.organization_id = ";
