//! Writing what a plan came to: feed rows, claims, transactions and their lines.

use std::collections::HashMap;

use bankside_domain::inbox::InboxState;
use bankside_domain::reconcile::{ClaimState, Reason};
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, BankAccountId, BatchId, Code, FeedRowId, FeedRowVersionId, Id, PayeeId};

use super::work::Work;
use crate::convert::{date, dates, micros, uuids};
use crate::db::{Session, on};
use crate::dialect::{ROWS_PER_STATEMENT, VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

impl Store {
    /// Writes feed rows and what was decided about their versions.
    pub(super) async fn write_feed_rows(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        work: &Work<'_>,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        for chunk in work.versions.chunks(ROWS_PER_STATEMENT) {
            // A row that is there only moves on to its new version, and is of the bank account that tells of it: a bank's row may have
            // come with a file before.
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO feed_rows (organization_id, id, bank_account_id, current_version_id, status) ",
                );
                insert.push_values(chunk, |mut row, decided| {
                    row.push_bind(organization)
                        .push_bind(decided.feed_row.uuid())
                        .push_bind(bank_account.uuid())
                        .push_bind(decided.version.uuid())
                        .push_bind(decided.status.code());
                });
                insert.push(
                    " ON CONFLICT (organization_id, id) DO UPDATE SET current_version_id = excluded.current_version_id, \
                     bank_account_id = excluded.bank_account_id, status = excluded.status, vanished_at = NULL",
                );
                insert.build().execute(c).await?;
            });
        }
        let decided = work.versions.iter().map(|decided| (decided.version, Some(decided.feed_row), decided.reason));
        let set_aside = work.set_aside.iter().map(|aside| (aside.version, aside.feed_row, aside.reason));
        let told: Vec<(FeedRowVersionId, Option<FeedRowId>, &Reason)> = decided.chain(set_aside).collect();
        for chunk in told.chunks(ROWS_PER_STATEMENT) {
            let reasons =
                chunk.iter().map(|(.., reason)| serde_json::to_string(reason)).collect::<Result<Vec<_>, _>>()?;
            on!(session, c => {
                let mut update = sqlx::QueryBuilder::new("WITH decided (id, feed_row_id, reason) AS (");
                update.push_values(chunk.iter().zip(&reasons), |mut row, ((version, feed_row, _), reason)| {
                    row.push_bind(version.uuid()).push_bind(uuids(*feed_row)).push_bind(reason);
                });
                // Not `UPDATE … FROM`: SQLite would read the whole table first to make a Bloom filter of it.
                update.push(
                    ") UPDATE feed_row_versions SET (feed_row_id, reason) = \
                     (SELECT d.feed_row_id, d.reason FROM decided d WHERE d.id = feed_row_versions.id) \
                     WHERE id IN (SELECT id FROM decided) AND organization_id = ",
                );
                update.push_bind(organization);
                update.build().execute(c).await?;
            });
        }
        self.mark_vanished(session, asker, work.lapsed).await
    }

    /// Writes transactions, lines and claims.
    pub(super) async fn write_entries(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        batch: BatchId,
        work: &Work<'_>,
        payees: &HashMap<String, PayeeId>,
    ) -> Result<(), StoreError> {
        self.insert_transactions(session, asker, account, work, payees).await?;
        self.insert_lines(session, asker, work).await?;
        for chunk in work.removed.chunks(VALUES_PER_LIST) {
            on!(session, c => {
                let mut update = sqlx::QueryBuilder::new("UPDATE transactions SET deleted_at = ");
                update.push_bind(micros(self.ambient.now()));
                update.push(" WHERE organization_id = ").push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut update, chunk.iter().map(|id| id.uuid()));
                update.build().execute(c).await?;
            });
        }
        self.write_claims(session, asker, batch, work).await
    }

    async fn insert_transactions(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        work: &Work<'_>,
        payees: &HashMap<String, PayeeId>,
    ) -> Result<(), StoreError> {
        let now = micros(self.ambient.now());
        // What comes with the first sync of a bank account is its history; only what comes later is news.
        let reviewed_at = (!work.brings_news).then_some(now);
        let inbox = (work.brings_news && work.has_inbox).then_some(InboxState::Waiting.code());
        for chunk in work.added.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, \
                     payee_id, booked_on, value_on, provider_dated_on, provider_payee_id, moves_opening, position, \
                     seen_at, created_at, reviewed_at, inbox) ",
                );
                insert.push_values(chunk, |mut row, new| {
                    let payee = payee_of(new.entry.payee.as_deref(), payees).map(Id::uuid);
                    row.push_bind(asker.organization.uuid())
                        .push_bind(new.id.uuid())
                        .push_bind(account.uuid())
                        .push_bind(new.entry.status.code())
                        .push_bind(new.entry.minor)
                        .push_bind(date(new.entry.dated_on))
                        .push_bind(payee)
                        .push_bind(dates(new.entry.booked_on))
                        .push_bind(dates(new.entry.value_on))
                        .push_bind(date(new.entry.dated_on))
                        .push_bind(payee)
                        .push_bind(new.entry.moves_opening)
                        .push_bind(new.position)
                        .push_bind(new.seen_at)
                        .push_bind(now)
                        .push_bind(reviewed_at)
                        .push_bind(inbox);
                });
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }

    async fn insert_lines(&self, session: &mut Session, asker: &Asker, work: &Work<'_>) -> Result<(), StoreError> {
        for chunk in work.added.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor, note, \
                     note_folded, provider_note) ",
                );
                insert.push_values(chunk, |mut row, new| {
                    row.push_bind(asker.organization.uuid())
                        .push_bind(new.line.uuid())
                        .push_bind(new.id.uuid())
                        .push_bind(0_i64)
                        .push_bind(new.entry.minor)
                        .push_bind(&new.entry.note)
                        .push_bind(new.entry.note.as_deref().map(fold))
                        .push_bind(&new.entry.note);
                });
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }

    async fn write_claims(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        work: &Work<'_>,
    ) -> Result<(), StoreError> {
        for chunk in work.claims.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO claims (organization_id, feed_row_id, transaction_id, state, batch_id, since_batch_id) ",
                );
                insert.push_values(chunk, |mut row, claim| {
                    row.push_bind(asker.organization.uuid())
                        .push_bind(claim.feed_row.uuid())
                        .push_bind(claim.transaction.map(Id::uuid))
                        .push_bind(claim.state.code())
                        .push_bind(batch.uuid())
                        .push_bind(batch.uuid());
                });
                insert.push(
                    " ON CONFLICT (organization_id, feed_row_id) DO UPDATE SET \
                     transaction_id = excluded.transaction_id, state = excluded.state, batch_id = excluded.batch_id, \
                     since_batch_id = CASE WHEN claims.transaction_id = excluded.transaction_id \
                     THEN claims.since_batch_id ELSE excluded.batch_id END",
                );
                insert.build().execute(c).await?;
            });
        }
        let superseded = work.claims.iter().filter(|claim| claim.state == ClaimState::Superseded);
        let vanished: Vec<FeedRowId> = superseded.map(|claim| claim.feed_row).collect();
        self.mark_vanished(session, asker, &vanished).await
    }

    async fn mark_vanished(
        &self,
        session: &mut Session,
        asker: &Asker,
        feed_rows: &[FeedRowId],
    ) -> Result<(), StoreError> {
        for chunk in feed_rows.chunks(VALUES_PER_LIST) {
            on!(session, c => {
                let mut update = sqlx::QueryBuilder::new("UPDATE feed_rows SET vanished_at = ");
                update.push_bind(micros(self.ambient.now()));
                update.push(" WHERE organization_id = ").push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut update, chunk.iter().map(|id| id.uuid()));
                update.build().execute(c).await?;
            });
        }
        Ok(())
    }
}

pub(super) fn payee_of(name: Option<&str>, payees: &HashMap<String, PayeeId>) -> Option<PayeeId> {
    payees.get(&fold(name?)).copied()
}
