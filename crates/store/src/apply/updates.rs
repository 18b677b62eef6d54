//! Bringing transactions up to date: what a feed row says now, as far as no rule and no person has written.

use std::collections::{BTreeSet, HashMap, HashSet};

use bankside_domain::batch::{EXISTS, Entity};
use bankside_domain::reconcile::Entry;
use bankside_domain::row::RowStatus;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, Code, Id, PayeeId, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use super::entries::payee_of;
use super::work::{NewClaim, UpdatedEntry, Work};
use crate::accounts::Sums;
use crate::batches::change;
use crate::convert::{SqlDate, code, date, dates};
use crate::db::{Session, on, run, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
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
    line_minor: i64,
    note: Option<String>,
    provider_note: Option<String>,
}

impl Standing {
    /// Its amount with what its feed row says now. Of a row that is split the lines say what it comes to.
    fn minor_with(&self, minor: i64) -> i64 {
        if self.line_minor == self.amount_minor { minor } else { self.amount_minor }
    }
}

/// What holds of a row from now on, whoever says it.
struct Values {
    dated_on: Date,
    payee: Option<Uuid>,
    provider_payee: Option<Uuid>,
    note: Option<String>,
    minor: i64,
    line_minor: i64,
    seen_at: i64,
}

impl Store {
    /// Brings transactions up to date with what their feed rows say now: the provider's layer always, what holds only where
    /// no rule and no person has written. Nothing is written where nothing differs.
    pub(super) async fn prepare_updates(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        work: &mut Work<'_>,
        payees: &HashMap<String, PayeeId>,
    ) -> Result<(), StoreError> {
        let ids: Vec<TransactionId> =
            work.updated.iter().map(|updated| updated.id).chain(work.removed.iter().copied()).collect();
        // A bank account that fed another account before may have rows there; those accounts are written to as well.
        for other in self.other_accounts_of(session, asker, account, &ids).await? {
            self.lock_account(session, asker, other).await?;
        }
        let standing = self.standing(session, asker, &ids).await?;
        let written = self.written_by_hand(session, asker, &standing).await?;
        let removed = std::mem::take(&mut work.removed);
        let typed = self.typed_among(session, asker, &removed).await?;
        let shared = self.shared_among(session, asker, &removed, &work.claims).await?;
        for removed in removed {
            if let Some(row) = standing.get(&removed).filter(|row| !shared.contains(&row.id)) {
                // A row that somebody typed stays: the bank has only taken back what confirmed it.
                if typed.contains(&row.id) {
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
        let minor = row.minor_with(entry.minor);
        let amounts = (Some(row.amount_minor.to_string()), Some(minor.to_string()));
        field(Entity::Transaction, row.id, "amount_minor", amounts.0.clone(), amounts.1.clone());
        if minor != row.amount_minor {
            field(Entity::Line, row.line_id, "amount_minor", amounts.0, amounts.1);
        }
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

        let line_minor = if minor == row.amount_minor { row.line_minor } else { minor };
        let values =
            Values { dated_on, payee: payee_now, provider_payee: payee, note: note_now, minor, line_minor, seen_at };
        self.write_values(session, asker, row, entry, &values).await?;
        let sums = work.sums.entry(row.account_id.into()).or_default();
        if row.deleted_at.is_none() {
            sums.add(Sums::of(status, row.amount_minor).reversed());
        }
        sums.add(Sums::of(entry.status, minor));
        Ok(())
    }

    /// Writes a row and its first line as they are from now on.
    async fn write_values(
        &self,
        session: &mut Session,
        asker: &Asker,
        row: &Standing,
        entry: &Entry,
        values: &Values,
    ) -> Result<(), StoreError> {
        let sql_text = sql!(
            "UPDATE transactions SET status = $3, dated_on = $4, payee_id = $5, booked_on = $6, value_on = $7,
                provider_dated_on = $8, provider_payee_id = $9, seen_at = $10, amount_minor = $11, deleted_at = NULL
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(sql_text)
                .bind(asker.organization.uuid())
                .bind(row.id)
                .bind(entry.status.code())
                .bind(date(values.dated_on))
                .bind(values.payee)
                .bind(dates(entry.booked_on))
                .bind(dates(entry.value_on))
                .bind(date(entry.dated_on))
                .bind(values.provider_payee)
                .bind(values.seen_at)
                .bind(values.minor)
        );
        let sql_text = sql!(
            "UPDATE transaction_lines SET note = $3, note_folded = $4, provider_note = $5, amount_minor = $6
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(sql_text)
                .bind(asker.organization.uuid())
                .bind(row.line_id)
                .bind(&values.note)
                .bind(values.note.as_deref().map(fold))
                .bind(&entry.note)
                .bind(values.line_minor)
        );
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
        let before_count = work.changes.len();
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
        // Nothing that the bank has lent is left on it.
        if work.changes.len() == before_count {
            return Ok(());
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

    async fn other_accounts_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        ids: &[TransactionId],
    ) -> Result<BTreeSet<AccountId>, StoreError> {
        let mut others = BTreeSet::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let found: Vec<Uuid> = on!(session, c => {
                let mut query =
                    sqlx::QueryBuilder::new("SELECT DISTINCT account_id FROM transactions WHERE organization_id = ");
                query.push_bind(asker.organization.uuid()).push(" AND account_id <> ").push_bind(account.uuid());
                query.push(" AND id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_scalar().fetch_all(c).await?
            });
            others.extend(found.into_iter().map(AccountId::from));
        }
        Ok(others)
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
                     t.value_on, t.provider_dated_on, t.provider_payee_id, t.seen_at, t.deleted_at, l.id AS line_id, \
                     l.amount_minor AS line_minor, l.note, l.provider_note \
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

    /// Which of some rows another feed row stands for as well, of which these claims do not say that it went.
    async fn shared_among(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
        claims: &[NewClaim],
    ) -> Result<HashSet<Uuid>, StoreError> {
        let went: HashSet<Uuid> = claims.iter().map(|claim| claim.feed_row.uuid()).collect();
        let mut shared = HashSet::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<(Uuid, Uuid)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT feed_row_id, transaction_id FROM claims WHERE state = 'applied' AND organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND transaction_id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_as().fetch_all(c).await?
            });
            let stays = rows.into_iter().filter(|(feed_row, _)| !went.contains(feed_row));
            shared.extend(stays.map(|(_, transaction)| transaction));
        }
        Ok(shared)
    }

    /// Which of some rows a person brought into the books, and no bank.
    async fn typed_among(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<HashSet<Uuid>, StoreError> {
        let mut typed = HashSet::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<Uuid> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT c.owner_id FROM changes c JOIN batches b ON b.organization_id = c.organization_id \
                     AND b.id = c.batch_id WHERE c.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND c.owner_id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.push(" AND c.entity = ").push_bind(Entity::Transaction.code());
                query.push(" AND c.field = ").push_bind(EXISTS).push(" AND c.before_value IS NULL");
                // What an undoing has brought back was brought by another batch before; what came with a claim came from a bank.
                query.push(" AND b.run_id IS NULL AND b.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM changes k \
                     WHERE k.organization_id = c.organization_id AND k.batch_id = c.batch_id AND k.owner_id = c.owner_id \
                     AND k.entity = 'claim')");
                query.build_query_scalar().fetch_all(c).await?
            });
            typed.extend(rows);
        }
        Ok(typed)
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
