//! What a new feed shows beside the books. It is planned as the first sync plans, from what that sync would find.

use std::collections::HashMap;

use bankside_domain::moving::{Compared, compare, cut_over, first_sync};
use bankside_domain::reconcile::{Coverage, Entry, Plan, Snapshot, plan};
use bankside_domain::row::MappedRow;
use bankside_domain::{Asker, FeedRowVersionId};
use bankside_store::{BankAccount, FeedMove, Received, ReceivedRow, StoreError, TakeOver};
use jiff::civil::Date;

use super::fetching::Answer;
use super::{Comparison, FeedEnd, MoveRow, OneSided, looked_at_something_else};
use crate::sync::books::{MAX_PLANS, Terms, planned_from};
use crate::sync::ingest::{Stamps, row_account};
use crate::{Engine, EngineError};

/// How many rows that only one side has are shown.
const MOST_SHOWN: usize = 200;

/// What a move is looked at with.
struct Looked<'a> {
    of: &'a FeedMove,
    from: &'a BankAccount,
    to: &'a FeedEnd,
    answer: Answer,
    rows: Vec<ReceivedRow>,
    begun_on: Date,
    today: Date,
}

/// What a first sync would plan.
struct Tried {
    snapshot: Snapshot,
    plan: Plan,
    received: Received,
    flips_sign: bool,
}

impl Engine {
    /// Compares what a move has fetched with the books. Where the account is written to meanwhile, it looks again.
    pub(super) async fn compare(
        &self,
        asker: &Asker,
        of: &FeedMove,
        (from, to): (&BankAccount, &FeedEnd),
        chosen: Option<Date>,
    ) -> Result<Comparison, EngineError> {
        let answer = self.answer_of(asker, of)?;
        let looked = Looked {
            of,
            from,
            to,
            rows: self.stamped(asker, from, to, &answer).await?,
            answer,
            begun_on: self.store.feed_begun_on(asker, of.account, of.from_bank_account).await?,
            today: self.today_at(&to.connection),
        };
        let mut tries = 0;
        loop {
            match self.compare_once(asker, &looked, chosen).await {
                Err(EngineError::Store(StoreError::Stale)) if tries < MAX_PLANS => tries += 1,
                Err(EngineError::Store(error)) => return Err(looked_at_something_else(error)),
                result => return result,
            }
        }
    }

    async fn compare_once(
        &self,
        asker: &Asker,
        looked: &Looked<'_>,
        chosen: Option<Date>,
    ) -> Result<Comparison, EngineError> {
        let account = self.store.account(asker, looked.of.account).await?;
        let covers_from = match looked.rows.iter().filter_map(|row| row.day).min() {
            Some(first) if !looked.answer.booked_complete => first,
            _ => looked.of.asked_from,
        };
        let days = cut_over(covers_from, looked.begun_on, account.locked_through, looked.today)
            .ok_or(EngineError::Conflict("every day up to today is locked"))?;
        let day = chosen.unwrap_or(days.suggested);
        if day < days.earliest || day > days.latest {
            let message = format!("Choose a day from {} to {}.", days.earliest, days.latest);
            return Err(EngineError::invalid("cut_over", message));
        }
        let from = covers_from.max(looked.begun_on).min(looked.today);
        let everything = Some((from, looked.today));
        let whole = self.try_out(asker, looked, (days.suggested, from), everything, account.revision).await?;
        let first = self.try_out(asker, looked, (day, day), None, account.revision).await?;
        let compared = compare(&whole.snapshot, &whole.plan, from);
        Ok(Comparison {
            from,
            same: compared.same,
            only_there: only_there(&whole.snapshot, &compared.only_there, looked.today),
            only_here: self.only_here(asker, &compared).await?,
            shifted_days: compared.shifted_days,
            signs_look_turned: compared.signs_look_turned,
            is_whole: looked.answer.booked_complete,
            balance: looked.answer.balance(looked.from.currency, first.flips_sign),
            days,
            cut_over: day,
            first_sync: first_sync(&first.plan, first.received.seen_again),
            currency: account.currency,
            revision: account.revision,
        })
    }

    /// What the first sync would plan, were the feed to import from a day, and were it to ask from another one. Known rows of the days in
    /// `known` are looked at in any case.
    async fn try_out(
        &self,
        asker: &Asker,
        looked: &Looked<'_>,
        (import_from, asked_from): (Date, Date),
        known: Option<(Date, Date)>,
        revision: i64,
    ) -> Result<Tried, EngineError> {
        let take_over = TakeOver { of: looked.of, import_from, revision, details: None };
        let shown = |row: &&ReceivedRow| row.day.is_none_or(|day| day >= asked_from);
        let rows: Vec<ReceivedRow> = looked.rows.iter().filter(shown).cloned().collect();
        let (stored, received) = self.store.move_snapshot(asker, &take_over, &rows, known).await?;
        if self.renew_fingerprints(asker, &stored).await? {
            return Err(StoreError::Stale.into());
        }
        let arrived = self.open_versions(asker, &looked.to.connection, looked.from, &stored).await?;
        let terms = Terms {
            pending: stored.state.account.pending_policy,
            booked_coverage: looked.answer.booked_complete.then_some(Coverage { from: Some(asked_from), to: None }),
            pending_complete: looked.answer.pending_complete,
        };
        let snapshot = planned_from(&stored, arrived, terms, looked.today);
        let plan = plan(&snapshot);
        Ok(Tried { snapshot, plan, received, flips_sign: stored.state.flips_sign })
    }

    /// The rows of an answer as they would be stored of the bank account that stays.
    async fn stamped(
        &self,
        asker: &Asker,
        from: &BankAccount,
        to: &FeedEnd,
        answer: &Answer,
    ) -> Result<Vec<ReceivedRow>, EngineError> {
        let connector = self.connectors.get(&to.connection.provider).ok_or(EngineError::NotFound("the provider"))?;
        let currencies = self.store.currencies().await?;
        let key = self.raw_row_key(asker, from)?;
        let reader = self.reader(connector.as_ref(), &to.connection, row_account(from), &currencies);
        let (stamps, mut seen) = (Stamps::new(self, asker.clone()), HashMap::new());
        Ok(answer.rows()?.iter().map(|raw| stamps.received(&reader, &key, &mut seen, raw)).collect())
    }

    async fn only_here(&self, asker: &Asker, compared: &Compared) -> Result<OneSided, EngineError> {
        let mut rows = Vec::new();
        for transaction in &compared.only_here {
            let row = self.store.register_row(asker, *transaction).await?;
            rows.push(MoveRow {
                dated_on: row.dated_on,
                payee: row.payee,
                note: row.note,
                minor: row.amount_minor,
                status: row.status,
            });
        }
        Ok(OneSided::of(rows, MOST_SHOWN))
    }
}

/// Rows of an answer as they would stand in the books. Those that cannot be read are held back and counted as such.
fn only_there(snapshot: &Snapshot, versions: &[FeedRowVersionId], today: Date) -> OneSided {
    let rows = snapshot.arrived.iter().filter(|arrived| versions.contains(&arrived.version));
    let rows = rows.filter_map(|arrived| match &arrived.row {
        MappedRow::Readable(row) => {
            let entry = Entry::of(row, row.day().unwrap_or(today), None);
            Some(MoveRow::of(&entry))
        }
        MappedRow::Unreadable { .. } => None,
    });
    OneSided::of(rows.collect(), MOST_SHOWN)
}
