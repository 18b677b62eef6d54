//! Reading a file by its profile.

use bankside_domain::row::{Counterparty, Row, RowStatus};
use bankside_domain::text::tidy;
use bankside_domain::{Amount, Currency};
use jiff::civil::Date;

use super::cells::Standing;
use super::limits::{MAX_BYTES, MAX_FOOTER, MAX_PREAMBLE, MAX_ROWS, MAX_TOLD};
use super::problem::{FileProblem, LineProblem, Refusal};
use super::records::{Record, record, records};
use super::{Profile, Role, cells, dates, encoding, numbers};

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// The line on which it begins, counted from one.
    pub line: u64,
    /// Its bytes exactly as they stand in the file, without the line break.
    pub raw: Vec<u8>,
    /// What it says.
    pub row: Row,
}

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Its rows, in their order.
    pub rows: Vec<ReadRow>,
    /// The first lines that cannot be read, each with where and why.
    pub refused: Vec<Refusal>,
    /// How many lines cannot be read.
    pub refused_total: usize,
    /// Where lines stand that cannot be read: before which of the rows, by their places; once for several in a row.
    pub gaps: Vec<usize>,
    /// How many lines say that they are pending. They are no rows: a file never says what has become of them.
    pub pending: usize,
    /// How many lines say that no money moved: declined, cancelled.
    pub void: usize,
    /// How many lines stand before the rows: notes, and the one that names the columns.
    pub before: usize,
    /// How many lines stand behind the rows: sums and notes.
    pub behind: usize,
}

/// Reads a file. Amounts without a currency of their own are in `currency`, and those in another one are refused.
///
/// A line that cannot be read keeps no other from being read; what keeps the file as a whole from it is the error.
pub fn read(bytes: &[u8], profile: &Profile, currency: Currency) -> Result<Reading, FileProblem> {
    read_of(bytes, profile, currency, |_| true)
}

/// As [`read`], but only the rows of some accounts: those whose [`Role::OwnAccount`] is one that `is_of` takes. Where no column says it,
/// that is blank.
pub fn read_of(
    bytes: &[u8],
    profile: &Profile,
    currency: Currency,
    is_of: impl Fn(&str) -> bool,
) -> Result<Reading, FileProblem> {
    profile.check()?;
    check_kind(bytes)?;
    let text = profile.encoding.decode(bytes)?;
    let all = records(&text.content, profile.delimiter, MAX_ROWS + 1)?;
    let Rows { records, before, behind } = rows_among(&all, profile)?;
    let own = profile.column(Role::OwnAccount);
    let mut reading = Reading { before, behind, ..Reading::default() };
    let mut pieces = text.pieces();
    for record in records.iter().filter(|record| is_of(account_of(record, own))) {
        let standing = standing_of(record, profile);
        match standing {
            Ok(Standing::Pending) => reading.pending += 1,
            Ok(Standing::Void) => reading.void += 1,
            Ok(Standing::Booked) | Err(_) => {}
        }
        if matches!(standing, Ok(Standing::Pending | Standing::Void)) {
            continue;
        }
        match standing.and_then(|_| row_of(record, profile, currency)) {
            Ok(row) => {
                let raw = pieces.next(&record.range).to_vec();
                reading.rows.push(ReadRow { line: record.line, raw, row });
            }
            Err((column, problem)) => {
                reading.refused_total += 1;
                if reading.gaps.last() != Some(&reading.rows.len()) {
                    reading.gaps.push(reading.rows.len());
                }
                if reading.refused.len() < MAX_TOLD {
                    reading.refused.push(Refusal {
                        line: record.line,
                        column,
                        column_name: profile.name_of(column),
                        found: Refusal::shortened(record.get(column).unwrap_or_default()),
                        problem,
                    });
                }
            }
        }
    }
    Ok(reading)
}

/// Reads one row again, from its bytes as [`ReadRow::raw`] gave them.
pub fn read_row(raw: &[u8], profile: &Profile, currency: Currency) -> Result<Row, Refusal> {
    let text = profile.encoding.decode_line(raw);
    let refused = |column, found: &str, problem| Refusal {
        line: 1,
        column,
        column_name: profile.name_of(column),
        found: Refusal::shortened(found),
        problem,
    };
    let Some(record) = record(&text, profile.delimiter) else {
        return Err(refused(0, "", LineProblem::Blank));
    };
    row_of(&record, profile, currency)
        .map_err(|(column, problem)| refused(column, record.get(column).unwrap_or_default(), problem))
}

/// The text of one row's bytes.
pub fn text_of(raw: &[u8], profile: &Profile) -> String {
    profile.encoding.decode_line(raw)
}

/// Refuses what is no text at all, or too much of it.
pub(super) fn check_kind(bytes: &[u8]) -> Result<(), FileProblem> {
    if bytes.len() > MAX_BYTES {
        return Err(FileProblem::TooLarge);
    }
    if let Some(kind) = encoding::other_kind(bytes) {
        return Err(FileProblem::OtherKind(kind));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(FileProblem::Empty);
    }
    Ok(())
}

/// The records that are to be rows, among what stands around them.
pub(super) struct Rows<'a> {
    pub(super) records: Vec<&'a Record>,
    /// How many stand before them.
    before: usize,
    /// How many stand behind them.
    behind: usize,
}

/// Tells the rows from what stands around them; blank lines are none.
pub(super) fn rows_among<'a>(all: &'a [Record], profile: &Profile) -> Result<Rows<'a>, FileProblem> {
    let before = first_row(all, profile)?;
    let behind = footer(&all[before..], profile);
    let records = all[before..all.len() - behind].iter().filter(|record| !record.is_blank()).collect();
    Ok(Rows { records, before, behind })
}

/// What a record says of the account that it is of; blank where it says nothing.
pub(super) fn account_of(record: &Record, own: Option<usize>) -> &str {
    own.and_then(|column| record.get(column)).unwrap_or_default()
}

/// How many records stand before the first row: up to the one that names the columns, or up to the first that has a date and an amount
/// in their columns.
fn first_row(all: &[Record], profile: &Profile) -> Result<usize, FileProblem> {
    if profile.header.is_empty() {
        let reads = |record: &Record| has_date(record, profile) && has_amount(record, profile);
        return Ok(all.iter().take(MAX_PREAMBLE).position(reads).unwrap_or(0));
    }
    let is_header = |record: &Record| {
        let names = || profile.header.iter().map(|name| name.trim());
        record.values.len() >= profile.header.len()
            && names().eq((0..profile.header.len()).filter_map(|at| record.get(at)))
    };
    match all.iter().take(MAX_PREAMBLE).position(is_header) {
        Some(at) => Ok(at + 1),
        None => Err(FileProblem::HeaderMissing(Refusal::shortened(&profile.header.join(", ")))),
    }
}

/// How many records at the end are no rows: they have no date where the rows have one.
fn footer(rows: &[Record], profile: &Profile) -> usize {
    let is_row = |record: &Record| has_date(record, profile) || looks_like_date(record, profile);
    let behind = rows.iter().rev().take_while(|record| !is_row(record)).count();
    // A whole file without a date is not a footer but a column that was chosen wrongly.
    if behind > MAX_FOOTER || behind == rows.len() { 0 } else { behind }
}

fn has_date(record: &Record, profile: &Profile) -> bool {
    date_columns(profile)
        .any(|column| record.get(column).is_some_and(|value| dates::parse(value, profile.dates).is_some()))
}

/// Whether something stands there that was to be a date: a digit, with a mark between digits.
fn looks_like_date(record: &Record, profile: &Profile) -> bool {
    let looks = |value: &str| value.starts_with(|c: char| c.is_ascii_digit()) && value.contains(['.', '/', '-']);
    date_columns(profile).any(|column| record.get(column).is_some_and(looks))
}

fn has_amount(record: &Record, profile: &Profile) -> bool {
    let is_money = |role: &Role| matches!(role, Role::Amount | Role::Debit | Role::Credit);
    let columns = profile.columns.iter().enumerate().filter(|(_, role)| is_money(role));
    columns.filter_map(|(column, _)| record.get(column)).any(|value| numbers::parse(value, profile.decimals).is_some())
}

fn date_columns(profile: &Profile) -> impl Iterator<Item = usize> {
    profile.columns.iter().enumerate().filter(|(_, role)| role.is_date()).map(|(column, _)| column)
}

type Wrong = (usize, LineProblem);

fn row_of(record: &Record, profile: &Profile, currency: Currency) -> Result<Row, Wrong> {
    let text = |role| {
        let columns = profile.columns.iter().enumerate().filter(move |(_, one)| **one == role);
        columns.filter_map(|(column, _)| record.get(column)).filter(|value| !value.is_empty())
    };
    check_currency(record, profile, currency)?;
    let days = days(record, profile)?;
    let amount = amount(record, profile, currency)?;
    let (first, second) = if amount.minor < 0 { (Role::Payee, Role::Payer) } else { (Role::Payer, Role::Payee) };
    let name = text(first).chain(text(second)).find_map(tidy);
    let mut remittance: Vec<String> = Vec::new();
    for piece in text(Role::Purpose).chain(text(Role::Reference)).filter_map(tidy) {
        if !remittance.contains(&piece) {
            remittance.push(piece);
        }
    }
    let balance = profile.column(Role::Balance).and_then(|column| record.get(column));
    let balance = balance.and_then(|value| numbers::parse(value, profile.decimals));
    Ok(Row {
        status: RowStatus::Booked,
        ids: Vec::new(),
        booked_on: days.booked,
        value_on: days.valued,
        transacted_on: days.transacted,
        dated_on: None,
        happened_at: None,
        amount,
        counterparty: Counterparty { name, account: text(Role::CounterpartyAccount).find_map(tidy) },
        remittance: (!remittance.is_empty()).then(|| remittance.join(" ")),
        balance_after: balance.and_then(|number| Amount::parse(&number.text(), currency).ok()),
        original_amount: None,
        instalment: None,
        bill: None,
        end_to_end: None,
        is_placeholder: false,
        creditor: None,
        provider_category: None,
    })
}

/// How a row stands; where no column says it, it is booked.
fn standing_of(record: &Record, profile: &Profile) -> Result<Standing, Wrong> {
    let Some(column) = profile.column(Role::Status) else { return Ok(Standing::Booked) };
    let value = record.get(column).unwrap_or_default();
    cells::standing(value).ok_or((column, LineProblem::NoStatus))
}

fn check_currency(record: &Record, profile: &Profile, currency: Currency) -> Result<(), Wrong> {
    let Some(column) = profile.column(Role::Currency) else { return Ok(()) };
    match record.get(column) {
        None | Some("") => Ok(()),
        Some(value) => match cells::currency(value) {
            Some(code) if code == currency.code => Ok(()),
            Some(_) => Err((column, LineProblem::OtherCurrency)),
            None => Err((column, LineProblem::NoCurrency)),
        },
    }
}

#[derive(Default)]
struct Days {
    booked: Option<Date>,
    valued: Option<Date>,
    transacted: Option<Date>,
}

/// The days of a row. One of them must be there, and what is there must be a date.
fn days(record: &Record, profile: &Profile) -> Result<Days, Wrong> {
    let mut days = Days::default();
    let mut nothing = None;
    for column in date_columns(profile) {
        let value = match record.get(column) {
            None => {
                nothing.get_or_insert((column, LineProblem::Missing));
                continue;
            }
            Some("") => {
                nothing.get_or_insert((column, LineProblem::Blank));
                continue;
            }
            Some(value) => value,
        };
        let day = dates::parse(value, profile.dates).ok_or((column, LineProblem::NoDate))?;
        match profile.columns[column] {
            Role::ValueOn => days.valued = Some(day),
            Role::TransactedOn => days.transacted = Some(day),
            _ => days.booked = Some(day),
        }
    }
    let has_any = days.booked.or(days.valued).or(days.transacted).is_some();
    match nothing {
        Some(wrong) if !has_any => Err(wrong),
        _ => Ok(days),
    }
}

/// The amount with its sign as the owner sees it.
fn amount(record: &Record, profile: &Profile, currency: Currency) -> Result<Amount, Wrong> {
    let (column, text) = match profile.column(Role::Amount) {
        Some(column) => (column, signed(record, profile, column)?),
        None => out_or_in(record, profile)?,
    };
    let amount = Amount::parse(&text, currency).map_err(|error| (column, error.into()))?;
    if !profile.turns_sign {
        return Ok(amount);
    }
    amount.checked_neg().map_err(|error| (column, error.into()))
}

/// A signed amount, or one whose direction another column says.
fn signed(record: &Record, profile: &Profile, column: usize) -> Result<String, Wrong> {
    let number = number(record, profile, column)?;
    let Some(beside) = profile.column(Role::Direction) else { return Ok(number.text()) };
    let said = record.get(beside).ok_or((beside, LineProblem::Missing))?;
    let is_out = cells::is_out(said).ok_or((beside, LineProblem::NoDirection))?;
    // Some banks write the sign as well: then both say the same, and it is taken once.
    Ok(numbers::Number { is_out, ..number }.text())
}

/// The amount of two columns, of which one is empty or zero.
fn out_or_in(record: &Record, profile: &Profile) -> Result<(usize, String), Wrong> {
    let columns = [Role::Debit, Role::Credit].map(|role| profile.column(role));
    let mut found = None;
    for (column, is_out) in columns.into_iter().zip([true, false]) {
        let Some(column) = column else { continue };
        if record.get(column).is_none_or(str::is_empty) {
            continue;
        }
        let number = number(record, profile, column)?;
        let is_zero = number.digits.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        match found {
            Some((_, _, false)) if !is_zero => return Err((column, LineProblem::TwoAmounts)),
            Some((_, _, false)) => {}
            _ => found = Some((column, numbers::Number { is_out, ..number }.text(), is_zero)),
        }
    }
    let nothing = columns.into_iter().flatten().next().unwrap_or_default();
    found.map(|(column, text, _)| (column, text)).ok_or((nothing, LineProblem::Blank))
}

fn number(record: &Record, profile: &Profile, column: usize) -> Result<numbers::Number, Wrong> {
    match record.get(column) {
        None => Err((column, LineProblem::Missing)),
        Some("") => Err((column, LineProblem::Blank)),
        Some(value) => numbers::parse(value, profile.decimals).ok_or((column, LineProblem::NoNumber)),
    }
}
