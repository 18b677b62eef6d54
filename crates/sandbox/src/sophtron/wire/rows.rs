//! Transactions as clients see them (fact sheet §5).

use jiff::civil::Date;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Account, Login, USER_ID, currency, money};
use crate::Switches;
use crate::banks::dollars::{Role, Row, What, bank_date};
use crate::sophtron::banks::{Bank, Posting};
use crate::sophtron::records::guid;

/// The days that are asked for, both included.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Between {
    pub(crate) first: Option<Date>,
    pub(crate) last: Option<Date>,
}

impl Between {
    fn contains(&self, day: Date) -> bool {
        self.first.is_none_or(|first| day >= first) && self.last.is_none_or(|last| day <= last)
    }
}

/// The rows of an account as of its last refresh, by their transaction date.
pub(crate) fn rows(login: &Login, (id, account): (Uuid, &Account), between: Between, switches: &Switches) -> Value {
    let Some((bank, at)) = login.bank().zip(account.rows_at) else { return json!([]) };
    let Some((plan, book)) = account.book(bank, at) else { return json!([]) };
    let fetched_on = bank_date(at);
    let is_listed = |row: &Row| bank.dialect.has_status || row.posts_on <= fetched_on;
    let kept = |row: &Row| {
        is_listed(row) && account.rows_from.is_none_or(|from| row.used_on >= from) && between.contains(row.used_on)
    };
    let write = |(row, balance): &(Row, i64)| {
        let is_pending = row.posts_on > fetched_on;
        let written = Written { bank, role: plan.role, account: id, is_pending, row, balance: *balance };
        written.value(switches)
    };
    let mut values: Vec<Value> = book.rows.iter().filter(|(row, _)| kept(row)).map(write).collect();
    if switches.sophtron_rows_are_newest_first {
        values.reverse();
    }
    Value::Array(values)
}

struct Written<'a> {
    bank: &'static Bank,
    role: Role,
    account: Uuid,
    is_pending: bool,
    row: &'a Row,
    balance: i64,
}

impl Written<'_> {
    /// The provider's own id. Whether it stays when the row posts is not documented (§5 `[?]`).
    fn id(&self, switches: &Switches) -> Uuid {
        let changes = match self.bank.dialect.posting {
            Posting::Open => !switches.sophtron_transaction_ids_survive_posting,
            Posting::Keeps => false,
            Posting::Changes => true,
        };
        let number = format!("{} {}", self.row.used_on, self.row.in_day);
        let state = if changes && self.is_pending { "pending" } else { "" };
        guid(&[&self.account.to_string(), &number, state])
    }

    fn value(&self, switches: &Switches) -> Value {
        let (row, dialect) = (self.row, self.bank.dialect);
        let id = self.id(switches);
        let day = |day: Date| format!("{day}T00:00:00");
        let minor = if dialect.amounts_are_unsigned { row.minor.abs() } else { row.minor };
        let cheque = if let What::Cheque(number) = row.what { number.to_string() } else { String::new() };
        let image = if cheque.is_empty() { String::new() } else { format!("{}/cheques/{cheque}.png", self.bank.url) };
        let (merchant, category) = self.merchant();
        let modified_on = if self.is_pending { row.used_on } else { row.posts_on };
        let mut value = json!({
            "ID": id, "UserInstitutionAccountID": self.account, "UserID": USER_ID,
            "Amount": money(minor, self.bank),
            "Date": day(row.used_on), "TransactionDate": day(row.used_on),
            "PostDate": (!self.is_pending).then(|| day(row.posts_on)), "Description": self.description(),
            "Merchant": merchant, "Category": category, "CheckNum": cheque, "Memo": "", "CheckImage": image,
            "CreatedDateUtc": format!("{}T12:00:00Z", row.used_on), "LastModified": format!("{modified_on}T12:00:00"),
            "LastModifiedUtc": format!("{modified_on}T12:00:00Z"),
        });
        value[dialect.id_key] = id.to_string().into();
        if dialect.has_status {
            value["Status"] = if self.is_pending { "Pending" } else { "Posted" }.into();
        }
        if dialect.has_types {
            value["Type"] = if row.minor < 0 { "DEBIT" } else { "CREDIT" }.into();
        }
        if !currency(self.bank).is_null() {
            value["Currency"] = currency(self.bank);
        }
        if dialect.has_running_balance {
            let signed = if dialect.debt_is_positive && self.role == Role::Card { -self.balance } else { self.balance };
            value["Balance"] = if self.is_pending { Value::Null } else { money(signed, self.bank) };
        }
        value
    }

    /// Merchant and category, which are empty at most banks.
    fn merchant(&self) -> (&'static str, &'static str) {
        match self.row.what {
            What::Shop(shop) if self.bank.dialect.names_merchants => (shop.name, shop.category),
            _ => ("", ""),
        }
    }

    fn description(&self) -> String {
        let text = match self.row.what {
            What::Shop(shop) if self.role == Role::Card => format!("{} {}", shop.name, shop.place),
            What::Shop(shop) => format!("Checkcard {} {} {}", self.row.used_on.strftime("%m%d"), shop.name, shop.place),
            What::Pay(employer) => format!("{employer} Payroll PPD"),
            What::Cheque(number) => format!("Check {number}"),
            What::Bill(name) => format!("{name} Online Pmt"),
            What::ToSavings => "Online transfer to savings".to_owned(),
            What::FromChecking => "Online transfer from checking".to_owned(),
            What::CardPayment => "Credit card payment".to_owned(),
            What::PaymentReceived => "Payment received, thank you".to_owned(),
            What::Interest => "Interest paid".to_owned(),
        };
        text.to_uppercase()
    }
}
