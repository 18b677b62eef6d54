//! A row of each line of the table, as its bank would send it, and what it has to read as.

mod east;
mod west;

use super::*;

/// What a row reads as: who, what for, which day, how much.
pub(super) type Expected = (Option<&'static str>, Option<&'static str>, &'static str, &'static str);

pub(super) struct Case {
    ids: &'static [&'static str],
    status: RowStatus,
    /// Beside `-12.40 EUR`, booked on the 18th and of value on the 19th.
    row: Value,
    expected: Expected,
}

pub(super) fn booked(ids: &'static [&'static str], row: Value, expected: Expected) -> Case {
    Case { ids, status: RowStatus::Booked, row, expected }
}

pub(super) fn pending(ids: &'static [&'static str], row: Value, expected: Expected) -> Case {
    Case { ids, status: RowStatus::Pending, row, expected }
}

pub(super) fn check(cases: Vec<Case>) {
    for Case { ids, status, row, expected } in cases {
        for id in ids {
            let mut json = json!({
                "transactionAmount": {"amount": "-12.40", "currency": "EUR"},
                "bookingDate": "2026-11-18",
                "valueDate": "2026-11-19",
            });
            for (key, value) in row.as_object().unwrap() {
                json[key] = value.clone();
            }
            assert!(map::keeps(id, &raw(status, &json)), "{id} drops {json}");
            let row = read(id, status, &json);
            let day = row.day().map(|day| day.to_string()).unwrap_or_default();
            let amount = format!("{} {}", row.amount.to_decimal_text(), row.amount.currency.code);
            let read = (row.counterparty.name.as_deref(), row.remittance.as_deref(), day.as_str(), amount.as_str());
            assert_eq!(read, expected, "{id}: {json}");
        }
    }
}

pub(super) const OUT: &str = "-12.40 EUR";
pub(super) const BOOKED: &str = "2026-11-18";
pub(super) const VALUE: &str = "2026-11-19";

pub(super) fn incoming() -> Value {
    json!({"amount": "12.40", "currency": "EUR"})
}

#[test]
fn banks_without_a_line() {
    let unknown: &[&str] = &["NORDHAFEN_NHBKDE22", "", "Ö"];
    check(vec![
        booked(
            unknown,
            json!({"creditorName": " Kiosk  am\nTor ", "debtorName": "Holder", "remittanceInformationUnstructuredArray": ["a", "b"],
                "remittanceInformationStructured": "c"}),
            (Some("Kiosk am Tor"), Some("a b"), BOOKED, OUT),
        ),
        booked(
            unknown,
            json!({"ultimateCreditor": "Shop", "debtorName": "Holder", "remittanceInformationUnstructured": " ",
                "remittanceInformationStructuredArray": ["RF18", "5390"], "bookingDate": null}),
            (Some("Shop"), Some("RF18 5390"), VALUE, OUT),
        ),
        booked(
            unknown,
            json!({"transactionAmount": {"amount": "0.00", "currency": "EUR"}, "creditorName": "Holder",
                "ultimateDebtor": "Payer", "additionalInformation": "x"}),
            (Some("Payer"), Some("x"), BOOKED, "0.00 EUR"),
        ),
        booked(unknown, json!({"debtorName": "Holder"}), (None, None, BOOKED, OUT)),
        booked(
            unknown,
            json!({"creditorName": "NOTPROVIDED", "ultimateCreditor": "Shop", "remittanceInformationUnstructured": "Notprovided",
                "remittanceInformationStructured": "RF 1"}),
            (Some("Shop"), Some("RF 1"), BOOKED, OUT),
        ),
    ]);
}
