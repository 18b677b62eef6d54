//! Notices: that access is about to end, that it has ended, that a sync fails. What is due to be told of a connection, and when.
//!
//! What always holds: each is told once, of a stretch of time that was missed only the latest one is, and what an organization is told on
//! a day is told at once. Why a stage is not told again is in what was sent already; nothing is planned ahead.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::consent::{Consent, ConsentStanding, RENEW_WITHIN_DAYS, days_between};
use crate::fault::{FaultClass, FaultRecord, UserAction, WhoActs};

/// What passes by itself is told of when it has not passed for so long.
const HEALS_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Something to be told of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// Access ends within a fortnight.
    EndsWithin14,
    /// Access ends within a week.
    EndsWithin7,
    /// Access ends within a day.
    EndsWithin1,
    /// Access has ended.
    Ended,
    /// Syncs fail, and are tried again.
    Failing,
    /// Nothing comes in until somebody does something.
    Stuck,
}

impl Notice {
    /// How many days before the end of access it is due; `None` for one that is not about a coming end.
    pub fn days_ahead(self) -> Option<i64> {
        match self {
            Self::EndsWithin14 => Some(RENEW_WITHIN_DAYS),
            Self::EndsWithin7 => Some(7),
            Self::EndsWithin1 => Some(1),
            Self::Ended | Self::Failing | Self::Stuck => None,
        }
    }
}

/// The stages before an end, the nearest to it first.
const STAGES: [Notice; 3] = [Notice::EndsWithin1, Notice::EndsWithin7, Notice::EndsWithin14];

/// A notice that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentNotice {
    /// Which one.
    pub notice: Notice,
    /// The end of access, or the beginning of the failing, that it was about.
    pub about_at: Timestamp,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// Since when nothing comes in, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// When the first sync ended that failed.
    pub since: Timestamp,
    /// When the latest one ended.
    pub latest_at: Timestamp,
    /// What was wrong with it.
    pub fault: FaultRecord,
}

impl Failing {
    /// Whether it goes on until somebody does something.
    pub fn needs_somebody(&self) -> bool {
        match self.fault.class.who_acts() {
            WhoActs::Person => true,
            // An answer that cannot be read once may well be readable tomorrow.
            WhoActs::Admin => self.fault.class != FaultClass::Bug,
            WhoActs::Nobody => false,
        }
    }

    /// Whether the provider has said that access is over, whatever end it had named.
    fn has_ended_access(&self) -> bool {
        self.fault.class == FaultClass::NeedsUser && self.fault.action == Some(UserAction::Renew)
    }

    /// The latest sync counts, not the clock: what could not be tried again, because nothing ran, has had no occasion to pass.
    fn has_lasted(&self) -> bool {
        self.needs_somebody() || self.latest_at.duration_since(self.since) >= HEALS_WITHIN
    }
}

/// What is known of a connection that is neither paused nor ended.
#[derive(Debug, Clone)]
pub struct NoticeFacts {
    /// Its consent.
    pub consent: Consent,
    /// Whether nothing comes in any more, for some account or for all.
    pub failing: Option<Failing>,
    /// What was sent about it.
    pub sent: Vec<SentNotice>,
}

/// A notice that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueNotice {
    /// Which one.
    pub notice: Notice,
    /// The end of access, or the beginning of the failing, that it is about.
    pub about_at: Timestamp,
    /// How many days are left, where it is about a coming end.
    pub days_left: Option<i64>,
}

/// What an organization is to be told now, by whatever the connections are named: nothing, or all that is due until its day is over, so
/// that it is told once a day. `last_at` is when it was told last.
pub fn due_now<'a, K>(
    connections: impl IntoIterator<Item = (K, &'a NoticeFacts)>,
    last_at: Option<Timestamp>,
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<(K, DueNotice)> {
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    if last_at.is_some_and(|last| day(last) == day(now)) {
        return Vec::new();
    }
    let tomorrow = day(now).saturating_add(1.day()).to_zoned(zone.clone());
    let until = tomorrow.map_or(now, |midnight| midnight.timestamp());
    let mut is_any_due = false;
    let mut due = Vec::new();
    for (connection, facts) in connections {
        is_any_due |= facts.due(now, now).is_some();
        due.extend(facts.due(until, now).map(|notice| (connection, notice)));
    }
    if is_any_due { due } else { Vec::new() }
}

impl NoticeFacts {
    /// The one notice that is due, of coming ends also what becomes due until a later moment.
    fn due(&self, until: Timestamp, now: Timestamp) -> Option<DueNotice> {
        let failing = self.failing.as_ref();
        let failing_due = || failing.and_then(|failing| self.about(failing, now));
        match (self.consent.standing(now), self.consent.valid_until) {
            (ConsentStanding::Ended, Some(end)) => {
                let is_told = self.has_told(Notice::Ended, end);
                (!is_told).then_some(DueNotice { notice: Notice::Ended, about_at: end, days_left: None })
            }
            // Who has heard that access is over need not hear that it is about to be.
            _ if failing.is_some_and(Failing::has_ended_access) => failing_due(),
            (_, Some(end)) => self.ahead_of(end, until, now).or_else(failing_due),
            (_, None) => failing_due(),
        }
    }

    /// The stage before an end that is due: the nearest that has been reached, unless it or a nearer one was told.
    fn ahead_of(&self, end: Timestamp, until: Timestamp, now: Timestamp) -> Option<DueNotice> {
        let moment = |days: i64| end.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN);
        for notice in STAGES {
            let days = notice.days_ahead()?;
            if self.has_told(notice, end) {
                return None;
            }
            if moment(days) > until {
                continue;
            }
            // Whoever agrees to three days knows that there are three.
            let is_younger = self.consent.given_at.is_some_and(|given| given >= moment(days));
            let days_left = days_between(now, end).min(days);
            return (!is_younger).then_some(DueNotice { notice, about_at: end, days_left: Some(days_left) });
        }
        None
    }

    fn has_told(&self, notice: Notice, end: Timestamp) -> bool {
        self.sent.iter().any(|sent| sent.notice == notice && sent.about_at == end)
    }

    /// What is due about a failing: once since it began, and once more where somebody has to act who was told that it may pass. What a
    /// clock sent that was ahead then tells nothing.
    fn about(&self, failing: &Failing, now: Timestamp) -> Option<DueNotice> {
        let notice = if failing.needs_somebody() { Notice::Stuck } else { Notice::Failing };
        let is_told = self.sent.iter().any(|sent| {
            (sent.notice == Notice::Stuck || sent.notice == notice)
                && sent.sent_at >= failing.since
                && sent.sent_at <= now
        });
        let is_due = failing.has_lasted() && !is_told;
        is_due.then_some(DueNotice { notice, about_at: failing.since, days_left: None })
    }
}

#[cfg(test)]
mod tests;
