//! Answers that nobody would send who means well: whatever comes, reading it ends in a value or an error.

use std::collections::HashMap;

use bankside_domain::account::AccountKind;
use bankside_domain::row::{MappedRow, RowStatus};
use bankside_domain::{Currency, CurrencyCode};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::fetch::{MapContext, RawRow, RowAccount};
use crate::pluggy::{accounts, challenge, item, map};
use crate::saved::SavedAnswer;

/// Names that are looked at, so that odd values stand in the places that count.
const NAMES: [&str; 40] = [
    "results",
    "next",
    "totalPages",
    "apiKey",
    "id",
    "connector",
    "name",
    "status",
    "executionStatus",
    "statusDetail",
    "creditCards",
    "accounts",
    "transactions",
    "warnings",
    "isUpdated",
    "message",
    "error",
    "code",
    "lastUpdatedAt",
    "consentExpiresAt",
    "parameter",
    "options",
    "data",
    "userAction",
    "attributes",
    "type",
    "subtype",
    "number",
    "balance",
    "currencyCode",
    "bankData",
    "transferNumber",
    "account",
    "date",
    "amount",
    "amountInAccountCurrency",
    "paymentData",
    "creditCardMetadata",
    "purchaseDate",
    "description",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[-0-9.eBRL/\\u0000]{0,12}".prop_map(Value::from),
        prop::sample::select(
            &["BRL", "CREDIT", "DEBIT", "PENDING", "OUTDATED", "PARC 03/12", "https://é.example/"][..]
        )
        .prop_map(Value::from),
        Just(Value::from("2026-11-20T02:59:00.000Z")),
        Just(Value::from("9999-12-31T23:59:60+99:99")),
        Just(Value::from("-009999-01-01T00:00:00Z")),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(&NAMES[..]), inner), 0..10)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// Reads a body as everything that it could be.
fn read_all(body: &[u8]) {
    let currency = Currency::iso("BRL").unwrap();
    let currencies = HashMap::from([(currency.code, currency)]);
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    let _ = serde_json::from_slice::<NewKey>(body).is_ok();
    let _ = serde_json::from_slice::<NumberedPage<'_>>(body).is_ok();
    let _ = serde_json::from_slice::<Notice>(body).is_ok();
    if let Ok(item) = serde_json::from_slice::<Item>(body) {
        let _ = (item::state(&item, now), item::left_out(&item, true), item::left_out(&item, false));
        let pluggy = "https://api.pluggy.ai/".parse().unwrap();
        let _ = (challenge::question(&item, "x", &pluggy, now), challenge::action(&item, "x", &pluggy, now));
    }
    if let Ok(account) = serde_json::from_slice::<Account>(body) {
        let _ = (accounts::row_account(&account), accounts::balances(Some(&currency), &account));
    }
    let saved = SavedAnswer { institution_key: "", now, currencies: &currencies, body };
    let _ = crate::pluggy::saved::read(&saved).is_ok();
    let raw = |bytes: &[u8]| RawRow { status: RowStatus::Booked, bytes: bytes.to_vec() };
    if let Ok(page) = serde_json::from_slice::<CursorPage<'_>>(body) {
        page.results.iter().for_each(|row| map_on_every_kind_of_account(&raw(row.get().as_bytes()), &currencies));
    }
    map_on_every_kind_of_account(&raw(body), &currencies);
}

fn map_on_every_kind_of_account(row: &RawRow, currencies: &HashMap<CurrencyCode, Currency>) {
    let time_zone = TimeZone::get("America/Sao_Paulo").unwrap();
    let today = jiff::civil::date(2026, 11, 20);
    for (kind, currency) in
        [(AccountKind::Checking, "BRL"), (AccountKind::CreditCard, "BRL"), (AccountKind::Other, "XXX")]
    {
        let account = RowAccount { kind, currency: currency.parse().unwrap() };
        let context = MapContext { institution_key: "601", account, time_zone: &time_zone, today, currencies };
        let _ = map::arriving(&row.bytes, today, &time_zone);
        assert!(matches!(map::row(&context, row), MappedRow::Readable(_) | MappedRow::Unreadable { .. }));
    }
}

proptest! {
    #[test]
    fn nothing_that_comes_makes_reading_panic(json in any_json()) {
        read_all(json.to_string().as_bytes());
    }

    #[test]
    fn nor_do_bytes(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        read_all(&bytes);
    }
}

#[test]
fn deep_nesting_is_only_large() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    read_all(deep.as_bytes());
    let row = format!(r#"{{"date":"2026-11-20","amount":1,"x":{deep},"paymentData":{deep},"description":{deep}}}"#);
    read_all(format!(r#"{{"results":[{row}],"next":null,"y":{deep}}}"#).as_bytes());
    read_all(row.as_bytes());
}

#[test]
fn the_most_that_there_can_be_ends_in_a_value() {
    for amount in ["-92233720368547758.08", "92233720368547758.08", "1e-400", "-0", "9".repeat(400).as_str()] {
        for direction in ["DEBIT", "CREDIT", ""] {
            read_all(format!(r#"{{"date":"2026-11-20","amount":{amount},"type":"{direction}"}}"#).as_bytes());
        }
    }
}
