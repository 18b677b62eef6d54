//! The simulator of `simplefin`, from outside: over its router, on a clock of the test's own.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

mod claims;
mod data;
mod events;
mod kit;
mod limits;
mod papers;
#[path = "../support/still.rs"]
mod still;
mod switches;
