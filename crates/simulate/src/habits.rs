//! The ways of the bank of a story, which its seed decides: what ids its rows have, how much it shows, and who tells it.

use std::fmt;

use jiff::civil::Date;

use crate::telling::{Moments, Teller, Telling};

/// Which story is told: its seed, and who tells it if that is not left to the seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tale {
    pub(crate) seed: u64,
    pub(crate) told_by: Option<&'static Teller>,
}

impl Tale {
    /// The tale of a seed, which says who tells it.
    #[cfg(test)]
    pub(crate) fn of(seed: u64) -> Self {
        Self { seed, told_by: None }
    }
}

/// What kind of ids a bank gives its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// One id for ever, but for rows that are deleted and made anew.
    Stable,
    /// Others at every fetch.
    Reissued,
    /// `2026-11-20-2`: the place within the day, which moves when a row comes late.
    Positional,
    /// None at all.
    Absent,
    /// One reference for everything with the same payee.
    Recurring,
    /// One id from when it is pending on.
    Lasting,
    /// Others after each renewal of access.
    Renewed,
    /// One of the provider that is another whenever the row is made anew and after each renewal, and one of the bank beside it that
    /// lasts.
    Backed,
}

/// The ways of one bank.
#[derive(Debug, Clone)]
pub(crate) struct Habits {
    pub(crate) ids: Ids,
    pub(crate) telling: Telling,
    /// It shows no more than so many days.
    pub(crate) shows_days: i64,
    /// Rows on a page.
    pub(crate) page: usize,
    /// It gives instants, of which we have to make days.
    pub(crate) gives_instants: bool,
    /// The first day of the story: a fortnight before the clocks change.
    pub(crate) begins_on: Date,
}

impl Habits {
    pub(crate) fn of(tale: Tale) -> Self {
        let mut dice = fastrand::Rng::with_seed(tale.seed);
        let seed = usize::try_from(tale.seed).unwrap_or(0);
        let teller = tale.told_by.unwrap_or_else(|| Teller::of(seed));
        let habits = Self {
            // One after the other, and the same whether the seed has chosen the teller or not.
            ids: teller.ids[seed / teller.every % teller.ids.len()],
            shows_days: dice.choice([400, 90, 30]).unwrap_or(90),
            page: dice.usize(2..9),
            gives_instants: dice.bool() && teller.moments != Moments::Days,
            begins_on: dice.choice(teller.begins_on).unwrap_or(teller.begins_on[0]),
            telling: Telling { teller, tongue: &teller.tongues[0] },
        };
        let tongue = &teller.tongues[dice.usize(0..teller.tongues.len())];
        Self { telling: Telling { teller, tongue }, ..habits }
    }
}

impl fmt::Display for Habits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: a bank with {:?} ids, {} days of history, {} rows a page, {}, from {} on",
            self.telling,
            self.ids,
            self.shows_days,
            self.page,
            if self.gives_instants { "instants" } else { "days" },
            self.begins_on
        )
    }
}
