//! The table as data: sound, and right for a row of each of its lines. All rows are made up.

mod cases;
mod edges;

use std::collections::{BTreeSet, HashMap};

use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::row::{MappedRow, Row, RowStatus};
use bankside_domain::{Amount, Currency, CurrencyCode};
use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::*;
use crate::fetch::{MapContext, ProviderWord, RawRow};
use crate::gocardless::map;
use crate::gocardless::saved::UNKNOWN;

fn currencies() -> HashMap<CurrencyCode, Currency> {
    Currency::every_iso().map(|currency| (currency.code, currency)).collect()
}

fn raw(status: RowStatus, json: &Value) -> RawRow {
    RawRow { status, bytes: json.to_string().into_bytes() }
}

fn mapped(institution_key: &str, status: RowStatus, json: &Value) -> MappedRow {
    let currencies = currencies();
    let context = MapContext {
        institution_key,
        account: UNKNOWN,
        time_zone: &TimeZone::UTC,
        today: date(2026, 11, 20),
        currencies: &currencies,
    };
    map::row(&context, &raw(status, json))
}

fn read(institution_key: &str, status: RowStatus, json: &Value) -> Row {
    match mapped(institution_key, status, json) {
        MappedRow::Readable(row) => *row,
        MappedRow::Unreadable { why } => panic!("{institution_key}: {why}"),
    }
}

/// Every id that the table names, one for each family.
fn ids() -> impl Iterator<Item = String> {
    table::TABLE.iter().flat_map(|(ids, _)| ids.iter()).map(|id| id.replace('*', "EUROCARD_FI"))
}

fn walk<'a>(rules: &'a [Rule], each: &mut impl FnMut(&'a Rule)) {
    for rule in rules {
        each(rule);
        match rule {
            Rule::When(_, then) => walk(then, each),
            Rule::First(cases) => cases.iter().for_each(|(_, then)| walk(then, each)),
            _ => {}
        }
    }
}

#[test]
fn every_pattern_compiles() {
    let patterns = pattern::all();
    assert!(patterns.len() > 40, "the walk over the table must find them");
    for text in patterns {
        regex::Regex::new(text).unwrap();
        assert!(pattern::compiled(text).is_some(), "{text}");
    }
}

#[test]
fn every_institution_stands_once() {
    let mut seen = BTreeSet::new();
    for id in table::TABLE.iter().flat_map(|(ids, _)| ids.iter()) {
        assert!(seen.insert(id), "{id} stands twice");
    }
    for id in ids() {
        let rows = table::TABLE.iter().filter(|(ids, _)| ids.iter().any(|one| names(one, &id)));
        assert_eq!(rows.count(), 1, "{id} is of one row");
    }
    assert!(of("NORDHAFEN_NHBKDE22").is_empty());
    assert!(!of("SAS_MASTERCARD_DK_SKHSFI21").is_empty());
}

#[test]
fn every_kind_of_rule_is_used_and_no_rule_is_without_effect() {
    let mut kinds = BTreeSet::new();
    for (ids, rules) in table::TABLE {
        assert!(!rules.is_empty(), "{ids:?}");
        walk(rules, &mut |rule| {
            kinds.insert(format!("{rule:?}").split(['(', ' ']).next().unwrap().to_owned());
            let writable = [Field::Creditor, Field::Debtor, Field::Party, Field::Remittance];
            match rule {
                Rule::Fill(field, _, _) => assert!(writable.contains(field), "{ids:?} fills {field:?}"),
                Rule::Rewrite(field, _) => {
                    assert!(writable.contains(field) || *field == Field::Lines, "{ids:?} rewrites {field:?}");
                }
                _ => {}
            }
        });
        // What asks for a side must know the sign, so amounts come first; what is not of one row is not under a condition.
        let is_amount = |rule: &Rule| matches!(rule, Rule::Amount(_) | Rule::When(_, [Rule::Amount(_), ..]));
        assert!(rules.iter().skip(1).all(|rule| !is_amount(rule)), "{ids:?}");
        for rule in *rules {
            if let Rule::When(_, then) = rule {
                walk(then, &mut |rule| {
                    let of_all = matches!(
                        rule,
                        Rule::Balance(_)
                            | Rule::Owed
                            | Rule::FirstBalance
                            | Rule::RunningBalance
                            | Rule::Sort(_)
                            | Rule::MaskedCard { .. }
                    );
                    assert!(!of_all, "{ids:?}");
                });
            }
        }
    }
    let all = [
        "Amount",
        "Balance",
        "Date",
        "Drop",
        "Fill",
        "First",
        "FirstBalance",
        "MaskedCard",
        "Named",
        "NoBankId",
        "NoLaterThanToday",
        "Owed",
        "Payee",
        "Rewrite",
        "RunningBalance",
        "Sort",
        "When",
    ];
    assert_eq!(kinds.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

#[test]
fn names_are_titled_in_any_alphabet() {
    assert_eq!(apply::title("CAFÉ D'ÉTÉ SAINT-MALO 2A"), "Café D'été Saint-Malo 2a");
    assert_eq!(apply::title("ΑΓΟΡΑ ТЕСТ"), "Αγορα Тест");
}

#[test]
fn balances_mean_what_they_mean_at_their_bank() {
    assert_eq!(balance_kind("AMERICAN_EXPRESS_AESUDEF1", "Information"), Some(BalanceKind::Expected));
    assert_eq!(balance_kind("DANSKEBANK_DABANO22", "interimAvailable"), Some(BalanceKind::Expected));
    assert_eq!(balance_kind("DANSKEBANK_DABANO22", "interimBooked"), None);
    assert_eq!(balance_kind("NORDHAFEN_NHBKDE22", "interimAvailable"), None);
}

#[test]
fn what_is_owed_on_a_card_is_turned_and_less_what_is_not_invoiced() {
    let balance = |word: &str, minor: i64| FetchedBalance {
        kind: BalanceKind::Available,
        moment: BalanceMoment::Now,
        amount: Amount::new(minor, Currency::iso("SEK").unwrap()),
        provider_kind: ProviderWord::new(word),
    };
    let all = vec![balance("expected", 120_000), balance("nonInvoiced", 20_000), balance("interimAvailable", 5)];
    let read = |id: &str, balances: Vec<FetchedBalance>| -> Vec<(BalanceKind, i64)> {
        super::balances(id, balances).iter().map(|balance| (balance.kind, balance.amount.minor)).collect()
    };
    let other = BalanceKind::Other;
    let card = "EUROCARD_DK_SKHSFI21";
    assert_eq!(read(card, all.clone()), [(BalanceKind::Expected, -100_000), (other, 20_000), (other, 5)]);
    assert_eq!(read(card, all[..1].to_vec()), [(BalanceKind::Expected, -120_000)]);
    assert_eq!(read("NORDHAFEN_NHBKDE22", all)[0], (BalanceKind::Available, 120_000));
}

#[test]
fn a_masked_card_is_no_iban() {
    let read = |id: &str| {
        let mut details: Details = serde_json::from_value(
            json!({"iban": "XXXX-XXXXXX-12345", "details": "Gold Card", "product": "x", "name": null}),
        )
        .unwrap();
        let mut metadata = AccountMetadata { iban: Some("XXXX-XXXXXX-12345".into()), ..AccountMetadata::default() };
        account(id, &mut details, &mut metadata);
        (details.iban, metadata.iban, details.name, details.masked_pan)
    };
    let number = || Some("XXXX-XXXXXX-12345".to_owned());
    assert_eq!(read("AMERICAN_EXPRESS_AESUDEF1"), (None, None, Some("Gold Card (12345)".into()), number()));
    assert_eq!(read("NORDHAFEN_NHBKDE22"), (number(), number(), None, None));
}
