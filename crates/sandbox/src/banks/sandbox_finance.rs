//! The provider's own sandbox bank, as it has been recorded (fact sheet §9). Its balances do not follow from its rows.

use bankside_domain::{Amount, AmountError, Currency};
use jiff::civil::Date;

use super::calendar::{days, plus_days};
use super::draw::Draw;
use super::iban::iban;
use super::ledger::{BalanceKind, Entry, Party, Pending, Stated, Statement};
use super::{Books, Card, Numbering};

/// Rows reach back this far from today, and move with the calendar.
const WINDOW_DAYS: i32 = 90;
const BALANCE_MINOR: i64 = 191_312;
/// The accounts' fixed numbers until 2023.
const FIXED_IBANS: [&str; 2] = ["GL3343697694912188", "GL0865354374424724"];
const RESOURCE_IDS: [&str; 2] = ["01F3NS4YV94RA29YCH8R0F6BMF", "01F3NS5D5KQ0V5T8Z3W6XJH2CN"];
const OWNERS: [&str; 2] = ["John Doe", "Jane Doe"];

/// The generator.
pub(super) struct SandboxFinance;

impl Books for SandboxFinance {
    fn accounts(&self, numbering: Numbering) -> Result<Vec<Card>, AmountError> {
        let euro = Currency::iso("EUR")?;
        let card = |index: usize| Card {
            key: format!("main-{}", index + 1),
            resource_id: RESOURCE_IDS[index].to_owned(),
            iban: Some(iban_of(numbering, index)),
            masked_pan: None,
            scan: None,
            currency: euro,
            owner: OWNERS[index].to_owned(),
            name: "Main Account".to_owned(),
            product: "Checkings".to_owned(),
            cash_account_type: "CACC".to_owned(),
        };
        Ok(vec![card(0), card(1)])
    }

    fn statement(&self, card: &Card, today: Date) -> Statement {
        let amount = Amount::new(BALANCE_MINOR, card.currency);
        let balance = |kind| Stated { kind, amount, on: today };
        let booked = days(plus_days(today, -WINDOW_DAYS), today).flat_map(|day| rows_of(day, card.currency)).collect();
        let pending = Pending {
            on: plus_days(today, -2),
            amount: Amount::new(1_000, card.currency),
            party: None,
            text: "Reserved PAYMENT Emperor's Burgers".to_owned(),
        };
        Statement {
            booked,
            pending: vec![pending],
            balances: vec![balance(BalanceKind::Expected), balance(BalanceKind::InterimAvailable)],
        }
    }
}

/// Since 2024 each consent gets its own numbers: a number of five digits, its first four once more in front.
fn iban_of(numbering: Numbering, index: usize) -> String {
    match numbering {
        Numbering::Fixed => FIXED_IBANS[index].to_owned(),
        Numbering::PerConsent(consent) => {
            let number = 10_000 + Draw::of_text(&format!("{consent}{index}")).below(90_000);
            iban("GL", &format!("{:04}{number:010}", number / 10))
        }
    }
}

/// Twelve rows in any seven days: a purchase daily, three times a credit, twice a bill.
fn rows_of(day: Date, currency: Currency) -> Vec<Entry> {
    let weekday = day.weekday().to_monday_zero_offset();
    let row = |serial: &str, minor, name: &str, account: Option<&str>, text: &str, own_code| Entry {
        number: format!("{}{serial}-1", day.strftime("%Y%m%d")),
        booked_on: day,
        value_on: day,
        amount: Amount::new(minor, currency),
        party: Some(Party { name: name.to_owned(), iban: account.map(str::to_owned) }),
        text: vec![text.to_owned()],
        code: "PMNT",
        own_code: Some(own_code),
        mandate: None,
        balance_after: None,
    };
    let mut rows = vec![row("01773517", -9_535, "Freshto Ideal", None, "Freshto Ideal Clerkenwell", "PURCHASE")];
    if matches!(weekday, 0 | 2 | 4) {
        let account = Some("IE96BOFI900017816198");
        rows.push(row("01773521", 1_500, "Jennifer Houston", account, "Cab sharing, thank you!", "TRANSFER"));
    }
    if matches!(weekday, 1 | 5) {
        let account = Some("GB49BARC20040478743951");
        rows.push(row("01773524", -3_556, "Liam Brown", account, "Water invoice #5678", "TRANSFER"));
    }
    rows
}
