//! Days and moments as the person reads them, in the organization's zone.

use bankside_domain::Formats;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::counted;

/// Now, where, and how the person reads: what days, moments and figures are told by.
#[derive(Debug, Clone)]
pub(crate) struct Today {
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) formats: Formats,
}

impl Today {
    pub(crate) fn new(now: Timestamp, zone: &str, formats: Formats) -> Self {
        Self { now, zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC), formats }
    }

    pub(crate) fn date(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }

    /// A day: `18 Nov`, with its year where that is another one.
    pub(crate) fn day(&self, day: Date) -> String {
        if day.year() == self.date().year() { self.formats.dates.short(day) } else { self.long_day(day) }
    }

    /// A day with its year: `18 Nov 2025`.
    pub(crate) fn long_day(&self, day: Date) -> String {
        self.formats.dates.long(day)
    }

    /// A moment: `today 07:12`, `yesterday 07:12`, `3 Nov`.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        let clock = at.strftime("%H:%M");
        let days = (self.date() - at.date()).get_days();
        match days {
            0 => format!("today {clock}"),
            1 => format!("yesterday {clock}"),
            _ => self.day(at.date()),
        }
    }

    /// A moment to wait for: `14:20`, `tomorrow 07:10`, `3 Dec 07:10`.
    pub(crate) fn until(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        let clock = at.strftime("%H:%M");
        match (at.date() - self.date()).get_days() {
            0 => clock.to_string(),
            1 => format!("tomorrow {clock}"),
            _ => format!("{} {clock}", self.day(at.date())),
        }
    }
}

/// How long from one moment to a later one, as people say it: `in 12 minutes`, `in 3 hours`, `in 2 days`.
pub(crate) fn ahead(now: Timestamp, at: Timestamp) -> String {
    let minutes = at.duration_since(now).as_mins();
    match minutes {
        ..=0 => "now".to_owned(),
        1..=90 => format!("in {}", counted(minutes, "minute", "minutes")),
        91..=2880 => format!("in {}", counted((minutes + 30) / 60, "hour", "hours")),
        _ => format!("in {}", counted((minutes + 720) / 1440, "day", "days")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_from_today() {
        let today = Today::new("2026-11-20T23:30:00Z".parse().unwrap(), "Europe/Berlin", Formats::default());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(today.date(), jiff::civil::date(2026, 11, 21));
        assert_eq!(today.moment(at("2026-11-20T23:12:00Z")), "today 00:12");
        assert_eq!(today.moment(at("2026-11-20T06:12:00Z")), "yesterday 07:12");
        assert_eq!(today.moment(at("2026-11-03T06:12:00Z")), "3 Nov");
        assert_eq!(today.moment(at("2025-11-03T06:12:00Z")), "3 Nov 2025");
        assert_eq!(today.until(at("2026-11-22T06:10:00Z")), "tomorrow 07:10");
        assert_eq!(today.until(at("2026-12-03T06:10:00Z")), "3 Dec 07:10");
    }

    #[test]
    fn what_is_ahead_is_told_roughly() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let of = |minutes| ahead(now, now + jiff::SignedDuration::from_mins(minutes));
        assert_eq!(of(-5), "now");
        assert_eq!(of(1), "in 1 minute");
        assert_eq!(of(90), "in 90 minutes");
        assert_eq!(of(91), "in 2 hours");
        assert_eq!(of(23 * 60 + 40), "in 24 hours");
        assert_eq!(of(3 * 1440), "in 3 days");
    }
}
