//! The vocabulary of Bankside and every decision it takes.
//!
//! What this crate is for: types for the words that code, pages and documents share, and the pure functions that decide
//! (which row is which, what a balance proves, what may be undone, whether a call may be spent).
//! What it is not: it knows no database, no network, no clock and no randomness; the two traits in [`ambient`] let the
//! composition root pass those in.
//! What always holds: the same input gives the same decision, in whatever order the rows came.

pub mod account;
pub mod ambient;
pub mod amount;
pub mod asker;
pub mod asset;
pub mod balance;
pub mod bank_account;
pub mod batch;
pub mod bill;
pub mod cashflow;
pub mod category;
pub mod code;
pub mod consent;
pub mod difference;
pub mod edit;
pub mod fault;
pub mod follow;
pub mod formats;
pub mod id;
pub mod inbox;
pub mod member;
pub mod merge;
pub mod month;
pub mod moving;
pub mod notice;
pub mod opening;
pub mod quota;
pub mod reconcile;
pub mod renewal;
pub mod row;
pub mod rules;
pub mod run;
pub mod schedule;
pub mod secret;
pub mod sign;
pub mod statement;
pub mod status;
pub mod subscription;
pub mod suggest;
pub mod suspect;
pub mod suspicion;
pub mod text;
pub mod transfer;

pub use ambient::{Ambient, Clock, Entropy};
pub use amount::{Amount, AmountError, Currency, CurrencyCode};
pub use asker::{Actor, Asker, Barred, Below, Denied, Granted, OrganizationKind, Right, Role, Sight};
pub use code::{Code, UnknownCode};
pub use formats::{DateFormat, FormatChoice, Formats, NumberFormat};
pub use id::*;
pub use month::{Month, NoMonth};
pub use secret::Secret;
