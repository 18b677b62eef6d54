//! The simulator of `finapi`, from outside: over its router, on a clock of the test's own.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

mod callbacks;
mod data;
mod hosted;
mod kit;
mod papers;
mod spec;
#[path = "../support/still.rs"]
mod still;
mod tokens;
mod updates;
