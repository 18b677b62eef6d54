//! Changing what an account does with pending rows: at once, and for the rows that are here, as one batch.

use bankside_domain::account::PendingPolicy;
use bankside_domain::batch::{BatchActor, Entity};
use bankside_domain::reconcile::Plan;
use bankside_domain::{Asker, BankAccountId, Code, Id, Right};

use super::work::Work;
use crate::batches::{NewBatch, change};
use crate::feed_effect::{FeedEffect, Resolve};
use crate::snapshot::StoredSnapshot;
use crate::{Store, StoreError};

impl Store {
    /// Gives an account another policy for pending rows, and carries out the plan that was made under it from a
    /// [`Store::pending_snapshot`]. [`StoreError::Stale`] when the account has changed since: plan again.
    pub async fn set_pending_policy(
        &self,
        asker: &Asker,
        bank_account: BankAccountId,
        snapshot: &StoredSnapshot,
        plan: &Plan,
        policy: PendingPolicy,
        how: Resolve,
    ) -> Result<FeedEffect, StoreError> {
        let granted = asker.require(Right::ManageBanks)?;
        let account = &snapshot.state.account;
        let mut session = self.db.write(granted).await?;
        self.lock_unmoved(&mut session, asker, account.id, account.revision).await?;
        let mut work = Work::from_plan(plan, snapshot, &self.ambient);
        // Who changes the policy decides about all pending rows at once and has looked at none of them: those that it brings wait like those
        // that a sync brings.
        work.has_inbox = self.has_inbox(&mut session, asker).await?;
        let payees = self.payees_of(&mut session, asker, work.payee_names()).await?;
        self.prepare_updates(&mut session, asker, account.id, &mut work, &payees).await?;
        let summary = format!("Pending transactions of {}: {}", account.name, in_words(policy));
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: &summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        self.write_feed_rows(&mut session, asker, bank_account, &work).await?;
        self.write_entries(&mut session, asker, account.id, batch, &work, &payees).await?;
        let id = account.id.uuid();
        let code = |policy: PendingPolicy| Some(policy.code().to_owned());
        let turned = change(Entity::Account, id, id, "pending_policy", code(account.pending_policy), code(policy));
        self.write_fields(&mut session, asker, batch, std::slice::from_ref(&turned)).await?;
        work.changes.push(turned);
        self.write_changes(&mut session, asker, batch, &work.changes).await?;
        // The balance changes also where no row does: whoever holds a snapshot must read again.
        work.sums.entry(account.id).or_default();
        for (account, sums) in &work.sums {
            self.move_account_sums(&mut session, asker, *account, *sums).await?;
        }
        self.conclude(session, asker, how, account.clone(), (batch, &work.changes)).await
    }
}

/// The policy as the end of a line of the history.
fn in_words(policy: PendingPolicy) -> &'static str {
    match policy {
        PendingPolicy::BookedOnly => "booked only",
        PendingPolicy::Shown => "shown, outside the balance",
        PendingPolicy::Counted => "counted",
    }
}
