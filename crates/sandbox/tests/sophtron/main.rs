//! The simulator of `sophtron`, from outside: over its router, on a clock of the test's own.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail like a test")]

mod data;
mod events;
mod faults;
mod gate;
mod institutions;
mod jobs;
mod kit;
mod line;
mod logins;
mod papers;
mod rest;
mod state;
mod switches;
