//! Statement files: what people download from their bank, read into our words.
//!
//! What this crate is for: bytes in; rows out, or the lines that cannot be read, each with its column and what stood there. What it is
//! not: it opens no file, keeps nothing, and does not decide which row is which.
//! What always holds: whatever the bytes are, reading them ends without a panic and within the [limits](csv::limits); and a row can be
//! read again from its own bytes and the profile alone.

pub mod csv;
