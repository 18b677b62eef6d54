//! The banks of this provider: whose accounts they keep, and what stands in them at an instant.
//!
//! What this is not: a wire format, and no memory. A row follows from the bank's seed and its day; what has been done
//! to an account by command ([`Happened`]) is added to that.
//! What always holds: what a bank knew at an instant it knows at every later one, except for rows that it replaces. A
//! row that is replaced has the same number and another version.

mod card;
mod checking;
mod row;

use std::sync::Arc;

use jiff::civil::{Date, date};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::item::Happened;
use crate::memo::Memo;

pub(super) use card::{Bill, CLOSES_ON};
pub(super) use row::{Foreign, Instalment, Means, Party, Row};

/// The first day of every book.
const EPOCH: Date = date(2025, 1, 1);

/// Whose books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Book {
    /// Banco Aroeira, by Open Finance.
    Aroeira,
    /// A bank that is shared through Meu Pluggy.
    Meu,
    /// The provider's sandbox bank.
    Sandbox,
}

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Checking,
    Savings,
    Card,
}

/// How much a bank says about itself beside the balance (fact sheet §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BankData {
    /// Everything but what it invests by itself.
    Full,
    /// And what it invests by itself, which is a pot of its own.
    Invests(i64),
    /// Nothing at all.
    Absent,
}

/// An account as its bank describes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) key: &'static str,
    pub(super) kind: Kind,
    pub(super) number: &'static str,
    pub(super) name: &'static str,
    pub(super) marketing_name: Option<&'static str>,
    pub(super) bank_data: BankData,
    seed: u64,
    /// The owner's view: what is owed on a card is negative.
    opening_minor: i64,
}

/// How a bank's data comes out at the provider.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) owner: &'static str,
    pub(super) tax_number: &'static str,
    /// Rows have an id of the bank that stays when the row is replaced (Open Finance).
    pub(super) has_provider_ids: bool,
    /// All rows of a card's cycle are replaced when it closes.
    pub(super) closing_replaces: bool,
    /// Instalments are said in fields; otherwise in the text only.
    pub(super) has_plan_fields: bool,
    /// Rows of accounts have the balance after them.
    pub(super) has_running_balance: bool,
    /// The balance can be asked for at once (fact sheet §5).
    pub(super) has_balance_call: bool,
    /// A card says when it closes and when it is due.
    pub(super) has_card_days: bool,
    pub(super) accounts: &'static [Account],
}

const fn account(key: &'static str, kind: Kind, number: &'static str, name: &'static str, seed: u64) -> Account {
    let (bank_data, opening_minor) = match kind {
        Kind::Checking => (BankData::Full, 412_055),
        Kind::Savings => (BankData::Full, 1_250_000),
        Kind::Card => (BankData::Absent, 0),
    };
    Account { key, kind, number, name, marketing_name: None, bank_data, seed, opening_minor }
}

const AROEIRA: Style = Style {
    owner: "Ana Exemplo da Silva",
    tax_number: "123.456.789-09",
    has_provider_ids: true,
    closing_replaces: true,
    has_plan_fields: true,
    has_running_balance: true,
    has_balance_call: true,
    has_card_days: true,
    accounts: &[
        Account {
            marketing_name: Some("Conta Aroeira Digital"),
            ..account("checking", Kind::Checking, "0001/77123-4", "Conta Corrente", 0x4172_6f01)
        },
        account("card", Kind::Card, "4821", "Aroeira Platinum", 0x4172_6f02),
    ],
};

/// Fact sheet §5, §10: the bank's name stands in the account's name only, and much is absent.
const MEU: Style = Style {
    owner: "Ana Exemplo da Silva",
    tax_number: "123.456.789-09",
    has_provider_ids: false,
    closing_replaces: false,
    has_plan_fields: false,
    has_running_balance: false,
    has_balance_call: false,
    has_card_days: false,
    accounts: &[
        Account {
            bank_data: BankData::Invests(558_072),
            ..account("checking", Kind::Checking, "0042/00981-7", "BANCO SAPUCAIA S.A.", 0x4d65_7501)
        },
        Account {
            bank_data: BankData::Absent,
            ..account("savings", Kind::Savings, "0042/00982-5", "BANCO SAPUCAIA S.A. ", 0x4d65_7503)
        },
        account("card", Kind::Card, "0077", "ANA E DA SILVA", 0x4d65_7502),
    ],
};

/// Fact sheet §9: one account and one card of John Doe.
const SANDBOX: Style = Style {
    owner: "John Doe",
    tax_number: "416.799.495-00",
    has_provider_ids: false,
    closing_replaces: false,
    has_plan_fields: true,
    has_running_balance: true,
    has_balance_call: false,
    has_card_days: true,
    accounts: &[
        Account {
            marketing_name: Some("GOLD Conta Corrente"),
            ..account("checking", Kind::Checking, "0001/12345-0", "Conta Corrente", 0x4a6f_6501)
        },
        account("card", Kind::Card, "8670", "Mastercard Black", 0x4a6f_6502),
    ],
};

impl Book {
    pub(super) fn style(self) -> &'static Style {
        match self {
            Self::Aroeira => &AROEIRA,
            Self::Meu => &MEU,
            Self::Sandbox => &SANDBOX,
        }
    }
}

impl Account {
    /// What stands on it at an instant, in the owner's view.
    pub(super) fn balance_minor(&self, rows: &[Row], at: Timestamp) -> i64 {
        self.opening_minor + rows.iter().filter(|row| row.is_known(at)).map(|row| row.owner_minor).sum::<i64>()
    }
}

impl Style {
    /// Every row of an account that its bank knows at an instant, the oldest first, whatever the provider has fetched.
    pub(super) fn rows(
        &self,
        account: &Account,
        at: Timestamp,
        happened: &Happened,
        card_happened: &Happened,
    ) -> Arc<Vec<Row>> {
        static LATELY: Memo<(u64, Timestamp, Happened, Happened), Arc<Vec<Row>>> = Memo::new();
        let question = (account.seed, at, happened.clone(), card_happened.clone());
        LATELY.get(question, || Arc::new(self.lived(account, at, happened, card_happened)))
    }

    fn lived(&self, account: &Account, at: Timestamp, happened: &Happened, card_happened: &Happened) -> Vec<Row> {
        let mut rows = match account.kind {
            Kind::Checking => checking::rows(account, &self.bills(at, card_happened), at),
            Kind::Savings => checking::savings(account, at),
            Kind::Card => card::rows(self, account, &happened.closings, at),
        };
        rows.sort_by(|one, other| one.at.cmp(&other.at).then_with(|| one.number.cmp(&other.number)));
        let mut balance = account.opening_minor;
        for row in rows.iter_mut().filter(|row| row.is_known(at)) {
            balance += row.owner_minor;
            row.balance_minor = (account.kind != Kind::Card && self.has_running_balance).then_some(balance);
        }
        // A bank that comes up with a row later does not stamp its balances anew.
        rows.extend(happened.late.iter().enumerate().map(|(index, late)| row::late(index, late)));
        rows
    }

    /// The bills of the card that have closed until an instant, the oldest first.
    pub(super) fn bills(&self, at: Timestamp, card_happened: &Happened) -> Vec<Bill> {
        let card = self.accounts.iter().find(|account| account.kind == Kind::Card);
        card.map(|account| card::bills(self, account, &card_happened.closings, at)).unwrap_or_default()
    }
}

/// A row's number: its kind, its account, its day, and which one of the day.
fn name(kind: &str, account: &Account, day: Date, index: u64) -> String {
    let (year, month, of_month) = (day.year(), day.month(), day.day());
    format!("{kind}{:08x}{year:04}{month:02}{of_month:02}{index:02}", account.seed)
}

/// Brazil has had no summer time since 2019, so its clocks are written out.
fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(-3))
}

/// The civil day in São Paulo.
pub(super) fn local_day(at: Timestamp) -> Date {
    at.to_zoned(zone()).date()
}

/// An instant by the clocks of São Paulo.
pub(super) fn local(day: Date, minutes: i64) -> Timestamp {
    let midnight = day.to_zoned(zone()).map_or(Timestamp::UNIX_EPOCH, |midnight| midnight.timestamp());
    midnight.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(midnight)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const BOOKS: [Book; 3] = [Book::Aroeira, Book::Meu, Book::Sandbox];

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rows(book: Book, key: &str, at: Timestamp) -> Vec<Row> {
        let style = book.style();
        let account = style.accounts.iter().find(|account| account.key == key).unwrap();
        style.rows(account, at, &Happened::default(), &Happened::default()).to_vec()
    }

    #[test]
    fn days_begin_at_midnight_in_sao_paulo() {
        assert_eq!(local(date(2026, 10, 14), 0), at("2026-10-14T03:00:00Z"));
        assert_eq!(local_day(at("2026-10-14T02:59:00Z")), date(2026, 10, 13));
        assert_eq!(local_day(at("2026-10-14T03:00:00Z")), date(2026, 10, 14));
    }

    #[test]
    fn history_does_not_change_when_the_clock_is_turned() {
        let (early, late) = (at("2026-11-20T12:00:00Z"), at("2027-02-03T04:00:00Z"));
        for book in BOOKS {
            for account in book.style().accounts {
                let known: Vec<_> =
                    rows(book, account.key, early).into_iter().filter(|row| row.is_known(early)).collect();
                let later = rows(book, account.key, late);
                let again: HashMap<_, _> = later.iter().map(|row| ((&row.number, row.version), row)).collect();
                for row in known {
                    let again = again[&(&row.number, row.version)];
                    assert_eq!((row.at, row.owner_minor, &row.text), (again.at, again.owner_minor, &again.text));
                    assert_eq!((row.from, row.balance_minor), (again.from, again.balance_minor));
                }
            }
        }
    }

    #[test]
    fn a_number_is_known_in_one_version_at_a_time() {
        let day = at("2026-11-20T12:00:00Z");
        for book in BOOKS {
            for account in book.style().accounts {
                let rows = rows(book, account.key, day);
                let mut numbers: Vec<_> = rows.iter().filter(|row| row.is_known(day)).map(|row| &row.number).collect();
                let all = numbers.len();
                numbers.sort();
                numbers.dedup();
                assert_eq!(numbers.len(), all, "{book:?} {}", account.key);
            }
        }
    }

    #[test]
    fn the_account_pays_what_the_bill_asks_for() {
        let day = at("2026-11-20T12:00:00Z");
        for book in BOOKS {
            let bills = book.style().bills(day, &Happened::default());
            assert!(bills.len() > 12, "{book:?}");
            let paid: Vec<_> =
                bills.iter().filter(|bill| bill.due_on <= local_day(day)).map(|bill| -bill.total_minor).collect();
            let of = |key: &str| -> Vec<i64> {
                let is_payment = |row: &&Row| row.number.starts_with("PAG");
                rows(book, key, day).iter().filter(is_payment).map(|row| row.owner_minor).collect()
            };
            assert_eq!(of("checking"), paid);
            assert_eq!(of("card"), paid.iter().map(|minor| -minor).collect::<Vec<_>>());
        }
    }
}
