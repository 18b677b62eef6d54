//! Mapping: lines get a category, or lose it, as one batch; and how much there is left to map.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::batch::BatchActor;
use bankside_domain::edit::{Circumstances, Line, Seen, plan_edit};
use bankside_domain::{AccountId, Asker, CategoryId, Id, LineId, Right, TransactionId};
use uuid::Uuid;

use crate::accounts::Sums;
use crate::batches::NewBatch;
use crate::convert::micros;
use crate::db::{Session, on, sql};
use crate::dialect::{VALUES_PER_LIST, push_list, push_sight};
use crate::editing::{Edited, counted};
use crate::selection::MAX_SELECTED;
use crate::transfers::push_wants_category;
use crate::{RegisterQuery, Store, StoreError};

/// So many keys are counted in one statement.
const KEYS_PER_STATEMENT: usize = 100;

/// A line and the category that it is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineTarget {
    /// Which line.
    pub line: LineId,
    /// Its category; `None` takes it away.
    pub category: Option<CategoryId>,
}

/// Lines that want a category and have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmappedLines {
    /// Of how many transactions they are.
    pub transactions: usize,
    /// Which lines.
    pub lines: Vec<LineId>,
}

impl Store {
    /// Gives lines of transactions their categories. What is not theirs to change is left and said; the rest is one batch.
    pub async fn map_lines(&self, asker: &Asker, targets: &[LineTarget]) -> Result<Edited, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let wanted: HashMap<LineId, Option<CategoryId>> =
            targets.iter().map(|target| (target.line, target.category)).collect();
        if wanted.len() > MAX_SELECTED {
            return Err(StoreError::Conflict("at most 20,000 lines are mapped at once; choose fewer"));
        }
        let ids = self.transactions_of_lines(&mut session, asker, &wanted).await?;
        let locked = self.lock_accounts_of(&mut session, asker, &ids, None).await?;
        let categories: BTreeSet<CategoryId> = wanted.values().flatten().copied().collect();
        self.check_categories(&mut session, asker, &categories).await?;
        let (mut changes, mut left, mut changed) = (Vec::new(), Vec::new(), 0);
        let mut accounts: BTreeSet<AccountId> = BTreeSet::new();
        for row in self.stand(&mut session, asker, &ids).await? {
            let around = Circumstances {
                now: micros(self.ambient.now()),
                locked_through: locked.get(&row.account).and_then(|locked| locked.locked_through),
                unlocks: false,
            };
            let wanted = row.wanted_in_categories(|line| wanted.get(&line.id).copied());
            match plan_edit(&row, &wanted, &Seen::default(), around) {
                Ok(planned) if planned.is_empty() => {}
                Ok(planned) => {
                    changed += 1;
                    accounts.insert(row.account);
                    changes.extend(planned);
                }
                Err(why) => left.push((row.id, why)),
            }
        }
        if changes.is_empty() {
            return Ok(Edited { batch: None, changed, left });
        }
        let is_taken = targets.iter().all(|target| target.category.is_none());
        let summary = counted(changed, if is_taken { "un-mapped" } else { "mapped" });
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: &summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        self.write_fields(&mut session, asker, batch, &changes).await?;
        self.write_changes(&mut session, asker, batch, &changes).await?;
        for account in accounts {
            self.move_account_sums(&mut session, asker, account, Sums::default()).await?;
        }
        session.commit().await?;
        Ok(Edited { batch: Some(batch), changed, left })
    }

    /// The transactions that lines belong to, each once. Every line must be there.
    async fn transactions_of_lines(
        &self,
        session: &mut Session,
        asker: &Asker,
        lines: &HashMap<LineId, Option<CategoryId>>,
    ) -> Result<Vec<TransactionId>, StoreError> {
        let ids: Vec<Uuid> = lines.keys().map(|id| id.uuid()).collect();
        let mut transactions: BTreeSet<TransactionId> = BTreeSet::new();
        let mut found = 0;
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<Uuid> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT transaction_id FROM transaction_lines WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_scalar().fetch_all(c).await?
            });
            found += rows.len();
            transactions.extend(rows.into_iter().map(TransactionId::from));
        }
        if found < ids.len() {
            return Err(StoreError::NotFound("the line"));
        }
        Ok(transactions.into_iter().collect())
    }

    /// The lines of transactions in sight, in their order. One that is not there is not found.
    pub async fn lines(
        &self,
        asker: &Asker,
        transactions: &[TransactionId],
    ) -> Result<HashMap<TransactionId, Vec<Line>>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let rows = self.stand(&mut session, asker, transactions).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.lines)).collect())
    }

    /// How many transactions of each of these accounts have a line that wants a category and has none, together counted up to a limit.
    /// `None` is of all accounts in sight.
    pub async fn count_unmapped(
        &self,
        asker: &Asker,
        accounts: Option<&BTreeSet<AccountId>>,
        at_most: i64,
    ) -> Result<i64, StoreError> {
        let Some(accounts) = accounts else { return self.count_without_category(asker, None, at_most).await };
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let seen = accounts.iter().filter(|account| asker.sees(**account));
        Ok(on!(session, c => {
            // `CROSS` has SQLite begin with the lines, as where one account is asked for.
            let mut query = sqlx::QueryBuilder::new(
                "SELECT COUNT(*) FROM (SELECT DISTINCT l.transaction_id FROM transaction_lines l CROSS JOIN transactions t \
                 WHERE l.organization_id = ",
            );
            query.push_bind(asker.organization.uuid());
            query.push(
                " AND l.category_id IS NULL AND t.organization_id = l.organization_id AND t.id = l.transaction_id \
                 AND t.deleted_at IS NULL AND t.status IN ('booked', 'pending') AND t.account_id IN ",
            );
            push_list(&mut query, seen.map(|account| account.uuid()));
            push_wants_category!(query, asker, "l");
            query.push(" LIMIT ").push_bind(at_most).push(") AS found");
            query.build_query_scalar().persistent(false).fetch_one(c).await?
        }))
    }

    /// How many transactions that want a category and have none have a payee of each of some patterns and go the same way (`true` is
    /// out), each counted up to a limit. Those of which there is none are left out.
    pub async fn count_alike(
        &self,
        asker: &Asker,
        accounts: Option<&BTreeSet<AccountId>>,
        keys: &BTreeSet<(String, bool)>,
        at_most: i64,
    ) -> Result<BTreeMap<(String, bool), i64>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let seen = |account: &&AccountId| asker.sees(**account);
        let accounts: Option<Vec<Uuid>> =
            accounts.or(sight.accounts()).map(|accounts| accounts.iter().filter(seen).map(|id| id.uuid()).collect());
        let keys: Vec<&(String, bool)> = keys.iter().collect();
        let mut counts = BTreeMap::new();
        for chunk in keys.chunks(KEYS_PER_STATEMENT) {
            let rows: Vec<(i64, i64)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("WITH keys (number, pattern, is_out) AS (");
                query.push_values((0_i64..).zip(chunk), |mut row, (number, (pattern, is_out))| {
                    row.push_bind(number).push_bind(pattern.as_str()).push_bind(*is_out);
                });
                // `CROSS` has SQLite begin with the payees, whatever it knows of their patterns. `IS TRUE` has PostgreSQL read the rows of
                // a payee once and look at each: of a list it would read them once for each of its values.
                query.push(
                    ") SELECT k.number, (SELECT COUNT(*) FROM (SELECT 1 FROM payees p CROSS JOIN transactions t \
                     WHERE t.organization_id = p.organization_id AND t.payee_id = p.id AND p.pattern = k.pattern \
                     AND (t.amount_minor < 0) = k.is_out AND t.deleted_at IS NULL \
                     AND (t.status IN ('booked', 'pending')) IS TRUE AND p.organization_id = ",
                );
                query.push_bind(asker.organization.uuid());
                if let Some(accounts) = &accounts {
                    query.push(" AND (t.account_id IN ");
                    push_list(&mut query, accounts.iter().copied());
                    query.push(") IS TRUE");
                }
                // Counted, since PostgreSQL reads all lines of the books to join what is only asked to exist.
                query.push(
                    " AND (SELECT COUNT(*) FROM transaction_lines l WHERE l.organization_id = t.organization_id \
                     AND l.transaction_id = t.id AND l.category_id IS NULL",
                );
                push_wants_category!(query, asker, "l");
                query.push(") > 0 LIMIT ").push_bind(at_most).push(") x) FROM keys k");
                query.build_query_as().persistent(false).fetch_all(c).await?
            });
            for (number, found) in rows.into_iter().filter(|(_, found)| *found > 0) {
                let key = usize::try_from(number).ok().and_then(|number| chunk.get(number));
                counts.extend(key.map(|key| ((*key).clone(), found)));
            }
        }
        Ok(counts)
    }

    /// The line's transaction, where it is in sight.
    pub async fn transaction_of_line(&self, asker: &Asker, line: LineId) -> Result<TransactionId, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT t.id FROM transaction_lines l
                 JOIN transactions t ON t.organization_id = l.organization_id AND t.id = l.transaction_id
                 WHERE l.organization_id = $1 AND l.id = $2 AND t.deleted_at IS NULL /* in sight: t.account_id */"
            ),
            sight,
        );
        let id: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(line.uuid())
            .fetch_optional(c)
            .await?);
        Ok(id.ok_or(StoreError::NotFound("the line"))?.into())
    }

    /// The lines that want a category and have none of every transaction that a selection means; at most so many.
    pub async fn unmapped_lines(&self, asker: &Asker, query: &RegisterQuery) -> Result<UnmappedLines, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let ids = self.matching(&mut session, asker, query, MAX_SELECTED + 1).await?;
        if ids.len() > MAX_SELECTED {
            return Err(StoreError::Conflict("at most 20,000 transactions are mapped at once; filter by day first"));
        }
        let lines = self.lines_that_want(&mut session, asker, &ids).await?;
        Ok(UnmappedLines { transactions: ids.len(), lines })
    }

    /// The lines of some transactions that want a category and have none.
    pub async fn lines_to_map(
        &self,
        asker: &Asker,
        transactions: &[TransactionId],
    ) -> Result<BTreeSet<LineId>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        Ok(self.lines_that_want(&mut session, asker, transactions).await?.into_iter().collect())
    }

    async fn lines_that_want(
        &self,
        session: &mut Session,
        asker: &Asker,
        transactions: &[TransactionId],
    ) -> Result<Vec<LineId>, StoreError> {
        let mut lines: Vec<LineId> = Vec::with_capacity(transactions.len());
        for chunk in transactions.chunks(VALUES_PER_LIST) {
            let found: Vec<Uuid> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT l.id FROM transactions t \
                     JOIN transaction_lines l ON l.organization_id = t.organization_id AND l.transaction_id = t.id \
                     WHERE l.category_id IS NULL AND t.deleted_at IS NULL AND t.status IN ('booked', 'pending') \
                     AND t.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND t.id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                push_sight(&mut query, "t", asker.sight());
                push_wants_category!(query, asker, "l");
                query.build_query_scalar().persistent(false).fetch_all(c).await?
            });
            lines.extend(found.into_iter().map(LineId::from));
        }
        Ok(lines)
    }
}
