//! How long a bank lets us ask.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// From how many days before its end a consent asks to be renewed.
pub const RENEW_WITHIN_DAYS: i64 = 14;

/// A consent as the provider stated it. Its end is never derived from anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// When the person agreed.
    pub given_at: Option<Timestamp>,
    /// When access ends; `None` when the provider does not say.
    pub valid_until: Option<Timestamp>,
}

/// Where a consent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentStanding {
    /// No end is known, therefore no countdown is shown.
    NoKnownEnd,
    /// It holds for longer than [`RENEW_WITHIN_DAYS`].
    Holds,
    /// It holds, but ends within so many days.
    EndsIn(i64),
    /// It has ended.
    Ended,
}

impl Consent {
    /// Where the consent stands at an instant.
    pub fn standing(&self, now: Timestamp) -> ConsentStanding {
        let Some(end) = self.valid_until else {
            return ConsentStanding::NoKnownEnd;
        };
        if end <= now {
            return ConsentStanding::Ended;
        }
        let days = days_between(now, end);
        if days <= RENEW_WITHIN_DAYS { ConsentStanding::EndsIn(days) } else { ConsentStanding::Holds }
    }
}

/// Whole days from one instant to a later one, rounded up: what ends in an hour ends in one day.
pub fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    let day = SignedDuration::from_hours(24).as_secs();
    let seconds = to.duration_since(from).as_secs();
    seconds.div_euclid(day) + i64::from(seconds.rem_euclid(day) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countdown_starts_a_fortnight_before_the_end() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let until = |text: &str| Consent { given_at: None, valid_until: Some(text.parse().unwrap()) }.standing(now);
        assert_eq!(Consent { given_at: None, valid_until: None }.standing(now), ConsentStanding::NoKnownEnd);
        assert_eq!(until("2027-05-19T12:00:00Z"), ConsentStanding::Holds);
        assert_eq!(until("2026-12-04T12:00:00Z"), ConsentStanding::EndsIn(14));
        assert_eq!(until("2026-11-20T13:00:00Z"), ConsentStanding::EndsIn(1));
        assert_eq!(until("2026-11-20T12:00:00Z"), ConsentStanding::Ended);
    }
}
