//! Files of a person's own, whose columns have names that are known beforehand: plans, rates. The first line names the columns.

use bankside_domain::text::fold;

use super::Delimiter;
use super::encoding::Encoding;
use super::numbers::{self, DecimalMark};
use super::problem::FileProblem;
use super::read::check_kind;
use super::records::{Record, records};

/// The most rows of such a file.
pub const MAX_SHEET_ROWS: usize = 50_000;

/// Such a file.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The names of its columns, as they stand in it.
    pub columns: Vec<String>,
    /// Its rows; blank lines are none.
    pub rows: Vec<SheetRow>,
}

/// A row.
#[derive(Debug, Clone)]
pub struct SheetRow {
    /// The line on which it begins, counted from one.
    pub line: u64,
    values: Vec<String>,
}

impl SheetRow {
    /// What stands in a column, without white space around it; blank where the row ends before.
    pub fn value(&self, column: usize) -> &str {
        self.values.get(column).map_or("", String::as_str)
    }
}

impl Sheet {
    /// Takes a file apart. What its bytes stand for and what separates its values is guessed: the separator by which the first line has
    /// most names.
    pub fn read(bytes: &[u8]) -> Result<Self, FileProblem> {
        check_kind(bytes)?;
        let text = Encoding::guess(bytes).decode(bytes)?.content;
        let mut best: Option<(usize, Delimiter)> = None;
        for delimiter in Delimiter::ALL {
            let names = records(&text, delimiter, 1)?.first().map_or(0, |record| record.values.len());
            if best.is_none_or(|(most, _)| names > most) {
                best = Some((names, delimiter));
            }
        }
        let Some((_, delimiter)) = best.filter(|(names, _)| *names > 1) else { return Err(FileProblem::NoColumns) };
        let mut all = records(&text, delimiter, MAX_SHEET_ROWS + 2)?.into_iter();
        let Some(header) = all.next() else { return Err(FileProblem::Empty) };
        let rows: Vec<SheetRow> = all.filter(|record| !record.is_blank()).map(|record| row(&record)).collect();
        if rows.len() > MAX_SHEET_ROWS {
            return Err(FileProblem::TooManyRows);
        }
        Ok(Self { columns: row(&header).values, rows })
    }

    /// The column that has one of these names, whatever their case.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        let folded: Vec<String> = self.columns.iter().map(|name| fold(name)).collect();
        names.iter().find_map(|name| folded.iter().position(|column| column == name))
    }

    /// What stands before the decimals in a column. `None` where its values can be read in two ways, or some only in one and some only in
    /// the other: then a person has to say.
    pub fn decimals(&self, column: usize) -> Option<DecimalMark> {
        let (mut only_point, mut only_comma, mut is_doubtful) = (false, false, false);
        for value in self.rows.iter().map(|row| row.value(column)) {
            match (number(value, DecimalMark::Point), number(value, DecimalMark::Comma)) {
                (Some(_), None) => only_point = true,
                (None, Some(_)) => only_comma = true,
                (Some(point), Some(comma)) => is_doubtful |= point != comma,
                (None, None) => {}
            }
        }
        match (only_point, only_comma) {
            (true, true) => None,
            (false, true) => Some(DecimalMark::Comma),
            (true, false) => Some(DecimalMark::Point),
            (false, false) => (!is_doubtful).then_some(DecimalMark::Point),
        }
    }
}

/// A number as decimal text: a minus in front where it is below zero. `None` where it is none.
pub fn number(value: &str, mark: DecimalMark) -> Option<String> {
    numbers::parse(value, mark).map(|number| number.text())
}

fn row(record: &Record) -> SheetRow {
    SheetRow { line: record.line, values: record.values.iter().map(|value| value.trim().to_owned()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Sheet {
        Sheet::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn columns_are_found_by_their_names_and_rows_know_their_lines() {
        let sheet = sheet("\u{feff}Month;Catégory;Amount\r\n\r\n2026-01; House ;\"1.234,50\"\r\n2026-02;Food\r\n");
        assert_eq!(sheet.column(&["betrag", "amount"]), Some(2));
        assert_eq!(sheet.column(&["category"]), Some(1));
        assert_eq!(sheet.column(&["currency"]), None);
        let lines: Vec<(u64, &str, &str)> =
            sheet.rows.iter().map(|row| (row.line, row.value(1), row.value(2))).collect();
        assert_eq!(lines, [(3, "House", "1.234,50"), (4, "Food", "")]);
        assert_eq!(sheet.decimals(2), Some(DecimalMark::Comma));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_left_to_a_person() {
        assert_eq!(sheet("a,b\n1.234,x\n").decimals(0), None);
        assert_eq!(sheet("a,b\n1.234,x\n5.5,x\n").decimals(0), Some(DecimalMark::Point));
        assert_eq!(sheet("a;b\n1.50;x\n2,50;x\n").decimals(0), None);
        assert_eq!(sheet("a;b\n100;x\n-20;x\n").decimals(0), Some(DecimalMark::Point));
        assert_eq!(number("−1.234,50", DecimalMark::Comma).as_deref(), Some("-1234.50"));
    }

    #[test]
    fn a_file_without_columns_is_refused() {
        assert_eq!(Sheet::read(b"hello\n").unwrap_err(), FileProblem::NoColumns);
        assert_eq!(Sheet::read(b" \n").unwrap_err(), FileProblem::Empty);
        assert!(matches!(Sheet::read(b"%PDF-1.7 x,y").unwrap_err(), FileProblem::OtherKind(_)));
    }
}
