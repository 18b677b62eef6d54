//! The days that a plan looks at.

use jiff::Span;
use jiff::civil::Date;

/// How far around the rows that came the known and the typed rows are of use: content matching looks a day around a row, settling
/// and typed rows two weeks.
const REACH_DAYS: i64 = 15;

/// The days around the rows to decide. Known rows outside are of no use to any pass, unless they share an id with one that came or
/// are pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Window {
    /// The days around those of the rows to decide; `None` where none of them has one.
    pub fn around(days: impl Iterator<Item = Date>) -> Option<Self> {
        let (from, to) = days.fold(None, |span: Option<(Date, Date)>, day| {
            let (from, to) = span.unwrap_or((day, day));
            Some((from.min(day), to.max(day)))
        })?;
        let reach = Span::new().days(REACH_DAYS);
        Some(Self { from: from.saturating_sub(reach), to: to.saturating_add(reach) })
    }

    /// What lies in either, and between the two.
    pub fn join(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(Self { from: one.from.min(other.from), to: one.to.max(other.to) }),
            (one, other) => one.or(other),
        }
    }

    /// Whether it includes a day.
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}
