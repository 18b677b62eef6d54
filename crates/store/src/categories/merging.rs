//! Two categories become one: every line, every mapping and every planned amount of the one that goes is the other's from then on.

use std::collections::BTreeMap;

use bankside_domain::batch::{BatchActor, Change};
use bankside_domain::category::CategoryRefused;
use bankside_domain::edit::{Circumstances, Refused, Seen, Wanted, plan_edit};
use bankside_domain::{AccountId, Asker, BatchId, CategoryId, Id, Right, TransactionId};
use uuid::Uuid;

use crate::accounts::{LockedAccount, Sums};
use crate::batches::NewBatch;
use crate::convert::{count, micros};
use crate::db::{Session, on, run, sql};
use crate::dialect::VALUES_PER_LIST;
use crate::{Store, StoreError};

/// What merging came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// The batch, which can be undone; `None` where no row had the category that went.
    pub batch: Option<BatchId>,
    /// How many transactions changed.
    pub changed: usize,
}

impl Store {
    /// Makes one category of two: `from` goes. `expected` is how many transactions the person was told, where they were told.
    pub async fn merge_categories(
        &self,
        asker: &Asker,
        from: CategoryId,
        into: CategoryId,
        expected: Option<i64>,
    ) -> Result<Merged, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageCategories)?).await?;
        self.lock_categories(&mut session, asker).await?;
        // The accounts first, as everybody who maps rows does: so that nobody waits for each other.
        let before = self.transactions_of_category(&mut session, asker, from).await?;
        let locked = self.lock_accounts_of(&mut session, asker, &before, None).await?;
        let goes = self.category_facts(&mut session, asker, from).await?;
        let stays = self.category_facts(&mut session, asker, into).await?;
        goes.may_merge(&stays)?;
        let ids = self.transactions_of_category(&mut session, asker, from).await?;
        if ids != before || expected.is_some_and(|expected| expected != count(ids.len())) {
            return Err(CategoryRefused::OtherCount { transactions: count(ids.len()) }.into());
        }
        let (changes, stuck) = self.recategorise(&mut session, asker, &ids, &locked, (from, into)).await?;
        if stuck > 0 {
            return Err(CategoryRefused::Locked { name: goes.name, transactions: stuck }.into());
        }
        let batch = if changes.is_empty() {
            None
        } else {
            let summary = format!("Category {} merged into {}", goes.name, stays.name);
            let batch = NewBatch { actor: BatchActor::Person, run: None, summary: &summary, undoes: None };
            let batch = self.begin_batch(&mut session, asker, batch).await?;
            self.write_fields(&mut session, asker, batch, &changes).await?;
            self.write_changes(&mut session, asker, batch, &changes).await?;
            for account in locked.keys() {
                self.move_account_sums(&mut session, asker, *account, Sums::default()).await?;
            }
            Some(batch)
        };
        let text =
            sql!("UPDATE provider_categories SET category_id = $3 WHERE organization_id = $1 AND category_id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(from.uuid()).bind(into.uuid()));
        self.move_planned(&mut session, asker, from, into).await?;
        self.move_category_of_rules(&mut session, asker, from, into).await?;
        self.let_go(&mut session, asker, from).await?;
        session.commit().await?;
        Ok(Merged { batch, changed: ids.len() })
    }

    /// Has what was planned for one category be planned for another, on top of what that has.
    async fn move_planned(
        &self,
        session: &mut Session,
        asker: &Asker,
        from: CategoryId,
        into: CategoryId,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let text = sql!(
            "INSERT INTO planned_amounts (organization_id, plan_id, currency, month, category_id, amount_minor)
             SELECT organization_id, plan_id, currency, month, $3, amount_minor FROM planned_amounts
             WHERE organization_id = $1 AND category_id = $2
             ON CONFLICT (organization_id, plan_id, currency, month, category_id)
             DO UPDATE SET amount_minor = planned_amounts.amount_minor + excluded.amount_minor"
        );
        run!(session, sqlx::query(text).bind(organization).bind(from.uuid()).bind(into.uuid()));
        let text = sql!("DELETE FROM planned_amounts WHERE organization_id = $1 AND category_id = $2");
        run!(session, sqlx::query(text).bind(organization).bind(from.uuid()));
        Ok(())
    }

    /// The transactions of the books with a line of a category.
    async fn transactions_of_category(
        &self,
        session: &mut Session,
        asker: &Asker,
        category: CategoryId,
    ) -> Result<Vec<TransactionId>, StoreError> {
        let text = sql!(
            "SELECT DISTINCT l.transaction_id FROM transaction_lines l
             JOIN transactions t ON t.organization_id = l.organization_id AND t.id = l.transaction_id
             WHERE l.organization_id = $1 AND l.category_id = $2 AND t.deleted_at IS NULL ORDER BY l.transaction_id"
        );
        let ids: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(category.uuid())
            .fetch_all(c)
            .await?);
        Ok(ids.into_iter().map(TransactionId::from).collect())
    }

    /// What changes where lines go from one category to another, and how many transactions are in a period that is locked.
    async fn recategorise(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
        locked: &BTreeMap<AccountId, LockedAccount>,
        (from, into): (CategoryId, CategoryId),
    ) -> Result<(Vec<Change>, i64), StoreError> {
        let (mut changes, mut stuck) = (Vec::new(), 0);
        for chunk in ids.chunks(VALUES_PER_LIST) {
            for row in self.stand(session, asker, chunk).await? {
                let around = Circumstances {
                    now: micros(self.ambient.now()),
                    locked_through: locked.get(&row.account).and_then(|locked| locked.locked_through),
                    unlocks: false,
                };
                let wanted = row.wanted_in_categories(|line| (line.category == Some(from)).then_some(Some(into)));
                // Nobody has looked at a row because two categories became one.
                let wanted = Wanted { is_reviewed: Some(row.reviewed_at.is_some()), ..wanted };
                match plan_edit(&row, &wanted, &Seen::default(), around) {
                    Ok(planned) => changes.extend(planned),
                    Err(Refused::LockedPeriod) => stuck += 1,
                    Err(why) => return Err(StoreError::Conflict(why.in_words())),
                }
            }
        }
        Ok((changes, stuck))
    }
}
