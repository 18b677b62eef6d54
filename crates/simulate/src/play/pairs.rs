//! Two rows that may be one: what the person in a story says to it, and that nothing is lost of what they had written on either.

use anyhow::{Result, bail, ensure};
use bankside_domain::row::RowStatus;
use bankside_domain::suspicion::pairs::in_order;

use super::{Came, Play};
use crate::books::{BookRow, Books, Wants, Worked, find};
use crate::house::{Asked, End, House, Pair};
use crate::tally::Event;

impl<H: House> Play<H> {
    pub(super) async fn pair(&mut self, nth: usize, is_one: bool, kill_at: Option<u16>) -> Result<()> {
        let asked = self.house.pairs().await?;
        let again: Vec<&Asked> = asked.iter().filter(|asked| self.different.contains(&asked.pair)).collect();
        ensure!(again.is_empty(), "two rows are asked about once more: {again:?}");
        self.check_offers(&asked)?;
        // What a person wrote comes first, where both are asked.
        let offers: Vec<&Asked> = asked.iter().filter(|asked| asked.gone.is_some()).collect();
        if !offers.is_empty() && nth.is_multiple_of(2) {
            let Asked { pair, gone: Some(gone) } = offers[nth / 2 % offers.len()].clone() else { return Ok(()) };
            return self.take_over(pair, &gone, is_one, kill_at).await;
        }
        let asked: Vec<&Asked> = asked.iter().filter(|asked| asked.gone.is_none()).collect();
        let Some(pair) = (!asked.is_empty()).then(|| asked[nth % asked.len()].pair) else { return Ok(()) };
        let Some(first) = self.fact_behind(pair.0, None) else { return Ok(()) };
        let Some(second) = self.fact_behind(pair.1, first) else { return Ok(()) };
        let rows = [pair.0, pair.1].map(|id| self.books.find(id));
        // Lines are not taken over to another amount; a person would join them first.
        if let [Some((_, one)), Some((_, other))] = rows
            && one.minor != other.minor
            && (one.lines > 1 || other.lines > 1)
        {
            return Ok(());
        }
        let is_locked = |(account, row): (usize, &BookRow)| self.person.is_locked(account, row.dated_on);
        let may_not = is_one && rows.into_iter().flatten().any(is_locked);
        let what = format!("merging {rows:?}");
        let before = (self.books.clone(), self.person.clone());
        let came = self.said(pair, is_one, kill_at, (may_not, &what), &before.0).await?;
        if came != Came::Nothing {
            let facts = [(pair.0, first), (pair.1, second)];
            self.person.merge(&self.house.bank(), (&before.0, &self.books), facts)?;
            self.tally.count(Event::Merged);
            self.person_did(came, before);
        } else if self.different.contains(&pair) {
            self.tally.count(Event::ToldApart);
        }
        if self.is_current { self.check() } else { Ok(()) }
    }

    /// A person says something of two rows. It comes to a batch where they are one from then on.
    async fn said(
        &mut self,
        pair: Pair,
        is_one: bool,
        kill_at: Option<u16>,
        (may_not, what): (bool, &str),
        before: &Books,
    ) -> Result<Came> {
        let step = self.step_before(kill_at).await?;
        let end = self.house.decide_pair(pair, is_one, kill_at).await?;
        self.refused(&end, may_not, what)?;
        let was_killed = matches!(end, End::Killed);
        let came = self.ended(end, step, before, Event::PairKilled).await?;
        if !is_one {
            // What is said of two that are two is no batch: whether it was said is seen by what is asked.
            let is_said = !was_killed || !self.house.pairs().await?.iter().any(|asked| asked.pair == pair);
            ensure!(self.books == *before, "two rows stay two, and yet: {}", before.difference(&self.books));
            if is_said {
                self.different.insert(pair);
            }
        }
        Ok(came)
    }

    /// A person takes over what they had written on a row that went, or does not want it.
    async fn take_over(&mut self, pair: Pair, gone: &BookRow, takes: bool, kill_at: Option<u16>) -> Result<()> {
        let stays = if pair.0 == gone.id { pair.1 } else { pair.0 };
        let Some((account, row)) = self.books.find(stays).map(|(account, row)| (account, row.clone())) else {
            bail!("what stood on a row that went is offered to one that is not in the books: {gone:?}");
        };
        let left = self.person.gone.get(&gone.id).or_else(|| self.person.worked.get(&gone.id));
        let Some(left) = left.cloned() else { bail!("nobody has worked on the row that went: {gone:?}") };
        let Some(fact) = self.fact_behind(stays, None) else { return Ok(()) };
        // Lines are not taken over to another amount.
        if row.lines > 1 || gone.lines > 1 {
            return Ok(());
        }
        let may_not = takes && self.person.is_locked(account, row.dated_on);
        let before = (self.books.clone(), self.person.clone());
        let what = format!("taking over what stood on {gone:?}");
        let came = self.said(pair, takes, kill_at, (may_not, &what), &before.0).await?;
        if came == Came::Nothing {
            if self.different.contains(&pair) {
                self.tally.count(Event::OfferRefused);
            }
            return Ok(());
        }
        let Some((_, now)) = self.books.find(stays) else { bail!("the row that took over is gone: {row:?}") };
        let own = match self.person.worked.get(&stays) {
            // Whoever has typed a row has written all of it.
            Some(Worked { wants, is_typed: true, .. }) => {
                Wants { payee: row.payee.clone(), day: Some(row.dated_on), ..wants.clone() }
            }
            Some(worked) => worked.wants.clone(),
            None => Wants::default(),
        };
        check_taken_over(&left.wants, &own, &row, now)?;
        let of_both = [(stays, fact), (gone.id, left.fact)];
        self.person.merge(&self.house.bank(), (&before.0, &self.books), of_both)?;
        self.tally.count(Event::OfferTaken);
        self.person_did(came, before);
        if self.is_current { self.check() } else { Ok(()) }
    }

    /// Nothing of a person's words is lost: what they wrote on a pending row that was booked with a tip is offered to that.
    fn check_offers(&self, asked: &[Asked]) -> Result<()> {
        if !self.is_current {
            return Ok(());
        }
        let bank = self.house.bank();
        for (id, left) in &self.person.gone {
            let Wants { payee: None, note, day, lines: None, .. } = &left.wants else { continue };
            let Some((fact, tip)) = left.fact.and_then(|fact| Some((find(&bank, fact)?, bank.tip_of(fact.0, fact.1)?)))
            else {
                continue;
            };
            let minor = self.person.signed(left.fact.map_or(left.account, |fact| fact.0), tip.minor);
            let is_it = |row: &&BookRow| {
                let is_plain = row.lines == 1 && row.payee.as_ref() == Some(&tip.payee);
                row.minor == minor && is_plain && row.is_from_bank && row.status == RowStatus::Booked
            };
            let Some(row) = self.books.rows[left.account].iter().find(is_it) else { continue };
            let days = (row.dated_on - day.unwrap_or(fact.day)).get_days();
            let pair = in_order(*id, row.id);
            if (note.is_none() && day.is_none()) || !(0..=3).contains(&days) || self.different.contains(&pair) {
                continue;
            }
            ensure!(
                asked.iter().any(|asked| asked.pair == pair),
                "what a person wrote on a row that went is lost: {left:?}\n    it was booked as {row:?}"
            );
        }
        Ok(())
    }
}

/// What a person had written on a row that went holds on the one that took it over, unless they wrote there, too.
fn check_taken_over(left: &Wants, own: &Wants, row: &BookRow, now: &BookRow) -> Result<()> {
    let told = || format!("{left:?} and {own:?} on {row:?}\n    came to {now:?}");
    let said = |own: &Option<Option<String>>| own.clone().flatten();
    let payee = own.payee.as_ref().or(left.payee.as_ref());
    ensure!(payee.is_none_or(|payee| now.payee.as_ref() == Some(payee)), "the payee was not taken over: {}", told());
    let note = said(&own.note).or(said(&left.note));
    ensure!(note.is_none_or(|note| now.note.as_ref() == Some(&note)), "the note was not taken over: {}", told());
    let day = own.day.or(left.day);
    ensure!(day.is_none_or(|day| now.dated_on == day), "the day was not taken over: {}", told());
    let bank_says = |row: &BookRow| (row.minor, row.status, row.lines, row.is_from_bank);
    ensure!(bank_says(row) == bank_says(now), "more than words was taken over: {}", told());
    Ok(())
}
