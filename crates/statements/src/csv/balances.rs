//! What a column of balances says: the balance at the end of each day, where the rows bear it out.

use bankside_domain::row::RowStatus;
use bankside_domain::{Amount, Currency};
use jiff::civil::Date;

use super::read::{ReadRow, Reading};
use super::{Profile, Role};

/// The balances of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayBalances {
    /// The balance at the end of each day for which there is one, in minor units with the owner's sign; the oldest first.
    pub days: Vec<(Date, i64)>,
    /// Where balances and amounts contradict each other. Then there are no days: nobody can tell which of them are right.
    pub contradiction: Option<Contradiction>,
}

/// A balance that does not follow from the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The line, counted from one.
    pub line: u64,
    /// What the column is called.
    pub column_name: String,
    /// What stands there, as decimal text.
    pub found: String,
    /// What the rows come to, as decimal text.
    pub expected: String,
}

impl Contradiction {
    /// In words.
    pub fn in_words(&self) -> String {
        let Self { line, column_name, found, expected } = self;
        format!(
            "Line {line}, {column_name}: {found} does not follow from the rows around it, which come to {expected}. So the balances of \
             this file are left out."
        )
    }
}

/// In which order rows stand, and whether their balances have the sign of their amounts.
#[derive(Debug, Clone, Copy)]
struct Style {
    is_oldest_first: bool,
    sign: i128,
}

/// A booked row with its balance.
struct Entry<'a> {
    row: &'a ReadRow,
    day: Date,
    minor: i128,
    balance: Option<i128>,
    /// Whether a line that cannot be read stands before it.
    is_after_gap: bool,
}

/// Two rows with balances, and the rows from the one to the other.
struct Pair<'a> {
    entries: &'a [Entry<'a>],
    first: i128,
    last: i128,
}

impl Pair<'_> {
    /// What the balance of the later row should be, beside what it is.
    fn compared(&self, style: Style) -> (i128, i128) {
        let moved = |entries: &[Entry<'_>]| entries.iter().map(|entry| entry.minor).sum::<i128>() * style.sign;
        if style.is_oldest_first {
            (self.first + moved(&self.entries[1..]), self.last)
        } else {
            (self.last + moved(&self.entries[..self.entries.len() - 1]), self.first)
        }
    }

    fn fits(&self, style: Style) -> bool {
        let (expected, found) = self.compared(style);
        expected == found
    }
}

/// Reads the balances of a file. In which order its rows stand, and whether a debt is written as a positive balance, is told by arithmetic. Rows
/// that are pending are no part of it.
pub fn day_balances(reading: &Reading, profile: &Profile, currency: Currency) -> DayBalances {
    let entries = entries(reading);
    let pairs = pairs(&entries);
    let Some(style) = style(&entries, &pairs, profile) else { return DayBalances::default() };
    if let Some(broken) = pairs.iter().find(|pair| !pair.fits(style)) {
        let (expected, found) = broken.compared(style);
        let text = |minor: i128| Amount::new(i64::try_from(minor).unwrap_or_default(), currency).to_decimal_text();
        let later = if style.is_oldest_first { broken.entries.last() } else { broken.entries.first() };
        let contradiction = later.zip(profile.column(Role::Balance)).map(|(later, column)| Contradiction {
            line: later.row.line,
            column_name: profile.name_of(column),
            found: text(found),
            expected: text(expected),
        });
        return DayBalances { days: Vec::new(), contradiction };
    }
    DayBalances { days: ends_of_days(&entries, reading, style), contradiction: None }
}

fn entries(reading: &Reading) -> Vec<Entry<'_>> {
    let (mut entries, mut is_after_gap) = (Vec::new(), false);
    for (place, row) in reading.rows.iter().enumerate() {
        is_after_gap |= reading.gaps.binary_search(&place).is_ok();
        let day = row.row.booked_on.or_else(|| row.row.day());
        let Some(day) = day.filter(|_| row.row.status == RowStatus::Booked) else { continue };
        let balance = row.row.balance_after.map(|balance| i128::from(balance.minor));
        entries.push(Entry { row, day, minor: i128::from(row.row.amount.minor), balance, is_after_gap });
        is_after_gap = false;
    }
    entries
}

/// Rows with balances that follow each other without a gap between them.
fn pairs<'a>(entries: &'a [Entry<'a>]) -> Vec<Pair<'a>> {
    let (mut pairs, mut before) = (Vec::new(), None);
    for (at, entry) in entries.iter().enumerate() {
        if entry.is_after_gap {
            before = None;
        }
        let Some(balance) = entry.balance else { continue };
        if let Some((from, first)) = before.replace((at, balance)) {
            pairs.push(Pair { entries: &entries[from..=at], first, last: balance });
        }
    }
    pairs
}

/// The style in which most rows fit. Where several do equally well, the days decide, then the usual sign; of one day alone the sign does. None,
/// where a sign was turned and nothing tells that of the balances.
fn style(entries: &[Entry<'_>], pairs: &[Pair<'_>], profile: &Profile) -> Option<Style> {
    let (first, last) = (entries.first()?.day, entries.last()?.day);
    let by_days = [first <= last, first > last];
    // Equal amounts fit forwards with the one sign and backwards with the other: a debt that is paid off in equal parts is told by its days.
    let styles: [(bool, i128); 4] = if first == last {
        [(by_days[0], 1), (by_days[1], 1), (by_days[0], -1), (by_days[1], -1)]
    } else {
        [(by_days[0], 1), (by_days[0], -1), (by_days[1], 1), (by_days[1], -1)]
    };
    let styles = styles.map(|(is_oldest_first, sign)| Style { is_oldest_first, sign });
    let fitting = |style: &Style| pairs.iter().filter(|pair| pair.fits(*style)).count();
    let mut best: Option<(usize, Style)> = None;
    for style in styles {
        let fits = fitting(&style);
        if best.is_none_or(|(most, _)| fits > most) {
            best = Some((fits, style));
        }
    }
    best.filter(|_| !pairs.is_empty() || !profile.turns_sign).map(|(_, style)| style)
}

/// The balance after the last row of each day: of those days before which nothing of a later day stands, and behind which nothing of theirs.
fn ends_of_days(entries: &[Entry<'_>], reading: &Reading, style: Style) -> Vec<(Date, i64)> {
    let ends_in_gap = reading.gaps.last() == Some(&reading.rows.len());
    let in_time: Vec<(&Entry<'_>, bool)> = if style.is_oldest_first {
        let gaps_behind = entries.iter().skip(1).map(|entry| entry.is_after_gap).chain([ends_in_gap]);
        entries.iter().zip(gaps_behind).collect()
    } else {
        entries.iter().rev().map(|entry| (entry, entry.is_after_gap)).collect()
    };
    // The first day of what comes later than each.
    let mut first_later = vec![None; in_time.len()];
    for at in (1..in_time.len()).rev() {
        let day = in_time[at].0.day;
        first_later[at - 1] = Some(first_later[at].map_or(day, |later: Date| later.min(day)));
    }
    let (mut days, mut last) = (Vec::new(), Date::MIN);
    for ((entry, is_before_gap), later) in in_time.into_iter().zip(first_later) {
        last = last.max(entry.day);
        let is_end = !is_before_gap && later.is_none_or(|later| later > last);
        if let Some(balance) = entry.balance.filter(|_| is_end)
            && let Ok(minor) = i64::try_from(balance * style.sign)
        {
            days.push((last, minor));
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::super::{guess, read};
    use super::*;

    fn balances(lines: &str) -> DayBalances {
        let euro = Currency::iso("EUR").unwrap();
        let file = format!("Date;Description;Amount;Balance\n{lines}");
        let profile = guess(file.as_bytes(), euro).unwrap().profile;
        assert!(profile.column(Role::Balance).is_some(), "{profile:?}");
        day_balances(&read(file.as_bytes(), &profile, euro).unwrap(), &profile, euro)
    }

    fn days(lines: &str) -> Vec<(String, i64)> {
        let told = balances(lines);
        assert_eq!(told.contradiction, None);
        told.days.into_iter().map(|(day, minor)| (day.to_string(), minor)).collect()
    }

    fn expected(days: [(&str, i64); 2]) -> Vec<(String, i64)> {
        days.map(|(day, minor)| (day.to_owned(), minor)).to_vec()
    }

    #[test]
    fn the_order_of_rows_is_told_by_arithmetic() {
        let oldest_first = "2026-11-03;a;-10,00;90,00\n2026-11-04;b;5,00;95,00\n2026-11-04;c;-1,00;94,00\n";
        let newest_first = "2026-11-04;c;-1,00;94,00\n2026-11-04;b;5,00;95,00\n2026-11-03;a;-10,00;90,00\n";
        let both = expected([("2026-11-03", 9000), ("2026-11-04", 9400)]);
        assert_eq!(days(oldest_first), both);
        assert_eq!(days(newest_first), both);
        // Of one day alone nothing but arithmetic tells.
        let one_day = "2026-11-04;c;-1,00;94,00\n2026-11-04;b;5,00;95,00\n2026-11-04;a;-10,00;90,00\n";
        assert_eq!(days(one_day), [("2026-11-04".to_owned(), 9400)]);
    }

    #[test]
    fn a_debt_that_is_written_as_a_positive_balance_is_one() {
        let card = "2026-11-03;a;-10,00;110,00\n2026-11-04;b;-5,00;115,00\n2026-11-05;paid;100,00;15,00\n";
        let told = balances(card).days;
        assert_eq!(told.into_iter().map(|(_, minor)| minor).collect::<Vec<_>>(), [-11000, -11500, -1500]);
    }

    #[test]
    fn a_loan_that_is_paid_off_in_equal_parts_is_told_by_its_days() {
        let owed = [("2026-01-01", -950_000), ("2026-02-01", -900_000), ("2026-03-01", -850_000)];
        let owed = owed.map(|(day, minor)| (day.to_owned(), minor)).to_vec();
        let oldest_first = "2026-01-01;a;500,00;9500,00\n2026-02-01;b;500,00;9000,00\n2026-03-01;c;500,00;8500,00\n";
        assert_eq!(days(oldest_first), owed);
        let newest_first = "2026-03-01;c;500,00;8500,00\n2026-02-01;b;500,00;9000,00\n2026-01-01;a;500,00;9500,00\n";
        assert_eq!(days(newest_first), owed);
    }

    #[test]
    fn rows_without_a_balance_are_passed_through_and_days_that_overlap_have_no_end() {
        let some = "2026-11-03;a;-10,00;\n2026-11-03;b;-5,00;85,00\n2026-11-04;c;5,00;\n2026-11-05;d;-1,00;89,00\n";
        assert_eq!(days(some), expected([("2026-11-03", 8500), ("2026-11-05", 8900)]));
        let overlapping =
            "2026-11-03;a;-10,00;90,00\n2026-11-05;b;5,00;95,00\n2026-11-04;c;-1,00;94,00\n2026-11-05;d;-4,00;90,00\n";
        assert_eq!(days(overlapping), expected([("2026-11-03", 9000), ("2026-11-05", 9000)]));
    }

    #[test]
    fn what_contradicts_itself_is_left_out_with_where() {
        let told = balances("2026-11-03;a;-10,00;90,00\n2026-11-04;b;5,00;95,00\n2026-11-05;c;-1,00;93,00\n");
        assert_eq!(told.days, []);
        assert_eq!(
            told.contradiction.unwrap().in_words(),
            "Line 4, Balance: 93.00 does not follow from the rows around it, which come to 94.00. So the balances of this file are left out."
        );
    }

    #[test]
    fn a_line_that_cannot_be_read_contradicts_nothing_and_ends_no_day() {
        let gap = "2026-11-03;a;-10,00;90,00\n2026-11-31;never;-3,00;87,00\n2026-11-04;b;5,00;92,00\n";
        assert_eq!(days(gap), [("2026-11-04".to_owned(), 9200)]);
        let behind = "2026-11-03;a;-10,00;90,00\n2026-11-04;b;5,00;95,00\n2026-11-31;never;-3,00;92,00\n";
        assert_eq!(days(behind), [("2026-11-03".to_owned(), 9000)]);
    }

    #[test]
    fn one_row_says_what_it_says() {
        assert_eq!(days("2026-11-03;a;-10,00;90,00\n"), [("2026-11-03".to_owned(), 9000)]);
    }
}
