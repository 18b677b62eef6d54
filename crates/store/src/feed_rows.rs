//! Feed rows as they arrive: stored first, decided later.
//!
//! The nth row of a fetch with certain bytes is the nth stored row with these bytes: that alone is recognised here. Whether a
//! row with new bytes is a known transaction is for `bankside_domain::reconcile` to decide.

use std::collections::HashMap;

use bankside_domain::reconcile::Digest;
use bankside_domain::row::{ProviderCategory, RowIdKind, RowStatus};
use bankside_domain::{Asker, BankAccountId, Code, CurrencyCode, FeedRowVersionId, Id, RunId};
use bankside_vault::Sealed;
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{count, date, dates, digest, micros};
use crate::db::{Session, on, sql};
use crate::dialect::{ROWS_PER_STATEMENT, VALUES_PER_LIST, push_list};
use crate::runs::Lease;
use crate::{Store, StoreError};

/// A row to store, with what matching needs beside its sealed bytes.
#[derive(Debug, Clone)]
pub struct ReceivedRow {
    /// Its id as a version; its bytes are sealed to it.
    pub id: FeedRowVersionId,
    /// How far the bank has got.
    pub status: RowStatus,
    /// Minor units; `None` when the row cannot be read.
    pub amount_minor: Option<i64>,
    /// Its currency; `None` when the row cannot be read.
    pub currency: Option<CurrencyCode>,
    /// Its day, if it has one.
    pub day: Option<Date>,
    /// Digests of its ids.
    pub ids: Vec<(RowIdKind, Digest)>,
    /// Digest of the bill that it stands on.
    pub bill: Option<Digest>,
    /// What its provider files it under.
    pub provider_category: Option<ProviderCategory>,
    /// Digest of its content.
    pub fingerprint: Digest,
    /// The version of the content's normal form.
    pub fingerprint_version: i64,
    /// Whether the bank names the other side.
    pub names_counterparty: bool,
    /// What else it says of the other side.
    pub other_side: OtherSide,
    /// Digest of its bytes and its status.
    pub raw_digest: Digest,
    /// Which one with these bytes it is within this fetch: 0, 1, …
    pub occurrence: usize,
    /// Its bytes exactly as received, sealed.
    pub raw: Sealed,
}

/// What a row says of its other side, as far as transfers and rows that are alike are found by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OtherSide {
    /// Digest of the account number that it names.
    pub counterparty: Option<Digest>,
    /// Digest of who collects, or under which mandate.
    pub creditor: Option<Digest>,
    /// Digest of the reference that goes with the payment from end to end.
    pub end_to_end: Option<Digest>,
    /// The amount in another currency: minor units.
    pub original: Option<(i64, CurrencyCode)>,
}

/// The version of [`OtherSide`]: of contents that were stored before there was one it is read from their bytes when it is needed.
pub(crate) const OTHER_SIDE_VERSION: i64 = 1;

/// What receiving a page of rows came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// Rows with new bytes.
    pub stored: i64,
    /// Rows that were known byte for byte.
    pub seen_again: i64,
}

impl Store {
    /// Stores a page of rows of one bank account, within a run whose lease still holds.
    pub async fn receive_rows(
        &self,
        asker: &Asker,
        lease: &Lease,
        bank_account: BankAccountId,
        rows: &[ReceivedRow],
    ) -> Result<Received, StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        self.check_lease(&mut session, asker, lease).await?;
        let received = self.receive_within(&mut session, asker, lease.run, bank_account, rows).await?;
        session.commit().await?;
        Ok(received)
    }

    /// As [`Store::receive_rows`], for whoever holds the run or is only trying.
    pub(crate) async fn receive_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        run: RunId,
        bank_account: BankAccountId,
        rows: &[ReceivedRow],
    ) -> Result<Received, StoreError> {
        let known = self.known_by_bytes(session, asker, bank_account, rows).await?;
        let (mut again, mut fresh) = (Vec::new(), Vec::new());
        for row in rows {
            match known.get(&row.raw_digest).and_then(|versions| versions.get(row.occurrence)) {
                Some(version) => again.push(*version),
                None => fresh.push(row),
            }
        }
        self.mark_seen(session, asker, run, &again).await?;
        self.insert_versions(session, asker, run, bank_account, &fresh).await?;
        let filed = fresh.iter().filter_map(|row| row.provider_category.as_ref());
        let filed = filed.map(|category| (category.code.as_str(), category.name.as_str())).collect();
        self.see_provider_categories(session, asker, &filed).await?;
        Ok(Received { stored: count(fresh.len()), seen_again: count(again.len()) })
    }

    /// The stored versions with the same bytes as the rows, in the order in which they came.
    ///
    /// The same bytes are read as the same day, so only the rows' own days are looked at: an index by digest alone would
    /// touch another page for every row, and the more the longer the account is.
    async fn known_by_bytes(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        rows: &[ReceivedRow],
    ) -> Result<HashMap<Digest, Vec<Uuid>>, StoreError> {
        let mut known: HashMap<Digest, Vec<Uuid>> = HashMap::new();
        let (dated, undated): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.day.is_some());
        for rows in [dated, undated] {
            let mut digests: Vec<Digest> = rows.iter().map(|row| row.raw_digest).collect();
            digests.sort_unstable();
            digests.dedup();
            let days = || rows.iter().filter_map(|row| row.day);
            let window = days().min().zip(days().max());
            for chunk in digests.chunks(VALUES_PER_LIST) {
                let found: Vec<(Vec<u8>, Uuid)> = on!(session, c => {
                    let mut query = sqlx::QueryBuilder::new(
                        "SELECT raw_digest, id FROM feed_row_versions WHERE organization_id = ",
                    );
                    query.push_bind(asker.organization.uuid());
                    query.push(" AND bank_account_id = ").push_bind(bank_account.uuid());
                    match window {
                        Some((from, to)) => {
                            query.push(" AND day BETWEEN ").push_bind(date(from));
                            query.push(" AND ").push_bind(date(to));
                        }
                        None => {
                            query.push(" AND day IS NULL");
                        }
                    }
                    query.push(" AND raw_digest IN ");
                    push_list(&mut query, chunk.iter().map(|digest| digest.0.as_slice()));
                    query.push(" ORDER BY received_at, position, id");
                    query.build_query_as().fetch_all(c).await?
                });
                for (bytes, id) in found {
                    known.entry(digest(&bytes)?).or_default().push(id);
                }
            }
        }
        Ok(known)
    }

    async fn mark_seen(
        &self,
        session: &mut Session,
        asker: &Asker,
        run: RunId,
        versions: &[Uuid],
    ) -> Result<(), StoreError> {
        let now = micros(self.ambient.now());
        for chunk in versions.chunks(VALUES_PER_LIST) {
            on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("UPDATE feed_row_versions SET last_seen_run_id = ");
                query.push_bind(run.uuid()).push(", last_seen_at = ").push_bind(now);
                query.push(" WHERE organization_id = ").push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    async fn insert_versions(
        &self,
        session: &mut Session,
        asker: &Asker,
        run: RunId,
        bank_account: BankAccountId,
        rows: &[&ReceivedRow],
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let source = self.source_of_run(session, asker, run).await?;
        let now = micros(self.ambient.now());
        let of_kind = |row: &ReceivedRow, kind: RowIdKind| {
            row.ids.iter().find(|id| id.0 == kind).map(|(_, digest)| digest.0.to_vec())
        };
        for (chunk_number, chunk) in rows.chunks(ROWS_PER_STATEMENT).enumerate() {
            let first = count(chunk_number * ROWS_PER_STATEMENT);
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO feed_row_versions (organization_id, id, bank_account_id, source_id, run_id, position, \
                     status, amount_minor, currency, day, provider_id_digest, bank_id_digest, reference_digest, \
                     fingerprint, fingerprint_version, names_counterparty, raw_digest, raw, received_at, last_seen_run_id, last_seen_at, bill_digest, \
                     counterparty_digest, creditor_digest, end_to_end_digest, original_minor, original_currency, other_side_version, \
                     provider_category) ",
                );
                insert.push_values(chunk.iter().zip(first..), |mut values, (row, position)| {
                    values
                        .push_bind(asker.organization.uuid())
                        .push_bind(row.id.uuid())
                        .push_bind(bank_account.uuid())
                        .push_bind(source)
                        .push_bind(run.uuid())
                        .push_bind(position)
                        .push_bind(row.status.code())
                        .push_bind(row.amount_minor)
                        .push_bind(row.currency.map(String::from))
                        .push_bind(dates(row.day))
                        .push_bind(of_kind(row, RowIdKind::Provider))
                        .push_bind(of_kind(row, RowIdKind::Bank))
                        .push_bind(of_kind(row, RowIdKind::Reference))
                        .push_bind(row.fingerprint.0.as_slice())
                        .push_bind(row.fingerprint_version)
                        .push_bind(row.names_counterparty)
                        .push_bind(row.raw_digest.0.as_slice())
                        .push_bind(row.raw.as_bytes())
                        .push_bind(now)
                        .push_bind(run.uuid())
                        .push_bind(now)
                        .push_bind(row.bill.map(|digest| digest.0.to_vec()))
                        .push_bind(row.other_side.counterparty.map(|digest| digest.0.to_vec()))
                        .push_bind(row.other_side.creditor.map(|digest| digest.0.to_vec()))
                        .push_bind(row.other_side.end_to_end.map(|digest| digest.0.to_vec()))
                        .push_bind(row.other_side.original.map(|(minor, _)| minor))
                        .push_bind(row.other_side.original.map(|(_, currency)| String::from(currency)))
                        .push_bind(OTHER_SIDE_VERSION)
                        .push_bind(row.provider_category.as_ref().map(|category| category.code.as_str()));
                });
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// The connection that a run works for; a file is the source of what it brings.
    async fn source_of_run(&self, session: &mut Session, asker: &Asker, run: RunId) -> Result<Uuid, StoreError> {
        let text = sql!(
            "SELECT s.id FROM runs r
             JOIN sources s ON s.organization_id = r.organization_id AND s.connection_id = r.connection_id
             WHERE r.organization_id = $1 AND r.id = $2
             UNION ALL
             SELECT s.id FROM sources s WHERE s.organization_id = $1 AND s.id = $2 AND s.kind = 'statement_file'"
        );
        let source: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(run.uuid())
            .fetch_optional(c)
            .await?);
        source.ok_or(StoreError::NotFound("the source of the run"))
    }
}
