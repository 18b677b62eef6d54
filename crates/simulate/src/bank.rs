//! The bank: what has truly happened, and what it shows of that.

use std::collections::HashMap;

use bankside_domain::row::{RowId, RowIdKind};
use jiff::civil::Date;
use jiff::{Span, Timestamp};

use crate::habits::{Habits, Ids, Tale};
use crate::telling::{Moments, Telling, Wire};

/// How many bank accounts there are: two of one currency, and one of another.
pub(crate) const ACCOUNTS: usize = 3;
/// The latest that a row comes after the day on which it is booked.
pub(crate) const MAX_LATE_DAYS: i64 = 5;

pub(crate) const PAYEES: [&str; 4] = ["Café am Kai", "Stadtwerke Nordhafen", "Werft Nord", "Markthalle"];
/// What the bank writes behind a name when it gives a row another text.
const AMENDED: &str = " 4711";
const AMOUNTS: [i64; 5] = [-280, -9600, -1550, 5000, 284_000];

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

    /// What was seen of it before the bank gave it another text.
    pub(crate) fn content_before(&self) -> Option<Content> {
        let payee = self.payee.strip_suffix(AMENDED).filter(|_| self.is_amended)?;
        Some(Content { payee: payee.to_owned(), ..self.content() })
    }
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
    pub(crate) fn new(tale: Tale) -> Self {
        let habits = Habits::of(tale);
        Self {
            today: habits.begins_on,
            habits,
            facts: Default::default(),
            trouble: Trouble::default(),
            consents: 0,
            next: 1,
            dice: fastrand::Rng::with_seed(tale.seed ^ 0x5eed),
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
        let Content { day, minor, payee, .. } = self.booking(late_days, amount, payee);
        self.add(account, State::Booked, day, minor, payee);
    }

    fn booking(&self, late_days: i64, amount: usize, payee: usize) -> Content {
        let day = self.today.saturating_sub(Span::new().days(late_days.min(MAX_LATE_DAYS))).max(self.habits.begins_on);
        let payee = PAYEES[payee % PAYEES.len()].to_owned();
        Content { day, minor: AMOUNTS[amount % AMOUNTS.len()], payee, is_pending: false }
    }

    /// Whether what would be booked says what another row said until the bank gave that another text.
    pub(crate) fn says_what_another_said(&self, account: usize, late_days: i64, amount: usize, payee: usize) -> bool {
        let booking = Some(self.booking(late_days, amount, payee));
        self.facts[account].iter().any(|fact| fact.content_before() == booking)
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
        if !matches!(self.habits.ids, Ids::Stable | Ids::Lasting | Ids::Backed) {
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
        booked[place].payee.push_str(AMENDED);
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
        let mut pages: Vec<Vec<Wire>> = Vec::new();
        for page in rows.chunks(self.habits.page) {
            // Without ids nobody can tell two rows from one row that came twice.
            let times = if self.trouble.repeats_pages && page.iter().all(Wire::has_own_id) { 2 } else { 1 };
            pages.extend(std::iter::repeat_n(page.to_vec(), times));
        }
        let booked = self.facts[account].iter().filter(|fact| fact.state == State::Booked);
        Answer {
            pages,
            is_complete: from >= first_shown,
            breaks_off: self.trouble.breaks_off == Some(account),
            booked_minor: booked.map(|fact| fact.minor).sum(),
        }
    }

    fn wire(&mut self, account: usize, fact: &Fact, place: u32) -> Wire {
        let Telling { teller, tongue } = self.habits.telling;
        let is_pending = fact.state == State::Pending;
        Wire {
            ids: self.ids(account, fact, place),
            day: fact.day,
            at: self.moment(fact),
            minor: fact.minor,
            currency: tongue.currencies[account],
            payee: fact.payee.clone(),
            is_pending,
            since: teller.says_since.then(|| self.since()).flatten(),
        }
    }

    fn ids(&mut self, account: usize, fact: &Fact, place: u32) -> Vec<RowId> {
        let teller = self.habits.telling.teller;
        let (state, id, consents) = (if fact.state == State::Pending { "p" } else { "tx" }, fact.id, self.consents);
        let main = match self.habits.ids {
            Ids::Absent | Ids::Recurring => None,
            // What is pending has an id of its own, and gets another one when it is booked.
            Ids::Stable => Some(format!("{state}-{account}-{id}")),
            Ids::Positional if fact.state == State::Pending => Some(format!("p-{account}-{id}")),
            Ids::Lasting => Some(format!("tx-{account}-{id}")),
            Ids::Renewed => Some(format!("{state}-{account}-{id}-{consents}")),
            Ids::Reissued => Some(format!("{:016x}", self.dice.u64(..))),
            Ids::Positional => Some(format!("{}-{place}", fact.day)),
            Ids::Backed => Some(format!("tx-{account}-{}", fact.serial)),
        };
        let main = match self.habits.ids {
            Ids::Renewed if teller.numbers_rows => Some(format!("{}{consents:03}{id:08}", account + 1)),
            _ if teller.numbers_rows => main.map(|_| format!("{}{id:08}", account + 1)),
            _ => main,
        };
        let id = |kind, value: Option<String>| value.map(|value| RowId { kind, value });
        let is_backed = self.habits.ids == Ids::Backed;
        let is_named = teller.names_pending || fact.state == State::Booked;
        let provider = (is_backed && is_named).then(|| format!("{state}-{account}-{}-{consents}", fact.id));
        let main_kind = if is_backed { RowIdKind::Bank } else { teller.main_id };
        let main = main.filter(|_| is_named || is_backed);
        let reference = (self.habits.ids == Ids::Recurring).then(|| format!("M-{}", fact.payee));
        let all = [id(RowIdKind::Provider, provider), id(main_kind, main), id(RowIdKind::Reference, reference)];
        all.into_iter().flatten().collect()
    }

    /// A moment of a fact's day, near where days and clocks change, or the midnight with which it begins; none where the bank gives
    /// days.
    fn moment(&self, fact: &Fact) -> Option<Timestamp> {
        let Telling { teller, .. } = self.habits.telling;
        let (hour, minute) = match (self.habits.gives_instants, teller.moments) {
            (true, _) => [(0, 5), (2, 30), (23, 55)][usize::try_from(fact.serial % 3).unwrap_or(0)],
            (false, Moments::Midnights) => (0, 0),
            (false, Moments::Days | Moments::DaysOrInstants) => return None,
        };
        Some(fact.day.at(hour, minute, 0, 0).in_tz(self.habits.telling.zone()).ok()?.timestamp())
    }

    /// When the provider has begun to keep what it shows: with the present consent.
    fn since(&self) -> Option<Timestamp> {
        let day = self.habits.begins_on.saturating_add(Span::new().days(i64::from(self.consents)));
        Some(day.at(12, 0, 0, 0).in_tz("UTC").ok()?.timestamp())
    }
}
