//! Writing what a plan came to: feed rows, claims, transactions and their lines.

use std::collections::{HashMap, HashSet};

use bankside_domain::batch::{EXISTS, Entity};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::row::RowStatus;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, BankAccountId, BatchId, Code, Id, PayeeId, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use super::work::{UpdatedEntry, Work};
use crate::accounts::Sums;
use crate::batches::change;
use crate::convert::{SqlDate, code, date, dates, micros};
use crate::db::{Session, on, run, sql};
use crate::dialect::{ROWS_PER_STATEMENT, VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

/// A transaction and its first line as they stand.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Standing {
    id: Uuid,
    account_id: Uuid,
    status: String,
    amount_minor: i64,
    dated_on: SqlDate,
    payee_id: Option<Uuid>,
    booked_on: Option<SqlDate>,
    value_on: Option<SqlDate>,
    provider_dated_on: Option<SqlDate>,
    provider_payee_id: Option<Uuid>,
    seen_at: i64,
    deleted_at: Option<i64>,
    line_id: Uuid,
    note: Option<String>,
    provider_note: Option<String>,
}

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
            // A row that is there only moves on to its new version.
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
                     status = excluded.status, vanished_at = NULL",
                );
                insert.build().execute(c).await?;
            });
            let reasons =
                chunk.iter().map(|decided| serde_json::to_string(decided.reason)).collect::<Result<Vec<_>, _>>()?;
            on!(session, c => {
                let mut update = sqlx::QueryBuilder::new("WITH decided (id, feed_row_id, reason) AS (");
                update.push_values(chunk.iter().zip(&reasons), |mut row, (decided, reason)| {
                    row.push_bind(decided.version.uuid()).push_bind(decided.feed_row.uuid()).push_bind(reason);
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
        Ok(())
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
        for chunk in work.added.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, \
                     payee_id, booked_on, value_on, provider_dated_on, provider_payee_id, moves_opening, position, \
                     seen_at, created_at) ",
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
                        .push_bind(now);
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
                    "INSERT INTO claims (organization_id, feed_row_id, transaction_id, state, batch_id) ",
                );
                insert.push_values(chunk, |mut row, claim| {
                    row.push_bind(asker.organization.uuid())
                        .push_bind(claim.feed_row.uuid())
                        .push_bind(claim.transaction.map(Id::uuid))
                        .push_bind(claim.state.code())
                        .push_bind(batch.uuid());
                });
                insert.push(
                    " ON CONFLICT (organization_id, feed_row_id) DO UPDATE SET \
                     transaction_id = excluded.transaction_id, state = excluded.state, batch_id = excluded.batch_id",
                );
                insert.build().execute(c).await?;
            });
        }
        let vanished: Vec<Uuid> = work
            .claims
            .iter()
            .filter(|claim| claim.state == ClaimState::Superseded)
            .map(|claim| claim.feed_row.uuid())
            .collect();
        for chunk in vanished.chunks(VALUES_PER_LIST) {
            on!(session, c => {
                let mut update = sqlx::QueryBuilder::new("UPDATE feed_rows SET vanished_at = ");
                update.push_bind(micros(self.ambient.now()));
                update.push(" WHERE organization_id = ").push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut update, chunk.iter().copied());
                update.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Brings transactions up to date with what their feed rows say now: the provider's layer always, what holds only where
    /// no rule and no person has written. Nothing is written where nothing differs.
    pub(super) async fn prepare_updates(
        &self,
        session: &mut Session,
        asker: &Asker,
        work: &mut Work<'_>,
        payees: &HashMap<String, PayeeId>,
    ) -> Result<(), StoreError> {
        let ids: Vec<TransactionId> =
            work.updated.iter().map(|updated| updated.id).chain(work.removed.iter().copied()).collect();
        let standing = self.standing(session, asker, &ids).await?;
        let written = self.written_by_hand(session, asker, &standing).await?;
        let removed = std::mem::take(&mut work.removed);
        for removed in removed {
            if let Some(row) = standing.get(&removed) {
                // A row that somebody typed stays: the bank has only taken back what confirmed it.
                if written.contains(&(row.id, "dated_on".to_owned())) {
                    self.unmatch_entry(session, asker, work, row).await?;
                    continue;
                }
                work.removed.push(removed);
                let sums = Sums::of(code(&row.status)?, row.amount_minor).reversed();
                work.sums.entry(row.account_id.into()).or_default().add(sums);
                let owner = removed.uuid();
                work.changes.push(change(Entity::Transaction, owner, owner, EXISTS, Some("1".to_owned()), None));
            }
        }
        let updated = std::mem::take(&mut work.updated);
        for update in &updated {
            let row = standing.get(&update.id).ok_or(StoreError::NotFound("the transaction of a feed row"))?;
            self.update_entry(session, asker, work, row, update, &written, payees).await?;
        }
        work.updated = updated;
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one place that brings old and new together")]
    async fn update_entry(
        &self,
        session: &mut Session,
        asker: &Asker,
        work: &mut Work<'_>,
        row: &Standing,
        update: &UpdatedEntry<'_>,
        written: &HashSet<(Uuid, String)>,
        payees: &HashMap<String, PayeeId>,
    ) -> Result<(), StoreError> {
        let entry = update.entry;
        let payee = payee_of(entry.payee.as_deref(), payees).map(Id::uuid);
        let by_hand = |id: Uuid, field: &str| written.contains(&(id, field.to_owned()));
        let dated_on = if by_hand(row.id, "dated_on") { row.dated_on.to_jiff() } else { entry.dated_on };
        let payee_now = if by_hand(row.id, "payee_id") { row.payee_id } else { payee };
        let note_now = if by_hand(row.line_id, "note") { row.note.clone() } else { entry.note.clone() };
        let status: RowStatus = code(&row.status)?;

        let before_count = work.changes.len();
        let mut field = |entity: Entity, id: Uuid, name: &str, before: Option<String>, after: Option<String>| {
            if before != after {
                work.changes.push(change(entity, id, row.id, name, before, after));
            }
        };
        let day = |day: Option<SqlDate>| day.map(|day| day.to_jiff().to_string());
        let text = |day: Option<Date>| day.map(|day| day.to_string());
        let id_text = |id: Option<Uuid>| id.map(|id| id.to_string());
        if row.deleted_at.is_some() {
            field(Entity::Transaction, row.id, EXISTS, None, Some("1".to_owned()));
        }
        let (old, new) = (status.code().to_owned(), entry.status.code().to_owned());
        field(Entity::Transaction, row.id, "status", Some(old), Some(new));
        field(Entity::Transaction, row.id, "dated_on", day(Some(row.dated_on)), text(Some(dated_on)));
        field(Entity::Transaction, row.id, "payee_id", id_text(row.payee_id), id_text(payee_now));
        field(Entity::Transaction, row.id, "booked_on", day(row.booked_on), text(entry.booked_on));
        field(Entity::Transaction, row.id, "value_on", day(row.value_on), text(entry.value_on));
        let provider_day = (day(row.provider_dated_on), text(Some(entry.dated_on)));
        field(Entity::Transaction, row.id, "provider_dated_on", provider_day.0, provider_day.1);
        field(Entity::Transaction, row.id, "provider_payee_id", id_text(row.provider_payee_id), id_text(payee));
        field(Entity::Line, row.line_id, "note", row.note.clone(), note_now.clone());
        field(Entity::Line, row.line_id, "provider_note", row.provider_note.clone(), entry.note.clone());
        if work.changes.len() == before_count {
            return Ok(());
        }
        // A row counts as seen from when the bank first booked it; a text that changes later does not change that.
        let is_news = status != entry.status || row.provider_dated_on.is_none();
        let seen_at = if is_news { update.seen_at } else { row.seen_at };

        let sql_text = sql!(
            "UPDATE transactions SET status = $3, dated_on = $4, payee_id = $5, booked_on = $6, value_on = $7,
                provider_dated_on = $8, provider_payee_id = $9, seen_at = $10, deleted_at = NULL
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(sql_text)
                .bind(asker.organization.uuid())
                .bind(row.id)
                .bind(entry.status.code())
                .bind(date(dated_on))
                .bind(payee_now)
                .bind(dates(entry.booked_on))
                .bind(dates(entry.value_on))
                .bind(date(entry.dated_on))
                .bind(payee)
                .bind(seen_at)
        );
        let sql_text = sql!(
            "UPDATE transaction_lines SET note = $3, note_folded = $4, provider_note = $5
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(sql_text)
                .bind(asker.organization.uuid())
                .bind(row.line_id)
                .bind(&note_now)
                .bind(note_now.as_deref().map(fold))
                .bind(&entry.note)
        );
        let sums = work.sums.entry(row.account_id.into()).or_default();
        if row.deleted_at.is_none() {
            sums.add(Sums::of(status, row.amount_minor).reversed());
        }
        sums.add(Sums::of(entry.status, row.amount_minor));
        Ok(())
    }

    /// Takes from a typed row what a pending row of the bank had lent it.
    async fn unmatch_entry(
        &self,
        session: &mut Session,
        asker: &Asker,
        work: &mut Work<'_>,
        row: &Standing,
    ) -> Result<(), StoreError> {
        let day = |day: Option<SqlDate>| day.map(|day| day.to_jiff().to_string());
        let booked = RowStatus::Booked.code();
        for (field, before, after) in [
            ("status", Some(row.status.clone()), Some(booked.to_owned())),
            ("booked_on", day(row.booked_on), None),
            ("value_on", day(row.value_on), None),
            ("provider_dated_on", day(row.provider_dated_on), None),
            ("provider_payee_id", row.provider_payee_id.map(|id| id.to_string()), None),
        ] {
            if before != after {
                work.changes.push(change(Entity::Transaction, row.id, row.id, field, before, after));
            }
        }
        if row.provider_note.is_some() {
            let before = row.provider_note.clone();
            work.changes.push(change(Entity::Line, row.line_id, row.id, "provider_note", before, None));
        }
        let text = sql!(
            "UPDATE transactions SET status = $3, booked_on = NULL, value_on = NULL, provider_dated_on = NULL,
                provider_payee_id = NULL
             WHERE organization_id = $1 AND id = $2"
        );
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(row.id).bind(booked));
        let text = sql!("UPDATE transaction_lines SET provider_note = NULL WHERE organization_id = $1 AND id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(row.line_id));
        let sums = work.sums.entry(row.account_id.into()).or_default();
        sums.add(Sums::of(code(&row.status)?, row.amount_minor).reversed());
        sums.add(Sums::of(RowStatus::Booked, row.amount_minor));
        Ok(())
    }

    async fn standing(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<HashMap<TransactionId, Standing>, StoreError> {
        let mut standing = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<Standing> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT t.id, t.account_id, t.status, t.amount_minor, t.dated_on, t.payee_id, t.booked_on, \
                     t.value_on, t.provider_dated_on, t.provider_payee_id, t.seen_at, t.deleted_at, l.id AS line_id, l.note, \
                     l.provider_note \
                     FROM transactions t JOIN transaction_lines l ON l.organization_id = t.organization_id \
                     AND l.transaction_id = t.id AND l.position = 0 \
                     WHERE t.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND t.id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_as().fetch_all(c).await?
            });
            standing.extend(rows.into_iter().map(|row| (TransactionId::from(row.id), row)));
        }
        Ok(standing)
    }

    /// The fields that a rule or a person has written.
    async fn written_by_hand(
        &self,
        session: &mut Session,
        asker: &Asker,
        standing: &HashMap<TransactionId, Standing>,
    ) -> Result<HashSet<(Uuid, String)>, StoreError> {
        let ids: Vec<Uuid> = standing.values().flat_map(|row| [row.id, row.line_id]).collect();
        let mut written = HashSet::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<(Uuid, String)> = on!(session, c => {
                let mut query =
                    sqlx::QueryBuilder::new("SELECT entity_id, field FROM field_layers WHERE organization_id = ");
                query.push_bind(asker.organization.uuid()).push(" AND entity_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_as().fetch_all(c).await?
            });
            written.extend(rows);
        }
        Ok(written)
    }
}

fn payee_of(name: Option<&str>, payees: &HashMap<String, PayeeId>) -> Option<PayeeId> {
    payees.get(&fold(name?)).copied()
}
