//! The binary from outside: what it prints, where, and how it ends.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod demo;
mod doctor;
mod import;
mod keys;
mod normalize;
mod program;
mod rules;
mod serve;
mod subscription;
