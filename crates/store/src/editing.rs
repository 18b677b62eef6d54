//! Editing transactions: one, many, or all that fit, as one batch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::batch::{BatchActor, Change, EXISTS, Entity, claim_value};
use bankside_domain::edit::{Circumstances, Refused, Seen, Standing, Wanted, WantedLine, plan_edit};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::text::fold;
use bankside_domain::{
    AccountId, Asker, BatchId, CategoryId, Code, CurrencyCode, Id, LineId, Right, TagId, TransactionId,
};
use jiff::civil::Date;
use uuid::Uuid;

use crate::accounts::{LockedAccount, Sums};
use crate::batches::{NewBatch, change};
use crate::convert::{code, micros};
use crate::db::{Session, on};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::selection::Selection;
use crate::{Store, StoreError};

/// A line as a person types it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedLine {
    /// Which of the transaction's lines; `None` is a new one.
    pub id: Option<LineId>,
    /// Minor units.
    pub amount_minor: i64,
    /// What it was for.
    pub category: Option<CategoryId>,
    /// A note.
    pub note: Option<String>,
    /// Tags by name; those that are new are made.
    pub tags: Vec<String>,
}

/// What a person wants transactions to be, by names. `None` leaves a field alone, `Some(None)` blanks it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// The day.
    pub dated_on: Option<Date>,
    /// The payee's name; one that is new is made.
    pub payee: Option<Option<String>>,
    /// The note of the first line.
    pub note: Option<Option<String>>,
    /// The category.
    pub category: Option<Option<CategoryId>>,
    /// All tags, by name.
    pub tags: Option<Vec<String>>,
    /// Tags to add, by name.
    pub add_tags: Vec<String>,
    /// Tags to take away, by name.
    pub remove_tags: Vec<String>,
    /// The amount in minor units.
    pub amount_minor: Option<i64>,
    /// Another account.
    pub account: Option<AccountId>,
    /// Whether it is ticked as cleared.
    pub is_cleared: Option<bool>,
    /// Whether somebody has looked at it.
    pub is_reviewed: Option<bool>,
    /// All lines.
    pub lines: Option<Vec<TypedLine>>,
    /// Whether the lock of a reconciliation may be taken off.
    pub unlocks: bool,
}

/// What an edit came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The batch, which can be undone; `None` where nothing differed.
    pub batch: Option<BatchId>,
    /// How many transactions it changed.
    pub changed: usize,
    /// Those that were left, and why.
    pub left: Vec<(TransactionId, Refused)>,
}

impl Store {
    /// Edits transactions. What is not theirs to change is left and said; the rest is one batch.
    pub async fn edit_transactions(
        &self,
        asker: &Asker,
        selection: &Selection,
        edit: &Edit,
        seen: &Seen,
    ) -> Result<Edited, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let ids = self.selected(&mut session, asker, selection).await?;
        let locked = self.lock_accounts_of(&mut session, asker, &ids, edit.account).await?;
        let rows = self.stand(&mut session, asker, &ids).await?;
        if edit.lines.is_some() && rows.len() > 1 {
            return Err(StoreError::Conflict("lines are given to one transaction at a time"));
        }
        let wanted = self.resolve(&mut session, asker, edit, &rows).await?;
        let mut changes = Vec::new();
        let mut changed = 0;
        let mut left = Vec::new();
        let mut sums: BTreeMap<AccountId, Sums> = BTreeMap::new();
        for row in &rows {
            let around = self.circumstances(&locked, row.account, edit);
            // A row moves into a locked period of the other account as little as out of one of its own.
            let there = edit.account.map(|account| self.circumstances(&locked, account, edit));
            let planned = match there.filter(|_| edit.account != Some(row.account)).map(|there| row.may_go(there)) {
                Some(Err(why)) => Err(why),
                _ => plan_edit(row, &wanted, seen, around),
            };
            match planned {
                Ok(planned) if planned.is_empty() => {}
                Ok(planned) => {
                    changed += 1;
                    move_sums(&mut sums, row, &planned)?;
                    changes.extend(planned);
                }
                Err(why) => left.push((row.id, why)),
            }
        }
        if changes.is_empty() {
            return Ok(Edited { batch: None, changed, left });
        }
        let summary = summary(edit, changed);
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: &summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        self.write_fields(&mut session, asker, batch, &changes).await?;
        self.write_changes(&mut session, asker, batch, &changes).await?;
        // Also where the balance stays: whoever looks at the account is to look again.
        for account in rows.iter().map(|row| row.account).chain(edit.account) {
            sums.entry(account).or_default();
        }
        for (account, sums) in sums {
            self.move_account_sums(&mut session, asker, account, sums).await?;
        }
        session.commit().await?;
        Ok(Edited { batch: Some(batch), changed, left })
    }

    /// Takes transactions out of the books as one batch. The feed rows behind them are dismissed, so no sync brings them back.
    pub async fn delete_transactions(
        &self,
        asker: &Asker,
        selection: &Selection,
        unlocks: bool,
    ) -> Result<Edited, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let ids = self.selected(&mut session, asker, selection).await?;
        let locked = self.lock_accounts_of(&mut session, asker, &ids, None).await?;
        let rows = self.stand(&mut session, asker, &ids).await?;
        let edit = Edit { unlocks, ..Edit::default() };
        let mut sums: BTreeMap<AccountId, Sums> = BTreeMap::new();
        let (mut gone, mut left) = (Vec::new(), Vec::new());
        for row in &rows {
            match row.may_go(self.circumstances(&locked, row.account, &edit)) {
                Ok(()) => {
                    sums.entry(row.account).or_default().add(Sums::of(row.status, row.amount_minor).reversed());
                    gone.push(row.id);
                }
                Err(why) => left.push((row.id, why)),
            }
        }
        if gone.is_empty() {
            return Ok(Edited { batch: None, changed: 0, left });
        }
        let summary = counted(gone.len(), "deleted");
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: &summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        let went =
            |id: &TransactionId| change(Entity::Transaction, id.uuid(), id.uuid(), EXISTS, Some("1".to_owned()), None);
        let mut changes: Vec<Change> = gone.iter().map(went).collect();
        self.write_fields(&mut session, asker, batch, &changes).await?;
        changes.extend(self.dismiss_claims(&mut session, asker, batch, &gone).await?);
        self.write_changes(&mut session, asker, batch, &changes).await?;
        for (account, sums) in sums {
            self.move_account_sums(&mut session, asker, account, sums).await?;
        }
        session.commit().await?;
        Ok(Edited { batch: Some(batch), changed: gone.len(), left })
    }

    /// Takes one transaction out of the books.
    pub async fn delete_transaction(&self, asker: &Asker, id: TransactionId) -> Result<(), StoreError> {
        let deleted = self.delete_transactions(asker, &Selection::These(vec![id]), false).await?;
        match deleted.left.first() {
            Some((_, why)) => Err(StoreError::Conflict(why.in_words())),
            None => Ok(()),
        }
    }

    /// Dismisses the claims of transactions that go; answers with the changes to record.
    async fn dismiss_claims(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        gone: &[TransactionId],
    ) -> Result<Vec<Change>, StoreError> {
        const OF_ROWS: &str = " AND state IN ('applied', 'superseded') AND transaction_id IN ";
        let mut changes = Vec::new();
        for chunk in gone.chunks(VALUES_PER_LIST) {
            // As it was: a claim that waits for its next decision waits again when the deletion is taken back.
            let claims: Vec<(Uuid, Uuid, String)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT feed_row_id, transaction_id, state FROM claims WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(OF_ROWS);
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_as().fetch_all(c).await?
            });
            on!(session, c => {
                let mut update = sqlx::QueryBuilder::new("UPDATE claims SET state = ");
                update.push_bind(ClaimState::Dismissed.code()).push(", batch_id = ").push_bind(batch.uuid());
                update.push(" WHERE organization_id = ").push_bind(asker.organization.uuid()).push(OF_ROWS);
                push_list(&mut update, chunk.iter().map(|id| id.uuid()));
                update.build().execute(c).await?;
            });
            for (feed_row, transaction, state) in claims {
                let claim = |state| Some(claim_value(state, Some(TransactionId::from(transaction))));
                let (before, after) = (claim(code(&state)?), claim(ClaimState::Dismissed));
                changes.push(change(Entity::Claim, feed_row, transaction, "claim", before, after));
            }
        }
        Ok(changes)
    }

    fn circumstances(
        &self,
        locked: &BTreeMap<AccountId, LockedAccount>,
        account: AccountId,
        edit: &Edit,
    ) -> Circumstances {
        let locked_through = locked.get(&account).and_then(|locked| locked.locked_through);
        Circumstances { now: micros(self.ambient.now()), locked_through, unlocks: edit.unlocks }
    }

    /// Finds what an edit names: payees and tags are made where they are new, categories and accounts must be there.
    async fn resolve(
        &self,
        session: &mut Session,
        asker: &Asker,
        edit: &Edit,
        rows: &[Standing],
    ) -> Result<Wanted, StoreError> {
        // Any other id would be the line of another transaction.
        let own: BTreeSet<LineId> = rows.iter().flat_map(|row| &row.lines).map(|line| line.id).collect();
        let payee_name = edit.payee.as_ref().and_then(|name| name.as_deref());
        let payees = self.payees_of(session, asker, payee_name).await?;
        let of_lines = || edit.lines.iter().flatten();
        let tag_names = edit.tags.iter().flatten().chain(&edit.add_tags).chain(&edit.remove_tags);
        let tag_names: Vec<&str> =
            tag_names.chain(of_lines().flat_map(|line| &line.tags)).map(String::as_str).collect();
        let tags = self.tags_of(session, asker, &tag_names).await?;
        let categories = edit.category.iter().flatten().chain(of_lines().filter_map(|line| line.category.as_ref()));
        let categories: BTreeSet<CategoryId> = categories.copied().collect();
        self.check_categories(session, asker, &categories).await?;
        let account = match edit.account {
            Some(account) => Some((account, self.currency_of(session, asker, account).await?)),
            None => None,
        };
        Ok(Wanted {
            dated_on: edit.dated_on,
            payee: edit.payee.as_ref().map(|name| name.as_deref().and_then(|name| payees.get(&fold(name)).copied())),
            note: edit.note.clone(),
            category: edit.category,
            tags: edit.tags.as_ref().map(|names| named(names, &tags)),
            add_tags: named(&edit.add_tags, &tags),
            remove_tags: named(&edit.remove_tags, &tags),
            amount_minor: edit.amount_minor,
            account,
            is_cleared: edit.is_cleared,
            is_reconciled: None,
            is_reviewed: edit.is_reviewed,
            lines: edit
                .lines
                .as_ref()
                .map(|lines| lines.iter().map(|line| self.wanted_line(line, &own, &tags)).collect()),
        })
    }

    /// A line as it is to be, with an id of its own if it is new.
    fn wanted_line(&self, line: &TypedLine, own: &BTreeSet<LineId>, tags: &HashMap<String, TagId>) -> WantedLine {
        WantedLine {
            id: line.id.filter(|id| own.contains(id)).unwrap_or_else(|| self.ambient.id()),
            amount_minor: line.amount_minor,
            category: line.category,
            note: line.note.clone(),
            tags: named(&line.tags, tags),
        }
    }

    async fn currency_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
    ) -> Result<CurrencyCode, StoreError> {
        let text = crate::db::sql!("SELECT currency FROM accounts WHERE organization_id = $1 AND id = $2");
        let code: Option<String> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .fetch_optional(c)
            .await?);
        crate::convert::currency(&code.ok_or(StoreError::NotFound("the account"))?)
    }
}

/// The tags of some names.
pub(crate) fn named(names: &[String], tags: &HashMap<String, TagId>) -> BTreeSet<TagId> {
    names.iter().filter_map(|name| tags.get(&crate::tags::key(name)).copied()).collect()
}

/// Moves the sums of accounts by what an edit of one row changes.
fn move_sums(sums: &mut BTreeMap<AccountId, Sums>, row: &Standing, changes: &[Change]) -> Result<(), StoreError> {
    let after = |field: &str| changes.iter().find(|c| c.entity == Entity::Transaction && c.field == field);
    let bad = |value: &Option<String>| StoreError::Corrupt(format!("a changed value: {value:?}"));
    let account = match after("account_id") {
        Some(change) => change.after.as_deref().and_then(|id| id.parse().ok()).ok_or_else(|| bad(&change.after))?,
        None => row.account,
    };
    let amount_minor = match after("amount_minor") {
        Some(change) => change.after.as_deref().and_then(|text| text.parse().ok()).ok_or_else(|| bad(&change.after))?,
        None => row.amount_minor,
    };
    if (account, amount_minor) != (row.account, row.amount_minor) {
        sums.entry(row.account).or_default().add(Sums::of(row.status, row.amount_minor).reversed());
        sums.entry(account).or_default().add(Sums::of(row.status, amount_minor));
    }
    Ok(())
}

/// `Transaction deleted`, `12 transactions deleted`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("Transaction {what}") } else { format!("{count} transactions {what}") }
}

/// What an edit was, for the history and for whoever undoes it: `Payee changed`, `Category and note of 12 transactions changed`.
fn summary(edit: &Edit, count: usize) -> String {
    if edit.is_cleared.is_some() {
        return counted(count, if edit.is_cleared == Some(true) { "ticked as cleared" } else { "unticked" });
    }
    let has_tags = edit.tags.is_some() || !edit.add_tags.is_empty() || !edit.remove_tags.is_empty();
    let fields = [
        ("date", edit.dated_on.is_some()),
        ("payee", edit.payee.is_some()),
        ("note", edit.note.is_some()),
        ("category", edit.category.is_some()),
        ("tags", has_tags),
        ("amount", edit.amount_minor.is_some()),
        ("account", edit.account.is_some()),
        ("lines", edit.lines.is_some()),
    ];
    let names: Vec<&str> = fields.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name).collect();
    let text = match names.split_last() {
        None => return counted(count, "looked at"),
        Some((only, [])) => (*only).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    };
    let text = if count == 1 { format!("{text} changed") } else { format!("{text} of {count} transactions changed") };
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
