//! Bringing transactions up to date: what a feed row says now, as far as no rule and no person has written.

use std::collections::{BTreeSet, HashMap, HashSet};

use bankside_domain::batch::{EXISTS, Entity};
use bankside_domain::follow::{ByHand, Follower};
use bankside_domain::inbox::{InboxState, returns};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, Code, Id, PayeeId, TransactionId};
use uuid::Uuid;

use super::entries::payee_of;
use super::work::{NewClaim, Work};
use crate::accounts::Sums;
use crate::batches::change;
use crate::convert::{SqlDate, code, date, dates, ids, uuids};
use crate::db::{Session, on, run, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

/// A transaction and its first line as they stand.
struct Standing {
    account: AccountId,
    seen_at: i64,
    reviewed_at: Option<i64>,
    /// Where it stands in the inbox; `None` where it never came in.
    inbox: Option<InboxState>,
    follower: Follower,
}

#[derive(sqlx::FromRow)]
struct StandingRow {
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
    reviewed_at: Option<i64>,
    inbox: Option<String>,
    line_id: Uuid,
    line_minor: i64,
    note: Option<String>,
    provider_note: Option<String>,
}

impl StandingRow {
    fn into_standing(self) -> Result<Standing, StoreError> {
        let follower = Follower {
            id: self.id.into(),
            line: self.line_id.into(),
            is_there: self.deleted_at.is_none(),
            status: code(&self.status)?,
            amount_minor: self.amount_minor,
            line_minor: self.line_minor,
            dated_on: self.dated_on.to_jiff(),
            payee: ids(self.payee_id),
            booked_on: self.booked_on.map(SqlDate::to_jiff),
            value_on: self.value_on.map(SqlDate::to_jiff),
            provider_dated_on: self.provider_dated_on.map(SqlDate::to_jiff),
            provider_payee: ids(self.provider_payee_id),
            note: self.note,
            provider_note: self.provider_note,
        };
        Ok(Standing {
            account: self.account_id.into(),
            seen_at: self.seen_at,
            reviewed_at: self.reviewed_at,
            inbox: self.inbox.as_deref().map(code).transpose()?,
            follower,
        })
    }
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
        self.release_vanished(session, asker, work).await?;
        let standing = self.standing(session, asker, &ids).await?;
        let written = self.written_by_hand(session, asker, &standing).await?;
        let removed = std::mem::take(&mut work.removed);
        let typed = self.typed_among(session, asker, &removed).await?;
        let shared = self.shared_among(session, asker, &removed, &work.claims).await?;
        for removed in removed {
            if let Some(row) = standing.get(&removed).filter(|_| !shared.contains(&removed.uuid())) {
                // A row that somebody typed stays: the bank has only taken back what confirmed it.
                if typed.contains(&removed.uuid()) {
                    self.move_on(session, asker, work, row, &row.follower.let_go(), row.seen_at).await?;
                    continue;
                }
                work.removed.push(removed);
                let sums = Sums::of(row.follower.status, row.follower.amount_minor).reversed();
                work.sums.entry(row.account).or_default().add(sums);
                let owner = removed.uuid();
                work.changes.push(change(Entity::Transaction, owner, owner, EXISTS, Some("1".to_owned()), None));
            }
        }
        let updated = std::mem::take(&mut work.updated);
        for update in &updated {
            let row = standing.get(&update.id).ok_or(StoreError::NotFound("the transaction of a feed row"))?;
            let entry = update.entry;
            let next =
                row.follower.follow(entry, payee_of(entry.payee.as_deref(), payees), by_hand(&row.follower, &written));
            let seen_at = if row.follower.is_news(entry.status) { update.seen_at } else { row.seen_at };
            self.move_on(session, asker, work, row, &next, seen_at).await?;
        }
        work.updated = updated;
        Ok(())
    }

    /// A row that somebody typed is that of the feed row that confirms it now, and no more of a pending one that did before and vanished:
    /// should the bank show that again, it is decided anew. Otherwise two rows of the bank would stand for one of the books.
    async fn release_vanished(
        &self,
        session: &mut Session,
        asker: &Asker,
        work: &mut Work<'_>,
    ) -> Result<(), StoreError> {
        let matched: Vec<Uuid> = work.matched.iter().map(|id| id.uuid()).collect();
        for chunk in matched.chunks(VALUES_PER_LIST) {
            let released: Vec<(Uuid, Uuid)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT feed_row_id, transaction_id FROM claims WHERE state = 'superseded' AND organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND transaction_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" ORDER BY feed_row_id");
                query.build_query_as().fetch_all(c).await?
            });
            for (feed_row, transaction) in released {
                let feed_row = feed_row.into();
                if work.claims.iter().all(|claim| claim.feed_row != feed_row) {
                    let before = Some((ClaimState::Superseded, Some(transaction.into())));
                    work.claim(feed_row, before, ClaimState::Superseded, None);
                }
            }
        }
        Ok(())
    }

    /// Writes a row and its first line as they are from now on, with the changes that this makes; nothing where nothing differs.
    async fn move_on(
        &self,
        session: &mut Session,
        asker: &Asker,
        work: &mut Work<'_>,
        row: &Standing,
        next: &Follower,
        seen_at: i64,
    ) -> Result<(), StoreError> {
        let before = &row.follower;
        let changes = before.changes_to(next);
        if changes.is_empty() {
            return Ok(());
        }
        work.changes.extend(changes);
        self.write_follower(session, asker, next, seen_at).await?;
        if work.has_inbox && row.inbox.is_some() && returns(before, next) {
            self.bring_back(session, asker, work, row).await?;
        }
        let sums = work.sums.entry(row.account).or_default();
        if before.is_there {
            sums.add(Sums::of(before.status, before.amount_minor).reversed());
        }
        sums.add(Sums::of(next.status, next.amount_minor));
        Ok(())
    }

    /// Has a row wait in the inbox again that was reviewed there, or hidden: its bank has changed it. What was asked about it before is
    /// settled.
    async fn bring_back(
        &self,
        session: &mut Session,
        asker: &Asker,
        work: &mut Work<'_>,
        row: &Standing,
    ) -> Result<(), StoreError> {
        let owner = row.follower.id.uuid();
        let mut moved = |field: &str, before: Option<String>, after: Option<String>| {
            if before != after {
                work.changes.push(change(Entity::Transaction, owner, owner, field, before, after));
            }
        };
        let state = |state: InboxState| Some(state.code().to_owned());
        moved("reviewed_at", row.reviewed_at.map(|at| at.to_string()), None);
        moved("inbox", row.inbox.and_then(state), state(InboxState::Waiting));
        let text = sql!(
            "UPDATE transactions SET reviewed_at = NULL, inbox = 'waiting' WHERE organization_id = $1 AND id = $2"
        );
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(owner));
        if row.reviewed_at.is_some() {
            let text = sql!("DELETE FROM inbox_flags WHERE organization_id = $1 AND transaction_id = $2");
            run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(owner));
        }
        Ok(())
    }

    async fn write_follower(
        &self,
        session: &mut Session,
        asker: &Asker,
        row: &Follower,
        seen_at: i64,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE transactions SET status = $3, dated_on = $4, payee_id = $5, booked_on = $6, value_on = $7,
                provider_dated_on = $8, provider_payee_id = $9, seen_at = $10, amount_minor = $11, deleted_at = NULL
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(row.id.uuid())
                .bind(row.status.code())
                .bind(date(row.dated_on))
                .bind(uuids(row.payee))
                .bind(dates(row.booked_on))
                .bind(dates(row.value_on))
                .bind(dates(row.provider_dated_on))
                .bind(uuids(row.provider_payee))
                .bind(seen_at)
                .bind(row.amount_minor)
        );
        let text = sql!(
            "UPDATE transaction_lines SET note = $3, note_folded = $4, provider_note = $5, amount_minor = $6
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(row.line.uuid())
                .bind(&row.note)
                .bind(row.note.as_deref().map(fold))
                .bind(&row.provider_note)
                .bind(row.line_minor)
        );
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
            let rows: Vec<StandingRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT t.id, t.account_id, t.status, t.amount_minor, t.dated_on, t.payee_id, t.booked_on, \
                     t.value_on, t.provider_dated_on, t.provider_payee_id, t.seen_at, t.deleted_at, t.reviewed_at, t.inbox, l.id AS line_id, \
                     l.amount_minor AS line_minor, l.note, l.provider_note \
                     FROM transactions t JOIN transaction_lines l ON l.organization_id = t.organization_id \
                     AND l.transaction_id = t.id AND l.position = 0 \
                     WHERE t.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND t.id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_as().fetch_all(c).await?
            });
            for row in rows {
                let row = row.into_standing()?;
                standing.insert(row.follower.id, row);
            }
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
        let ids: Vec<Uuid> =
            standing.values().flat_map(|row| [row.follower.id.uuid(), row.follower.line.uuid()]).collect();
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

/// What of a row a rule or a person has written, of everything that they have.
fn by_hand(row: &Follower, written: &HashSet<(Uuid, String)>) -> ByHand {
    let is_written = |id: Uuid, field: &str| written.contains(&(id, field.to_owned()));
    ByHand {
        dated_on: is_written(row.id.uuid(), "dated_on"),
        payee: is_written(row.id.uuid(), "payee_id"),
        note: is_written(row.line.uuid(), "note"),
    }
}
