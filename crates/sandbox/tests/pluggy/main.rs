//! The simulator of `pluggy`, from outside: over its router, on a clock of the test's own.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

mod accounts;
mod auth;
mod events;
mod faults;
mod items;
mod kit;
mod plans;
mod rows;
mod side;
#[path = "../support/still.rs"]
mod still;
mod transactions;
