//! Guessing how a file is meant: by its bytes, by the names of its columns, and by all of its values.

use bankside_domain::text::fold;
use bankside_domain::{Amount, Currency};
use jiff::civil::Date;

use super::limits::{MAX_PREAMBLE, MAX_ROWS};
use super::problem::FileProblem;
use super::read::check_kind;
use super::records::{Record, records};
use super::{DateOrder, DecimalMark, Delimiter, Encoding, Profile, Role, cells, dates, header, numbers};

/// So many lines decide what separates the values.
const LOOKED_AT: usize = 200;
/// So many values of a column are shown.
const SAMPLES: usize = 3;

/// How a file may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The likeliest way to read it.
    pub profile: Profile,
    /// Its columns, with what stands in them.
    pub columns: Vec<Column>,
    /// What a person has to say, because the file does not.
    pub doubts: Vec<Doubt>,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// Some of its values, none twice.
    pub samples: Vec<String>,
}

/// What a file leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Every date is one in both orders: 05/11/2026.
    DayOrMonthFirst,
    /// Every amount is one in both styles, and not the same one: 1,234.
    DecimalMark,
    /// No column is surely the date.
    Date,
    /// No column is surely the amount.
    Amount,
}

/// Guesses how a file is meant. `currency` is that of its account: an amount has no more decimals than it has.
pub fn guess(bytes: &[u8], currency: Currency) -> Result<Guess, FileProblem> {
    check_kind(bytes)?;
    guess_as(bytes, Encoding::guess(bytes), None, currency)
}

/// As [`guess`], where a person has said what the bytes stand for and what separates the values.
pub fn guess_as(
    bytes: &[u8],
    encoding: Encoding,
    delimiter: Option<Delimiter>,
    currency: Currency,
) -> Result<Guess, FileProblem> {
    check_kind(bytes)?;
    let text = encoding.decode(bytes)?;
    let delimiter = match delimiter {
        Some(delimiter) => delimiter,
        None => separator(&text.content)?,
    };
    let all = records(&text.content, delimiter, MAX_ROWS + 1)?;
    let header_at = header_at(&all);
    let rows = header_at.map_or(&all[..], |at| &all[at + 1..]);
    let width = width(rows).max(header_at.map_or(0, |at| all[at].values.len()));
    // The lines that are as wide as most are the rows; what else there is are notes.
    let rows: Vec<&Record> =
        rows.iter().filter(|record| record.values.len() * 2 > width && !record.is_blank()).collect();
    let rows = with_dates(rows);
    let header: Vec<String> = header_at.map_or_else(Vec::new, |at| all[at].values.iter().map(str::to_owned).collect());
    let mut columns = roles(&header, &rows, width);
    choose_amounts(&mut columns, &rows);
    let (dates, dates_doubt) = date_order(&columns, &rows);
    let (decimals, decimals_doubt) = decimal_mark(&columns, &rows, delimiter, currency);
    let mut doubts: Vec<Doubt> = [dates_doubt, decimals_doubt].into_iter().flatten().collect();
    if !columns.iter().any(|role| role.is_date()) {
        doubts.push(Doubt::Date);
    }
    if !columns.iter().any(|role| role.is_money()) {
        doubts.push(Doubt::Amount);
    }
    let profile = Profile { encoding, delimiter, header, columns, dates, decimals, turns_sign: false };
    let column = |at| Column { name: profile.name_of(at), samples: samples(&rows, at) };
    let columns = (0..width).map(column).collect();
    Ok(Guess { profile, columns, doubts })
}

/// What separates values: what gives the lines the most alike and the most columns, above all under known names.
fn separator(text: &str) -> Result<Delimiter, FileProblem> {
    let mut best: Option<(usize, Delimiter)> = None;
    let mut problem = None;
    for delimiter in Delimiter::ALL {
        let found = match records(text, delimiter, LOOKED_AT) {
            Ok(found) => found,
            Err(error) => {
                problem.get_or_insert(error);
                continue;
            }
        };
        let width = width(&found);
        if width < 2 {
            continue;
        }
        let alike = found.iter().filter(|record| record.values.len() == width).count();
        let named = header_at(&found).map_or(0, |at| known_names(&found[at]));
        let dated =
            found.iter().filter(|record| record.values.iter().any(|value| cells::is_date(value.trim()))).count();
        let score = named * 1000 + dated * 400 / found.len() + alike * 300 / found.len() + width.min(20);
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter).ok_or(problem.unwrap_or(FileProblem::NoColumns))
}

/// How many values most lines have.
fn width(records: &[Record]) -> usize {
    let mut counts: Vec<usize> = records.iter().map(|record| record.values.len()).collect();
    counts.sort_unstable();
    let runs = counts.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0]));
    runs.max().map_or(0, |(_, width)| width)
}

fn known_names(record: &Record) -> usize {
    record.values.iter().filter(|value| header::role_of(value).is_some()).count()
}

/// The line that names the columns: the one with the most known names, of which it has two or more, and without values.
fn header_at(all: &[Record]) -> Option<usize> {
    let candidates = all.iter().take(MAX_PREAMBLE).enumerate().filter(|(_, record)| {
        let is_value =
            |value: &str| cells::is_date(value.trim()) || value.trim().starts_with(|c: char| c.is_ascii_digit());
        record.values.len() >= 2 && !record.values.iter().any(is_value)
    });
    let (named, at) = candidates.map(|(at, record)| (known_names(record), std::cmp::Reverse(at))).max()?;
    (named >= 2).then_some(at.0)
}

/// Those lines that have a date, if any has: sums and notes have none, and what stands in them says nothing about a column.
fn with_dates(rows: Vec<&Record>) -> Vec<&Record> {
    let is_dated = |record: &&Record| record.values.iter().any(|value| cells::is_date(value.trim()));
    let dated: Vec<&Record> = rows.iter().copied().filter(is_dated).collect();
    if dated.is_empty() { rows } else { dated }
}

/// Values of a column that are there.
fn values<'a>(rows: &'a [&Record], column: usize) -> impl Iterator<Item = &'a str> {
    rows.iter().filter_map(move |record| record.get(column)).filter(|value| !value.is_empty())
}

/// Whether nearly all values of a column, and at least one, are so.
fn mostly(rows: &[&Record], column: usize, is: impl Fn(&str) -> bool) -> bool {
    share_of(rows, column, is, 8)
}

/// Whether half of the values of a column are so: enough where its name says it as well.
fn partly(rows: &[&Record], column: usize, is: impl Fn(&str) -> bool) -> bool {
    share_of(rows, column, is, 5)
}

/// Whether of the values of a column, and of at least one, so many tenths are so.
fn share_of(rows: &[&Record], column: usize, is: impl Fn(&str) -> bool, tenths: usize) -> bool {
    let (mut all, mut fit) = (0_usize, 0_usize);
    for value in values(rows, column).take(2000) {
        all += 1;
        fit += usize::from(is(value));
    }
    all > 0 && fit * 10 >= all * tenths
}

fn roles(header: &[String], rows: &[&Record], width: usize) -> Vec<Role> {
    let mut roles = vec![Role::Ignore; width];
    for (column, name) in header.iter().enumerate().take(width) {
        let Some(role) = header::role_of(name) else { continue };
        let is_empty = values(rows, column).next().is_none();
        let fits = match role {
            // An empty column of amounts is one where nothing went out, or in, in this period.
            Role::Debit | Role::Credit => is_empty || partly(rows, column, cells::is_number),
            Role::Amount | Role::Balance => partly(rows, column, cells::is_number),
            Role::Currency => partly(rows, column, cells::is_currency),
            Role::Status => partly(rows, column, |value| cells::standing(value).is_some()),
            Role::Direction => partly(rows, column, |value| cells::is_out(value).is_some()),
            role if role.is_date() => partly(rows, column, cells::is_date),
            _ => !is_empty || rows.is_empty(),
        };
        // “Valuta” is the value date in German and the currency in Italian.
        let role = match role {
            Role::ValueOn if !fits && partly(rows, column, cells::is_currency) => Role::Currency,
            _ if !fits => Role::Ignore,
            role => role,
        };
        if role.may_repeat() || !roles.contains(&role) {
            roles[column] = role;
        } else if role == Role::BookedOn && !roles.contains(&Role::ValueOn) {
            roles[column] = Role::ValueOn;
        } else if role == Role::OwnAccount && mostly(rows, column, cells::is_iban) {
            // A number says better which account it is than a name that stands before it.
            let before = roles.iter().position(|role| *role == Role::OwnAccount);
            if let Some(before) = before.filter(|before| !mostly(rows, *before, cells::is_iban)) {
                (roles[before], roles[column]) = (Role::Ignore, role);
            }
        }
    }
    by_content(&mut roles, header, rows);
    roles
}

/// Finds by what stands in them the columns that no name gave away: the date and the amount, and all where there are no names.
fn by_content(roles: &mut [Role], header: &[String], rows: &[&Record]) {
    let has = |roles: &[Role], is: fn(Role) -> bool| roles.iter().any(|role| is(*role));
    let free = |roles: &[Role], column: usize| roles[column] == Role::Ignore;
    if !has(roles, Role::is_date) {
        let mut found =
            (0..roles.len()).filter(|at| free(roles, *at) && mostly(rows, *at, cells::is_date)).collect::<Vec<_>>();
        found.truncate(2);
        for (column, role) in found.into_iter().zip([Role::BookedOn, Role::ValueOn]) {
            roles[column] = role;
        }
    }
    if !has(roles, Role::is_money) {
        let is_amount = |at: &usize| free(roles, *at) && mostly(rows, *at, cells::is_amount);
        let found: Vec<usize> = (0..roles.len()).filter(is_amount).collect();
        // Where there are more, the balance is the one that stands behind.
        for (column, role) in found.into_iter().zip([Role::Amount, Role::Balance]) {
            roles[column] = role;
        }
    }
    if !header.is_empty() {
        return;
    }
    let texts = |roles: &[Role]| (0..roles.len()).filter(|at| free(roles, *at)).collect::<Vec<_>>();
    for column in texts(roles) {
        if mostly(rows, column, cells::is_iban) {
            roles[column] = Role::CounterpartyAccount;
        } else if mostly(rows, column, cells::is_currency) && !roles.contains(&Role::Currency) {
            roles[column] = Role::Currency;
        }
    }
    let length = |column: usize| values(rows, column).map(str::len).sum::<usize>();
    let is_text =
        |column: &usize| !mostly(rows, *column, |value| value.bytes().all(|byte| !byte.is_ascii_alphabetic()));
    let mut left: Vec<usize> = texts(roles).into_iter().filter(is_text).collect();
    left.sort_by_key(|column| std::cmp::Reverse(length(*column)));
    for (column, role) in left.into_iter().zip([Role::Purpose, Role::Payee]) {
        roles[column] = role;
    }
}

/// Of amounts that are given in two ways, takes one: the single column where it is there on every row.
fn choose_amounts(roles: &mut [Role], rows: &[&Record]) {
    let Some(amount) = roles.iter().position(|role| *role == Role::Amount) else {
        for role in roles.iter_mut().filter(|role| **role == Role::Direction) {
            *role = Role::Ignore;
        }
        return;
    };
    if !roles.iter().any(|role| matches!(role, Role::Debit | Role::Credit)) {
        return;
    }
    let is_whole = rows.iter().all(|record| record.get(amount).is_some_and(|value| !value.is_empty()));
    for role in roles.iter_mut() {
        let goes = if is_whole {
            matches!(role, Role::Debit | Role::Credit)
        } else {
            matches!(role, Role::Amount | Role::Direction)
        };
        if goes {
            *role = Role::Ignore;
        }
    }
}

/// The order that the dates are in, and whether both orders of day and month would do.
fn date_order(roles: &[Role], rows: &[&Record]) -> (DateOrder, Option<Doubt>) {
    let columns: Vec<usize> = (0..roles.len()).filter(|at| roles[*at].is_date()).collect();
    let all = || columns.iter().flat_map(|column| values(rows, *column));
    let read = |order| all().map(|value| dates::parse(value, order)).collect::<Vec<Option<Date>>>();
    let fits = |days: &[Option<Date>]| days.iter().flatten().count();
    let [year_first, day_first, month_first] = DateOrder::ALL.map(read);
    let most = fits(&year_first).max(fits(&day_first)).max(fits(&month_first));
    if fits(&day_first) == most && fits(&month_first) == most && day_first != month_first {
        // Nobody writes the month first with full stops, and nearly nobody the day first with slashes where amounts have points.
        let has_stops = all().next().is_some_and(|value| value.contains('.'));
        return (DateOrder::DayFirst, (!has_stops).then_some(Doubt::DayOrMonthFirst));
    }
    let order = DateOrder::ALL.into_iter().zip([year_first, day_first, month_first]);
    let fitting = order.filter(|(_, days)| fits(days) == most).map(|(order, _)| order).next();
    (fitting.unwrap_or(DateOrder::DayFirst), None)
}

/// What stands before the decimals, and whether it could be either.
fn decimal_mark(
    roles: &[Role],
    rows: &[&Record],
    delimiter: Delimiter,
    currency: Currency,
) -> (DecimalMark, Option<Doubt>) {
    let is_number = |role: Role| role.is_money() || role == Role::Balance;
    let columns: Vec<usize> = (0..roles.len()).filter(|at| is_number(roles[*at])).collect();
    let all = || columns.iter().flat_map(|column| values(rows, *column));
    let read = |mark| {
        let amount = |value| Amount::parse(&numbers::parse(value, mark)?.text(), currency).ok();
        all().map(|value| amount(value).map(|amount| amount.minor)).collect::<Vec<Option<i64>>>()
    };
    let (comma, point) = (read(DecimalMark::Comma), read(DecimalMark::Point));
    let fits = |read: &[Option<i64>]| read.iter().flatten().count();
    match fits(&comma).cmp(&fits(&point)) {
        std::cmp::Ordering::Greater => (DecimalMark::Comma, None),
        std::cmp::Ordering::Less => (DecimalMark::Point, None),
        std::cmp::Ordering::Equal => {
            // Where commas are decimals, they do not separate values.
            let mark = if delimiter == Delimiter::Semicolon { DecimalMark::Comma } else { DecimalMark::Point };
            (mark, (comma != point).then_some(Doubt::DecimalMark))
        }
    }
}

fn samples(rows: &[&Record], column: usize) -> Vec<String> {
    let mut samples: Vec<String> = Vec::new();
    for value in values(rows, column) {
        if !samples.iter().any(|sample| fold(sample) == fold(value)) {
            samples.push(value.chars().take(40).collect());
        }
        if samples.len() == SAMPLES {
            break;
        }
    }
    samples
}
