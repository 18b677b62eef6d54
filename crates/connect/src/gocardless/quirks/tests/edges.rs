//! What must hold for every bank, and the rules that are not of names, texts, days and amounts.

use bankside_domain::row::RowIdKind;
use proptest::prelude::*;

use super::*;

fn id_of(institution: &str, status: RowStatus, json: &Value, kind: RowIdKind) -> Option<String> {
    read(institution, status, json).ids.into_iter().find(|id| id.kind == kind).map(|id| id.value)
}

fn with_id(id: &str) -> Value {
    json!({
        "transactionAmount": {"amount": "-1", "currency": "GBP"},
        "transactionId": id,
        "internalTransactionId": "0f1e",
        "entryReference": "NOTPROVIDED",
    })
}

#[test]
fn ids_that_a_bank_does_not_keep_are_left_out() {
    let bank = |institution, id: &str| id_of(institution, RowStatus::Booked, &with_id(id), RowIdKind::Bank);
    let current = "a".repeat(32);
    let card = "b".repeat(40);
    assert_eq!(bank("NATIONWIDE_NAIAGB21", &current), Some(current.clone()));
    assert_eq!(bank("NATIONWIDE_NAIAGB21", &card), Some(card));
    assert_eq!(bank("NATIONWIDE_NAIAGB21", &format!("00DEBIT{}", "c".repeat(25))), None);
    assert_eq!(bank("NATIONWIDE_NAIAGB21", "short"), None);
    assert_eq!(bank("BELFIUS_GKCCBEBB", "0001"), None);
    assert_eq!(bank("ING_INGBROBU", "NOTPROVIDED"), None);
    assert_eq!(bank("NORDHAFEN_NHBKDE22", "0001"), Some("0001".into()));
    let provider = id_of("BELFIUS_GKCCBEBB", RowStatus::Booked, &with_id("0001"), RowIdKind::Provider);
    assert_eq!(provider, Some("0f1e".into()));
    assert_eq!(id_of("BELFIUS_GKCCBEBB", RowStatus::Booked, &with_id("1"), RowIdKind::Reference), None);
}

#[test]
fn only_pending_rows_of_two_lines_are_dropped() {
    let row = json!({"transactionAmount": {"amount": "-1", "currency": "EUR"}});
    let dated = json!({"transactionAmount": {"amount": "-1", "currency": "EUR"}, "valueDate": "2026-11-19"});
    let keeps = |id: &str, status, json: &Value| map::keeps(id, &raw(status, json));
    for id in ids() {
        assert!(keeps(&id, RowStatus::Booked, &row), "{id}");
        let norwegian = id.starts_with("NORWEGIAN");
        let dusseldorf = id == "SSK_DUSSELDORF_DUSSDEDDXXX";
        assert_eq!(keeps(&id, RowStatus::Pending, &row), !(norwegian || dusseldorf), "{id}");
        assert_eq!(keeps(&id, RowStatus::Pending, &dated), !dusseldorf, "{id}");
        assert!(keeps(&id, RowStatus::Pending, &json!("no row")), "{id}: what cannot be read is not dropped");
    }
}

#[test]
fn the_ledger_keeps_the_days_that_the_bank_states() {
    let json = json!({
        "transactionAmount": {"amount": "-1", "currency": "EUR"},
        "bookingDate": "2026-11-18",
        "valueDate": "2026-11-19",
        "remittanceInformationUnstructured": "(..7788) 2026-11-16 10:05 Kohvik",
    });
    for (institution, day) in [("LHV_LHVBEE22", date(2026, 11, 16)), ("MBANK_RETAIL_BREXPLPW", date(2026, 11, 19))] {
        let row = read(institution, RowStatus::Booked, &json);
        assert_eq!((row.booked_on, row.value_on), (Some(date(2026, 11, 18)), Some(date(2026, 11, 19))));
        assert_eq!(row.day(), Some(day));
    }
}

#[test]
fn rows_of_one_day_are_ranked() {
    let rank = |institution: &str, json: &Value| {
        let wire: Transaction = serde_json::from_value(json.clone()).unwrap();
        ranks(institution, &wire)
    };
    let json = json!({
        "transactionAmount": {"amount": "-1", "currency": "EUR"},
        "transactionId": "PL0042",
        "valueDateTime": "2026-11-18T10:00:00Z",
        "bookingDate": "2026-11-18",
    });
    assert_eq!(rank("ING_PL_INGBPLPW", &json), [Some(Rank::Number(42))]);
    assert_eq!(rank("MBANK_RETAIL_BREXPLPW", &json), [None]);
    assert_eq!(rank("ABNAMRO_ABNANL2A", &json), [Some(Rank::Text("2026-11-18T10:00:00Z".into()))]);
    assert_eq!(rank("EASYBANK_BAWAATWW", &json), [Some(Rank::Text("2026-11-18".into())), None]);
    assert!(rank("NORDHAFEN_NHBKDE22", &json).is_empty());
}

/// Every field that may be missing, or be anything.
const OPTIONAL: [&str; 23] = [
    "transactionId",
    "internalTransactionId",
    "entryReference",
    "bookingDate",
    "bookingDateTime",
    "valueDate",
    "valueDateTime",
    "creditorName",
    "ultimateCreditor",
    "creditorAccount",
    "debtorName",
    "ultimateDebtor",
    "debtorAccount",
    "remittanceInformationUnstructured",
    "remittanceInformationUnstructuredArray",
    "remittanceInformationStructured",
    "remittanceInformationStructuredArray",
    "additionalInformation",
    "endToEndId",
    "proprietaryBankTransactionCode",
    "currencyExchange",
    "balanceAfterTransaction",
    "unknown",
];

fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "CARTE 17/11/26 ",
        "VIR ",
        "CB*1",
        "card no:",
        ", ",
        "POS",
        " - ",
        r"\UD83C",
        "'",
        "[",
        "]",
        "narrative: ",
        "'a',",
        "atmPosName: ",
        "PIRKUMS ",
        "16.11.2026",
        "billingAmount: ",
        "End-to-En",
        "d-Ref.:",
        "NOTPROVIDED",
        "ΑΓΟΡΑ ",
        "É",
        "🍕",
        "\n",
        " ",
        "o/c:",
        "BIC:",
        "crd",
        "p2p",
        "Bizum payment to: ",
        "2026-11-16",
        "FPS",
        "(",
        "x,PAS1",
    ]);
    prop_oneof![prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat()), any::<String>()]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        3 => texts().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("iban|amount|currency|[a-z]{0,3}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_value_of_an_optional_field_costs_a_row(
        fields in prop::collection::vec((prop::sample::select(OPTIONAL.to_vec()), values()), 0..12),
        minor in -99_999_i64..99_999,
        is_booked in any::<bool>(),
    ) {
        let status = if is_booked { RowStatus::Booked } else { RowStatus::Pending };
        let amount = Amount::new(minor, Currency::iso("EUR").unwrap());
        let mut json = json!({"transactionAmount": {"amount": amount.to_decimal_text(), "currency": "EUR"}});
        for (name, value) in fields {
            json[name] = value;
        }
        for id in ids().chain(["NORDHAFEN_NHBKDE22".to_owned()]) {
            map::keeps(&id, &raw(status, &json));
            let read = read(&id, status, &json);
            let is_restated = read.amount.currency != amount.currency;
            prop_assert!(is_restated || read.amount.minor.abs() == minor.abs(), "{id}: {json}");
            prop_assert!(!is_restated || id == "ENTERCARD_SWEDNOKK", "{id}: {json}");
        }
    }

    #[test]
    fn what_goes_out_never_shows_the_holder(
        fields in prop::collection::vec((prop::sample::select(OPTIONAL.to_vec()), values()), 0..8),
        is_booked in any::<bool>(),
    ) {
        let status = if is_booked { RowStatus::Booked } else { RowStatus::Pending };
        for amount in ["-5.00", "5.00"] {
            let mut json = json!({});
            for (name, value) in &fields {
                json[*name] = value.clone();
            }
            json["transactionAmount"] = json!({"amount": amount, "currency": "EUR"});
            json["debtorName"] = json!("Holder of It");
            json["debtorAccount"] = json!({"iban": "DE02100100100006820101"});
            for id in ids().chain(["NORDHAFEN_NHBKDE22".to_owned()]) {
                let row = read(&id, status, &json);
                if row.amount.minor < 0 {
                    prop_assert_ne!(row.counterparty.name.as_deref(), Some("Holder of It"), "{}: {}", id, json);
                    prop_assert_ne!(row.counterparty.account.as_deref(), Some("DE02100100100006820101"), "{}: {}", id, json);
                }
            }
        }
    }
}

#[test]
fn a_number_that_nothing_can_hold_costs_its_field_alone() {
    let bytes = br#"{"transactionAmount":{"amount":"-5","currency":"EUR"},"bookingDate":"2026-11-18","transactionId":1e999,
        "creditorAccount":{"iban":7,"bban":"123"},"creditorName":"\ud800","remittanceInformationUnstructuredArray":["a",null,1e999,"b"]}"#;
    let currencies = currencies();
    let context = MapContext {
        institution_key: "",
        time_zone: &TimeZone::UTC,
        today: date(2026, 11, 20),
        account: UNKNOWN,
        currencies: &currencies,
    };
    let row = match map::row(&context, &RawRow { status: RowStatus::Booked, bytes: bytes.to_vec() }) {
        MappedRow::Readable(row) => *row,
        MappedRow::Unreadable { why } => panic!("{why}"),
    };
    assert_eq!(row.counterparty.account.as_deref(), Some("123"));
    assert_eq!(row.remittance.as_deref(), Some("a b"));
    assert_eq!((row.counterparty.name, row.ids.len()), (None, 0));
}
