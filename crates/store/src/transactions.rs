//! Transactions that people type, and copies of others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::batch::{BatchActor, EXISTS, Entity};
use bankside_domain::edit::{Line, layer_value, lines_value, tags_value};
use bankside_domain::row::RowStatus;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, BatchId, CategoryId, Code, Id, LineId, PayeeId, Right, TagId, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::accounts::Sums;
use crate::asking::ToAsk;
use crate::batches::{NewBatch, change};
use crate::convert::{date, micros};
use crate::db::{Session, on, run, sql};
use crate::editing::{TypedLine, counted, named};
use crate::selection::Selection;
use crate::{Store, StoreError};

/// A transaction that somebody types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTransaction {
    /// Its day.
    pub dated_on: Date,
    /// Minor units, out is negative.
    pub amount_minor: i64,
    /// Whom it was with; blank is left for the bank to fill in.
    pub payee: Option<String>,
    /// Whether it is ticked as cleared.
    pub is_cleared: bool,
    /// Its lines, which sum to its amount; blank notes are left for the bank to fill in. None is one line without anything.
    pub lines: Vec<TypedLine>,
}

impl NewTransaction {
    /// A transaction of a day and an amount, and nothing else.
    pub fn new(dated_on: Date, amount_minor: i64) -> Self {
        Self { dated_on, amount_minor, payee: None, is_cleared: false, lines: Vec::new() }
    }

    /// The same with a payee.
    #[must_use]
    pub fn with(self, payee: &str) -> Self {
        Self { payee: Some(payee.to_owned()), ..self }
    }
}

/// A typed row with everything found that it names.
struct Typed {
    id: TransactionId,
    account: AccountId,
    dated_on: Date,
    amount_minor: i64,
    payee: Option<PayeeId>,
    cleared_at: Option<i64>,
    position: i64,
    lines: Vec<Line>,
}

impl Store {
    /// Adds a transaction that somebody typed. What they typed stands in the person's layer and no sync overwrites it.
    pub async fn add_transaction(
        &self,
        asker: &Asker,
        account: AccountId,
        new: &NewTransaction,
    ) -> Result<(TransactionId, BatchId), StoreError> {
        let mut session = self.db.write(asker.require_account(Right::EditBooks, account)?).await?;
        self.lock_account(&mut session, asker, account).await?.check_unlocked(new.dated_on)?;
        let payees = self.payees_of(&mut session, asker, new.payee.as_deref()).await?;
        let names: Vec<&str> = new.lines.iter().flat_map(|line| &line.tags).map(String::as_str).collect();
        let tags = self.tags_of(&mut session, asker, &names).await?;
        let categories: BTreeSet<CategoryId> = new.lines.iter().filter_map(|line| line.category).collect();
        self.check_categories(&mut session, asker, &categories).await?;
        let now = micros(self.ambient.now());
        let typed = Typed {
            id: self.ambient.id(),
            account,
            dated_on: new.dated_on,
            amount_minor: new.amount_minor,
            payee: new.payee.as_deref().and_then(|name| payees.get(&fold(name)).copied()),
            cleared_at: new.is_cleared.then_some(now),
            position: now,
            lines: self.typed_lines(new, &tags),
        };
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: "Transaction added", undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        self.add_typed(&mut session, asker, batch, &typed).await?;
        let made = change(Entity::Transaction, typed.id.uuid(), typed.id.uuid(), EXISTS, None, Some("1".to_owned()));
        self.write_changes(&mut session, asker, batch, &[made]).await?;
        self.is_to_be_asked(&mut session, asker, batch, ToAsk::Rows).await?;
        self.move_account_sums(&mut session, asker, account, Sums::booked(new.amount_minor)).await?;
        session.commit().await?;
        Ok((typed.id, batch))
    }

    /// Copies transactions as typed rows of the same day and account; answers with the batch and the copies. What a bank said of
    /// the originals does not come along.
    pub async fn duplicate_transactions(
        &self,
        asker: &Asker,
        selection: &Selection,
    ) -> Result<(BatchId, Vec<TransactionId>), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let ids = self.selected(&mut session, asker, selection).await?;
        let locked = self.lock_accounts_of(&mut session, asker, &ids, None).await?;
        let rows = self.stand(&mut session, asker, &ids).await?;
        if rows.is_empty() {
            return Err(StoreError::NotFound("the transaction"));
        }
        let summary = counted(rows.len(), "duplicated");
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: &summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        let now = micros(self.ambient.now());
        let mut sums: BTreeMap<AccountId, Sums> = BTreeMap::new();
        let mut changes = Vec::with_capacity(rows.len());
        let mut copies = Vec::with_capacity(rows.len());
        // Positions follow each other, so that copies keep the order of their originals.
        for (row, position) in rows.iter().zip(now..) {
            if let Some(locked) = locked.get(&row.account) {
                locked.check_unlocked(row.dated_on)?;
            }
            let copy = |line: &Line| Line { id: self.ambient.id(), provider_note: None, ..line.clone() };
            let typed = Typed {
                id: self.ambient.id(),
                account: row.account,
                dated_on: row.dated_on,
                amount_minor: row.amount_minor,
                payee: row.payee,
                cleared_at: None,
                position,
                lines: row.lines.iter().map(copy).collect(),
            };
            self.add_typed(&mut session, asker, batch, &typed).await?;
            let id = typed.id.uuid();
            changes.push(change(Entity::Transaction, id, id, EXISTS, None, Some("1".to_owned())));
            sums.entry(row.account).or_default().add(Sums::booked(row.amount_minor));
            copies.push(typed.id);
        }
        self.write_changes(&mut session, asker, batch, &changes).await?;
        for (account, sums) in sums {
            self.move_account_sums(&mut session, asker, account, sums).await?;
        }
        session.commit().await?;
        Ok((batch, copies))
    }

    fn typed_lines(&self, new: &NewTransaction, tags: &HashMap<String, TagId>) -> Vec<Line> {
        let whole = [TypedLine { amount_minor: new.amount_minor, ..TypedLine::default() }];
        let lines = if new.lines.is_empty() { &whole[..] } else { &new.lines };
        let line = |line: &TypedLine| Line {
            id: self.ambient.id::<LineId>(),
            amount_minor: line.amount_minor,
            category: line.category,
            note: line.note.clone(),
            provider_note: None,
            tags: named(&line.tags, tags),
        };
        lines.iter().map(line).collect()
    }

    /// Writes a typed row, its lines, and the person's layer of what was typed. The caller records it and moves the sums.
    async fn add_typed(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        typed: &Typed,
    ) -> Result<(), StoreError> {
        let now = micros(self.ambient.now());
        let text = sql!(
            "INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, payee_id,
                moves_opening, position, seen_at, created_at, cleared_at, reviewed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $10)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(typed.id.uuid())
                .bind(typed.account.uuid())
                .bind(RowStatus::Booked.code())
                .bind(typed.amount_minor)
                .bind(date(typed.dated_on))
                .bind(typed.payee.map(Id::uuid))
                .bind(false)
                .bind(typed.position)
                .bind(now)
                .bind(typed.cleared_at)
        );
        self.write_lines(session, asker, typed.id.uuid(), Some(&lines_value(&typed.lines))).await?;
        let of_row = |field: &'static str, value: String| (Entity::Transaction, typed.id.uuid(), field, value);
        let mut by_hand = vec![of_row("dated_on", typed.dated_on.to_string())];
        by_hand.extend(typed.payee.map(|payee| of_row("payee_id", payee.to_string())));
        if let Some(line) = typed.lines.first() {
            let of_line = |field: &'static str, value: String| (Entity::Line, line.id.uuid(), field, value);
            by_hand.extend(line.note.clone().map(|note| of_line("note", note)));
            by_hand.extend(line.category.map(|category| of_line("category_id", category.to_string())));
            by_hand.extend(tags_value(&line.tags).map(|tags| of_line("tags", tags)));
        }
        for (entity, id, field, value) in by_hand {
            let value = layer_value(Some(&value));
            self.write_layers(session, asker, batch, entity, field, Some(&value), &[id]).await?;
        }
        Ok(())
    }

    /// Which account a transaction of the books is in.
    pub async fn account_of(&self, asker: &Asker, id: TransactionId) -> Result<AccountId, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text =
            sql!("SELECT account_id FROM transactions WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL");
        let account: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        account.map(AccountId::from).filter(|id| asker.sees(*id)).ok_or(StoreError::NotFound("the transaction"))
    }
}
