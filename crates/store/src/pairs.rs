//! Pairs of rows that may be one: finding candidates, remembering that two are two, and merging those that are one.

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::batch::{BatchActor, Change, Entity, claim_value};
use bankside_domain::edit::{Circumstances, Refused, Standing};
use bankside_domain::merge::{Chosen, Merge};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::suspicion::pairs::{PairRow, Shown, in_order};
use bankside_domain::text::fold;
use bankside_domain::transfer::{TRANSFER, link_value};
use bankside_domain::{Asker, BatchId, Id, Right, TransactionId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::accounts::Sums;
use crate::batches::{NewBatch, change};
use crate::convert::{SqlDate, code, date, micros};
use crate::db::{Session, on, run, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    amount_minor: i64,
    dated_on: SqlDate,
    status: String,
    is_from_bank: bool,
    is_gone: bool,
    payee_folded: Option<String>,
    note_folded: Option<String>,
}

impl Row {
    fn into_pair_row(self) -> Result<PairRow, StoreError> {
        Ok(PairRow {
            transaction: self.id.into(),
            account: self.account_id.into(),
            minor: self.amount_minor,
            day: self.dated_on.to_jiff(),
            status: code(&self.status)?,
            is_from_bank: self.is_from_bank,
            is_gone: self.is_gone,
            payee_folded: self.payee_folded,
            note_folded: self.note_folded,
        })
    }
}

impl Store {
    /// The rows of the books since a day, the latest first, as far as it takes to find pairs among them.
    pub async fn pair_rows(&self, asker: &Asker, since: Date, limit: i64) -> Result<Vec<PairRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        // The note is looked up row by row: joined, PostgreSQL would read all lines.
        let text = session.in_sight(sql!(
            "SELECT t.id, t.account_id, t.amount_minor, t.dated_on, t.status, t.provider_dated_on IS NOT NULL AS is_from_bank, FALSE AS is_gone,
                    p.name_folded AS payee_folded,
                    (SELECT l.note_folded FROM transaction_lines l WHERE l.organization_id = t.organization_id
                        AND l.transaction_id = t.id AND l.position = 0) AS note_folded
             FROM (SELECT * FROM transactions WHERE organization_id = $1 AND deleted_at IS NULL AND dated_on >= $2 /* in sight: account_id */
                ORDER BY dated_on DESC, position DESC, id DESC LIMIT $3) t
             LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id"
        ), sight);
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(date(since))
            .bind(limit)
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Row::into_pair_row).collect()
    }

    /// The pending rows of the same days that have left the books because their banks stopped showing them, as far as a person wrote
    /// something on them: what became of one is in doubt until a booked row has taken that over.
    pub async fn gone_pair_rows(&self, asker: &Asker, since: Date, limit: i64) -> Result<Vec<PairRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        // A row of those days has left the books since: what left before that is of another time.
        let text = session.in_sight(sql!(
            "SELECT t.id, t.account_id, t.amount_minor, t.dated_on, t.status, TRUE AS is_from_bank, TRUE AS is_gone,
                    p.name_folded AS payee_folded,
                    (SELECT l.note_folded FROM transaction_lines l WHERE l.organization_id = t.organization_id
                        AND l.transaction_id = t.id AND l.position = 0) AS note_folded
             FROM feed_rows r
             JOIN claims k ON k.organization_id = r.organization_id AND k.feed_row_id = r.id AND k.state = 'superseded'
             JOIN transactions t ON t.organization_id = k.organization_id AND t.id = k.transaction_id
                AND t.deleted_at IS NOT NULL AND t.dated_on >= $2
             LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id
             WHERE r.organization_id = $1 AND r.vanished_at >= $4 AND r.status = 'pending' /* in sight: t.account_id */
                AND (EXISTS (SELECT 1 FROM field_layers y WHERE y.organization_id = t.organization_id
                        AND y.entity_id = t.id AND y.layer = 'person')
                    OR EXISTS (SELECT 1 FROM transaction_lines l JOIN field_layers y ON y.organization_id = l.organization_id
                        AND y.entity_id = l.id AND y.layer = 'person'
                        WHERE l.organization_id = t.organization_id AND l.transaction_id = t.id)
                    OR EXISTS (SELECT 1 FROM transaction_lines l JOIN line_tags g ON g.organization_id = l.organization_id
                        AND g.line_id = l.id WHERE l.organization_id = t.organization_id AND l.transaction_id = t.id))
             ORDER BY r.vanished_at DESC, r.id LIMIT $3"
        ), sight);
        let from = since.to_zoned(TimeZone::UTC).map_or(0, |midnight| micros(midnight.timestamp()));
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(date(since))
            .bind(limit)
            .bind(from)
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Row::into_pair_row).collect()
    }

    /// What sources have shown of some transactions, through all versions of the feed rows behind them. A run is one answer: whatever
    /// it brought was shown when it was asked for, however long the answer took to come.
    pub async fn shown(
        &self,
        asker: &Asker,
        transactions: &BTreeSet<TransactionId>,
    ) -> Result<BTreeMap<TransactionId, Vec<Shown>>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let mut shown: BTreeMap<TransactionId, Vec<Shown>> = BTreeMap::new();
        let ids: Vec<Uuid> = transactions.iter().map(|id| id.uuid()).collect();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<(Uuid, Uuid, i64, i64)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT k.transaction_id, v.source_id, MIN(COALESCE(f.created_at, v.received_at)), \
                        MAX(COALESCE(l.created_at, v.last_seen_at)) FROM claims k \
                     JOIN feed_row_versions v ON v.organization_id = k.organization_id AND v.feed_row_id = k.feed_row_id \
                     LEFT JOIN runs f ON f.organization_id = v.organization_id AND f.id = v.run_id \
                     LEFT JOIN runs l ON l.organization_id = v.organization_id AND l.id = v.last_seen_run_id \
                     WHERE k.state = 'applied' AND k.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND k.transaction_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" GROUP BY k.transaction_id, k.feed_row_id, v.source_id");
                query.build_query_as().fetch_all(c).await?
            });
            for (transaction, source, from, until) in rows {
                shown.entry(transaction.into()).or_default().push(Shown { source: source.into(), from, until });
            }
        }
        Ok(shown)
    }

    /// The pairs that somebody said are two rows, each with the smaller id first.
    pub async fn different_pairs(&self, asker: &Asker) -> Result<BTreeSet<(TransactionId, TransactionId)>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!("SELECT first_id, second_id FROM different_pairs WHERE organization_id = $1");
        let pairs: Vec<(Uuid, Uuid)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        Ok(pairs.into_iter().map(|(first, second)| (first.into(), second.into())).collect())
    }

    /// Remembers that two rows are two, so that nobody is asked again.
    pub async fn keep_apart(&self, asker: &Asker, a: TransactionId, b: TransactionId) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let (first, second) = in_order(a, b);
        self.lock_accounts_of(&mut session, asker, &[first, second], []).await?;
        let ends = self.stand_as_pair(&mut session, asker, first, second).await?;
        let text = sql!(
            "INSERT INTO different_pairs (organization_id, first_id, second_id, said_by, said_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organization_id, first_id, second_id) DO NOTHING"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(first.uuid())
                .bind(second.uuid())
                .bind(asker.person().map(Id::uuid))
                .bind(micros(self.ambient.now()))
        );
        // Whoever counts what is in doubt in this account counts again.
        self.move_account_sums(&mut session, asker, ends.rows[0].account, Sums::default()).await?;
        session.commit().await
    }

    /// Two rows that may be one: both in the books, or one of them a pending row that has left them.
    async fn stand_as_pair(
        &self,
        session: &mut Session,
        asker: &Asker,
        a: TransactionId,
        b: TransactionId,
    ) -> Result<Ends, StoreError> {
        let mut rows = self.stand_if_there(session, asker, &[a, b]).await?;
        let is_missing = |id: &TransactionId| rows.iter().all(|row| row.id != *id);
        let missing: Vec<TransactionId> = [a, b].into_iter().filter(is_missing).collect();
        let gone = self.stand_gone(session, asker, &missing).await?;
        let is_one_gone = gone.len() == 1;
        // The one that stays is the first.
        rows.extend(gone);
        let rows: [Standing; 2] = rows.try_into().map_err(|_| StoreError::NotFound("the transaction"))?;
        check_pair(&rows, is_one_gone)?;
        Ok(Ends { rows, is_one_gone })
    }

    /// Merges two rows, as one batch that can be undone: one stays, with whatever feed rows stood for either, and the other
    /// goes, or has gone already.
    pub async fn merge(
        &self,
        asker: &Asker,
        a: TransactionId,
        b: TransactionId,
        chosen: Chosen,
    ) -> Result<Result<BatchId, Refused>, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let locked = self.lock_accounts_of(&mut session, asker, &[a, b], []).await?;
        let ends = self.stand_as_pair(&mut session, asker, a, b).await?;
        let merge = ends.merge();
        let locked_through = locked.get(&merge.stays.account).and_then(|locked| locked.locked_through);
        let around = Circumstances { now: micros(self.ambient.now()), locked_through, unlocks: false };
        let mut changes = match merge.plan(merge.keeps(chosen), around, &mut || self.ambient.id()) {
            Ok(changes) => changes,
            Err(why) => return Ok(Err(why)),
        };
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: "Two transactions merged", undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        changes.extend(self.moved_claims(&mut session, asker, &merge).await?);
        changes.extend(self.moved_transfer(&mut session, asker, &merge).await?);
        self.write_fields(&mut session, asker, batch, &changes).await?;
        self.write_changes(&mut session, asker, batch, &changes).await?;
        let of_goes = Sums::of(merge.goes.status, merge.goes.amount_minor).reversed();
        let moved = if merge.is_gone { Sums::default() } else { of_goes };
        self.move_account_sums(&mut session, asker, merge.stays.account, moved).await?;
        session.commit().await?;
        Ok(Ok(batch))
    }

    /// The changes by which a transfer of the row that goes is one of the row that stays, unless that is part of another one. Its other
    /// side may be in an account that is out of sight, and stays as it is.
    async fn moved_transfer(
        &self,
        session: &mut Session,
        asker: &Asker,
        merge: &Merge<'_>,
    ) -> Result<Vec<Change>, StoreError> {
        let (goes, stays) = (merge.goes.id, merge.stays.id);
        let mut sides = self.sides_of(session, asker, &[goes, stays]).await?;
        if sides.contains_key(&stays.uuid()) {
            return Ok(Vec::new());
        }
        let Some(link) = sides.remove(&goes.uuid()) else { return Ok(Vec::new()) };
        let was = self.links_now(session, asker, &[stays.uuid()]).await?.get(&stays.uuid()).map(link_value);
        let of = |row: TransactionId, before, after| {
            change(Entity::Transaction, row.uuid(), row.uuid(), TRANSFER, before, after)
        };
        Ok(vec![of(goes, Some(link_value(&link)), None), of(stays, was, Some(link_value(&link)))])
    }

    /// The changes by which the feed rows of the row that goes stand for the one that stays. They belong to the row that goes: it
    /// comes back with them or not at all.
    async fn moved_claims(
        &self,
        session: &mut Session,
        asker: &Asker,
        merge: &Merge<'_>,
    ) -> Result<Vec<Change>, StoreError> {
        let text = sql!(
            "SELECT feed_row_id, state FROM claims
             WHERE organization_id = $1 AND transaction_id = $2 AND state IN ('applied', 'superseded') ORDER BY feed_row_id"
        );
        let claims: Vec<(Uuid, String)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(merge.goes.id.uuid())
            .fetch_all(c)
            .await?);
        let moved = |(feed_row, state): (Uuid, String)| {
            let state: ClaimState = code(&state)?;
            let of = |row: &Standing| Some(claim_value(state, Some(row.id)));
            Ok(change(Entity::Claim, feed_row, merge.goes.id.uuid(), "claim", of(merge.goes), of(merge.stays)))
        };
        claims.into_iter().map(moved).collect()
    }
}

/// Two rows that may be one.
struct Ends {
    rows: [Standing; 2],
    /// Whether the second has left the books.
    is_one_gone: bool,
}

impl Ends {
    fn merge(&self) -> Merge<'_> {
        let [first, second] = &self.rows;
        if self.is_one_gone { Merge::with_gone(first, second) } else { Merge::of(first, second) }
    }
}

/// Two rows may only be told apart or merged while they may be one: of one account, and alike.
fn check_pair([first, second]: &[Standing; 2], is_second_gone: bool) -> Result<(), StoreError> {
    let pair_row = |row: &Standing, is_gone| PairRow {
        transaction: row.id,
        account: row.account,
        minor: row.amount_minor,
        day: row.dated_on,
        status: row.status,
        is_from_bank: row.is_from_bank(),
        is_gone,
        payee_folded: row.payee_name.as_deref().map(fold),
        note_folded: row.lines[0].note.as_deref().map(fold),
    };
    let is_pair = pair_row(first, false).kind_with(&pair_row(second, is_second_gone)).is_some();
    if is_pair { Ok(()) } else { Err(StoreError::Conflict("these two are no pair any more; look how they stand now")) }
}
