//! Scenarios of matching as text, which an accountant can read and add to (`docs/scenarios.md`): day by day what the bank shows, what a
//! person does, and what the books hold then. Each is played in a whole engine on either database and in the house in memory.

use std::cmp::Ordering;
use std::pin::Pin;

use anyhow::{Context, Result, bail, ensure};
use bankside_domain::account::PendingPolicy;
use bankside_domain::row::{RowId, RowIdKind, RowStatus};
use bankside_domain::suspicion::HeldChoice;
use bankside_domain::{BatchId, TransactionId};
use bankside_testkit::Engine;
use jiff::civil::{Date, date};

use crate::bank::{ACCOUNTS, Script, Trouble};
use crate::books::{BookRow, Books};
use crate::habits::Tale;
use crate::house::{Asked, End, House, RowChange};
use crate::real::RealHouse;
use crate::telling::{TELLERS, Wire, decimal};
use crate::twin::TwinHouse;

const FILES: [(&str, &str); 4] = [
    ("ids.txt", include_str!("scenarios/ids.txt")),
    ("pending.txt", include_str!("scenarios/pending.txt")),
    ("windows.txt", include_str!("scenarios/windows.txt")),
    ("people.txt", include_str!("scenarios/people.txt")),
];

/// The accounts of every scenario, and their currencies.
const ACCOUNT_NAMES: [&str; ACCOUNTS] = ["giro", "card", "francs"];
const CURRENCIES: [&str; 4] = ["EUR", "CHF", "USD", "GBP"];

/// Its first day, a fortnight before the clocks of its bank change.
const BEGINS_ON: Date = date(2026, 10, 11);

struct Scenario {
    file: &'static str,
    title: &'static str,
    /// Each with its number in the file.
    lines: Vec<(usize, Vec<&'static str>)>,
}

fn scenarios() -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (file, text) in FILES {
        let lines = text.lines().map(str::trim).enumerate();
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            if let Some(title) = line.strip_prefix("==") {
                scenarios.push(Scenario { file, title: title.trim(), lines: Vec::new() });
            } else {
                let cells = line.split('|').map(str::trim).collect();
                scenarios.last_mut().unwrap().lines.push((number + 1, cells));
            }
        }
    }
    scenarios
}

/// A scenario that is being played.
struct Stage<H> {
    house: H,
    script: Script,
    /// Whether the lines about the bank are of before the latest sync: the next of them begins anew.
    is_told: bool,
    /// What can be taken back, the latest last, and what can be done again after that.
    deeds: Vec<Vec<BatchId>>,
    undoings: Vec<Vec<BatchId>>,
    /// What the books are said to hold, while that is read.
    said: Vec<Vec<&'static str>>,
}

/// What a line of a person came to.
type Done = End<Vec<BatchId>>;

fn batches(end: End<Option<BatchId>>) -> Done {
    end.map(|batch| batch.into_iter().collect())
}

fn account(name: &str) -> Result<usize> {
    let place = ACCOUNT_NAMES.iter().position(|known| *known == name);
    place.with_context(|| format!("there is no account {name}"))
}

fn minor(text: &str) -> Result<i64> {
    let (whole, cents) = text.split_once('.').with_context(|| format!("an amount has cents: {text}"))?;
    ensure!(cents.len() == 2, "an amount has two digits of cents: {text}");
    let cents_minor: i64 = cents.parse()?;
    let whole_minor: i64 = whole.parse::<i64>()? * 100;
    Ok(if text.starts_with('-') { whole_minor - cents_minor } else { whole_minor + cents_minor })
}

fn day(text: &str) -> Result<Date> {
    text.parse().with_context(|| format!("a day: {text}"))
}

/// A row as it is told: by its amount, and by its payee where that alone does not say which.
fn is_told(row: &BookRow, told: &str) -> Result<bool> {
    let (amount, payee) = told.split_once(' ').unwrap_or((told, ""));
    Ok(row.minor == minor(amount)? && (payee.is_empty() || row.payee.as_deref() == Some(payee)))
}

/// An amount of the account's currency, or one with its own behind it.
fn money(text: &str, usual: &'static str) -> Result<(i64, &'static str)> {
    let Some((amount, code)) = text.split_once(' ') else { return Ok((minor(text)?, usual)) };
    let currency = CURRENCIES.iter().find(|known| **known == code).with_context(|| format!("no currency: {code}"))?;
    Ok((minor(amount)?, currency))
}

impl<H: House> Stage<H> {
    fn of(house: H) -> Self {
        let script = Script::default();
        house.bank().habits.page = 2;
        Self { house, script, is_told: true, deeds: Vec::new(), undoings: Vec::new(), said: Vec::new() }
    }

    async fn take(&mut self, cells: &[&'static str]) -> Result<()> {
        if matches!(cells[0], "books" | "held" | "asked") {
            self.said.push(cells.to_vec());
            return Ok(());
        }
        self.look().await?;
        let (cells, is_refused) = match cells.split_last() {
            Some((&"refused", cells)) => (cells, true),
            _ => (cells, false),
        };
        let done = match cells {
            ["day", text] => return self.turn_to(day(text)?),
            ["shows", rest @ ..] => return self.show(rest),
            ["sync", how @ ..] => return self.sync(how).await,
            ["renew"] => {
                self.house.bank().script = Some(self.script.clone());
                self.house.renew(None).await?;
                self.is_told = true;
                return self.tick();
            }
            ["undo"] => return self.undo().await,
            ["redo"] => return self.redo().await,
            ["different", pair] => {
                let pair = self.asked(pair).await?.pair;
                batches(self.house.decide_pair(pair, false, None).await?)
            }
            ["same", pair] => {
                let pair = self.asked(pair).await?.pair;
                batches(self.house.decide_pair(pair, true, None).await?)
            }
            ["type", name, on, amount, payee] => {
                let end = self.house.type_row(account(name)?, minor(amount)?, day(on)?, payee, None).await?;
                end.map(|batch| vec![batch])
            }
            ["lock", name, through] => batches(self.house.lock(account(name)?, Some(day(through)?), None).await?),
            ["unlock", name] => batches(self.house.lock(account(name)?, None, None).await?),
            ["pending", name, what] => {
                let policy = match *what {
                    "left out" => PendingPolicy::BookedOnly,
                    "shown" => PendingPolicy::Shown,
                    "counted" => PendingPolicy::Counted,
                    other => bail!("pending rows are left out, shown or counted, and not {other}"),
                };
                batches(self.house.set_policy(account(name)?, policy, None).await?)
            }
            ["turn", name] => batches(self.house.turn_sign(account(name)?, true, None).await?),
            ["take in", amount] => self.decide(amount, HeldChoice::NewRow).await?,
            ["leave out", amount] => self.decide(amount, HeldChoice::LeaveOut).await?,
            [verb, row, rest @ ..] => {
                let (change, row) = (change(verb, rest)?, self.row(row).await?);
                batches(self.house.change(row, &change, None).await?)
            }
            _ => bail!("nobody knows what that is"),
        };
        match done {
            End::Refused(words) => ensure!(is_refused, "it was refused: {words}"),
            End::Killed => bail!("it was killed"),
            End::Done(batches) => {
                ensure!(!is_refused, "it was not refused");
                if !batches.is_empty() {
                    self.deeds.push(batches);
                    self.undoings.clear();
                }
            }
        }
        self.tick()
    }

    /// What comes later stands higher in the books.
    fn tick(&mut self) -> Result<()> {
        let today = self.house.bank().today;
        self.house.turn_to(today)
    }

    fn turn_to(&mut self, day: Date) -> Result<()> {
        ensure!(self.house.bank().today <= day, "days do not go back");
        self.house.bank().today = day;
        self.house.turn_to(day)
    }

    /// The bank shows another row, or something else about it.
    fn show(&mut self, cells: &[&'static str]) -> Result<()> {
        if std::mem::take(&mut self.is_told) {
            self.script = Script { shows_from: Date::MIN, ..Script::default() };
        }
        match cells {
            ["nothing"] => {}
            ["no day before", from] => self.script.shows_from = day(from)?,
            ["a blank page first"] => self.script.begins_blank = true,
            [name, id, on, amount, payee, status] => {
                let account = account(name)?;
                let usual = TELLERS[0].tongues[0].currencies[account];
                let (minor, currency) = money(amount, usual)?;
                let ids = match id.split_once(' ') {
                    Some(("for", reference)) => {
                        vec![RowId { kind: RowIdKind::Reference, value: reference.to_owned() }]
                    }
                    None if *id == "-" => Vec::new(),
                    None => vec![RowId { kind: RowIdKind::Provider, value: (*id).to_owned() }],
                    Some(_) => bail!("an id is one word: {id}"),
                };
                let is_pending = match *status {
                    "pending" => true,
                    "booked" => false,
                    other => bail!("a row is pending or booked, and not {other}"),
                };
                let wire = Wire {
                    ids,
                    day: day(on)?,
                    at: None,
                    minor,
                    currency,
                    payee: (*payee).to_owned(),
                    is_pending,
                    since: None,
                };
                self.script.rows[account].push(wire);
            }
            _ => bail!("a bank shows: account, id, day, amount, payee, status"),
        }
        Ok(())
    }

    async fn sync(&mut self, how: &[&str]) -> Result<()> {
        let mut kill_at = None;
        let mut trouble = Trouble::default();
        for how in how {
            match how.split_once(' ') {
                Some((name, "breaks off")) => trouble.breaks_off = Some(account(name)?),
                Some(("pages", "twice")) => trouble.repeats_pages = true,
                None if *how == "killed" => kill_at = Some(60),
                _ => bail!("nobody knows such a sync: {how}"),
            }
        }
        {
            let mut bank = self.house.bank();
            bank.script = Some(self.script.clone());
            bank.trouble = trouble;
        }
        self.house.sync(kill_at).await?;
        self.is_told = true;
        let batches = self.house.batches_of_latest_sync().await?;
        if !batches.is_empty() {
            self.deeds.push(batches);
            self.undoings.clear();
        }
        self.tick()
    }

    async fn undo(&mut self) -> Result<()> {
        let deed = self.deeds.pop().context("there is nothing to take back")?;
        let undoings = self.take_back(deed).await?;
        self.undoings.push(undoings);
        self.tick()
    }

    async fn redo(&mut self) -> Result<()> {
        let undoings = self.undoings.pop().context("there is nothing to do again")?;
        let deed = self.take_back(undoings).await?;
        self.deeds.push(deed);
        self.tick()
    }

    async fn take_back(&mut self, batches: Vec<BatchId>) -> Result<Vec<BatchId>> {
        let mut undoings = Vec::new();
        for batch in batches.into_iter().rev() {
            let End::Done(undone) = self.house.undo(batch, None).await? else { bail!("it is not taken back") };
            ensure!(undone.stays.is_empty(), "this stays: {:?}", undone.stays);
            undoings.push(undone.batch);
        }
        Ok(undoings)
    }

    async fn decide(&mut self, amount: &str, choice: HeldChoice) -> Result<Done> {
        let (minor, books) = (minor(amount)?, self.house.books().await?);
        let held = books.held.iter().flatten().find(|held| held.content.minor == minor);
        let held = held.with_context(|| format!("no row of {amount} is held back"))?.feed_row;
        Ok(self.house.decide(held, choice, None).await?.map(|batch| vec![batch]))
    }

    async fn row(&self, told: &str) -> Result<TransactionId> {
        let books = self.house.books().await?;
        for row in books.rows.iter().flatten() {
            if is_told(row, told)? {
                return Ok(row.id);
            }
        }
        bail!("there is no row {told}")
    }

    async fn asked(&self, told: &str) -> Result<Asked> {
        let books = self.house.books().await?;
        let asked = self.house.pairs().await?;
        let found = asked.into_iter().find(|asked| ends(&books, asked).is_some_and(|ends| ends == told));
        found.with_context(|| format!("nobody asks about {told}"))
    }

    /// The books are as they were said to be, if that was said.
    async fn look(&mut self) -> Result<()> {
        let said = std::mem::take(&mut self.said);
        if said.is_empty() {
            return Ok(());
        }
        let books = self.house.books().await?;
        books.prove()?;
        let mut found = told(&books);
        let asked = self.house.pairs().await?;
        found.extend(asked.iter().filter_map(|asked| Some(vec!["asked".to_owned(), ends(&books, asked)?])));
        let all = found.clone();
        let mut missing = Vec::new();
        for cells in said.iter().filter(|cells| cells[1] != "nothing") {
            match found.iter().position(|row| row.len() >= cells.len() && row.iter().zip(cells).all(|(a, b)| a == b)) {
                Some(place) => _ = found.remove(place),
                None => missing.push(cells.join(" | ")),
            }
        }
        let text = |rows: &[Vec<String>]| rows.iter().map(|row| row.join(" | ")).collect::<Vec<_>>().join("\n    ");
        ensure!(
            missing.is_empty() && found.is_empty(),
            "the books do not hold\n    {}\n  and hold what was not said\n    {}\n  of all\n    {}",
            missing.join("\n    "),
            text(&found),
            text(&all)
        );
        Ok(())
    }
}

fn change(verb: &str, rest: &[&str]) -> Result<RowChange> {
    Ok(match (verb, rest) {
        ("note", [text]) => RowChange::Note((*text).to_owned()),
        ("rename", [payee]) => RowChange::Payee((*payee).to_owned()),
        ("redate", [on]) => RowChange::Day(day(on)?),
        ("move", [to]) => RowChange::Move(account(to)?),
        ("delete", []) => RowChange::Delete,
        ("split", lines) => {
            let line = |line: &&str| -> Result<(i64, String)> {
                let (amount, note) = line.split_once(' ').context("a line has an amount and a note")?;
                Ok((minor(amount)?, note.to_owned()))
            };
            RowChange::Lines(lines.iter().map(line).collect::<Result<_>>()?)
        }
        _ => bail!("nobody does that to a row: {verb}"),
    })
}

/// The two rows that are asked about: what stays or is smaller first.
fn ends(books: &Books, asked: &Asked) -> Option<String> {
    let minor = |id: TransactionId| match &asked.gone {
        Some(gone) if gone.id == id => Some(gone.minor),
        _ => books.find(id).map(|(_, row)| row.minor),
    };
    let (mut first, mut second) = (minor(asked.pair.0)?, minor(asked.pair.1)?);
    if first.abs().cmp(&second.abs()) == Ordering::Greater {
        (first, second) = (second, first);
    }
    let gone = if asked.gone.is_some() { " gone" } else { "" };
    Some(format!("{} + {}{gone}", decimal(first), decimal(second)))
}

/// The books as scenarios say them: rows with as many cells as anybody may want to say.
fn told(books: &Books) -> Vec<Vec<String>> {
    let mut told = Vec::new();
    for (account, name) in ACCOUNT_NAMES.iter().enumerate() {
        for row in &books.rows[account] {
            let status = if row.status == RowStatus::Pending { "pending" } else { "booked" };
            let payee = row.payee.clone().unwrap_or_else(|| "-".to_owned());
            let note = row.note.clone().unwrap_or_else(|| "-".to_owned());
            let cells = ["books", name, &row.dated_on.to_string(), &decimal(row.minor), &payee, status, &note];
            let mut cells: Vec<String> = cells.into_iter().map(str::to_owned).collect();
            cells.push(format!("{} lines", row.lines));
            told.push(cells);
        }
        for held in &books.held[account] {
            let (on, amount) = (held.content.day.to_string(), decimal(held.content.minor));
            told.push(["held", name, &on, &amount, &held.content.payee].into_iter().map(str::to_owned).collect());
        }
    }
    told
}

async fn play<H: House>(scenario: &Scenario, house: H) -> Result<()> {
    let mut stage = Stage::of(house);
    ensure!(stage.house.bank().today == BEGINS_ON, "scenarios begin on another day");
    ensure!(
        scenario.lines.last().is_some_and(|(_, cells)| matches!(cells[0], "books" | "held" | "asked")),
        "it ends unsaid"
    );
    for (number, cells) in &scenario.lines {
        let place = || format!("{}:{number}: {}", scenario.file, cells.join(" | "));
        stage.take(cells).await.with_context(place)?;
    }
    let place = || format!("{}, at the end of “{}”", scenario.file, scenario.title);
    stage.look().await.with_context(place)
}

/// Told by the story's own provider, and a seed whose first day is the one that scenarios begin on.
fn tale() -> Tale {
    let tale = |seed| Tale { seed, told_by: Some(&TELLERS[0]) };
    (1..100).map(tale).find(|tale| crate::habits::Habits::of(*tale).begins_on == BEGINS_ON).unwrap()
}

/// A house that is being opened.
type Opening<H> = Pin<Box<dyn Future<Output = Result<H>>>>;

/// Plays one scenario of so many, from the `first` on, and tells which come to something else.
async fn fail_on<H: House>(one_of: usize, first: usize, open: impl Fn() -> Opening<H>) -> Vec<String> {
    let mut failures = Vec::new();
    for scenario in scenarios().iter().skip(first).step_by(one_of) {
        let played = Box::pin(async { play(scenario, open().await?).await });
        if let Err(error) = played.await {
            failures.push(format!("== {}\n  {error:#}", scenario.title));
        }
    }
    failures
}

#[test]
fn there_are_scenarios_and_each_has_a_title_of_its_own() {
    let mut titles: Vec<&str> = scenarios().iter().map(|scenario| scenario.title).collect();
    assert!(titles.len() >= 25, "{}", titles.len());
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), scenarios().len());
}

/// Both houses play each, and come to the same books; in four parts, so that nothing waits for one long test at the end.
macro_rules! every_scenario_of_matching_comes_to_the_books_that_it_says {
    ($($part:ident: $first:literal,)*) => {$(
        #[tokio::test]
        async fn $part() {
            let failures = fail_on(4, $first, || Box::pin(TwinHouse::open(tale()))).await;
            assert!(failures.is_empty(), "{}", failures.join("\n"));
        }
    )*};
}

every_scenario_of_matching_comes_to_the_books_that_it_says! {
    scenarios_come_to_their_books_from_the_first: 0,
    scenarios_come_to_their_books_from_the_second: 1,
    scenarios_come_to_their_books_from_the_third: 2,
    scenarios_come_to_their_books_from_the_fourth: 3,
}

/// A few of them, because each wants a database of its own; all with `BANKSIDE_SCENARIOS=all`.
#[tokio::test]
async fn scenarios_of_matching_come_to_the_books_that_they_say_on_postgres() {
    let one_of = if std::env::var("BANKSIDE_SCENARIOS").is_ok_and(|which| which == "all") { 1 } else { 13 };
    let failures = fail_on(one_of, 0, || Box::pin(RealHouse::open(tale(), Engine::Postgres))).await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
