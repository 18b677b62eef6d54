//! Differences between bank and ledger: balance by balance, and what a person has said about one.
//!
//! An accepted difference is a movement that the proof knows of and the books do not have: what comes later is measured from there,
//! and nothing is made up in the books. One that is ignored is quiet as long as it is exactly that one.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::balance::{BalanceKind, BalanceMoment, Movement, Proof, StatedBalance, prove_account};
use crate::opening::last_day;

/// What a person has said about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is so; from here on it is known.
    Accepted,
    /// It is of no interest until it changes.
    Ignored,
}

/// A difference that a person has judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// What they said.
    pub verdict: Verdict,
    /// The day from which bank and ledger differ, and when the first balance was stated that does not fit; `None` when they have been
    /// apart from the start.
    pub found: Option<(Date, Timestamp)>,
    /// Bank minus ledger, in minor units.
    pub by_minor: i64,
}

/// One stated balance beside the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BalanceLine {
    /// What the bank stated.
    pub stated: StatedBalance,
    /// What the ledger came to at that moment, in minor units.
    pub ledger_minor: i64,
}

impl BalanceLine {
    /// Bank minus ledger.
    pub fn apart_minor(&self) -> i64 {
        self.stated.minor.saturating_sub(self.ledger_minor)
    }
}

/// Two balances between which bank and ledger part: their places among the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The last balance that fits.
    pub fits: usize,
    /// The first that does not.
    pub breaks: usize,
}

/// Everything that a proof is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What the bank stated.
    pub balances: Vec<StatedBalance>,
    /// Booked rows.
    pub movements: Vec<Movement>,
    /// The first day whose rows are in the books.
    pub history_from: Option<Date>,
    /// Opening balance and booked rows; `None` where the opening is not known yet.
    pub ledger_minor: Option<i64>,
    /// What people have said about differences.
    pub judged: Vec<Judged>,
}

impl Evidence {
    /// What the balances prove, beside what people have accepted and do not want to hear of.
    pub fn prove(&self) -> Proof {
        let known = self.with_accepted();
        let accepted_minor = self.accepted().map(|judged| judged.by_minor).sum::<i64>();
        let proof = prove_account(&known.balances, &known.movements, known.history_from, known.ledger_minor);
        let is_ignored = |since: Option<Date>, by_minor: i64| {
            let ignored = self.judged.iter().filter(|judged| judged.verdict == Verdict::Ignored);
            ignored.into_iter().any(|judged| judged.by_minor == by_minor && judged.found.is_some() == since.is_some())
        };
        match proof {
            Proof::Diverged { since, by_minor } if is_ignored(Some(since), by_minor) => {
                Proof::Ignored { since: Some(since), by_minor }
            }
            Proof::OpeningDiffers { by_minor } if is_ignored(None, by_minor) => {
                Proof::Ignored { since: None, by_minor }
            }
            Proof::Proven { since, through } if accepted_minor != 0 => {
                Proof::Accepted { since, through, by_minor: accepted_minor }
            }
            proof => proof,
        }
    }

    /// Each balance that proves something, in the order of the moments that they speak of, beside the ledger as it was then.
    pub fn lines(&self) -> Vec<BalanceLine> {
        let known = self.with_accepted();
        let ledger_minor = known.ledger_minor.unwrap_or(0);
        let mut lines: Vec<BalanceLine> = known
            .balances
            .iter()
            .filter(|balance| balance.kind == BalanceKind::Booked && balance.lies_within(known.history_from))
            .map(|stated| {
                let later = known.movements.iter().filter(|movement| !stated.contains(movement));
                let later: i64 = later.map(|movement| movement.minor).sum();
                BalanceLine { stated: *stated, ledger_minor: ledger_minor.saturating_sub(later) }
            })
            .collect();
        lines.sort_by_key(|line| line.stated.order());
        lines
    }

    /// The days of a stretch: of its two balances, and of every row that one of them contains and the other does not.
    pub fn days(&self, lines: &[BalanceLine], stretch: Stretch) -> (Date, Date) {
        let (fits, breaks) = (&lines[stretch.fits].stated, &lines[stretch.breaks].stated);
        let between = self.movements.iter().filter(|movement| fits.contains(movement) != breaks.contains(movement));
        between.fold((fits.day(), breaks.day()), |(from, to), movement| {
            (from.min(movement.booked_on), to.max(movement.booked_on))
        })
    }

    fn accepted(&self) -> impl Iterator<Item = &Judged> {
        self.judged.iter().filter(|judged| judged.verdict == Verdict::Accepted)
    }

    /// The same, with what was accepted among the movements.
    fn with_accepted(&self) -> Self {
        let mut known = self.clone();
        for judged in self.accepted() {
            known.ledger_minor = known.ledger_minor.map(|minor| minor.saturating_add(judged.by_minor));
            if let Some((booked_on, seen_at)) = judged.found {
                known.movements.push(Movement { booked_on, seen_at, minor: judged.by_minor });
            }
        }
        known
    }
}

/// Where bank and ledger part, as [`crate::balance::prove`] finds it: from the end back as far as nothing fits.
pub fn stretch(lines: &[BalanceLine]) -> Option<Stretch> {
    let from_start = lines.first()?.apart_minor();
    let apart = lines.iter().rev().take_while(|line| line.apart_minor() != from_start).count();
    let breaks = lines.len() - apart;
    (apart > 0 && breaks > 0).then(|| Stretch { fits: breaks - 1, breaks })
}

/// The difference that begins at a balance, to be judged: on the last day whose rows that balance contains.
pub fn found_at(balance: &StatedBalance) -> (Date, Timestamp) {
    let day = match balance.moment {
        BalanceMoment::Now => balance.day(),
        moment @ (BalanceMoment::EndOf(_) | BalanceMoment::StartOf(_)) => last_day(moment).unwrap_or(balance.day()),
    };
    (day, balance.seen_at)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn seen(day: i8) -> Timestamp {
        date(2026, 11, day).at(7, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    }

    fn now(day: i8, minor: i64) -> StatedBalance {
        StatedBalance { kind: BalanceKind::Booked, moment: BalanceMoment::Now, minor, seen_at: seen(day) }
    }

    fn row(day: i8, minor: i64) -> Movement {
        Movement { booked_on: date(2026, 11, day), seen_at: seen(day), minor }
    }

    /// A row of −100 is missing between the 4th and the 6th.
    fn evidence() -> Evidence {
        Evidence {
            balances: vec![now(2, 5000), now(4, 4700), now(6, 4600), now(8, 4550)],
            movements: vec![row(3, -300), row(7, -50)],
            history_from: None,
            ledger_minor: Some(4650),
            judged: Vec::new(),
        }
    }

    fn judge(evidence: &Evidence, verdict: Verdict) -> Evidence {
        let lines = evidence.lines();
        let found = stretch(&lines).map(|stretch| found_at(&lines[stretch.breaks].stated));
        let last = lines.last().unwrap().apart_minor();
        let by_minor = last - if found.is_some() { lines[0].apart_minor() } else { 0 };
        let mut judged = evidence.clone();
        judged.judged.push(Judged { verdict, found, by_minor });
        judged
    }

    #[test]
    fn each_balance_stands_beside_the_ledger_of_its_moment() {
        let lines = evidence().lines();
        let shown: Vec<_> = lines.iter().map(|line| (line.stated.minor, line.ledger_minor)).collect();
        assert_eq!(shown, [(5000, 5000), (4700, 4700), (4600, 4700), (4550, 4650)]);
        assert_eq!(stretch(&lines), Some(Stretch { fits: 1, breaks: 2 }));
        assert_eq!(evidence().prove(), Proof::Diverged { since: date(2026, 11, 6), by_minor: -100 });
        assert_eq!(stretch(&lines[..2]), None);
    }

    #[test]
    fn a_stretch_reaches_as_far_as_the_rows_between_its_balances() {
        let mut evidence = evidence();
        let part = Stretch { fits: 1, breaks: 2 };
        assert_eq!(evidence.days(&evidence.lines(), part), (date(2026, 11, 4), date(2026, 11, 6)));
        evidence.movements.push(Movement { booked_on: date(2026, 11, 9), ..row(5, -10) });
        assert_eq!(evidence.days(&evidence.lines(), part), (date(2026, 11, 4), date(2026, 11, 9)), "dated ahead");
    }

    #[test]
    fn what_was_accepted_is_known_and_what_comes_later_is_measured_from_there() {
        let mut accepted = judge(&evidence(), Verdict::Accepted);
        assert!(matches!(accepted.prove(), Proof::Accepted { by_minor: -100, .. }), "{:?}", accepted.prove());
        assert!(accepted.lines().iter().all(|line| line.apart_minor() == 0));
        accepted.balances.push(now(10, 4530));
        assert_eq!(accepted.prove(), Proof::Diverged { since: date(2026, 11, 10), by_minor: -20 });
        let both = judge(&accepted, Verdict::Accepted);
        assert!(matches!(both.prove(), Proof::Accepted { by_minor: -120, .. }));
    }

    #[test]
    fn an_accepted_row_that_comes_after_all_is_said() {
        let mut accepted = judge(&evidence(), Verdict::Accepted);
        accepted.movements.push(row(5, -100));
        accepted.ledger_minor = Some(4550);
        assert!(matches!(accepted.prove(), Proof::Diverged { by_minor: 100, .. }), "{:?}", accepted.prove());
    }

    #[test]
    fn what_is_ignored_comes_back_when_it_changes() {
        let mut ignored = judge(&evidence(), Verdict::Ignored);
        assert_eq!(ignored.prove(), Proof::Ignored { since: Some(date(2026, 11, 6)), by_minor: -100 });
        ignored.balances.push(now(10, 4530));
        assert_eq!(ignored.prove(), Proof::Diverged { since: date(2026, 11, 6), by_minor: -120 });
    }

    #[test]
    fn a_difference_from_the_start_is_judged_as_well() {
        let mut apart = evidence();
        apart.movements.push(row(5, -100));
        apart.ledger_minor = Some(4500);
        assert_eq!(apart.prove(), Proof::OpeningDiffers { by_minor: 50 });
        assert_eq!(judge(&apart, Verdict::Ignored).prove(), Proof::Ignored { since: None, by_minor: 50 });
        assert!(matches!(judge(&apart, Verdict::Accepted).prove(), Proof::Accepted { by_minor: 50, .. }));
    }
}
