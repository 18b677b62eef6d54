//! The bank: what has truly happened, and what it shows of that.

use std::collections::HashMap;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How many bank accounts there are: two of one currency, and one of another.
pub(crate) const ACCOUNTS: usize = 3;
/// The currency of each.
pub(crate) const CURRENCIES: [&str; ACCOUNTS] = ["EUR", "EUR", "CHF"];
/// The zone in which the bank counts its days.
pub(crate) const ZONE: &str = "Europe/Berlin";
/// The latest that a row comes after the day on which it is booked.
pub(crate) const MAX_LATE_DAYS: i64 = 5;

pub(crate) const PAYEES: [&str; 4] = ["Café am Kai", "Stadtwerke Nordhafen", "Werft Nord", "Markthalle"];
const AMOUNTS: [i64; 5] = [-280, -9600, -1550, 5000, 284_000];

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
}

impl Ids {
    const ALL: [Self; 5] = [Self::Stable, Self::Reissued, Self::Positional, Self::Absent, Self::Recurring];
}

/// The ways of one bank.
#[derive(Debug, Clone)]
pub(crate) struct Habits {
    pub(crate) ids: Ids,
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
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let begins = [Date::constant(2026, 10, 11), Date::constant(2027, 3, 14)];
        Self {
            ids: Ids::ALL[usize::try_from(seed % 5).unwrap_or(0)],
            shows_days: dice.choice([400, 90, 30]).unwrap_or(90),
            page: dice.usize(2..9),
            gives_instants: dice.bool(),
            begins_on: dice.choice(begins).unwrap_or(begins[0]),
        }
    }
}

/// How far a fact has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Booked,
    /// The bank does not show it any more, and it never was.
    Gone,
    /// It was booked, and the bank does not show it any more. What is in the books stays there until a person says otherwise.
    Withdrawn,
}

/// Something that has happened to a bank account.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) serial: u32,
    pub(crate) state: State,
    pub(crate) day: Date,
    pub(crate) minor: i64,
    pub(crate) payee: String,
    /// What the bank calls it now, where it has ids that last.
    id: u32,
    /// Whether the bank has changed its text since it was booked.
    is_amended: bool,
}

/// What of a fact is seen in the books.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Content {
    pub(crate) day: Date,
    pub(crate) minor: i64,
    pub(crate) payee: String,
    pub(crate) is_pending: bool,
}

impl Fact {
    pub(crate) fn content(&self) -> Content {
        Content {
            day: self.day,
            minor: self.minor,
            payee: self.payee.clone(),
            is_pending: self.state == State::Pending,
        }
    }
}

/// A row as the bank writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Wire {
    pub(crate) id: Option<String>,
    pub(crate) reference: Option<String>,
    /// A day, or an instant.
    pub(crate) when: String,
    pub(crate) minor: i64,
    pub(crate) currency: String,
    pub(crate) payee: String,
    pub(crate) is_pending: bool,
}

/// What the bank answers for one account.
pub(crate) struct Answer {
    pub(crate) pages: Vec<Vec<Wire>>,
    /// From the first day that was asked for.
    pub(crate) is_complete: bool,
    /// It breaks off after its first page.
    pub(crate) breaks_off: bool,
    pub(crate) booked_minor: i64,
}

/// How the next answers come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Each page comes twice.
    pub(crate) repeats_pages: bool,
    /// The answer for this account breaks off.
    pub(crate) breaks_off: Option<usize>,
}

/// One bank with all that has happened there.
#[derive(Debug, Clone)]
pub(crate) struct Bank {
    pub(crate) habits: Habits,
    pub(crate) today: Date,
    pub(crate) facts: [Vec<Fact>; ACCOUNTS],
    pub(crate) trouble: Trouble,
    /// How often access was renewed: each time the accounts get other names.
    pub(crate) consents: u32,
    next: u32,
    dice: fastrand::Rng,
}

impl Bank {
    pub(crate) fn new(seed: u64) -> Self {
        let habits = Habits::of(seed);
        Self {
            today: habits.begins_on,
            habits,
            facts: Default::default(),
            trouble: Trouble::default(),
            consents: 0,
            next: 1,
            dice: fastrand::Rng::with_seed(seed ^ 0x5eed),
        }
    }

    /// What the bank calls an account under the present consent.
    pub(crate) fn alias(&self, account: usize) -> String {
        format!("{}-{account}", self.consents)
    }

    pub(crate) fn account_of(&self, alias: &str) -> Option<usize> {
        (0..ACCOUNTS).find(|account| self.alias(*account) == alias)
    }

    fn add(&mut self, account: usize, state: State, day: Date, minor: i64, payee: String) -> u32 {
        let serial = self.next;
        self.next += 1;
        self.facts[account].push(Fact { serial, state, day, minor, payee, id: serial, is_amended: false });
        serial
    }

    /// Something is booked, some days ago perhaps.
    pub(crate) fn book(&mut self, account: usize, late_days: i64, amount: usize, payee: usize) {
        let day = self.today.saturating_sub(Span::new().days(late_days.min(MAX_LATE_DAYS))).max(self.habits.begins_on);
        self.add(account, State::Booked, day, AMOUNTS[amount % AMOUNTS.len()], PAYEES[payee % PAYEES.len()].to_owned());
    }

    /// An amount that nothing else has, so that what a row settles is beyond doubt; and the day.
    pub(crate) fn rare(&self) -> (i64, Date) {
        (-(100_001 + 10_000 * i64::from(self.next)), self.today)
    }

    /// What somebody has typed before is booked.
    pub(crate) fn book_typed(&mut self, account: usize, minor: i64, payee: usize) -> u32 {
        self.add(account, State::Booked, self.today, minor, PAYEES[payee % PAYEES.len()].to_owned())
    }

    /// The latest booked row happens once more, on the same day.
    pub(crate) fn twin(&mut self, account: usize) -> bool {
        let latest = self.facts[account].iter().rev().find(|fact| {
            fact.state == State::Booked && AMOUNTS.contains(&fact.minor) && fact.day >= self.recent_from()
        });
        let Some(Content { day, minor, payee, .. }) = latest.map(Fact::content) else { return false };
        self.add(account, State::Booked, day, minor, payee);
        true
    }

    /// The first day on which something may still be booked.
    fn recent_from(&self) -> Date {
        self.today.saturating_sub(Span::new().days(MAX_LATE_DAYS))
    }

    /// Something is on its way.
    pub(crate) fn hold(&mut self, account: usize, payee: usize) {
        let minor = self.rare().0;
        let payee = format!("Card 0815 {}", PAYEES[payee % PAYEES.len()]);
        self.add(account, State::Pending, self.today, minor, payee);
    }

    fn nth_pending(&mut self, nth: usize) -> Option<(usize, &mut Fact)> {
        let mut pending: Vec<(usize, &mut Fact)> = self
            .facts
            .iter_mut()
            .enumerate()
            .flat_map(|(account, facts)| facts.iter_mut().map(move |fact| (account, fact)))
            .filter(|(_, fact)| fact.state == State::Pending)
            .collect();
        if pending.is_empty() { None } else { Some(pending.swap_remove(nth % pending.len())) }
    }

    /// A pending row is booked, today at the earliest of its days, under its plain name perhaps.
    pub(crate) fn settle(&mut self, nth: usize, is_renamed: bool) -> bool {
        let today = self.today;
        let Some((_, fact)) = self.nth_pending(nth) else { return false };
        // A hold that nobody books within two weeks is another story.
        if (today - fact.day).get_days() > 13 {
            fact.state = State::Gone;
            return true;
        }
        fact.state = State::Booked;
        fact.day = today;
        if is_renamed {
            fact.payee = fact.payee.trim_start_matches("Card 0815 ").to_owned();
        }
        true
    }

    /// A pending row is booked with a tip: another amount, and nothing says that it is the same. It may be shown for some more
    /// time beside what it was booked as.
    pub(crate) fn settle_with_tip(&mut self, nth: usize, lingers: bool) -> bool {
        let (today, next) = (self.today, i64::from(self.next));
        let Some((account, fact)) = self.nth_pending(nth) else { return false };
        if !lingers {
            fact.state = State::Gone;
        }
        // Rare amounts end in 1; without these cents, an eighth more might be another of them, or the tip of another time.
        let minor = fact.minor + fact.minor / 8 - 1 - 2 * next;
        let payee = fact.payee.trim_start_matches("Card 0815 ").to_owned();
        self.add(account, State::Booked, today, minor, payee);
        true
    }

    /// A pending row was nothing after all.
    pub(crate) fn drop_pending(&mut self, nth: usize) -> bool {
        match self.nth_pending(nth) {
            Some((_, fact)) => fact.state = State::Gone,
            None => return false,
        }
        true
    }

    /// A booked row is deleted and made anew under another id.
    pub(crate) fn make_anew(&mut self, account: usize, nth: usize) -> bool {
        let id = self.next;
        let recent_from = self.recent_from();
        let mut booked: Vec<&mut Fact> = self.facts[account]
            .iter_mut()
            .filter(|fact| fact.state == State::Booked && fact.day >= recent_from && !fact.is_amended)
            .collect();
        if booked.is_empty() {
            return false;
        }
        let place = nth % booked.len();
        booked[place].id = id;
        self.next += 1;
        true
    }

    /// A booked row gets another text, where its id says that it is still the same row.
    pub(crate) fn amend(&mut self, account: usize, nth: usize, may: impl Fn(&Fact) -> bool) -> bool {
        if self.habits.ids != Ids::Stable {
            return false;
        }
        let recent_from = self.recent_from();
        let contents: Vec<Content> = self.facts[account].iter().map(Fact::content).collect();
        let is_alone = |fact: &Fact| contents.iter().filter(|content| **content == fact.content()).count() == 1;
        let mut booked: Vec<&mut Fact> = self.facts[account]
            .iter_mut()
            .filter(|fact| fact.state == State::Booked && fact.day >= recent_from && fact.id == fact.serial)
            .filter(|fact| !fact.is_amended && is_alone(fact) && may(fact))
            .collect();
        if booked.is_empty() {
            return false;
        }
        let place = nth % booked.len();
        booked[place].payee.push_str(" 4711");
        booked[place].is_amended = true;
        true
    }

    /// A booked row that nothing else resembles is not shown any more.
    pub(crate) fn withdraw(&mut self, account: usize, nth: usize) -> bool {
        let mut booked: Vec<&mut Fact> = self.facts[account]
            .iter_mut()
            .filter(|fact| fact.state == State::Booked && !AMOUNTS.contains(&fact.minor))
            .collect();
        if booked.is_empty() {
            return false;
        }
        let place = nth % booked.len();
        booked[place].state = State::Withdrawn;
        true
    }

    /// What the bank answers for an account, asked from a day on.
    pub(crate) fn answer(&mut self, account: usize, from: Date) -> Answer {
        let first_shown = self.today.saturating_sub(Span::new().days(self.habits.shows_days));
        let shown_from = from.max(first_shown);
        let mut shown: Vec<Fact> = self.facts[account]
            .iter()
            .filter(|fact| match fact.state {
                State::Pending => true,
                State::Booked => fact.day >= shown_from,
                State::Gone | State::Withdrawn => false,
            })
            .cloned()
            .collect();
        // Within a day banks sort as they like, and a late row gets in between.
        shown.sort_by_key(|fact| (fact.day, fact.minor, fact.serial));
        let mut places: HashMap<Date, u32> = HashMap::new();
        let rows: Vec<Wire> = shown
            .iter()
            .map(|fact| {
                let place = places.entry(fact.day).or_default();
                *place += 1;
                self.wire(account, fact, *place)
            })
            .rev()
            .collect();
        let mut pages: Vec<Vec<Wire>> = rows.chunks(self.habits.page).map(<[Wire]>::to_vec).collect();
        if self.trouble.repeats_pages && self.has_ids() {
            pages = pages.into_iter().flat_map(|page| [page.clone(), page]).collect();
        }
        let booked = self.facts[account].iter().filter(|fact| fact.state == State::Booked);
        Answer {
            pages,
            is_complete: from >= first_shown,
            breaks_off: self.trouble.breaks_off == Some(account),
            booked_minor: booked.map(|fact| fact.minor).sum(),
        }
    }

    /// Whether two rows of one answer can be told apart from one row that came twice.
    fn has_ids(&self) -> bool {
        matches!(self.habits.ids, Ids::Stable | Ids::Reissued | Ids::Positional)
    }

    fn wire(&mut self, account: usize, fact: &Fact, place: u32) -> Wire {
        let id = match self.habits.ids {
            // What is pending has an id of its own, and gets another one when it is booked.
            Ids::Stable | Ids::Positional if fact.state == State::Pending => Some(format!("p-{account}-{}", fact.id)),
            Ids::Stable => Some(format!("tx-{account}-{}", fact.id)),
            Ids::Reissued => Some(format!("{:016x}", self.dice.u64(..))),
            Ids::Positional => Some(format!("{}-{place}", fact.day)),
            Ids::Absent | Ids::Recurring => None,
        };
        let reference = (self.habits.ids == Ids::Recurring).then(|| format!("M-{}", fact.payee));
        let when = if self.habits.gives_instants { instant(fact) } else { fact.day.to_string() };
        Wire {
            id,
            reference,
            when,
            minor: fact.minor,
            currency: CURRENCIES[account].to_owned(),
            payee: fact.payee.clone(),
            is_pending: fact.state == State::Pending,
        }
    }
}

/// An instant of a fact's day, near where days and clocks change.
fn instant(fact: &Fact) -> String {
    let (hour, minute) = [(0, 5), (2, 30), (23, 55)][usize::try_from(fact.serial % 3).unwrap_or(0)];
    match fact.day.at(hour, minute, 0, 0).in_tz(ZONE) {
        Ok(zoned) => zoned.timestamp().to_string(),
        Err(_) => fact.day.to_string(),
    }
}
