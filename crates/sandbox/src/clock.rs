//! The sandbox's clock: real time with an offset, or an instant that stands still. It moves on command and never back.

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How the clock goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockMode {
    /// Real time plus an offset, which is persisted and grows when the clock is turned.
    Running,
    /// The first start fixes the instant; it is persisted and moves only on command.
    Frozen,
}

const DAY_SECONDS: i64 = 86_400;
/// Nobody needs to look further ahead, and books are generated day by day.
const LATEST_YEAR: i16 = 2100;

/// A command that turns the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Forward by so many seconds.
    Advance(SignedDuration),
    /// To an instant.
    Set(Timestamp),
}

/// Why the clock stays where it is.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum TurnError {
    #[error(
        "expected one of {{\"advance_days\": n}}, {{\"advance_seconds\": n}} with a whole number and \
         {{\"set\": \"<RFC 3339>\"}}"
    )]
    Unreadable,
    #[error("the clock does not run backwards: it is {now}, asked for was {asked}")]
    Backwards { now: Timestamp, asked: Timestamp },
    #[error("the clock does not go beyond the year {LATEST_YEAR}")]
    TooFar,
}

impl Turn {
    /// Reads a command. Numbers may come as text, because forms send them so.
    pub(crate) fn read(command: &Value) -> Result<Self, TurnError> {
        let command = command.as_object().filter(|fields| fields.len() == 1).ok_or(TurnError::Unreadable)?;
        let number = |value: &Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
        let (name, value) = command.iter().next().ok_or(TurnError::Unreadable)?;
        let seconds = match name.as_str() {
            "advance_days" => number(value).map(|days| days.saturating_mul(DAY_SECONDS)),
            "advance_seconds" => number(value),
            "set" => {
                let instant = value.as_str().and_then(|text| text.parse().ok());
                return instant.map(Self::Set).ok_or(TurnError::Unreadable);
            }
            _ => None,
        };
        seconds.map(SignedDuration::from_secs).map(Self::Advance).ok_or(TurnError::Unreadable)
    }
}

/// What is kept of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClockState {
    /// Where it stands still, if it does.
    frozen_at: Option<Timestamp>,
    /// How far it has been turned, in microseconds.
    turned_micros: i64,
}

impl ClockState {
    /// The clock of a new state.
    pub(crate) fn start(mode: ClockMode, real: Timestamp) -> Self {
        Self { frozen_at: (mode == ClockMode::Frozen).then(|| micros(real)), turned_micros: 0 }
    }

    /// The clock of a kept state, which may have gone in the other mode. It continues where it was, or later.
    pub(crate) fn resume(self, mode: ClockMode, real: Timestamp) -> Self {
        match (mode, self.frozen_at) {
            (ClockMode::Frozen, None) => Self { frozen_at: Some(self.now(real)), ..self },
            (ClockMode::Running, Some(at)) => {
                let behind = at.as_microsecond() - real.as_microsecond();
                Self { frozen_at: None, turned_micros: self.turned_micros.max(behind) }
            }
            _ => self,
        }
    }

    /// What time it is in the sandbox, in whole microseconds, as the wire formats have them.
    pub(crate) fn now(self, real: Timestamp) -> Timestamp {
        self.frozen_at.unwrap_or_else(|| self.flowing(real))
    }

    /// Real time and every turn: what general rate limits count in, because they must refill while the clock stands still.
    pub(crate) fn flowing(self, real: Timestamp) -> Timestamp {
        real.as_microsecond()
            .checked_add(self.turned_micros)
            .and_then(|micros| Timestamp::from_microsecond(micros).ok())
            .unwrap_or(real)
    }

    /// Turns it.
    pub(crate) fn turn(self, real: Timestamp, turn: Turn) -> Result<Self, TurnError> {
        let now = self.now(real);
        let asked = match turn {
            Turn::Advance(by) => now.checked_add(by).map_err(|_| TurnError::TooFar)?,
            Turn::Set(instant) => micros(instant),
        };
        if asked < now {
            return Err(TurnError::Backwards { now, asked });
        }
        let latest = date(LATEST_YEAR, 1, 1).to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        if latest.is_ok_and(|latest| asked > latest) {
            return Err(TurnError::TooFar);
        }
        let by = asked.as_microsecond() - now.as_microsecond();
        Ok(Self { frozen_at: self.frozen_at.map(|_| asked), turned_micros: self.turned_micros.saturating_add(by) })
    }
}

/// An instant as wire formats and our own controls have it: `2024-12-27T21:34:20.658531Z`.
pub(crate) fn wire_time(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn micros(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_running_clock_follows_real_time_and_keeps_its_offset() {
        let clock = ClockState::start(ClockMode::Running, at("2026-01-01T00:00:00Z"));
        assert_eq!(clock.now(at("2026-01-01T00:00:05Z")), at("2026-01-01T00:00:05Z"));
        let day = Turn::read(&json!({"advance_days": 1})).unwrap();
        let turned = clock.turn(at("2026-01-01T00:00:05Z"), day).unwrap();
        assert_eq!(turned.now(at("2026-01-01T00:00:07Z")), at("2026-01-02T00:00:07Z"));
    }

    #[test]
    fn a_frozen_clock_moves_only_on_command() {
        let clock = ClockState::start(ClockMode::Frozen, at("2026-01-01T00:00:00Z"));
        assert_eq!(clock.now(at("2027-01-01T00:00:00Z")), at("2026-01-01T00:00:00Z"));
        let set = Turn::read(&json!({"set": "2026-03-01T12:00:00+01:00"})).unwrap();
        let turned = clock.turn(at("2027-01-01T00:00:00Z"), set).unwrap();
        assert_eq!(turned.now(at("2028-01-01T00:00:00Z")), at("2026-03-01T11:00:00Z"));
        assert!(turned.flowing(at("2027-01-01T00:01:00Z")) > turned.flowing(at("2027-01-01T00:00:00Z")));
    }

    #[test]
    fn the_clock_does_not_run_backwards_or_too_far() {
        let real = at("2026-01-01T00:00:00Z");
        for mode in [ClockMode::Running, ClockMode::Frozen] {
            let clock = ClockState::start(mode, real);
            let turn = |command| clock.turn(real, Turn::read(&command).unwrap());
            assert!(matches!(turn(json!({"advance_seconds": -1})), Err(TurnError::Backwards { .. })));
            assert!(matches!(turn(json!({"set": "2025-12-31T23:59:59Z"})), Err(TurnError::Backwards { .. })));
            assert_eq!(turn(json!({"advance_days": 40_000})), Err(TurnError::TooFar));
            assert_eq!(turn(json!({"advance_days": i64::MAX})), Err(TurnError::TooFar));
            assert_eq!(turn(json!({"advance_seconds": "0"})), Ok(clock));
        }
    }

    #[test]
    fn another_mode_continues_and_never_goes_back() {
        let start = at("2026-01-01T00:00:00Z");
        let day = Turn::read(&json!({"advance_days": 10})).unwrap();
        let frozen = ClockState::start(ClockMode::Frozen, start).turn(start, day).unwrap();
        let running = frozen.resume(ClockMode::Running, at("2026-01-02T00:00:00Z"));
        assert!(running.now(at("2026-01-02T00:00:00Z")) >= at("2026-01-11T00:00:00Z"));
        let again = running.resume(ClockMode::Frozen, at("2026-01-03T00:00:00Z"));
        assert_eq!(again.now(at("2026-06-01T00:00:00Z")), running.now(at("2026-01-03T00:00:00Z")));
    }

    #[test]
    fn unreadable_commands_say_what_is_expected() {
        for command in [json!({}), json!([]), json!({"advance_days": 1.5}), json!({"set": "soon"}), json!({"back": 1})]
        {
            assert_eq!(Turn::read(&command), Err(TurnError::Unreadable), "{command}");
        }
        assert!(TurnError::Unreadable.to_string().contains(r#"{"advance_days": n}"#));
    }
}
