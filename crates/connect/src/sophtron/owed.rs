//! Cards and loans whose balance is positive: at some banks that is what is owed, at others what the bank owes. Nothing says which, so
//! the person does, once for each account. Source: section 7 of the fact sheet.
//!
//! A negative balance is owed everywhere.

use std::collections::BTreeMap;

use bankside_domain::account::AccountKind;
use bankside_domain::text::tidy;
use bankside_domain::{Amount, Currency, CurrencyCode, Secret};

use super::wire::AccountRow;
use crate::step::{Answered, Form, FormField};
use crate::words::kind_in;

const OWED: &str = "I owe it";
const CREDIT: &str = "The bank owes it to me";

/// Whether a positive balance of an account is owed, by the account's id, as far as somebody has said so.
pub(super) type Owed = BTreeMap<String, bool>;

/// The accounts of which nobody has said yet what a positive balance is.
pub(super) fn unclear<'a>(
    accounts: &[(&'a AccountRow, CurrencyCode)],
    known: &Owed,
    currency: impl Fn(CurrencyCode) -> Option<Currency>,
) -> Vec<(&'a AccountRow, Amount)> {
    let of = |(row, code): &(&'a AccountRow, CurrencyCode)| {
        let is_debt = matches!(kind_in(row.kind.as_deref()), AccountKind::CreditCard | AccountKind::Loan);
        let balance = Amount::parse(row.balance.as_deref()?, currency(*code)?).ok()?;
        (is_debt && balance.minor > 0 && !known.contains_key(&row.id)).then_some((*row, balance))
    };
    accounts.iter().filter_map(of).collect()
}

/// The question.
pub(super) fn form(bank: &str, unclear: &[(&AccountRow, Amount)]) -> Form {
    let field = |(row, balance): &(&AccountRow, Amount)| {
        let name = row.name.as_deref().and_then(tidy).unwrap_or_else(|| "The card".to_owned());
        FormField {
            key: row.id.clone(),
            label: format!("{name}: {} {}", balance.to_decimal_text(), balance.currency.code),
            hint: String::new(),
            answered: Answered::OneOf(vec![OWED.to_owned(), CREDIT.to_owned()]),
            is_optional: false,
        }
    };
    Form {
        title: "Who owes this?".to_owned(),
        message: format!("{bank} shows a balance and not whose it is. On a card or a loan it is usually what you owe."),
        is_from_bank: false,
        error: None,
        picture: None,
        shown: None,
        fields: unclear.iter().map(field).collect(),
        submit: "Go on".to_owned(),
        expires_at: None,
    }
}

/// What the person has said, by the accounts' ids.
pub(super) fn said(answers: &BTreeMap<String, Secret>) -> Owed {
    answers.iter().map(|(account, answer)| (account.clone(), answer.expose().trim() == OWED)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::json::Object;
    use super::*;

    #[test]
    fn only_positive_balances_of_debts_are_asked_about_and_only_once() {
        let usd = Currency::iso("USD").unwrap();
        let rows: Vec<AccountRow> = [
            r#"{"AccountID":"card","AccountName":"Platinum","AccountType":"Credit Card","Balance":561.36}"#,
            r#"{"AccountID":"owed","AccountType":"CreditCard","Balance":-20}"#,
            r#"{"AccountID":"loan","AccountType":"Auto Loan","Balance":"9000.5"}"#,
            r#"{"AccountID":"cash","AccountType":"Checking","Balance":10}"#,
            r#"{"AccountID":"none","AccountType":"Loan","Balance":null}"#,
        ]
        .into_iter()
        .map(|json| AccountRow::read(&Object::read(json.as_bytes()).unwrap()).unwrap())
        .collect();
        let accounts: Vec<(&AccountRow, CurrencyCode)> = rows.iter().map(|row| (row, usd.code)).collect();
        let ids = |known: &Owed| {
            let unclear = unclear(&accounts, known, |_| Some(usd));
            unclear.iter().map(|(row, _)| row.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&Owed::new()), ["card", "loan"]);
        let asked = form("Larkspur", &unclear(&accounts, &Owed::new(), |_| Some(usd)));
        assert_eq!(asked.fields[0].label, "Platinum: 561.36 USD");
        let answers = [("card", OWED), ("loan", CREDIT)].map(|(id, text)| (id.to_owned(), Secret::new(text)));
        let said = said(&answers.into());
        assert_eq!(said, Owed::from([("card".to_owned(), true), ("loan".to_owned(), false)]));
        assert!(ids(&said).is_empty());
    }
}
