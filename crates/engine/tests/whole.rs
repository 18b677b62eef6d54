//! Whole syncs: the engine against the sandbox over real HTTP on loopback, on both databases, with a turned clock and with
//! workers that die between any two phases.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "whole/house.rs"]
pub(crate) mod house;

#[path = "whole/wrapped.rs"]
pub(crate) mod wrapped;

#[path = "whole/asset_files.rs"]
mod asset_files;
#[path = "whole/assets.rs"]
mod assets;
#[path = "whole/crash.rs"]
mod crash;
#[path = "whole/enablebanking.rs"]
mod enablebanking;
#[path = "whole/faults.rs"]
mod faults;
#[path = "whole/features.rs"]
mod features;
#[path = "whole/feeds.rs"]
mod feeds;
#[path = "whole/file_balances.rs"]
mod file_balances;
#[path = "whole/files.rs"]
mod files;
#[path = "whole/finapi.rs"]
mod finapi;
#[path = "whole/inbox.rs"]
mod inbox;
#[path = "whole/keys.rs"]
mod keys;
#[path = "whole/limits.rs"]
mod limits;
#[path = "whole/linking.rs"]
mod linking;
#[path = "whole/listing.rs"]
mod listing;
#[path = "whole/logins.rs"]
mod logins;
#[path = "whole/mail.rs"]
mod mail;
#[path = "whole/mapping.rs"]
mod mapping;
#[path = "whole/moves.rs"]
mod moves;
#[path = "whole/notices.rs"]
mod notices;
#[path = "whole/own.rs"]
mod own;
#[path = "whole/renewals.rs"]
mod renewals;
#[path = "whole/rules.rs"]
mod rules;
#[path = "whole/schedule.rs"]
mod schedule;
#[path = "whole/simplefin.rs"]
mod simplefin;
#[path = "whole/straight.rs"]
mod straight;
#[path = "whole/subscriptions.rs"]
mod subscriptions;
#[path = "whole/suspicions.rs"]
mod suspicions;
#[path = "whole/transfers.rs"]
mod transfers;
#[path = "whole/weather.rs"]
mod weather;
