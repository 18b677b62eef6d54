//! What the person has connected at the Bridge: three banks, one for each habit that the facts know of. All of it is invented.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use crate::banks::dollars::{AMERICAN, Book, CANADIAN, Household, Role};

/// The hour, UTC, at which the Bridge has read the banks, once a day (fact sheet §5): what was booked the day before is in.
const READ_AT_HOUR: i8 = 10;

/// A bank.
pub(super) struct Bank {
    /// Names it in what is kept.
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    /// Its domain, which is also its id as an organization.
    pub(super) domain: &'static str,
    /// Its country's code.
    pub(super) country: &'static str,
    /// What is special about it.
    pub(super) about: &'static str,
    /// Whether it sends what is pending; many do not (fact sheet §6).
    pub(super) sends_pending: bool,
    /// Whether rows have payee, memo and `mcc` (fact sheet §3).
    pub(super) is_talkative: bool,
    /// The hour of the day, UTC, that rows are posted at.
    pub(super) posted_at_hour: i64,
    /// How far back there are rows.
    pub(super) history_days: i64,
    household: Household,
    pub(super) accounts: &'static [Plan],
}

/// An account.
pub(super) struct Plan {
    /// Names it within its bank.
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) currency: Currency,
    pub(super) content: Content,
}

/// In what an account is counted (fact sheet §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Currency {
    Iso(&'static str),
    /// An address that tells what it is: points of a programme.
    Points,
}

/// What an account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// A book of a household.
    Book(Role),
    /// Papers, and no rows.
    Holdings,
}

/// All of them.
pub(super) const ALL: &[Bank] = &[
    Bank {
        key: "quillback",
        name: "Quillback Bank",
        domain: "quillback.example",
        country: "US",
        about: "Checking, savings and a card; rows have payees, memos and category codes, and what is pending is sent.",
        sends_pending: true,
        is_talkative: true,
        posted_at_hour: 0,
        history_days: 240,
        household: Household { seed: 71, shops: AMERICAN, employer: "Northgate Works", power: "Ridge Power" },
        accounts: &[
            Plan {
                key: "checking",
                name: "Everyday Checking (4417)",
                currency: Currency::Iso("USD"),
                content: Content::Book(Role::Checking),
            },
            Plan {
                key: "savings",
                name: "Rainy Day Savings (4425)",
                currency: Currency::Iso("USD"),
                content: Content::Book(Role::Savings),
            },
            Plan {
                key: "card",
                name: "Quillback Credit Card 8802",
                currency: Currency::Iso("USD"),
                content: Content::Book(Role::Card),
            },
        ],
    },
    Bank {
        key: "kestrel",
        name: "Kestrel Bay Credit Union",
        domain: "kestrelbay.example",
        country: "CA",
        about: "Canadian dollars; rows are posted at noon and say little, nothing is pending, history ends after 100 days.",
        sends_pending: false,
        is_talkative: false,
        posted_at_hour: 12,
        history_days: 100,
        household: Household { seed: 72, shops: CANADIAN, employer: "Lakehead Mills", power: "Rideau Hydro" },
        accounts: &[
            Plan {
                key: "chequing",
                name: "Chequing",
                currency: Currency::Iso("CAD"),
                content: Content::Book(Role::Checking),
            },
            Plan {
                key: "savings",
                name: "Tax-Free Savings",
                currency: Currency::Iso("CAD"),
                content: Content::Book(Role::Savings),
            },
        ],
    },
    Bank {
        key: "waxwing",
        name: "Waxwing Financial",
        domain: "waxwing.example",
        country: "US",
        about: "Papers without rows, and points whose currency is an address.",
        sends_pending: true,
        is_talkative: false,
        posted_at_hour: 0,
        history_days: 240,
        household: Household { seed: 73, shops: AMERICAN, employer: "Northgate Works", power: "Ridge Power" },
        accounts: &[
            Plan {
                key: "brokerage",
                name: "Brokerage 0093",
                currency: Currency::Iso("USD"),
                content: Content::Holdings,
            },
            Plan {
                key: "points",
                name: "Waxwing Points",
                currency: Currency::Points,
                content: Content::Book(Role::Savings),
            },
        ],
    },
];

impl Bank {
    /// The bank's id as a connection; another one after it was connected anew (fact sheet §6).
    pub(super) fn connection_id(&self, relinks: u32) -> String {
        format!("CON-{}-{relinks}", self.key)
    }

    /// The book of one of its accounts, and its last day, as the Bridge has read it before this moment.
    pub(super) fn book(&self, role: Role, at: Timestamp) -> (Book, Date) {
        let day = read_at(at).to_zoned(TimeZone::UTC).date().saturating_sub(Span::new().days(1));
        (self.household.book(role, day), day)
    }
}

impl Plan {
    /// The account's id; another one after the bank was connected anew.
    pub(super) fn id(&self, bank: &Bank, relinks: u32) -> String {
        format!("ACT-{}-{}-{relinks}", bank.key, self.key)
    }
}

/// When the Bridge has read the banks last before this moment.
pub(super) fn read_at(at: Timestamp) -> Timestamp {
    let day = at.to_zoned(TimeZone::UTC).date();
    let of = |day: Date| day.at(READ_AT_HOUR, 0, 0, 0).to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
    let today = of(day).unwrap_or(at);
    if today <= at { today } else { today - SignedDuration::from_hours(24) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../../docs/sandbox.md");

    #[test]
    fn banks_are_read_once_a_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(read_at(at("2026-11-20T10:00:00Z")), at("2026-11-20T10:00:00Z"));
        assert_eq!(read_at(at("2026-11-20T09:59:59Z")), at("2026-11-19T10:00:00Z"));
        assert_eq!(ALL[0].book(Role::Checking, at("2026-11-20T09:00:00Z")).1, jiff::civil::date(2026, 11, 18));
    }

    #[test]
    fn the_page_tells_of_each_bank() {
        for bank in ALL {
            let line = format!("| `{}` | {} | {} |", bank.connection_id(0), bank.name, bank.about);
            assert!(PAGE.contains(&line), "the page lacks:\n{line}");
        }
    }
}
