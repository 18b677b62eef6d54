//! The simulator of Enable Banking, from outside: over its router, on a clock of the test's own.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

mod data;
mod flow;
mod gate;
mod kit;
mod papers;
mod spec;
#[path = "../support/still.rs"]
mod still;
