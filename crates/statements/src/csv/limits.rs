//! Limits on what is read. What is beyond them is refused as a whole, before anything is made of it.

/// The largest file, in bytes: some hundred thousand lines.
pub const MAX_BYTES: usize = 24 * 1024 * 1024;
/// The most rows of one file.
pub const MAX_ROWS: usize = 150_000;
/// The most columns of one line.
pub const MAX_COLUMNS: usize = 80;
/// The longest value, in bytes. A longer one is nearly always a quotation mark that is never closed.
pub const MAX_VALUE_BYTES: usize = 8 * 1024;
/// The most accounts of which one file has rows.
pub const MAX_ACCOUNTS: usize = 200;
/// So many refused lines are told one by one; the rest is counted.
pub const MAX_TOLD: usize = 100;
/// So many lines at the beginning are looked at for the one that names the columns.
pub(crate) const MAX_PREAMBLE: usize = 60;
/// So many lines at the end may be no rows: sums, notes.
pub(crate) const MAX_FOOTER: usize = 20;
/// So much of a value is told of.
pub(crate) const MAX_FOUND_CHARS: usize = 60;
