//! The daily import: when a sync is due by itself.
//!
//! Once a day at the organization's hour, each sync some minutes after it so that not all ask at once; again after a fault that passes
//! by itself; never where a person has to do something first.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::consent::{Consent, ConsentStanding};
use crate::fault::{FaultClass, FaultRecord, WhoActs};

/// Syncs begin within so many minutes after the hour.
const SPREAD_MINUTES: u128 = 60;
/// A fault that passes by itself is met again after an hour, then after two, then after four, then after eight.
const MOST_DOUBLINGS: u32 = 3;

/// When an organization's syncs run by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyImport {
    /// Whether they do.
    pub is_on: bool,
    /// At which hour of the organization's day, 0 to 23.
    pub hour: i8,
}

/// What is known of a sync.
#[derive(Debug, Clone)]
pub struct SyncFacts {
    /// What spreads the syncs over the hour: its id as a number.
    pub spread: u128,
    /// Its consent.
    pub consent: Consent,
    /// Whether a run waits or goes on.
    pub is_under_way: bool,
    /// When the latest run was asked for, whoever did.
    pub last_begun_at: Option<Timestamp>,
    /// The latest run that is over.
    pub last: Option<LastRun>,
}

/// A run that is over.
#[derive(Debug, Clone)]
pub struct LastRun {
    /// When it was over.
    pub finished_at: Timestamp,
    /// What was wrong with the whole of it.
    pub fault: Option<FaultRecord>,
    /// What was wrong with single accounts. What a person must do about one does not keep the others from being imported.
    pub account_faults: Vec<FaultRecord>,
    /// How many runs in a row were not complete, this one included.
    pub failures: u32,
}

/// When a sync runs next by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextImport {
    /// At this instant; one that has passed is due.
    At(Timestamp),
    /// A run waits or goes on.
    UnderWay,
    /// When a person has done what only a person can.
    NeedsPerson,
    /// Not by itself.
    Off,
}

/// When a sync is due by itself.
pub fn next_import(daily: DailyImport, zone: &TimeZone, facts: &SyncFacts, now: Timestamp) -> NextImport {
    if !daily.is_on {
        return NextImport::Off;
    }
    if facts.is_under_way {
        return NextImport::UnderWay;
    }
    let fault = facts.last.as_ref().and_then(|last| last.fault.as_ref());
    let needs_person = fault.is_some_and(|fault| fault.class.who_acts() == WhoActs::Person);
    if needs_person || facts.consent.standing(now) == ConsentStanding::Ended {
        return NextImport::NeedsPerson;
    }
    let slot = next_slot(daily.hour, zone, facts, now);
    match facts.last.as_ref().and_then(again_at) {
        // What the bank says of its own limits holds, whatever the hour.
        Some(Again::Stated(at)) => NextImport::At(at),
        Some(Again::Guessed(at)) => NextImport::At(at.min(slot)),
        None => NextImport::At(slot),
    }
}

/// The first slot since the latest run was asked for. One that passed while nothing ran is caught up with; of several only the last.
fn next_slot(hour: i8, zone: &TimeZone, facts: &SyncFacts, now: Timestamp) -> Timestamp {
    let today = now.to_zoned(zone.clone()).date();
    let of_day = |day: Date| slot(day, hour, zone, facts.spread);
    let days = [today.saturating_sub(1.day()), today, today.saturating_add(1.day())];
    let passed = days.into_iter().map(of_day).rfind(|slot| *slot <= now);
    match (passed, facts.last_begun_at) {
        (Some(passed), Some(begun)) if begun < passed => passed,
        (Some(passed), None) => passed,
        _ => days.into_iter().map(of_day).find(|slot| *slot > now).unwrap_or(now),
    }
}

/// When a day's import of a sync begins. An hour that a day leaves out comes as much later; of one that it has twice, the first counts.
fn slot(day: Date, hour: i8, zone: &TimeZone, spread: u128) -> Timestamp {
    let minute = i8::try_from(spread % SPREAD_MINUTES).unwrap_or(0);
    let wall = day.at(hour.clamp(0, 23), minute, 0, 0);
    wall.to_zoned(zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

enum Again {
    Stated(Timestamp),
    Guessed(Timestamp),
}

/// When to ask again after a run that met faults which pass by themselves.
fn again_at(last: &LastRun) -> Option<Again> {
    let passes = |fault: &&FaultRecord| {
        matches!(fault.class, FaultClass::RateLimited | FaultClass::RetryLater | FaultClass::Busy)
    };
    let passing = || last.fault.iter().chain(&last.account_faults).filter(passes);
    // A bank that states a time for one account says nothing of another that it does not state one for.
    if passing().all(|fault| fault.retry_at.is_some()) {
        let stated = passing().filter_map(|fault| fault.retry_at).min()?;
        return Some(Again::Stated(stated.max(last.finished_at)));
    }
    let hours = 1_i64 << last.failures.saturating_sub(1).min(MOST_DOUBLINGS);
    Some(Again::Guessed(last.finished_at.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_SIX: DailyImport = DailyImport { is_on: true, hour: 6 };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    fn facts(begun: Option<&str>, fault: Option<FaultRecord>) -> SyncFacts {
        let last =
            begun.map(|begun| LastRun { finished_at: at(begun), fault, account_faults: Vec::new(), failures: 1 });
        SyncFacts {
            spread: 12,
            consent: Consent { given_at: None, valid_until: None },
            is_under_way: false,
            last_begun_at: begun.map(at),
            last,
        }
    }

    fn fault(class: FaultClass, retry_at: Option<&str>) -> FaultRecord {
        FaultRecord {
            class,
            code: "x".into(),
            message: "x".into(),
            action: None,
            retry_at: retry_at.map(at),
            reference: None,
            http_status: None,
        }
    }

    fn next(facts: &SyncFacts, now: &str) -> NextImport {
        next_import(AT_SIX, &berlin(), facts, at(now))
    }

    #[test]
    fn once_a_day_at_the_organizations_hour_and_some_minutes() {
        let synced = facts(Some("2026-11-20T05:12:30Z"), None);
        assert_eq!(next(&synced, "2026-11-20T18:00:00Z"), NextImport::At(at("2026-11-21T05:12:00Z")));
        // A person's own sync before the hour does not take its place.
        let early = facts(Some("2026-11-21T05:00:00Z"), None);
        assert_eq!(next(&early, "2026-11-21T05:30:00Z"), NextImport::At(at("2026-11-21T05:12:00Z")));
    }

    #[test]
    fn what_passed_while_nothing_ran_is_caught_up_with_once() {
        let long_ago = facts(Some("2026-11-02T05:12:30Z"), None);
        assert_eq!(next(&long_ago, "2026-11-20T18:00:00Z"), NextImport::At(at("2026-11-20T05:12:00Z")));
        assert_eq!(next(&long_ago, "2026-11-20T04:00:00Z"), NextImport::At(at("2026-11-19T05:12:00Z")));
    }

    #[test]
    fn both_nights_on_which_clocks_change_have_one_import() {
        let at_two = DailyImport { is_on: true, hour: 2 };
        let slots = |day: Date| slot(day, at_two.hour, &berlin(), 12);
        let date = jiff::civil::date;
        assert_eq!(slots(date(2026, 3, 29)), at("2026-03-29T01:12:00Z"), "there is no two o'clock");
        assert_eq!(slots(date(2026, 10, 25)), at("2026-10-25T00:12:00Z"), "there are two");
        let begun = SyncFacts { last_begun_at: Some(at("2026-10-25T00:12:30Z")), ..facts(None, None) };
        let second_two = next_import(at_two, &berlin(), &begun, at("2026-10-25T01:30:00Z"));
        assert_eq!(second_two, NextImport::At(at("2026-10-26T01:12:00Z")));
    }

    #[test]
    fn what_needs_a_person_waits_for_one() {
        let renew = facts(Some("2026-11-20T05:12:30Z"), Some(fault(FaultClass::NeedsUser, None)));
        assert_eq!(next(&renew, "2026-11-25T18:00:00Z"), NextImport::NeedsPerson);
        let consent = Consent { given_at: None, valid_until: Some(at("2026-11-24T00:00:00Z")) };
        let ended = SyncFacts { consent, ..facts(Some("2026-11-20T05:12:30Z"), None) };
        assert_eq!(next(&ended, "2026-11-25T18:00:00Z"), NextImport::NeedsPerson);
    }

    #[test]
    fn what_passes_by_itself_is_met_again_and_never_sooner_than_the_bank_says() {
        let begun = Some("2026-11-20T05:12:30Z");
        let down = facts(begun, Some(fault(FaultClass::RetryLater, None)));
        assert_eq!(next(&down, "2026-11-20T05:30:00Z"), NextImport::At(at("2026-11-20T06:12:30Z")));
        let mut often = down.clone();
        often.last.as_mut().unwrap().failures = 40;
        assert_eq!(next(&often, "2026-11-20T05:30:00Z"), NextImport::At(at("2026-11-20T13:12:30Z")));
        let limited = facts(begun, Some(fault(FaultClass::RateLimited, Some("2026-11-21T09:00:00Z"))));
        assert_eq!(next(&limited, "2026-11-21T05:30:00Z"), NextImport::At(at("2026-11-21T09:00:00Z")));
        // Wrong keys are tried with the next import, not every hour.
        let keys = facts(begun, Some(fault(FaultClass::NeedsOperator, None)));
        assert_eq!(next(&keys, "2026-11-20T05:30:00Z"), NextImport::At(at("2026-11-21T05:12:00Z")));
    }

    #[test]
    fn one_account_that_needs_a_person_keeps_no_other_from_being_imported() {
        let with = |faults: Vec<FaultRecord>| {
            let mut facts = facts(Some("2026-11-20T05:12:30Z"), None);
            facts.last.as_mut().unwrap().account_faults = faults;
            next(&facts, "2026-11-20T05:30:00Z")
        };
        let closed = || fault(FaultClass::Gone, None);
        assert_eq!(with(vec![closed()]), NextImport::At(at("2026-11-21T05:12:00Z")));
        let limited = |until| fault(FaultClass::RateLimited, Some(until));
        let both = vec![closed(), limited("2026-11-20T20:00:00Z"), limited("2026-11-20T18:00:00Z")];
        assert_eq!(with(both), NextImport::At(at("2026-11-20T18:00:00Z")));
        let down = vec![limited("2026-11-20T20:00:00Z"), fault(FaultClass::RetryLater, None)];
        assert_eq!(with(down), NextImport::At(at("2026-11-20T06:12:30Z")));
    }

    #[test]
    fn nothing_is_due_while_it_is_off_or_under_way() {
        let facts = facts(None, None);
        let off = next_import(DailyImport { is_on: false, hour: 6 }, &berlin(), &facts, at("2026-11-20T18:00:00Z"));
        assert_eq!(off, NextImport::Off);
        let running = SyncFacts { is_under_way: true, ..facts };
        assert_eq!(next(&running, "2026-11-20T18:00:00Z"), NextImport::UnderWay);
    }
}
