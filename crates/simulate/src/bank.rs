//! The bank: what has truly happened, and what it shows of that.

use std::collections::HashMap;

use bankside_domain::row::{RowId, RowIdKind};
use jiff::civil::Date;
use jiff::{Span, Timestamp};

use crate::habits::{Habits, Ids, Tale};
use crate::tally::{Event, Tally};
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
    /// Whether an answer that came whole has shown it as it is now.
    is_told: bool,
    /// The pending fact that it was booked as with a tip.
    tip_of: Option<u32>,
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

/// What a bank shows by a scenario, word for word.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) rows: [Vec<Wire>; ACCOUNTS],
    /// It shows no booked row of an earlier day.
    pub(crate) shows_from: Date,
    /// A page without a row comes first.
    pub(crate) begins_blank: bool,
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
    /// It shows no more than so many days for now.
    pub(crate) shows_days: i64,
    /// What it shows instead of what has happened, where a scenario says it.
    pub(crate) script: Option<Script>,
    pub(crate) tally: Tally,
    /// The facts of the latest answer for each account, where it came whole.
    latest_answers: [Vec<u32>; ACCOUNTS],
    /// The ids with which a fact was shown last, and how far it had got then.
    latest_ids: HashMap<u32, (State, Vec<RowId>)>,
    next: u32,
    dice: fastrand::Rng,
}

impl Bank {
    pub(crate) fn new(tale: Tale) -> Self {
        let habits = Habits::of(tale);
        Self {
            today: habits.begins_on,
            shows_days: habits.shows_days,
            habits,
            facts: Default::default(),
            trouble: Trouble::default(),
            consents: 0,
            script: None,
            tally: Tally::default(),
            latest_answers: Default::default(),
            latest_ids: HashMap::new(),
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
        let (is_amended, is_told) = (false, false);
        let fact = Fact { serial, state, day, minor, payee, id: serial, is_amended, is_told, tip_of: None };
        self.facts[account].push(fact);
        serial
    }

    /// Something is booked, some days ago perhaps.
    pub(crate) fn book(&mut self, account: usize, late_days: i64, amount: usize, payee: usize) {
        let Content { day, minor, payee, .. } = self.booking(late_days, amount, payee);
        self.add(account, State::Booked, day, minor, payee);
        if day < self.today {
            self.tally.count(Event::LateRow);
        }
        if self.habits.telling.tongue.currencies[account] != self.habits.telling.tongue.currencies[0] {
            self.tally.count(Event::SecondCurrency);
        }
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
        self.tally.count(Event::Twin);
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
        self.tally.count(Event::Pending);
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
            self.tally.count(Event::Vanished);
            return true;
        }
        fact.state = State::Booked;
        fact.day = today;
        fact.is_told = false;
        if is_renamed {
            fact.payee = fact.payee.trim_start_matches("Card 0815 ").to_owned();
        }
        self.tally.count(if is_renamed { Event::SettledRenamed } else { Event::Settled });
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
        let of = fact.serial;
        self.add(account, State::Booked, today, minor, payee);
        if let Some(booked) = self.facts[account].last_mut() {
            booked.tip_of = Some(of);
        }
        self.tally.count(if lingers { Event::TipLingers } else { Event::SettledWithTip });
        true
    }

    /// A pending row was nothing after all.
    pub(crate) fn drop_pending(&mut self, nth: usize) -> bool {
        match self.nth_pending(nth) {
            Some((_, fact)) => fact.state = State::Gone,
            None => return false,
        }
        self.tally.count(Event::Vanished);
        true
    }

    /// What a pending fact was booked as with a tip.
    pub(crate) fn tip_of(&self, account: usize, pending: u32) -> Option<&Fact> {
        self.facts[account].iter().find(|fact| fact.tip_of == Some(pending))
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
        self.tally.count(Event::MadeAnew);
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
        booked[place].is_told = false;
        self.tally.count(Event::Amended);
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
        self.tally.count(Event::Withdrawn);
        true
    }

    /// The bank shows so many days from now on.
    pub(crate) fn show(&mut self, days: i64) {
        let before = self.known_out_of_sight();
        self.shows_days = days;
        let now = self.known_out_of_sight();
        if now > before {
            self.tally.count(Event::OutOfSight);
        } else if now < before {
            self.tally.count(Event::BackInSight);
        }
    }

    fn known_out_of_sight(&self) -> usize {
        let of = |account: usize| self.facts[account].iter().filter(move |fact| self.hides(account, fact)).count();
        (0..ACCOUNTS).map(of).sum()
    }

    /// The first day that the bank shows of an account. A day with something that nobody has fetched as it is now is shown however long
    /// ago it was, and all that follows: whether that should be in the books nobody could say. So is whatever says the same as that: of an
    /// answer that does not go back as far as it was asked to, a known row that did not come is taken for one like it that did, until an
    /// answer shows both (`reconcile/content.rs` in the domain).
    fn first_shown(&self, account: usize) -> Date {
        let booked = || self.facts[account].iter().filter(|fact| fact.state == State::Booked);
        let untold: Vec<&Fact> = booked().filter(|fact| !fact.is_told).collect();
        let says_the_same = |fact: &&Fact| untold.iter().any(|one| one.minor == fact.minor && one.payee == fact.payee);
        let first = self.today.saturating_sub(Span::new().days(self.shows_days));
        booked().filter(says_the_same).map(|fact| fact.day).fold(first, Date::min)
    }

    /// Whether a booked fact is older than what the bank shows.
    pub(crate) fn hides(&self, account: usize, fact: &Fact) -> bool {
        fact.state == State::Booked && fact.day < self.first_shown(account)
    }

    /// A sync is over: what its answers showed that came whole is known.
    pub(crate) fn told(&mut self) {
        for (facts, serials) in self.facts.iter_mut().zip(std::mem::take(&mut self.latest_answers)) {
            for fact in facts.iter_mut().filter(|fact| serials.contains(&fact.serial)) {
                if fact.is_told && fact.state == State::Booked {
                    self.tally.count(Event::Overlap);
                }
                fact.is_told = true;
            }
        }
    }

    /// The books have lost what they knew of some facts.
    pub(crate) fn untell(&mut self, lost: impl Fn(usize, &Fact) -> bool) {
        for (account, facts) in self.facts.iter_mut().enumerate() {
            for fact in facts {
                fact.is_told &= !lost(account, fact);
            }
        }
    }

    /// What the bank answers for an account, asked from a day on.
    pub(crate) fn answer(&mut self, account: usize, from: Date) -> Answer {
        if let Some(script) = &self.script {
            return self.recite(script, account, from);
        }
        let mut there: Vec<Fact> = self.facts[account]
            .iter()
            .filter(|fact| matches!(fact.state, State::Pending | State::Booked))
            .cloned()
            .collect();
        // Within a day banks sort as they like, and a late row gets in between.
        there.sort_by_key(|fact| (fact.day, fact.minor, fact.serial));
        let mut places: HashMap<Date, u32> = HashMap::new();
        let first_shown = self.first_shown(account);
        let mut shown: Vec<(u32, Wire)> = Vec::new();
        for fact in &there {
            let place = places.entry(fact.day).or_default();
            *place += 1;
            if fact.state == State::Pending || (fact.day >= from && fact.day >= first_shown) {
                shown.push((fact.serial, self.wire(account, fact, *place)));
            }
        }
        let (serials, rows): (Vec<u32>, Vec<Wire>) = shown.into_iter().rev().unzip();
        let mut pages: Vec<Vec<Wire>> = Vec::new();
        for page in rows.chunks(self.habits.page) {
            // Without ids nobody can tell two rows from one row that came twice.
            let comes_twice = self.trouble.repeats_pages && page.iter().all(Wire::has_own_id);
            if comes_twice {
                self.tally.count(Event::PagesTwice);
            }
            pages.extend(std::iter::repeat_n(page.to_vec(), if comes_twice { 2 } else { 1 }));
        }
        let breaks_off = self.trouble.breaks_off == Some(account);
        if breaks_off {
            self.tally.count(Event::BrokenOff);
        }
        self.latest_answers[account] = if breaks_off { Vec::new() } else { serials };
        let booked = self.facts[account].iter().filter(|fact| fact.state == State::Booked);
        Answer {
            pages,
            is_complete: from >= first_shown,
            breaks_off,
            booked_minor: booked.map(|fact| fact.minor).sum(),
        }
    }

    /// What a scenario has the bank answer.
    fn recite(&self, script: &Script, account: usize, from: Date) -> Answer {
        let shown_from = from.max(script.shows_from);
        let shown: Vec<Wire> =
            script.rows[account].iter().filter(|wire| wire.is_pending || wire.day >= shown_from).cloned().collect();
        let mut pages: Vec<Vec<Wire>> = if script.begins_blank { vec![Vec::new()] } else { Vec::new() };
        for page in shown.chunks(self.habits.page) {
            pages.extend(std::iter::repeat_n(page.to_vec(), if self.trouble.repeats_pages { 2 } else { 1 }));
        }
        let booked = script.rows[account].iter().filter(|wire| !wire.is_pending);
        Answer {
            pages,
            is_complete: from >= script.shows_from,
            breaks_off: self.trouble.breaks_off == Some(account),
            booked_minor: booked.map(|wire| wire.minor).sum(),
        }
    }

    fn wire(&mut self, account: usize, fact: &Fact, place: u32) -> Wire {
        let Telling { teller, tongue } = self.habits.telling;
        let is_pending = fact.state == State::Pending;
        let (ids, at) = (self.ids(account, fact, place), self.moment(fact));
        self.count_shown(fact, &ids, at);
        Wire {
            ids,
            day: fact.day,
            at,
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

    /// Counts what is special about a fact as it is shown now.
    fn count_shown(&mut self, fact: &Fact, ids: &[RowId], at: Option<Timestamp>) {
        if !fact.is_told && at.is_some() {
            match self.hours(fact.day) {
                Some(25) => self.tally.count(Event::ClocksBack),
                Some(23) => self.tally.count(Event::ClocksForward),
                _ => {}
            }
        }
        let before = self.latest_ids.insert(fact.serial, (fact.state, ids.to_vec()));
        if before.is_some_and(|(state, before)| state == fact.state && before != ids) {
            match self.habits.ids {
                Ids::Reissued => self.tally.count(Event::IdsReissued),
                Ids::Positional => self.tally.count(Event::IdsMovedOn),
                Ids::Renewed | Ids::Backed => self.tally.count(Event::IdsRenewed),
                Ids::Stable | Ids::Lasting | Ids::Absent | Ids::Recurring => {}
            }
        }
    }

    /// How many hours a day has at the bank.
    fn hours(&self, day: Date) -> Option<i64> {
        let begins = |day: Date| day.at(0, 0, 0, 0).in_tz(self.habits.telling.zone()).ok();
        Some(begins(day.tomorrow().ok()?)?.timestamp().duration_since(begins(day)?.timestamp()).as_hours())
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
