//! Bringing the rows of a statement file into the books: all of it in one transaction, or nothing. A look at what would come of it is the
//! very write, rolled back before anything is applied.

use std::collections::HashSet;

use bankside_domain::batch::BatchActor;
use bankside_domain::reconcile::{Action, Plan};
use bankside_domain::statement::FileCounts;
use bankside_domain::{AccountId, Asker, BatchId, FeedRowVersionId, Id, PersonId, RunId, SourceId};
use jiff::civil::Date;

use super::work::Work;
use crate::asking::ToAsk;
use crate::batches::NewBatch;
use crate::convert::{count, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::feed_rows::{Received, ReceivedRow};
use crate::snapshot::StoredSnapshot;
use crate::statement_files::FileLease;
use crate::{Store, StoreError};

/// The rows of a file, and for whom they are brought in.
#[derive(Debug, Clone, Copy)]
pub struct FileRows<'a> {
    /// The worker's lease on the file.
    pub lease: &'a FileLease,
    /// The account.
    pub account: AccountId,
    /// Who brought the file.
    pub person: Option<PersonId>,
    /// Its name.
    pub name: &'a str,
    /// Its rows, the newest first.
    pub rows: &'a [ReceivedRow],
    /// What it says of the balance at the end of days, in minor units.
    pub balances: &'a [(Date, i64)],
    /// Whether they come into the books, or are only laid beside them.
    pub is_kept: bool,
}

/// What laying a file beside the books came to.
#[derive(Debug)]
pub enum FileTried {
    /// Contents have to be compared by fingerprints of our normal form first: these are to be
    /// [renewed](Store::renew_fingerprints), and then it is tried again.
    Outdated(Box<StoredSnapshot>),
    /// What is planned; in the books, if it was to be kept.
    Planned {
        /// The plan.
        plan: Box<Plan>,
        /// What of the file was known byte for byte.
        received: Received,
        /// The batch, where the books have changed.
        batch: Option<BatchId>,
        /// What came of it, or would.
        counts: FileCounts,
        /// Of how many days it states a balance that nothing has stated so yet.
        new_balances: usize,
    },
}

impl Store {
    /// Lays the rows of a file beside the books, has `plan` decide about them, and brings them in, if they are to be kept.
    ///
    /// Answers [`StoreError::LeaseLost`] when another worker has taken the file over, or somebody has given it up.
    pub async fn bring_in_file(
        &self,
        asker: &Asker,
        file: FileRows<'_>,
        plan: impl FnOnce(&StoredSnapshot) -> Plan + Send,
    ) -> Result<FileTried, StoreError> {
        let mut session = self.db.write(file.lease.into()).await?;
        // In the order of whoever brings another file: first the account, then what is brought for it.
        self.lock_account(&mut session, asker, file.account).await?;
        self.check_file_lease(&mut session, asker, file.lease).await?;
        let told_by = RunId::from(file.lease.id.uuid());
        let bank_account = self
            .statement_account_within(&mut session, asker, file.account)
            .await?
            .ok_or(StoreError::NotFound("the account"))?
            .bank_account;
        self.add_file_source(&mut session, asker, file).await?;
        let received = self.receive_within(&mut session, asker, told_by, bank_account, file.rows).await?;
        let snapshot = self.file_snapshot_within(&mut session, asker, told_by, (bank_account, file.account)).await?;
        if !snapshot.outdated.is_empty() {
            return Ok(FileTried::Outdated(Box::new(snapshot)));
        }
        let plan = plan(&snapshot);
        // What is known byte for byte and needs no decision: what does is counted by that.
        let ids: HashSet<FeedRowVersionId> = file.rows.iter().map(|row| row.id).collect();
        let decided_anew = snapshot.versions.iter().filter(|version| !ids.contains(&version.id)).count();
        let dismissed = self.dismissed_again(&mut session, asker, told_by, &ids).await?;
        let counts = FileCounts::of(&plan, received.seen_again - count(decided_anew), dismissed);
        let balances = self.new_file_balances(&mut session, asker, file.account, file.balances).await?;
        let new_balances = balances.len();
        if !file.is_kept {
            return Ok(FileTried::Planned { plan: Box::new(plan), received, batch: None, counts, new_balances });
        }
        let mut work = Work::from_plan(&plan, &snapshot, &self.ambient);
        let account = &snapshot.state.account;
        work.has_inbox = self.has_inbox(&mut session, asker).await?;
        // Who imports a file has looked at what comes of it, unless an inbox is where they look. The first file of an account is its history,
        // as the first sync is.
        work.brings_news = work.has_inbox && self.has_imported_before(&mut session, asker, account.id).await?;
        let payees = self.payees_of(&mut session, asker, work.payee_names()).await?;
        self.prepare_updates(&mut session, asker, account.id, &mut work, &payees).await?;
        self.write_feed_rows(&mut session, asker, bank_account, &work).await?;
        // Balances are taken back with the batch that brought them, also where no row came with them.
        let batch = if work.changes.is_empty() && balances.is_empty() {
            None
        } else {
            let summary = format!("Import of {}", file.name);
            let batch = NewBatch { actor: BatchActor::Import, run: None, summary: &summary, undoes: None };
            let batch = self.begin_batch(&mut session, asker, batch).await?;
            self.write_entries(&mut session, asker, account.id, batch, &work, &payees).await?;
            if let Some(first) = first_older(&plan)
                && let Some(opening) = work.opening_move(account, first)
            {
                self.fix_opening(&mut session, asker, account, &mut work, opening).await?;
            }
            self.write_changes(&mut session, asker, batch, &work.changes).await?;
            self.is_to_be_asked(&mut session, asker, batch, ToAsk::Rows).await?;
            self.sign_batch(&mut session, asker, batch, file.person).await?;
            // Whoever holds a snapshot must read again.
            work.sums.entry(account.id).or_default();
            for (account, sums) in &work.sums {
                self.move_account_sums(&mut session, asker, *account, *sums).await?;
            }
            self.tell_of_books(&mut session, asker, (account.id, batch), &serde_json::to_string(&counts)?).await?;
            Some(batch)
        };
        self.end_file(&mut session, asker, file.lease.id, batch, counts).await?;
        self.keep_file_balances(&mut session, asker, file.lease.id, &balances).await?;
        session.commit().await?;
        Ok(FileTried::Planned { plan: Box::new(plan), received, batch, counts, new_balances })
    }

    /// How many rows came back byte for byte that somebody took out of the books. `new` are the ids of rows that would be kept as new.
    async fn dismissed_again(
        &self,
        session: &mut Session,
        asker: &Asker,
        told_by: RunId,
        new: &HashSet<FeedRowVersionId>,
    ) -> Result<i64, StoreError> {
        let text = sql!(
            "SELECT v.id FROM feed_row_versions v
             JOIN feed_rows r ON r.organization_id = v.organization_id AND r.id = v.feed_row_id AND r.current_version_id = v.id
             JOIN claims k ON k.organization_id = r.organization_id AND k.feed_row_id = r.id AND k.state = 'dismissed'
             WHERE v.organization_id = $1 AND v.last_seen_run_id = $2"
        );
        let ids: Vec<uuid::Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(told_by.uuid())
            .fetch_all(c)
            .await?);
        Ok(count(ids.into_iter().filter(|id| !new.contains(&FeedRowVersionId::from(*id))).count()))
    }

    /// Whether rows of a file have come into an account before. Those of an import that was taken back have not: what comes after it is
    /// the history again.
    async fn has_imported_before(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
    ) -> Result<bool, StoreError> {
        let text = sql!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM statement_files f
                JOIN batches b ON b.organization_id = f.organization_id AND b.id = f.batch_id
                WHERE f.organization_id = $1 AND f.account_id = $2 AND b.undone_by IS NULL AND EXISTS (SELECT 1 FROM changes c
                    WHERE c.organization_id = f.organization_id AND c.batch_id = f.batch_id) LIMIT 1) x"
        );
        let files: i64 = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .fetch_one(c)
            .await?);
        Ok(files > 0)
    }

    async fn add_file_source(
        &self,
        session: &mut Session,
        asker: &Asker,
        file: FileRows<'_>,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "INSERT INTO sources (organization_id, id, kind, connection_id, name, created_at)
             VALUES ($1, $2, 'statement_file', NULL, $3, $4)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(file.lease.id.uuid())
                .bind(file.name)
                .bind(micros(self.ambient.now()))
        );
        Ok(())
    }

    /// A worker writes the batch, and it is the person's who brought the file. It was made once its rows were: what an opening balance
    /// that they have moved was worked out from is told by that.
    async fn sign_batch(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        person: Option<PersonId>,
    ) -> Result<(), StoreError> {
        let text = sql!("UPDATE batches SET person_id = $3, made_at = $4 WHERE organization_id = $1 AND id = $2");
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(batch.uuid())
                .bind(uuids(person))
                .bind(micros(self.ambient.now()))
        );
        Ok(())
    }

    /// The file is over: its bytes go, and how it was read is remembered for the next one of its account.
    async fn end_file(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: SourceId,
        batch: Option<BatchId>,
        counts: FileCounts,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE statement_files SET stage = 'done', content = NULL, guess = NULL, answer = NULL, lease_until = NULL,
                batch_id = $3, counts = $4, changed_at = $5
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .bind(uuids(batch))
                .bind(serde_json::to_string(&counts)?)
                .bind(micros(self.ambient.now()))
        );
        let text = sql!(
            "UPDATE statement_accounts SET profile = (SELECT f.profile FROM statement_files f
                WHERE f.organization_id = $1 AND f.id = $2)
             WHERE organization_id = $1 AND account_id = (SELECT f.account_id FROM statement_files f
                WHERE f.organization_id = $1 AND f.id = $2)"
        );
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()));
        self.end_asset_file_with(session, asker, id).await
    }
}

/// The first day of the rows that come in before the opening balance.
fn first_older(plan: &Plan) -> Option<Date> {
    let older = plan.decisions.iter().filter_map(|decision| match &decision.action {
        Action::Add(entry) if entry.moves_opening => Some(entry.dated_on),
        _ => None,
    });
    older.min()
}
