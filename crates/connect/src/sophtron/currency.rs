//! Currencies of accounts: Sophtron writes `$` for two of them. Where the institution's country does not say which, the person
//! does. Source: section 0 (6) of the fact sheet.

use std::collections::BTreeMap;

use bankside_domain::{CurrencyCode, Secret};

use super::accounts::{Money, dollar_of, money};
use super::wire::AccountRow;
use crate::step::{Answered, Form, FormField};

const FIELD: &str = "currency";
/// What is offered, and the country that it stands for.
const OFFERED: [(&str, &str); 2] = [("US dollars (USD)", "US"), ("Canadian dollars (CAD)", "CA")];

/// The accounts of a login by what is known of their currencies.
pub(super) struct Sorted<'a> {
    pub(super) known: Vec<(&'a AccountRow, CurrencyCode)>,
    /// Ids of those whose currency has a sign that we do not know.
    pub(super) unread: Vec<String>,
    /// Whether one is in dollars of which nobody knows where from.
    pub(super) has_nameless_dollars: bool,
}

/// Sorts the accounts that Sophtron keeps up to date; the others are left out.
pub(super) fn sort(rows: &[AccountRow], dollar: Option<CurrencyCode>) -> Sorted<'_> {
    let mut sorted = Sorted { known: Vec::new(), unread: Vec::new(), has_nameless_dollars: false };
    for row in rows.iter().filter(|row| row.is_tracked) {
        match money(row.currency.as_deref(), dollar) {
            Money::Of(code) => sorted.known.push((row, code)),
            Money::Dollars => sorted.has_nameless_dollars = true,
            Money::Unknown => {
                tracing::warn!("the currency of an account has a sign that is not known");
                sorted.unread.push(row.id.clone());
            }
        }
    }
    sorted
}

/// The question.
pub(super) fn form(bank: &str) -> Form {
    let options = OFFERED.iter().map(|(label, _)| (*label).to_owned()).collect();
    Form {
        title: "Which dollars?".to_owned(),
        message: format!("Sophtron says “$” for the accounts at {bank}, and not of which country."),
        is_from_bank: false,
        error: None,
        picture: None,
        shown: None,
        fields: vec![FormField {
            key: FIELD.to_owned(),
            label: "The accounts are in".to_owned(),
            hint: String::new(),
            answered: Answered::OneOf(options),
            is_optional: false,
        }],
        submit: "Go on".to_owned(),
        expires_at: None,
    }
}

/// What the person has chosen.
pub(super) fn chosen(answers: &BTreeMap<String, Secret>) -> Option<CurrencyCode> {
    let answer = answers.get(FIELD)?.expose().trim();
    OFFERED.iter().find(|(label, _)| *label == answer).and_then(|(_, country)| dollar_of(Some(country)))
}
