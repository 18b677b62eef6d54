//! Pending rows of a bank account whose feed ends: no answer will book them or take them back any more, so they leave the books with it.

use std::collections::HashMap;

use bankside_domain::batch::BatchActor;
use bankside_domain::reconcile::ClaimState;
use bankside_domain::{AccountId, Asker, BankAccountId, BatchId, Id};
use uuid::Uuid;

use super::work::Work;
use crate::batches::NewBatch;
use crate::convert::{code, ids};
use crate::db::{Session, on, sql};
use crate::{Store, StoreError};

impl Store {
    /// Has the pending rows of bank accounts whose feeds end leave the books as those do that a bank shows no more: they stay in the
    /// history with what a person wrote on them, and what was held back waits for nobody. One batch, if there is anything to write.
    ///
    /// Rows of a locked period stay, as whatever lies in one does.
    pub(crate) async fn take_out_pending(
        &self,
        session: &mut Session,
        asker: &Asker,
        ended: &[(BankAccountId, AccountId)],
        summary: &str,
    ) -> Result<Option<BatchId>, StoreError> {
        let (mut begun, mut changes) = (None, Vec::new());
        for (bank_account, account) in ended {
            self.lock_account(session, asker, *account).await?;
            let mut work = Work::default();
            for (feed_row, state, transaction) in self.pending_rows(session, asker, *bank_account).await? {
                let transaction = ids(transaction);
                let before = Some((code(&state)?, transaction));
                work.claim(feed_row.into(), before, ClaimState::Superseded, transaction);
                work.removed.extend(transaction);
            }
            self.prepare_updates(session, asker, *account, &mut work, &HashMap::new()).await?;
            if work.changes.is_empty() {
                continue;
            }
            let batch = if let Some(batch) = begun {
                batch
            } else {
                let new = NewBatch { actor: BatchActor::Person, run: None, summary, undoes: None };
                *begun.insert(self.begin_batch(session, asker, new).await?)
            };
            self.write_entries(session, asker, *account, batch, &work, &HashMap::new()).await?;
            for (account, sums) in &work.sums {
                self.move_account_sums(session, asker, *account, *sums).await?;
            }
            changes.append(&mut work.changes);
        }
        if let Some(batch) = begun {
            self.write_changes(session, asker, batch, &changes).await?;
        }
        Ok(begun)
    }

    /// The pending rows of a bank account that stand in the books or were held back, with their claims.
    async fn pending_rows(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
    ) -> Result<Vec<(Uuid, String, Option<Uuid>)>, StoreError> {
        let text = sql!(
            "SELECT k.feed_row_id, k.state, k.transaction_id FROM feed_rows r
             JOIN claims k ON k.organization_id = r.organization_id AND k.feed_row_id = r.id
             LEFT JOIN transactions t ON t.organization_id = k.organization_id AND t.id = k.transaction_id
             LEFT JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id
             WHERE r.organization_id = $1 AND r.bank_account_id = $2 AND r.status = 'pending'
                AND ((k.state = 'quarantined' AND k.transaction_id IS NULL)
                    OR (k.state IN ('applied', 'superseded') AND t.deleted_at IS NULL AND t.status = 'pending'
                        AND (a.locked_through IS NULL OR t.dated_on > a.locked_through)))
             ORDER BY k.feed_row_id"
        );
        Ok(on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_all(c)
            .await?))
    }
}
