//! Cashflow: what came in and what went out, by month and category, of an asset or of the whole organization.
//!
//! Which account counts for which days is decided in [`reach`], what stands in the rows of a table in [`table`], and what one
//! currency comes to in another in [`rate`].

pub mod plan;
pub mod rate;
pub mod reach;
pub mod table;

pub use self::rate::{Rate, RateError};
pub use self::reach::{Extent, Part, Reach, Stretch};
pub use self::table::{Group, Line, Named, Sum, Table};

/// What came in and what went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flow {
    /// What came in, in minor units: zero or more.
    pub in_minor: i64,
    /// What went out, in minor units: zero or less.
    pub out_minor: i64,
}

impl Flow {
    /// One amount: money in where it is above zero, and money out otherwise.
    pub fn of(minor: i64) -> Self {
        Self { in_minor: minor.max(0), out_minor: minor.min(0) }
    }

    /// What is left of it.
    pub fn left_minor(self) -> i64 {
        self.in_minor.saturating_add(self.out_minor)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            in_minor: self.in_minor.saturating_add(other.in_minor),
            out_minor: self.out_minor.saturating_add(other.out_minor),
        }
    }
}

impl std::iter::Sum for Flow {
    fn sum<I: Iterator<Item = Self>>(flows: I) -> Self {
        flows.fold(Self::default(), Self::plus)
    }
}
