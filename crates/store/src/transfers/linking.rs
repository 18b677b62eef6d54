//! Linking, taking apart, and remembering that two rows are no transfer: each a batch that can be undone.

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::batch::{BatchActor, Change, Entity};
use bankside_domain::suspicion::pairs::in_order;
use bankside_domain::transfer::{
    Grounds, Link, LinkedBy, NO_TRANSFER, Side, TRANSFER, TransferRow, link_of, link_value, may_be_linked,
};
use bankside_domain::{AccountId, Asker, BatchId, Code, Id, Right, TransactionId};
use uuid::Uuid;

use super::NewTransfer;
use crate::accounts::Sums;
use crate::asking::ToAsk;
use crate::batches::{NewBatch, change};
use crate::convert::code;
use crate::db::{Session, on, run, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

impl Store {
    /// Links rows, as one batch. What a person links must be linkable, or nothing is written; of what was found, whatever somebody has
    /// taken out or linked meanwhile is left out. `None` where nothing is left.
    pub async fn link_transfers(&self, asker: &Asker, new: &[NewTransfer]) -> Result<Option<BatchId>, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let ids: Vec<TransactionId> = new.iter().flat_map(|new| [new.a, new.b]).collect();
        self.lock_accounts_of(&mut session, asker, &ids, []).await?;
        let standing = self.in_the_books(&mut session, asker, &ids).await?;
        let rows = self.transfer_rows_within(&mut session, asker, &standing).await?;
        let rows: BTreeMap<TransactionId, TransferRow> = rows.into_iter().map(|row| (row.transaction, row)).collect();
        let mut taken: BTreeSet<Uuid> = self.sides_of(&mut session, asker, &ids).await?.into_keys().collect();
        let before = self.links_now(&mut session, asker, &ids.iter().map(|id| id.uuid()).collect::<Vec<_>>()).await?;
        let (mut changes, mut accounts) = (Vec::new(), BTreeSet::new());
        for new in new {
            let linked = may_link(&rows, &taken, new);
            let (a, b) = match linked {
                Ok(rows) => rows,
                Err(why) if new.by == LinkedBy::Person => return Err(why),
                Err(_) => continue,
            };
            for (row, other) in [(a, b), (b, a)] {
                let (id, link) =
                    (row.transaction.uuid(), Link { other: other.transaction, by: new.by, grounds: new.grounds });
                let was = before.get(&id).map(link_value);
                changes.push(change(Entity::Transaction, id, id, TRANSFER, was, Some(link_value(&link))));
                taken.insert(id);
                accounts.insert(row.account);
            }
        }
        if changes.is_empty() {
            return Ok(None);
        }
        let summary = match changes.len() / 2 {
            1 => "Linked as a transfer".to_owned(),
            many => format!("{many} transfers linked"),
        };
        let actor = if asker.person().is_some() { BatchActor::Person } else { BatchActor::System };
        self.write_transfers(session, asker, (actor, &summary), &changes, &accounts).await.map(Some)
    }

    /// Takes a transfer apart: both rows stay as they are, and are never linked with each other again unless a person does.
    pub async fn break_transfer(&self, asker: &Asker, id: TransactionId) -> Result<BatchId, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let sides = self.sides_of(&mut session, asker, &[id]).await?;
        let link = sides.get(&id.uuid()).cloned().ok_or(StoreError::Conflict("this is no part of a transfer"))?;
        self.lock_accounts_of(&mut session, asker, &[id, link.other], []).await?;
        // Until the accounts were locked somebody else may have written.
        if self.sides_of(&mut session, asker, &[id]).await?.get(&id.uuid()).is_none_or(|held| held.other != link.other)
        {
            return Err(StoreError::Conflict("this transfer has changed meanwhile"));
        }
        let rows = self.transfer_rows_within(&mut session, asker, &[id, link.other]).await?;
        let mut changes = Vec::new();
        for (one, other) in [(id, link.other), (link.other, id)] {
            let was = Some(link_value(&Link { other, ..link.clone() }));
            changes.push(change(Entity::Transaction, one.uuid(), one.uuid(), TRANSFER, was, None));
        }
        changes.extend(self.rejection(&mut session, asker, id, link.other).await?);
        let accounts = rows.iter().map(|row| row.account).collect();
        self.write_transfers(session, asker, (BatchActor::Person, "Transfer taken apart"), &changes, &accounts).await
    }

    /// Remembers that two rows are no transfer, so that nobody is asked again.
    pub async fn reject_transfer(
        &self,
        asker: &Asker,
        a: TransactionId,
        b: TransactionId,
    ) -> Result<BatchId, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        self.lock_accounts_of(&mut session, asker, &[a, b], []).await?;
        let rows = self.transfer_rows_within(&mut session, asker, &[a, b]).await?;
        if self.sides_of(&mut session, asker, &[a]).await?.get(&a.uuid()).is_some_and(|link| link.other == b) {
            return Err(StoreError::Conflict("these two are linked; take the transfer apart"));
        }
        let changes = self.rejection(&mut session, asker, a, b).await?;
        if changes.is_empty() {
            return Err(StoreError::Conflict("this was said already"));
        }
        let accounts = rows.iter().map(|row| row.account).collect();
        self.write_transfers(session, asker, (BatchActor::Person, "Said to be no transfer"), &changes, &accounts).await
    }

    /// The pairs that somebody said are no transfer, each with the smaller id first.
    pub async fn rejected_transfers(
        &self,
        asker: &Asker,
    ) -> Result<BTreeSet<(TransactionId, TransactionId)>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!("SELECT first_id, second_id FROM transfer_rejections WHERE organization_id = $1");
        let pairs: Vec<(Uuid, Uuid)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        Ok(pairs.into_iter().map(|(first, second)| (first.into(), second.into())).collect())
    }

    async fn write_transfers(
        &self,
        mut session: Session,
        asker: &Asker,
        (actor, summary): (BatchActor, &str),
        changes: &[Change],
        accounts: &BTreeSet<AccountId>,
    ) -> Result<BatchId, StoreError> {
        let batch = NewBatch { actor, run: None, summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        self.write_fields(&mut session, asker, batch, changes).await?;
        self.write_changes(&mut session, asker, batch, changes).await?;
        if changes.iter().any(|change| change.field == TRANSFER) {
            self.is_to_be_asked(&mut session, asker, batch, ToAsk::Links).await?;
        }
        // No balance moves, but whoever looks at an account looks again.
        for account in accounts {
            self.move_account_sums(&mut session, asker, *account, Sums::default()).await?;
        }
        session.commit().await?;
        Ok(batch)
    }

    /// The changes by which two rows are said to be no transfer, where nobody has said so yet.
    async fn rejection(
        &self,
        session: &mut Session,
        asker: &Asker,
        a: TransactionId,
        b: TransactionId,
    ) -> Result<Vec<Change>, StoreError> {
        if self.rejections_now(session, asker, &[a.uuid()]).await?.contains(&(a.uuid(), b.uuid())) {
            return Ok(Vec::new());
        }
        let said = |one: TransactionId, other: TransactionId| {
            let field = format!("{NO_TRANSFER}{other}");
            change(Entity::Transaction, one.uuid(), one.uuid(), &field, None, Some("1".to_owned()))
        };
        Ok(vec![said(a, b), said(b, a)])
    }

    /// What some transactions are linked with, whether it holds or not.
    pub(crate) async fn links_now(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[Uuid],
    ) -> Result<BTreeMap<Uuid, Link>, StoreError> {
        let mut links = BTreeMap::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let pairs: Vec<(Uuid, Uuid, String, Option<String>)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT out_id, in_id, linked_by, grounds FROM transfer_pairs WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND (out_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" OR in_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(")");
                query.build_query_as().fetch_all(c).await?
            });
            for (out, into, by, grounds) in pairs {
                let (by, grounds) = (code(&by)?, read_grounds(grounds.as_deref())?);
                for (one, other) in [(out, into), (into, out)] {
                    links.insert(one, Link { other: other.into(), by, grounds });
                }
            }
        }
        let wanted: BTreeSet<&Uuid> = ids.iter().collect();
        links.retain(|id, _| wanted.contains(id));
        Ok(links)
    }

    /// What some transactions are linked with, where that holds.
    pub(crate) async fn sides_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<BTreeMap<Uuid, Link>, StoreError> {
        let mut links = BTreeMap::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let sides: Vec<(Uuid, Uuid, String, Option<String>)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT r.transaction_id, r.other_id, p.linked_by, p.grounds FROM linked_rows r JOIN transfer_pairs p
                        ON p.organization_id = r.organization_id
                            AND p.out_id = CASE WHEN r.amount_minor < 0 THEN r.transaction_id ELSE r.other_id END
                        WHERE r.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND r.transaction_id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_as().fetch_all(c).await?
            });
            for (one, other, by, grounds) in sides {
                let link = Link { other: other.into(), by: code(&by)?, grounds: read_grounds(grounds.as_deref())? };
                links.insert(one, link);
            }
        }
        Ok(links)
    }

    /// With which others some transactions are said to be no transfer.
    pub(crate) async fn rejections_now(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[Uuid],
    ) -> Result<BTreeSet<(Uuid, Uuid)>, StoreError> {
        let mut rejections = BTreeSet::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let pairs: Vec<(Uuid, Uuid)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT first_id, second_id FROM transfer_rejections WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND (first_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" OR second_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(")");
                query.build_query_as().fetch_all(c).await?
            });
            rejections.extend(pairs.into_iter().flat_map(|(first, second)| [(first, second), (second, first)]));
        }
        Ok(rejections)
    }

    /// Gives a transaction this link, or none. What holds elsewhere is not taken away for it.
    pub(crate) async fn write_link(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        id: Uuid,
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let Some(value) = value else {
            let text = sql!("DELETE FROM transfer_pairs WHERE organization_id = $1 AND (out_id = $2 OR in_id = $2)");
            run!(session, sqlx::query(text).bind(organization).bind(id));
            return Ok(());
        };
        let link = link_of(value).ok_or_else(|| StoreError::Corrupt(format!("a changed value: {value}")))?;
        let other = link.other.uuid();
        let text = sql!(
            "DELETE FROM transfer_pairs WHERE organization_id = $1 AND (out_id IN ($2, $3) OR in_id IN ($2, $3))
                AND NOT EXISTS (SELECT 1 FROM linked_rows r WHERE r.organization_id = $1 AND r.transaction_id = transfer_pairs.out_id)"
        );
        run!(session, sqlx::query(text).bind(organization).bind(id).bind(other));
        let text = sql!("SELECT amount_minor FROM transactions WHERE organization_id = $1 AND id = $2");
        let minor: i64 = on!(session, c => sqlx::query_scalar(text).bind(organization).bind(id).fetch_one(c).await?);
        let (out, into) = if minor < 0 { (id, other) } else { (other, id) };
        let text = sql!(
            "INSERT INTO transfer_pairs (organization_id, out_id, in_id, linked_by, grounds, batch_id, exchange_fee_out_minor,
                exchange_fee_in_minor)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
        );
        let lost = |of| link.grounds.map_or(0, |grounds| grounds.fit.exchange_fee_minor(of).saturating_neg());
        let grounds = link.grounds.as_ref().map(serde_json::to_string).transpose()?;
        run!(
            session,
            sqlx::query(text)
                .bind(organization)
                .bind(out)
                .bind(into)
                .bind(link.by.code())
                .bind(grounds)
                .bind(batch.uuid())
                .bind(lost(Side::Out))
                .bind(lost(Side::In))
        );
        Ok(())
    }

    /// Says of two transactions that they are no transfer, or no more.
    pub(crate) async fn write_rejection(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        (id, other): (Uuid, Option<Uuid>),
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        let other = other.ok_or_else(|| StoreError::Corrupt("a rejection without its other side".to_owned()))?;
        let (first, second) = in_order(id.into(), other.into());
        let organization = asker.organization.uuid();
        if value.is_none() {
            let text =
                sql!("DELETE FROM transfer_rejections WHERE organization_id = $1 AND first_id = $2 AND second_id = $3");
            run!(session, sqlx::query(text).bind(organization).bind(first.uuid()).bind(second.uuid()));
            return Ok(());
        }
        let text = sql!(
            "INSERT INTO transfer_rejections (organization_id, first_id, second_id, batch_id) VALUES ($1, $2, $3, $4)
             ON CONFLICT (organization_id, first_id, second_id) DO NOTHING"
        );
        run!(session, sqlx::query(text).bind(organization).bind(first.uuid()).bind(second.uuid()).bind(batch.uuid()));
        Ok(())
    }

    /// Those of some transactions that are in the books.
    async fn in_the_books(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<Vec<TransactionId>, StoreError> {
        let mut standing = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let found: Vec<Uuid> = on!(session, c => {
                let mut query =
                    sqlx::QueryBuilder::new("SELECT id FROM transactions WHERE deleted_at IS NULL AND organization_id = ");
                query.push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_scalar().fetch_all(c).await?
            });
            standing.extend(found.into_iter().map(TransactionId::from));
        }
        Ok(standing)
    }
}

/// The two rows, where they can be linked as the books stand.
fn may_link<'a>(
    rows: &'a BTreeMap<TransactionId, TransferRow>,
    taken: &BTreeSet<Uuid>,
    new: &NewTransfer,
) -> Result<(&'a TransferRow, &'a TransferRow), StoreError> {
    let row = |id: TransactionId| rows.get(&id).ok_or(StoreError::NotFound("the transaction"));
    let (a, b) = (row(new.a)?, row(new.b)?);
    if [a, b].iter().any(|row| taken.contains(&row.transaction.uuid())) {
        return Err(StoreError::Conflict("one of the two is part of a transfer already; take that apart first"));
    }
    may_be_linked(a, b).map_err(|why| StoreError::Conflict(why.in_words()))
}

pub(super) fn read_grounds(text: Option<&str>) -> Result<Option<Grounds>, StoreError> {
    Ok(text.map(serde_json::from_str).transpose()?)
}
