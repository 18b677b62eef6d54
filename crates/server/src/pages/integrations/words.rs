//! What a sync says of itself: when its session expires, when it was imported last, and what was found.

use bankside_domain::consent::{ConsentStanding, days_between};
use bankside_domain::status::Status;
use bankside_engine::{AccountStatus, ConnectionView};
use jiff::Timestamp;

use crate::view::counted;
use crate::view::day::Today;

/// When the session at the bank expires, as a sentence; where no end is known, no countdown.
pub(super) fn session(view: &ConnectionView, today: &Today) -> String {
    let consent = &view.connection.consent;
    let day = consent.valid_until.map(|end| today.day(end.to_zoned(today.zone.clone()).date())).unwrap_or_default();
    match (consent.standing(today.now), consent.valid_until) {
        (ConsentStanding::Holds | ConsentStanding::EndsIn(_), Some(_)) if view.status.status == Status::RenewNow => {
            format!("Session needs a sign-in before its time, which is {day}")
        }
        (ConsentStanding::Ended, _) => format!("Session expired on {day}"),
        (ConsentStanding::NoKnownEnd, _) | (_, None) => "This bank names no end of the session".to_owned(),
        (_, Some(end)) => {
            let left = counted(days_between(today.now, end), "day", "days");
            format!("Session expires {day}, {left} left")
        }
    }
}

/// When rows of any of a sync's accounts came in completely last.
pub(super) fn last_success(view: &ConnectionView) -> Option<Timestamp> {
    view.bank_accounts.iter().filter_map(|account| account.feeds.as_ref()?.status.last_success_at).max()
}

/// The same as a sentence; nothing where no account is linked.
pub(super) fn last_import(view: &ConnectionView, today: &Today) -> Option<String> {
    let last = last_success(view);
    let is_linked = view.bank_accounts.iter().any(|account| account.feeds.is_some());
    is_linked.then(|| {
        last.map_or_else(|| "Nothing imported yet".to_owned(), |at| format!("Last import {}", today.moment(at)))
    })
}

/// When an account was imported last, where others of its sync have been since.
pub(super) fn lag(view: &ConnectionView, status: &AccountStatus, today: &Today) -> Option<String> {
    let day = |at: Timestamp| at.to_zoned(today.zone.clone()).date();
    match (status.last_success_at, last_success(view)?) {
        (None, _) => Some("not imported yet".to_owned()),
        (Some(own), last) if day(own) < day(last) => Some(format!("last import {}", today.moment(own))),
        _ => None,
    }
}

/// `2 accounts found.`, as long as nobody has said what any of them is for.
pub(super) fn found(view: &ConnectionView, today: &Today) -> Option<String> {
    let asked = view.bank_accounts.iter().filter(|account| !account.bank_account.is_ignored);
    let is_new = asked.clone().all(|account| account.feeds.is_none());
    let count = i64::try_from(asked.count()).unwrap_or(i64::MAX);
    (is_new && count > 0).then(|| format!("{} found.", today.counted(count, "account", "accounts")))
}
