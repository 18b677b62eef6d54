//! Why a row was treated as it was, kept with the row and said in words.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::amount::CurrencyCode;
use crate::row::RowIdKind;

/// The reason behind a decision. It is stored with the row's version and shown to whoever asks "why?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Reason {
    /// Nothing known fits.
    New,
    /// A known row has this id and agrees in amount, currency and direction.
    SameId {
        /// Which id.
        kind: RowIdKind,
    },
    /// A known row has this content and did not come back by itself.
    SameContent {
        /// How many days the dates are apart.
        days: i64,
    },
    /// A row that another connection showed, or a file, has this amount and day, and did not come back by itself.
    SameMoney {
        /// How many days the dates are apart.
        days: i64,
    },
    /// A pending row of this amount is booked now.
    Settled {
        /// How many days it took.
        days: i64,
    },
    /// Somebody had typed it.
    Typed {
        /// Whether the payee fits too.
        same_payee: bool,
        /// How many days the dates are apart.
        days: i64,
    },
    /// One answer brought it twice, under one id.
    SentTwice,
    /// It came with an answer that broke off, and a later one has told what there is.
    LeftOver,
    /// The bank shows it again, and it does not stand in the books.
    CameBack,
    /// A person took this row out of the books.
    StaysDismissed,
    /// A person said that this pending row is one that the bank has booked.
    StaysSettled,
    /// A person said that it is the same as another row that the bank has booked, which is what stands in the books.
    StaysMerged,
    /// Its row stands in a period that is locked.
    StaysLocked,
    /// The row is older than the day from which this account is synced.
    BeforeStart {
        /// That day.
        start_on: Date,
    },
    /// The account shows booked rows only.
    PendingStaysOut,
    /// The bank has only announced it.
    ScheduledStaysOut,
    /// The bank declined it.
    DeclinedStaysOut,
    /// The provider has put it in the place of rows that it does not have.
    PlaceholderStaysOut,
    /// Its id belongs to a row with another amount.
    IdDisagrees {
        /// Which id.
        kind: RowIdKind,
    },
    /// It cannot be read.
    Unreadable {
        /// Why not.
        why: String,
    },
    /// Its currency is not the account's.
    OtherCurrency {
        /// Its currency.
        currency: CurrencyCode,
    },
    /// It belongs to a period that is locked.
    PeriodLocked {
        /// The last locked day.
        through: Date,
    },
}

/// What became of a row, whatever the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOutcome {
    /// It is new in the books.
    New,
    /// It is a row that was known already.
    Known,
    /// It was pending and is booked now.
    Settled,
    /// It met a row that somebody had typed.
    Matched,
    /// It was not in the books any more, and is again.
    CameBack,
    /// It stays out of the books for a good reason.
    LeftOut,
    /// It waits for a person.
    HeldBack,
}

impl Reason {
    /// What became of the row.
    pub fn outcome(&self) -> RowOutcome {
        match self {
            Self::New => RowOutcome::New,
            Self::SameId { .. }
            | Self::SameContent { .. }
            | Self::SameMoney { .. }
            | Self::SentTwice
            | Self::StaysSettled
            | Self::StaysMerged
            | Self::StaysLocked => RowOutcome::Known,
            Self::Settled { .. } => RowOutcome::Settled,
            Self::Typed { .. } => RowOutcome::Matched,
            Self::CameBack => RowOutcome::CameBack,
            Self::StaysDismissed
            | Self::BeforeStart { .. }
            | Self::PendingStaysOut
            | Self::ScheduledStaysOut
            | Self::DeclinedStaysOut
            | Self::PlaceholderStaysOut
            | Self::LeftOver => RowOutcome::LeftOut,
            Self::IdDisagrees { .. }
            | Self::Unreadable { .. }
            | Self::OtherCurrency { .. }
            | Self::PeriodLocked { .. } => RowOutcome::HeldBack,
        }
    }

    /// The reason as a sentence for people.
    pub fn in_words(&self) -> String {
        match self {
            Self::New => "Nothing in the books fits, so it is new.".to_owned(),
            Self::SameId { kind } => format!("{} says it is a row we know, and the amount agrees.", id_in_words(*kind)),
            Self::SameContent { days: 0 } => {
                "Same day, amount and text as a row we know; only its id changed.".to_owned()
            }
            Self::SameContent { days } => {
                format!("Same amount and text as a row we know, {} apart; only its id changed.", in_days(*days))
            }
            Self::SameMoney { days: 0 } => {
                "Same day and amount as a row that came from elsewhere, in other words.".to_owned()
            }
            Self::SameMoney { days } => format!(
                "Same amount as a row that came from elsewhere, {} apart, in other words.",
                in_days(*days)
            ),
            Self::Settled { days: 0 } => "It was pending and is booked now.".to_owned(),
            Self::Settled { days } => format!("It was pending and is booked now, {} later.", in_days(*days)),
            Self::Typed { same_payee, days } => {
                let when = if *days == 0 { "on the same day".to_owned() } else { format!("{} apart", in_days(*days)) };
                let payee = if *same_payee { "payee fits" } else { "payee differs" };
                format!("You had typed it: same amount, {when}, {payee}.")
            }
            Self::SentTwice => "The bank sent it twice in one answer, under one id.".to_owned(),
            Self::LeftOver => "It came with an answer that broke off; a later answer took its place.".to_owned(),
            Self::CameBack => "The bank shows it again, and it was not in the books any more.".to_owned(),
            Self::StaysDismissed => "You took it out of the books, so it stays out.".to_owned(),
            Self::StaysSettled => "You said that it is a row that the bank has booked.".to_owned(),
            Self::StaysMerged => "You said that it is the same as another row of the bank, which stands for both.".to_owned(),
            Self::StaysLocked => "It is a row we know, in a period that is locked: it stays as it is.".to_owned(),
            Self::BeforeStart { start_on } => format!("It is older than {start_on}, from when this account is synced."),
            Self::PendingStaysOut => "It is still pending, and this account shows booked rows only.".to_owned(),
            Self::ScheduledStaysOut => "The bank has only announced it.".to_owned(),
            Self::DeclinedStaysOut => "The bank declined it.".to_owned(),
            Self::PlaceholderStaysOut => {
                "It stands for rows that the provider does not have, so it is no payment. Those rows are missing here too.".to_owned()
            }
            Self::IdDisagrees { kind } => {
                format!(
                    "{} belongs to a row with another amount. Is it a new row, or has the bank corrected that one?",
                    id_in_words(*kind)
                )
            }
            Self::Unreadable { why } => format!("It cannot be read: {why}."),
            Self::OtherCurrency { currency } => format!("It is in {currency}, which is not this account's currency."),
            Self::PeriodLocked { through } => format!("The books are locked up to {through}."),
        }
    }
}

pub(super) fn id_in_words(kind: RowIdKind) -> &'static str {
    match kind {
        RowIdKind::Provider => "The provider's id",
        RowIdKind::Bank => "The bank's id",
        RowIdKind::Reference => "The bank's reference",
    }
}

fn in_days(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}
