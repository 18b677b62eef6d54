//! Transfers of which only one row is here.

use jiff::civil::Date;

use super::{MAX_BANK_DAYS, bank_days};

/// A row whose bank names an account of the organization as its other side, and that is linked with none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transit {
    /// The other side may still come.
    OnItsWay,
    /// It should have come by now.
    Missing,
    /// The other account's books begin later, so it will not come.
    BeforeTheBooks,
}

/// How it stands with a row whose other side is an own account. `history_from` is the first day of that account's books, where they have
/// one, and `today` the day at which this is asked.
pub fn transit_of(day: Date, history_from: Option<Date>, today: Date) -> Transit {
    if history_from.is_some_and(|first| day < first) {
        Transit::BeforeTheBooks
    } else if bank_days(day, today) > MAX_BANK_DAYS {
        Transit::Missing
    } else {
        Transit::OnItsWay
    }
}
