//! Carrying a move of a feed out: the old feed ends and the new one begins in one transaction, or nothing is written. Where the two
//! bank accounts are two entries of ours for one at the bank, they are joined first.
//!
//! A look at what would come of it is the very write, rolled back.

use bankside_domain::reconcile::Window;
use bankside_domain::run::Trigger;
use bankside_domain::{Asker, BankAccountId, Id, Right, RunId};
use bankside_vault::Sealed;
use jiff::civil::Date;

use crate::accounts::Sums;
use crate::convert::{date, micros};
use crate::db::{Session, run, sql};
use crate::feed_rows::{Received, ReceivedRow};
use crate::feeds::Feed;
use crate::moves::FeedMove;
use crate::snapshot::StoredSnapshot;
use crate::{Store, StoreError};

/// What a person has decided about a move.
#[derive(Debug, Clone)]
pub struct TakeOver<'a> {
    /// The move.
    pub of: &'a FeedMove,
    /// The first day that the new feed imports.
    pub import_from: Date,
    /// The account's revision that the person has looked at.
    pub revision: i64,
    /// Where two bank accounts are joined, the number of the one that goes, sealed to the one that stays.
    pub details: Option<Sealed>,
}

impl Store {
    /// Reads what the first sync after a move would plan from, had it brought these rows; with the known rows of these days, where
    /// they are given, whether they came again or not. Nothing is written.
    pub async fn move_snapshot(
        &self,
        asker: &Asker,
        take_over: &TakeOver<'_>,
        rows: &[ReceivedRow],
        days: Option<(Date, Date)>,
    ) -> Result<(StoredSnapshot, Received), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let run = self.take_over_within(&mut session, asker, take_over).await?;
        let of = take_over.of;
        let received = self.receive_within(&mut session, asker, run, of.from_bank_account, rows).await?;
        let window = days.map(|(from, to)| Window { from, to });
        let fed = (of.from_bank_account, of.account);
        let snapshot = self.snapshot_within(&mut session, asker, run, fed, window).await?;
        Ok((snapshot, received))
    }

    /// Moves a feed, and asks for the sync that follows. Answers [`StoreError::Stale`] when the books or the feed have changed since
    /// the person looked.
    pub async fn take_over(&self, asker: &Asker, take_over: &TakeOver<'_>) -> Result<RunId, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let run = self.take_over_within(&mut session, asker, take_over).await?;
        let of = take_over.of;
        let text = sql!(
            "UPDATE moves SET stage = 'done', answer = NULL, cut_over_on = $3, changed_at = $4
             WHERE organization_id = $1 AND id = $2 AND stage = 'ready'"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(of.id.uuid())
                .bind(date(take_over.import_from))
                .bind(micros(self.ambient.now()))
        );
        if done == 0 {
            return Err(StoreError::Stale);
        }
        let joined = if of.bank_account == of.from_bank_account {
            String::new()
        } else {
            format!("; bank account {} joined with {}", of.bank_account, of.from_bank_account)
        };
        let detail = format!("to connection {} from {}{joined}", of.connection, take_over.import_from);
        self.audit_within(&mut session, asker, "account.feed_moved", &of.account.to_string(), &detail).await?;
        session.commit().await?;
        Ok(run)
    }

    async fn take_over_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        take_over: &TakeOver<'_>,
    ) -> Result<RunId, StoreError> {
        let of = take_over.of;
        let locked = self.lock_account(session, asker, of.account).await?;
        if locked.revision != take_over.revision {
            return Err(StoreError::Stale);
        }
        locked.check_unlocked(take_over.import_from)?;
        self.check_target(session, asker, of).await?;
        self.end_feed(session, asker, of).await?;
        if of.bank_account != of.from_bank_account {
            self.join_bank_account(session, asker, of.bank_account, of.from_bank_account, take_over.details.as_ref())
                .await?;
        }
        let feed = Feed {
            id: self.ambient.id(),
            bank_account: of.from_bank_account,
            account: of.account,
            import_from: take_over.import_from,
        };
        self.add_feed(session, asker, of.connection, feed).await?;
        // Who decides has seen both feeds side by side, with the sign that they have.
        self.note_confirmed(session, asker, feed.bank_account, of.account).await?;
        // Whoever holds a snapshot must read again.
        self.move_account_sums(session, asker, of.account, Sums::default()).await?;
        self.enqueue_run_within(session, asker, of.connection, Trigger::Linked).await
    }

    async fn check_target(&self, session: &mut Session, asker: &Asker, of: &FeedMove) -> Result<(), StoreError> {
        let targets = self.move_targets_within(session, asker, of.account, of.from_bank_account).await?;
        let target = targets
            .iter()
            .find(|target| target.bank_account == of.bank_account && target.connection == of.connection)
            .ok_or(StoreError::NotFound("the bank account"))?;
        match target.standing.obstacle() {
            Some(obstacle) => Err(StoreError::Conflict(obstacle.in_words())),
            None => Ok(()),
        }
    }

    async fn end_feed(&self, session: &mut Session, asker: &Asker, of: &FeedMove) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE feeds SET until_at = $4
             WHERE organization_id = $1 AND id = $2 AND account_id = $3 AND until_at IS NULL AND NOT is_shadow"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(of.from_feed.uuid())
                .bind(of.account.uuid())
                .bind(micros(self.ambient.now()))
        );
        if done == 0 { Err(StoreError::Stale) } else { Ok(()) }
    }

    /// Makes one of two bank accounts: the names and keys of the one that goes become those of the one that stays, and its number is
    /// the one that is shown. What is left of it has no name any more, so that nothing finds it.
    async fn join_bank_account(
        &self,
        session: &mut Session,
        asker: &Asker,
        goes: BankAccountId,
        stays: BankAccountId,
        details: Option<&Sealed>,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let text = sql!(
            "UPDATE bank_accounts SET details = COALESCE($4, details),
                masked_number = COALESCE((SELECT g.masked_number FROM bank_accounts g
                    WHERE g.organization_id = $1 AND g.id = $2), masked_number)
             WHERE organization_id = $1 AND id = $3"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(organization)
                .bind(goes.uuid())
                .bind(stays.uuid())
                .bind(details.map(Sealed::as_bytes))
        );
        // Its number is read again from what it says by now.
        let text = sql!("DELETE FROM account_numbers WHERE organization_id = $1 AND bank_account_id = $2");
        run!(session, sqlx::query(text).bind(organization).bind(stays.uuid()));
        let text = sql!("UPDATE aliases SET bank_account_id = $3 WHERE organization_id = $1 AND bank_account_id = $2");
        run!(session, sqlx::query(text).bind(organization).bind(goes.uuid()).bind(stays.uuid()));
        let text = sql!(
            "INSERT INTO match_keys (organization_id, bank_account_id, kind, digest)
             SELECT organization_id, $3, kind, digest FROM match_keys WHERE organization_id = $1 AND bank_account_id = $2
             ON CONFLICT DO NOTHING"
        );
        run!(session, sqlx::query(text).bind(organization).bind(goes.uuid()).bind(stays.uuid()));
        let text = sql!("DELETE FROM match_keys WHERE organization_id = $1 AND bank_account_id = $2");
        run!(session, sqlx::query(text).bind(organization).bind(goes.uuid()));
        Ok(())
    }
}
