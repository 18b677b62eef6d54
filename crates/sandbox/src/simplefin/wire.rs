//! The provider's objects (fact sheet §3), in both versions.

use data_encoding::HEXLOWER;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::accounts::{Error, Shown, Wanted};
use super::banks::{Bank, Content, Currency, Plan};
use crate::banks::dollars::{Role, Row, What};
use crate::{Sandbox, Switches};

/// The shape of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// The whole answer.
pub(super) fn answer(
    version: Version,
    switches: &Switches,
    errors: &[Error],
    connections: &[Value],
    accounts: &[Value],
) -> Value {
    let texts: Vec<&str> = errors.iter().map(|error| error.text.as_str()).collect();
    match version {
        Version::One => json!({ "errors": texts, "accounts": accounts }),
        Version::Two => json!({
            "errors": texts,
            "errlist": errors.iter().map(|one| error(one, switches)).collect::<Vec<_>>(),
            "connections": connections,
            "accounts": accounts,
            "x-api-message": [],
        }),
    }
}

fn error(error: &Error, switches: &Switches) -> Value {
    let mut value = json!({ "code": error.code });
    value[if switches.simplefin_errors_say_message { "message" } else { "msg" }] = error.text.as_str().into();
    if let Some(connection) = &error.connection {
        value["conn_id"] = connection.as_str().into();
    }
    if let Some(account) = &error.account {
        value["account_id"] = account.as_str().into();
    }
    value
}

/// A bank that is connected at the Bridge.
pub(super) fn connection(sandbox: &Sandbox, shown: &Shown) -> Value {
    let bank = shown.bank;
    json!({
        "conn_id": bank.connection_id(shown.relinks), "name": bank.name, "org_id": bank.domain, "org_name": bank.name,
        "org_url": format!("https://{}", bank.domain), "sfin_url": sandbox.url(super::API_PATH),
    })
}

/// An account, with its rows where those are asked for and can be had.
pub(super) fn account(
    sandbox: &Sandbox,
    version: Version,
    shown: &Shown,
    plan: &Plan,
    rows: Option<Vec<Value>>,
) -> Value {
    let bank = shown.bank;
    let currency = match plan.currency {
        Currency::Iso(code) => code.to_owned(),
        Currency::Points => sandbox.url(&format!("{}/currency/points", super::API_PATH)),
    };
    let mut value = json!({
        "id": plan.id(bank, shown.relinks), "name": plan.name, "currency": currency,
        "balance-date": shown.read_at.as_second(),
    });
    match plan.content {
        Content::Book(role) => {
            let (book, _) = bank.book(role, shown.read_at);
            value["balance"] = money(book.posted_minor).into();
            value["available-balance"] = money(book.posted_minor + book.pending_minor).into();
        }
        Content::Holdings => {
            value["balance"] = "12840.50".into();
            value["holdings"] = json!([{
                "id": "HOL-1", "created": shown.read_at.as_second(), "currency": "", "cost_basis": "9000.00",
                "description": "WORLD INDEX FUND", "market_value": "12840.50", "purchase_price": "90.00",
                "shares": "100.00", "symbol": "WRLDX",
            }]);
        }
    }
    if let Some(rows) = rows {
        value["transactions"] = rows.into();
    }
    match version {
        Version::One => {
            value["org"] = json!({
                "domain": bank.domain, "name": bank.name, "id": bank.domain,
                "url": format!("https://{}", bank.domain), "sfin-url": sandbox.url(super::API_PATH),
            });
        }
        Version::Two => {
            value["conn_id"] = bank.connection_id(shown.relinks).into();
            value["conn_name"] = bank.name.into();
        }
    }
    value
}

/// The rows of a book within a range, ordered by their day of posting.
pub(super) fn rows(shown: &Shown, plan: &Plan, role: Role, wanted: Wanted, switches: &Switches) -> Vec<Value> {
    let bank = shown.bank;
    let (book, last) = bank.book(role, shown.read_at);
    let first = last.saturating_sub(jiff::Span::new().days(bank.history_days));
    let written = book.rows.iter().filter(|(row, _)| row.posts_on >= first).filter_map(|(row, _)| {
        let row = Written { bank, plan, role, relinks: shown.relinks, is_pending: row.posts_on > last, row };
        let at = if row.is_pending { row.used_at() } else { row.posted_at() };
        let is_wanted = wanted.range.contains(at) && (wanted.with_pending || !row.is_pending);
        is_wanted.then(|| row.value(switches))
    });
    let step = if wanted.is_half { 2 } else { 1 };
    written.step_by(step).collect()
}

struct Written<'a> {
    bank: &'static Bank,
    plan: &'a Plan,
    role: Role,
    relinks: u32,
    is_pending: bool,
    row: &'a Row,
}

impl Written<'_> {
    fn posted_at(&self) -> Timestamp {
        midnight(self.row.posts_on) + SignedDuration::from_hours(self.bank.posted_at_hour)
    }

    /// Some time in the afternoon, another one for each row of a day.
    fn used_at(&self) -> Timestamp {
        midnight(self.row.used_on) + SignedDuration::from_mins(17 * 60 + 7 + 11 * i64::from(self.row.in_day % 20))
    }

    /// A row that is pending usually has another id than later (fact sheet §6).
    fn id(&self, switches: &Switches) -> String {
        let state = if self.is_pending && !switches.simplefin_ids_survive_posting { "pending" } else { "" };
        let of = [self.plan.id(self.bank, self.relinks), self.row.used_on.to_string(), self.row.in_day.to_string()];
        let hash = Sha256::digest(format!("{}\n{state}", of.join("\n")));
        format!("TRN-{}", HEXLOWER.encode(&hash[..12]))
    }

    fn value(&self, switches: &Switches) -> Value {
        let posted = match (self.is_pending, switches.simplefin_pending_is_posted_at_zero) {
            (true, true) => 0,
            (true, false) => self.used_at().as_second(),
            (false, _) => self.posted_at().as_second(),
        };
        let mut value = json!({
            "id": self.id(switches), "posted": posted, "amount": money(self.row.minor), "description": self.description(),
        });
        if self.bank.is_talkative || self.is_pending {
            value["transacted_at"] = self.used_at().as_second().into();
        }
        if self.is_pending {
            value["pending"] = true.into();
        }
        if self.bank.is_talkative {
            value["payee"] = self.payee().into();
            value["memo"] =
                if let What::Cheque(number) = self.row.what { format!("CHECK {number}") } else { String::new() }.into();
            if let What::Shop(_) = self.row.what {
                value["mcc"] = "5999".into();
            }
        }
        value
    }

    fn payee(&self) -> &'static str {
        match self.row.what {
            What::Shop(shop) => shop.name,
            What::Pay(name) | What::Bill(name) => name,
            What::Cheque(_) => "Check",
            What::ToSavings | What::FromChecking => "Transfer",
            What::CardPayment | What::PaymentReceived => "Credit Card Payment",
            What::Interest => "Interest",
        }
    }

    fn description(&self) -> String {
        match self.row.what {
            What::Shop(shop) if self.role == Role::Card => format!("{} {}", shop.name, shop.place),
            What::Shop(shop) => format!("POS {} {}", shop.name, shop.place),
            What::Pay(employer) => format!("{employer} payroll"),
            What::Cheque(number) => format!("Check {number}"),
            What::Bill(name) => format!("{name} bill"),
            What::ToSavings => "Transfer to savings".to_owned(),
            What::FromChecking => "Transfer from checking".to_owned(),
            What::CardPayment => "Card payment".to_owned(),
            What::PaymentReceived => "Payment thank you".to_owned(),
            What::Interest => "Interest paid".to_owned(),
        }
    }
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).unwrap_or_default()
}

/// Decimal text (fact sheet §3).
fn money(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_decimal_text() {
        for (minor, text) in [(-123_456, "-1234.56"), (5, "0.05"), (-5, "-0.05"), (0, "0.00")] {
            assert_eq!(money(minor), text);
        }
    }
}
