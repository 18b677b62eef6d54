//! The simulator of `gocardless`, from outside: over its router, on a clock of the test's own.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

mod accounts;
mod agreements;
mod consent;
mod events;
mod faults;
mod gate;
mod institutions;
mod kit;
mod limits;
mod papers;
mod quirks;
mod reconfirmation;
mod requisitions;
mod spec;
mod state;
mod tokens;
