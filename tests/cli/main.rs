//! The binary from outside: what it prints, where, and how it ends.

mod demo;
mod doctor;
mod program;
mod serve;
