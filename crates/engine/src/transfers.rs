//! Transfers between own accounts: found when rows come in, proposed where nobody can tell, linked and taken apart by people.

mod candidates;
mod learning;

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::amount::Amount;
use bankside_domain::transfer::{
    Grounds, LinkedBy, Match, Matches, OwnAccounts, Side, TransferRow, WINDOW_DAYS, find_transfers, grounds,
    may_be_linked,
};
use bankside_domain::{Asker, BatchId, OrganizationId, Right, TransactionId};
use bankside_store::{NewTransfer, RegisterRow, StoredTransfer};
use jiff::ToSpan;
use jiff::civil::Date;

pub use self::candidates::Candidate;
use crate::suspicions::{MOST_SUSPICIONS, RECENT_DAYS};
use crate::{Engine, EngineError};

/// Rows that came are looked up so many at a time.
const TOUCHED_AT_ONCE: i64 = 20_000;
/// Transfers are looked for among this many rows at once, the latest of their days.
const MOST_ROWS: i64 = 60_000;
/// The same on pages, which propose and link nothing.
const MOST_ROWS_ON_PAGES: i64 = 5_000;
/// All of the books are looked through in parts of so many days.
const PART_DAYS: i32 = 90;

/// Two rows that look like a transfer, side by side.
#[derive(Debug, Clone)]
pub struct ProposedTransfer {
    /// The row that money left by.
    pub out: RegisterRow,
    /// The row that it came in by.
    pub into: RegisterRow,
    /// Why they look like one, each ground as a sentence.
    pub why: Vec<String>,
    /// Whether other rows fit equally well.
    pub is_one_of_several: bool,
}

/// The transfer that a row is part of.
#[derive(Debug, Clone)]
pub struct TransferView {
    /// As it is stored.
    pub stored: StoredTransfer,
    /// The other row.
    pub other: RegisterRow,
    /// Why the two are one, each ground as a sentence.
    pub why: Vec<String>,
    /// What was lost on the way, below zero: in the currency of both rows, and in an exchange in the one in which it is known. `None` is
    /// nothing, or nothing that is known.
    pub fee: Option<Amount>,
}

/// What is known besides the rows.
struct Known {
    own: OwnAccounts,
    /// The pairs that were said to be none, each with the smaller id first.
    rejected: BTreeSet<(TransactionId, TransactionId)>,
}

/// What looking through all of the books came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookedThrough {
    /// How many transfers were linked.
    pub linked: usize,
    /// The batch that linked them, which can be undone; `None` where there was nothing to link.
    pub batch: Option<BatchId>,
}

impl Engine {
    /// Links the transfers that rows of some batches are one side of, as a batch of its own. What cannot be told is left to people.
    pub(crate) async fn link_transfers_of(
        &self,
        organization: OrganizationId,
        batches: &[BatchId],
    ) -> Result<Option<BatchId>, EngineError> {
        let asker = &Asker::system(organization);
        let mut touched = Vec::new();
        let mut after = None;
        loop {
            let part = self.store.touched_by(asker, batches, after, TOUCHED_AT_ONCE).await?;
            let Some((last, _)) = part.last().copied() else { break };
            after = Some(last);
            touched.extend(part);
        }
        let days: BTreeSet<Date> = touched.iter().map(|(_, day)| *day).collect();
        let Some((first, last)) = days.first().zip(days.last()) else { return Ok(None) };
        let has_new = |(from, to): (Date, Date)| days.range(from..=to).next().is_some();
        self.learn_numbers(asker).await?;
        let touched: BTreeSet<TransactionId> = touched.into_iter().map(|(id, _)| id).collect();
        // A transfer is looked for around the days of the new row; where both are new, of the one that money left by.
        let new_row = |found: &Match| [found.out, found.into].into_iter().find(|id| touched.contains(id));
        let new = self.sure_transfers(asker, (*first, *last), has_new, MOST_ROWS, new_row).await?;
        let linked = self.store.link_transfers(asker, &new).await?;
        if let Some(linked) = linked {
            tracing::info!(count = new.len(), batch = %linked, "transfers are linked");
        }
        Ok(linked)
    }

    /// What is a transfer without a doubt, of some days: those of the row that `anchor` names of a match, where it is wanted at all.
    ///
    /// The days are looked through in parts of at most so many rows, but for parts of which `is_asked` says that nothing in them is wanted:
    /// one old row among new ones does not have all years between them read. A part that has more rows is halved, since with rows that are
    /// left out what is contested would look sure.
    async fn sure_transfers(
        &self,
        asker: &Asker,
        (first, last): (Date, Date),
        is_asked: impl Fn((Date, Date)) -> bool + Send,
        most_rows: i64,
        anchor: impl Fn(&Match) -> Option<TransactionId> + Send,
    ) -> Result<Vec<NewTransfer>, EngineError> {
        let known = self.known_of_transfers(asker).await?;
        let (mut new, mut seen) = (Vec::new(), BTreeSet::new());
        if known.own.0.len() < 2 {
            return Ok(new);
        }
        // The latest last: it is taken first.
        let mut parts = days_in_parts(first, last);
        while let Some((from, to)) = parts.pop() {
            if !is_asked((from, to)) {
                continue;
            }
            let rows = self.rows_near(asker, (from, to), most_rows).await?;
            if rows.len() >= usize::try_from(most_rows).unwrap_or(usize::MAX) {
                if let Some(halves) = halved(from, to) {
                    parts.extend(halves);
                } else {
                    tracing::warn!(%from, "too many rows around one day to tell what is a transfer");
                }
                continue;
            }
            let matches = find_transfers(&rows, &known.own, &known.rejected);
            let days: BTreeMap<TransactionId, Date> = rows.iter().map(|row| (row.transaction, row.day)).collect();
            // Each transfer belongs to one part; another one sees only some of what competes with it.
            let is_here = |found: &&Match| {
                anchor(found).and_then(|id| days.get(&id)).is_some_and(|day| (from..=to).contains(day))
            };
            for one in matches.linked.iter().filter(is_here) {
                if seen.insert(one.out) && seen.insert(one.into) {
                    new.push(found(one));
                }
            }
        }
        Ok(new)
    }

    async fn known_of_transfers(&self, asker: &Asker) -> Result<Known, EngineError> {
        Ok(Known { own: self.store.own_accounts(asker).await?, rejected: self.store.rejected_transfers(asker).await? })
    }

    /// The rows of some days and those near them: whatever competes for a row of these days is near the row, and what competes for that
    /// is near it in turn.
    async fn rows_near(
        &self,
        asker: &Asker,
        (first, last): (Date, Date),
        most_rows: i64,
    ) -> Result<Vec<TransferRow>, EngineError> {
        let reach = (2 * WINDOW_DAYS).days();
        let days = (first.saturating_sub(reach), last.saturating_add(reach));
        Ok(self.store.transfer_rows(asker, days, most_rows).await?)
    }

    /// Looks through all of the books and links what is a transfer without a doubt, as one batch.
    pub async fn find_past_transfers(&self, asker: &Asker) -> Result<LookedThrough, EngineError> {
        asker.require(Right::EditBooks)?;
        let system = &Asker::system(asker.organization);
        self.learn_numbers(system).await?;
        self.learn_other_sides(system).await?;
        let new = match self.store.days_of_books(asker).await? {
            Some(days) => self.sure_transfers(asker, days, |_| true, MOST_ROWS, |found| Some(found.out)).await?,
            None => Vec::new(),
        };
        let batch = self.store.link_transfers(asker, &new).await?;
        if let Some(batch) = batch {
            self.links_changed(asker.organization, batch).await;
        }
        self.report_progress();
        Ok(LookedThrough { linked: if batch.is_some() { new.len() } else { 0 }, batch })
    }

    /// What looks like a transfer, the best first; and the day from which on none is missing. What is one without a doubt and is not linked
    /// all the same stands among it: somebody has undone that, or it came before the number of its other side was known.
    pub(crate) async fn all_proposals(&self, asker: &Asker) -> Result<(Vec<Match>, Date), EngineError> {
        let today = self.today();
        let since = today.saturating_sub(RECENT_DAYS.days());
        let Known { own, rejected } = self.known_of_transfers(asker).await?;
        if own.0.len() < 2 {
            return Ok((Vec::new(), since));
        }
        let rows = self.rows_near(asker, (since, today), MOST_ROWS_ON_PAGES).await?;
        let is_cut = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= MOST_ROWS_ON_PAGES;
        // Around the first day that is here whatever competes for a row may be left out.
        let first = rows.iter().map(|row| row.day).min().filter(|_| is_cut);
        let since = first.map_or(since, |first| since.max(first.saturating_add((2 * WINDOW_DAYS + 1).days())));
        let Matches { linked, proposed } = find_transfers(&rows, &own, &rejected);
        Ok((linked.into_iter().chain(proposed).collect(), since))
    }

    /// The first of these proposals, with their rows.
    pub(crate) async fn proposed_transfers(
        &self,
        asker: &Asker,
        proposals: &[Match],
    ) -> Result<Vec<ProposedTransfer>, EngineError> {
        let proposals = &proposals[..proposals.len().min(MOST_SUSPICIONS)];
        let ids: Vec<TransactionId> = proposals.iter().flat_map(|found| [found.out, found.into]).collect();
        let mut rows = self.store.register_rows_of(asker, &ids).await?;
        // What has gone meanwhile is no transfer any more.
        let view = |found: &Match| {
            let (out, into) = (rows.remove(&found.out)?, rows.remove(&found.into)?);
            let why = found.grounds.in_words(amount(&out), amount(&into));
            Some(ProposedTransfer { out, into, why, is_one_of_several: found.is_one_of_several })
        };
        Ok(proposals.iter().filter_map(view).collect())
    }

    /// Links two rows, because a person says so. What the rows say is kept with it, where they say something.
    pub async fn link_transfer(
        &self,
        asker: &Asker,
        a: TransactionId,
        b: TransactionId,
    ) -> Result<BatchId, EngineError> {
        asker.require_within(Right::EditBooks)?;
        let rows = self.store.transfer_rows_of(asker, &[a, b]).await?;
        let [one, other] = rows.as_slice() else {
            return Err(EngineError::invalid("other", "A transfer has two rows."));
        };
        let (out, into) = may_be_linked(one, other).map_err(|why| EngineError::Conflict(why.in_words()))?;
        let own = self.store.own_accounts(asker).await?;
        let new = NewTransfer { a, b, by: LinkedBy::Person, grounds: grounds(out, into, &own) };
        let batch = self.store.link_transfers(asker, &[new]).await?;
        if let Some(batch) = batch {
            self.links_changed(asker.organization, batch).await;
        }
        self.report_progress();
        batch.ok_or(EngineError::Conflict("these two cannot be linked"))
    }

    /// Takes a transfer apart. Both rows stay, and nobody is asked about the two again.
    pub async fn break_transfer(&self, asker: &Asker, id: TransactionId) -> Result<BatchId, EngineError> {
        let batch = self.store.break_transfer(asker, id).await?;
        self.links_changed(asker.organization, batch).await;
        self.report_progress();
        Ok(batch)
    }

    /// Remembers that two rows are no transfer.
    pub async fn reject_transfer(
        &self,
        asker: &Asker,
        a: TransactionId,
        b: TransactionId,
    ) -> Result<BatchId, EngineError> {
        let batch = self.store.reject_transfer(asker, a, b).await?;
        self.report_progress();
        Ok(batch)
    }

    /// The transfer that a row of the books is part of.
    pub(crate) async fn transfer_view(
        &self,
        asker: &Asker,
        row: &RegisterRow,
    ) -> Result<Option<TransferView>, EngineError> {
        let Some(stored) = self.store.transfer_of(asker, row.id).await? else { return Ok(None) };
        let other = self.store.register_row(asker, stored.link.other).await?;
        let (out, into) = if row.amount_minor < 0 { (row, &other) } else { (&other, row) };
        let mut why = match &stored.link.grounds {
            Some(grounds) => grounds.in_words(amount(out), amount(into)),
            None => Vec::new(),
        };
        if stored.link.by == LinkedBy::Person {
            why.insert(0, "Somebody has linked the two.".to_owned());
        }
        let fee = fee(out, into, stored.link.grounds.as_ref());
        Ok(Some(TransferView { stored, other, why, fee }))
    }
}

/// What was lost between two linked rows.
fn fee(out: &RegisterRow, into: &RegisterRow, grounds: Option<&Grounds>) -> Option<Amount> {
    let exchanged = |of| grounds.map_or(0, |grounds| grounds.fit.exchange_fee_minor(of).saturating_neg());
    let lost = if out.currency.code == into.currency.code {
        Amount::new(out.amount_minor.saturating_add(into.amount_minor).min(0), out.currency)
    } else {
        let out_lost = Amount::new(exchanged(Side::Out), out.currency);
        if out_lost.minor == 0 { Amount::new(exchanged(Side::In), into.currency) } else { out_lost }
    };
    (lost.minor != 0).then_some(lost)
}

/// The days from one to another in parts, the earliest first.
fn days_in_parts(first: Date, last: Date) -> Vec<(Date, Date)> {
    let mut parts = Vec::new();
    let mut to = last;
    while to >= first {
        let from = to.saturating_sub((PART_DAYS - 1).days()).max(first);
        parts.push((from, to));
        match from.yesterday() {
            Ok(day) => to = day,
            Err(_) => break,
        }
    }
    parts.reverse();
    parts
}

/// Days in two halves, the earlier first; `None` of a single day.
fn halved(from: Date, to: Date) -> Option<[(Date, Date); 2]> {
    let days = (to - from).get_days();
    let middle = from.saturating_add((days / 2).days());
    let next = middle.tomorrow().ok()?;
    (days > 0).then_some([(from, middle), (next, to)])
}

fn found(found: &Match) -> NewTransfer {
    NewTransfer { a: found.out, b: found.into, by: LinkedBy::Rows, grounds: Some(found.grounds) }
}

fn amount(row: &RegisterRow) -> Amount {
    Amount::new(row.amount_minor, row.currency)
}

/// How far two rows are from each other as the two sides of a transfer: in days, and in hundredths of the amount.
fn distance(a: &TransferRow, b: &TransferRow) -> (i64, u64) {
    let days = i64::from((a.day - b.day).get_days()).abs();
    let apart = a.amount.minor.unsigned_abs().abs_diff(b.amount.minor.unsigned_abs());
    (days, apart)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn parts_have_each_day_once_and_so_have_their_halves() {
        let (first, last) = (date(2025, 3, 3), date(2026, 11, 27));
        for (first, last) in
            [(first, last), (last, last), (first, first.saturating_add(90.days())), (Date::MIN, Date::MIN)]
        {
            let mut parts = days_in_parts(first, last);
            let mut days = Vec::new();
            // Latest first, each part halved until it is a day.
            while let Some((from, to)) = parts.pop() {
                assert!((to - from).get_days() < PART_DAYS && from <= to);
                if let Some(halves) = halved(from, to) {
                    parts.extend(halves);
                } else {
                    days.push(from);
                }
            }
            days.reverse();
            assert_eq!(days.first().zip(days.last()), Some((&first, &last)));
            assert!(days.windows(2).all(|two| two[0].tomorrow().unwrap() == two[1]));
        }
        assert!(days_in_parts(last, first).is_empty());
    }
}
