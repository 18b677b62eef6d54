//! A file's text as records: lines, or several where a value in quotation marks has line breaks in it.

use std::ops::Range;

use csv::{ReaderBuilder, StringRecord};

use super::Delimiter;
use super::limits::{MAX_COLUMNS, MAX_ROWS, MAX_VALUE_BYTES};
use super::problem::FileProblem;

/// A record and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// The line on which it begins, counted from one.
    pub(super) line: u64,
    /// Where in the text it stands, without its line break.
    pub(super) range: Range<usize>,
    /// Its values.
    pub(super) values: StringRecord,
}

impl Record {
    /// A value without white space around it; `None` where the record ends before.
    pub(super) fn get(&self, column: usize) -> Option<&str> {
        self.values.get(column).map(str::trim)
    }

    pub(super) fn is_blank(&self) -> bool {
        self.values.iter().all(|value| value.trim().is_empty())
    }
}

/// Takes a text apart, up to so many records.
pub(super) fn records(text: &str, delimiter: Delimiter, most: usize) -> Result<Vec<Record>, FileProblem> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter.byte()).from_reader(text.as_bytes());
    let mut records = Vec::new();
    let (mut line, mut counted_to) = (1, 0);
    let mut values = StringRecord::new();
    let mut begins = 0;
    while records.len() < most {
        // The bytes are those of a text, so that only the end of it ends this.
        if !reader.read_record(&mut values).unwrap_or(false) {
            break;
        }
        let ends = usize::try_from(reader.position().byte()).unwrap_or(text.len()).min(text.len());
        // Line breaks before it are those of blank lines, or the second half of the one before.
        let is_break = |c: char| c == '\n' || c == '\r';
        let whole = text.get(begins..ends).unwrap_or_default();
        let from = begins + (whole.len() - whole.trim_start_matches(is_break).len());
        let to = from + text.get(from..ends).unwrap_or_default().trim_end_matches(is_break).len();
        begins = ends;
        line += line_breaks(&text[counted_to..from]);
        counted_to = from;
        if values.len() > MAX_COLUMNS {
            return Err(FileProblem::TooManyColumns { line });
        }
        if let Some(column) = values.iter().position(|value| value.len() > MAX_VALUE_BYTES) {
            return Err(FileProblem::ValueTooLong { line, column: column + 1 });
        }
        if records.len() == MAX_ROWS {
            return Err(FileProblem::TooManyRows);
        }
        records.push(Record { line, range: from..to, values: values.clone() });
    }
    Ok(records)
}

/// How many lines end in a piece of text: with a line feed, or with a carriage return alone.
fn line_breaks(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = |(at, byte): (usize, &u8)| *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    bytes.iter().enumerate().filter(|one| ends(*one)).count() as u64
}

/// The values of one record's text; none where it is none.
pub(super) fn record(text: &str, delimiter: Delimiter) -> Option<Record> {
    records(text, delimiter, 1).ok()?.pop()
}
