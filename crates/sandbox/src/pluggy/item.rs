//! An item: a connection of the provider to one login, and when it has been synchronised (fact sheet §4).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::books::Book;
use super::execution::{Failure, Run};
use crate::Switches;

/// Auto-sync comes once a day (fact sheet §4: by plan every 24, 12 or 8 hours).
const SYNC_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Synchronisations that follow each other once a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stretch {
    /// The first one.
    pub(super) from: Timestamp,
    /// None comes at or after this instant.
    pub(super) until: Option<Timestamp>,
}

impl Stretch {
    /// The first one at or after an instant.
    fn first_from(self, at: Timestamp) -> Option<Timestamp> {
        let behind = at.as_microsecond() - self.from.as_microsecond();
        let every = micros(SYNC_EVERY);
        let steps = if behind <= 0 { 0 } else { behind.div_euclid(every) + i64::from(behind.rem_euclid(every) > 0) };
        self.step(steps).filter(|tick| self.until.is_none_or(|until| *tick < until))
    }

    /// The last one at or before an instant.
    fn last_to(self, at: Timestamp) -> Option<Timestamp> {
        let end = self.until.map_or(at, |until| at.min(instant(until.as_microsecond() - 1, until)));
        let behind = end.as_microsecond() - self.from.as_microsecond();
        if behind < 0 { None } else { self.step(behind.div_euclid(micros(SYNC_EVERY))) }
    }

    fn step(self, steps: i64) -> Option<Timestamp> {
        let by = micros(SYNC_EVERY).checked_mul(steps)?;
        Timestamp::from_microsecond(self.from.as_microsecond().checked_add(by)?).ok()
    }
}

fn micros(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn instant(micros: i64, otherwise: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(otherwise)
}

/// What the bank lets the provider see, and for how long (fact sheet §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(super) granted: Timestamp,
    pub(super) ends: Timestamp,
    pub(super) revoked: Option<Timestamp>,
}

impl Consent {
    pub(super) fn granted(at: Timestamp, days: i64) -> Self {
        let ends = at.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(at);
        Self { granted: at, ends, revoked: None }
    }

    /// When it stopped, if it has.
    fn over(&self, now: Timestamp) -> Option<(Timestamp, &'static str)> {
        let ended = (self.ends <= now).then_some(self.ends);
        self.revoked.or(ended).map(|at| (at, "USER_AUTHORIZATION_REVOKED"))
    }
}

/// How an item stands when nothing is running (fact sheet §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Standing {
    Updated,
    LoginError,
    Outdated,
}

impl Standing {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Updated => "UPDATED",
            Self::LoginError => "LOGIN_ERROR",
            Self::Outdated => "OUTDATED",
        }
    }
}

/// A row that the bank comes up with long after its day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LateRow {
    pub(super) at: Timestamp,
    pub(super) known: Timestamp,
    /// The owner's view: out is negative.
    pub(super) owner_minor: i64,
    pub(super) text: String,
}

/// What has happened to an account of an item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Happened {
    /// When all of its rows were deleted and made again.
    pub(super) reissued: Vec<Timestamp>,
    /// Closings of a card beside those of the calendar.
    pub(super) closings: Vec<Timestamp>,
    pub(super) late: Vec<LateRow>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(super) serial: u64,
    pub(super) connector: u32,
    pub(super) book: Book,
    /// So many times the rows, for the users that test speed.
    pub(super) times: u32,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    /// When a client last did something to it.
    pub(super) touched: Timestamp,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) products: Vec<String>,
    pub(super) webhook_url: Option<String>,
    pub(super) client_user_id: Option<String>,
    pub(super) oauth_redirect_uri: Option<String>,
    pub(super) standing: Standing,
    /// The last execution status.
    pub(super) execution: String,
    pub(super) error: Option<Failure>,
    pub(super) run: Option<Run>,
    pub(super) syncs: Vec<Stretch>,
    pub(super) consent: Option<Consent>,
    pub(super) failed_logins: u32,
    pub(super) failures: u32,
    pub(super) auto_sync_disabled: Option<Timestamp>,
    pub(super) is_foreign: bool,
    pub(super) happened: BTreeMap<String, Happened>,
}

impl Item {
    /// A new item that has not been synchronised.
    pub(super) fn new(serial: u64, connector: u32, book: Book, now: Timestamp) -> Self {
        Self {
            serial,
            connector,
            book,
            times: 1,
            created: now,
            updated: now,
            touched: now,
            parameters: BTreeMap::new(),
            products: Vec::new(),
            webhook_url: None,
            client_user_id: None,
            oauth_redirect_uri: None,
            standing: Standing::Updated,
            execution: "CREATED".to_owned(),
            error: None,
            run: None,
            syncs: Vec::new(),
            consent: None,
            failed_logins: 0,
            failures: 0,
            auto_sync_disabled: None,
            is_foreign: false,
            happened: BTreeMap::new(),
        }
    }

    /// Brings it up to this instant.
    pub(super) fn settle(&mut self, now: Timestamp, switches: &Switches) {
        self.advance_by_clock(now);
        let over = self.consent.and_then(|consent| consent.over(now));
        if let Some((at, code)) = over
            && self.execution != code
            && self.run.is_none()
        {
            let standing =
                if switches.pluggy_ended_consent_is_login_error { Standing::LoginError } else { Standing::Outdated };
            self.fail(code, None, standing, at);
        }
        // The next auto-sync heals what was only bad weather.
        let heals = self.standing == Standing::Outdated && self.run.is_none();
        if let Some(last) = self.syncs.last()
            && heals
            && last.until.is_none()
            && last.from <= now
        {
            let from = last.from;
            self.succeed("SUCCESS", from);
        }
    }

    /// The last synchronisation that brought data.
    pub(super) fn last_sync(&self, now: Timestamp) -> Option<Timestamp> {
        self.syncs.iter().filter_map(|stretch| stretch.last_to(now)).max()
    }

    /// When something that has been known to the bank since an instant was first fetched.
    pub(super) fn first_sync_from(&self, at: Timestamp) -> Option<Timestamp> {
        self.syncs.iter().filter_map(|stretch| stretch.first_from(at)).min()
    }

    /// When the next auto-sync comes by itself.
    pub(super) fn next_auto_sync(&self, now: Timestamp) -> Option<Timestamp> {
        let last = self.syncs.last().filter(|stretch| stretch.until.is_none())?;
        last.first_from(Timestamp::from_microsecond(now.as_microsecond() + 1).ok()?)
    }

    /// No auto-sync comes any more; one that came at this very instant has come.
    pub(super) fn stop_syncs(&mut self, at: Timestamp) {
        // Stretches that have not begun never will.
        self.syncs.retain(|stretch| stretch.from <= at);
        if let Some(last) = self.syncs.last_mut().filter(|stretch| stretch.until.is_none()) {
            last.until = Some(instant(at.as_microsecond() + 1, at));
        }
    }

    /// Starts anew with a synchronisation now and one every day from now on.
    pub(super) fn sync_from(&mut self, at: Timestamp) {
        self.stop_syncs(at);
        let until = self.auto_sync_disabled.map(|_| instant(at.as_microsecond() + 1, at));
        self.syncs.push(Stretch { from: at, until });
    }

    /// A synchronisation came to its end; it has been written to the books by its caller.
    pub(super) fn succeed(&mut self, execution: &str, at: Timestamp) {
        self.standing = Standing::Updated;
        execution.clone_into(&mut self.execution);
        self.error = None;
        self.run = None;
        (self.failed_logins, self.failures) = (0, 0);
        self.updated = at;
    }

    /// An execution failed. Auto-sync stops until somebody does something.
    pub(super) fn fail(&mut self, code: &str, provider_message: Option<&str>, standing: Standing, at: Timestamp) {
        self.standing = standing;
        code.clone_into(&mut self.execution);
        self.error = Some(Failure::new(code, provider_message));
        self.run = None;
        self.failures += 1;
        self.failed_logins += u32::from(standing == Standing::LoginError);
        self.updated = at;
        self.stop_syncs(at);
    }

    /// An execution failed, and the next auto-sync tries again.
    pub(super) fn fail_for_now(&mut self, code: &str, at: Timestamp) {
        let next = self.next_auto_sync(at).or_else(|| at.checked_add(SYNC_EVERY).ok());
        self.fail(code, None, Standing::Outdated, at);
        if let (Some(from), None) = (next, self.auto_sync_disabled) {
            self.syncs.push(Stretch { from, until: None });
        }
    }

    /// What has happened to an account, to be added to.
    pub(super) fn happened_mut(&mut self, key: &str) -> &mut Happened {
        self.happened.entry(key.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3600).unwrap()
    }

    fn item() -> Item {
        let mut item = Item::new(1, 0, Book::Sandbox, at(0));
        item.sync_from(at(0));
        item
    }

    #[test]
    fn auto_sync_comes_once_a_day_until_it_is_stopped() {
        let mut item = item();
        assert_eq!(item.last_sync(at(23)), Some(at(0)));
        assert_eq!((item.last_sync(at(24)), item.next_auto_sync(at(24))), (Some(at(24)), Some(at(48))));
        item.sync_from(at(30));
        assert_eq!(item.last_sync(at(53)), Some(at(30)));
        assert_eq!(item.first_sync_from(at(25)), Some(at(30)));
        assert_eq!(item.first_sync_from(at(31)), Some(at(54)));
        item.stop_syncs(at(54));
        assert_eq!((item.last_sync(at(500)), item.next_auto_sync(at(55))), (Some(at(54)), None));
        assert_eq!(item.first_sync_from(at(55)), None);
    }

    #[test]
    fn weather_heals_with_the_next_auto_sync_and_a_lost_login_does_not() {
        let switches = Switches::default();
        let mut item = item();
        item.fail_for_now("SITE_NOT_AVAILABLE", at(30));
        item.settle(at(47), &switches);
        assert_eq!((item.standing, item.last_sync(at(47))), (Standing::Outdated, Some(at(24))));
        item.settle(at(48), &switches);
        assert_eq!((item.standing, item.last_sync(at(48))), (Standing::Updated, Some(at(48))));
        item.fail("INVALID_CREDENTIALS", None, Standing::LoginError, at(50));
        item.settle(at(500), &switches);
        assert_eq!((item.standing, item.last_sync(at(500))), (Standing::LoginError, Some(at(48))));
    }

    #[test]
    fn a_consent_that_ends_ends_the_syncs_where_it_ended() {
        let mut item = item();
        item.consent = Some(Consent::granted(at(0), 2));
        item.settle(at(47), &Switches::default());
        assert_eq!(item.standing, Standing::Updated);
        item.settle(at(500), &Switches::default());
        assert_eq!((item.standing, item.execution.as_str()), (Standing::Outdated, "USER_AUTHORIZATION_REVOKED"));
        assert_eq!(item.last_sync(at(500)), Some(at(48)));
    }
}
