//! `bankside normalize`: an answer that somebody has saved goes in, rows in our words come out.

use serde_json::{Value, json};

use crate::program::{Ended, Home};

const BANK: [&str; 5] = ["normalize", "--provider", "gocardless", "--institution", "NORDHAFEN_NHBKDE22"];

fn rows(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr))
}

fn of_file(institution: &str, answer: &Value) -> Ended {
    let home = Home::new();
    home.write("answer.json", &answer.to_string());
    home.run(&["normalize", "--provider", "gocardless", "--institution", institution, "answer.json"])
}

fn row(amount: &str, more: &Value) -> Value {
    let mut row = json!({"transactionAmount": {"amount": amount, "currency": "EUR"}});
    for (key, value) in more.as_object().unwrap() {
        row[key] = value.clone();
    }
    row
}

#[test]
fn an_answer_is_printed_newest_first_in_our_words() {
    let answer = json!({"transactions": {
        "booked": [
            row("-95.35", &json!({"transactionId": "NOTPROVIDED", "entryReference": "E1", "internalTransactionId": "fe95",
                "bookingDate": "2026-11-17", "valueDate": "2026-11-18", "creditorName": "Uferlicht  Solar",
                "creditorAccount": {"iban": "DE02100100100006820101"}, "debtorName": "Holder",
                "remittanceInformationUnstructured": "Invoice 12\nNovember"})),
            row("5", &json!({"bookingDateTime": "2026-11-18T23:30:00Z", "creditorName": "Holder"})),
            row("-1.5", &json!({"creditorName": "Nobody knows when"})),
        ],
        "pending": [row("-3", &json!({"valueDate": "2026-11-20", "creditorName": "Kiosk"}))],
    }});
    let ended = of_file("NORDHAFEN_NHBKDE22", &answer);
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    let nothing = Value::Null;
    assert_eq!(
        rows(&ended),
        json!([
            {"status": "pending", "booked_on": nothing, "value_on": "2026-11-20", "date": "2026-11-20", "amount": "-3.00",
             "currency": "EUR", "counterparty": "Kiosk", "counterparty_account": nothing, "remittance": nothing,
             "provider_ids": {}},
            {"status": "booked", "booked_on": "2026-11-19", "value_on": nothing, "date": "2026-11-19", "amount": "5.00",
             "currency": "EUR", "counterparty": nothing, "counterparty_account": nothing, "remittance": nothing,
             "provider_ids": {}},
            {"status": "booked", "booked_on": "2026-11-17", "value_on": "2026-11-18", "date": "2026-11-17",
             "amount": "-95.35", "currency": "EUR", "counterparty": "Uferlicht Solar",
             "counterparty_account": "DE02100100100006820101", "remittance": "Invoice 12 November",
             "provider_ids": {"provider": "fe95", "reference": "E1"}},
            {"status": "booked", "booked_on": nothing, "value_on": nothing, "date": nothing, "amount": "-1.50",
             "currency": "EUR", "counterparty": "Nobody knows when", "counterparty_account": nothing,
             "remittance": nothing, "provider_ids": {}},
        ])
    );
}

#[test]
fn quirks_of_the_bank_hold_here_too() {
    let answer = json!({"transactions": {
        "booked": [
            row("-1", &json!({"transactionId": "7", "bookingDate": "2026-11-18", "valueDate": "2026-11-17"})),
            row("-2", &json!({"transactionId": "10", "bookingDate": "2026-11-16", "valueDate": "2026-11-17"})),
            row("-3", &json!({"transactionId": "9", "bookingDate": "2026-11-15", "valueDate": "2026-11-18"})),
        ],
    }});
    let printed = rows(&of_file("MBANK_RETAIL_BREXPLPW", &answer));
    let amounts: Vec<&str> = printed.as_array().unwrap().iter().map(|row| row["amount"].as_str().unwrap()).collect();
    assert_eq!(amounts, ["-3.00", "-2.00", "-1.00"], "by day, then by the number of the bank");

    let pending = json!({"transactions": {"booked": [], "pending": [row("-1", &json!({"valueDate": "2026-11-17"}))]}});
    assert_eq!(rows(&of_file("SSK_DUSSELDORF_DUSSDEDDXXX", &pending)), json!([]));
    let far = json!({"transactions": {"booked": null, "pending": [row("-1", &json!({"bookingDate": "9999-01-01"}))]}});
    assert_ne!(rows(&of_file("NATIONWIDE_NAIAGB21", &far))[0]["date"], "9999-01-01");
}

#[test]
fn standard_input_reads_like_a_file() {
    let home = Home::new();
    let mut arguments = BANK.to_vec();
    arguments.push("-");
    let answer = r#"{"transactions":{"booked":[{"transactionAmount":{"amount":"-1500","currency":"JPY"}}]}}"#;
    let ended = home.run_with_input(&arguments, answer);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert_eq!(rows(&ended)[0]["amount"], "-1500");
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_the_rest_is_printed() {
    let answer = json!({"transactions": {
        "booked": [row("-1", &json!({})), row("one", &json!({})), {}],
        "pending": [row("0.001", &json!({}))],
    }});
    let ended = of_file("NORDHAFEN_NHBKDE22", &answer);
    assert_eq!(ended.status.code(), Some(3));
    assert_eq!(rows(&ended).as_array().unwrap().len(), 1);
    for place in
        ["booked[1] is left out: “one”", "booked[2] is left out: it has no amount", "pending[0] is left out: “0.001”"]
    {
        assert!(ended.stderr.contains(place), "{place}: {}", ended.stderr);
    }
}

#[test]
fn bad_input_ends_with_one_and_its_place() {
    let home = Home::new();
    home.write("text.json", "{\"transactions\":\n  [1}");
    home.write("other.json", "{\"accounts\": []}");
    let with = |file: &str| home.run(&[&BANK[..], &[file]].concat());
    for (ended, place) in [
        (with("text.json"), "text.json: This is no answer with transactions"),
        (with("text.json"), "line 2 column"),
        (with("other.json"), "missing field `transactions`"),
        (with("missing.json"), "missing.json cannot be read"),
        (
            home.run(&["normalize", "--provider", "nobody", "--institution", "x", "-"]),
            "known are: enablebanking, finapi, gocardless",
        ),
    ] {
        assert_eq!(ended.status.code(), Some(1), "{place}");
        assert!(ended.stdout.is_empty() && ended.stderr.contains(place), "{place}: {}", ended.stderr);
    }
}

#[test]
fn an_answer_of_simplefin_is_read_without_naming_a_bank() {
    let answer = json!({"accounts": [
        {"id": "A", "currency": "USD", "transactions": [
            {"id": "1", "posted": 1_795_132_800, "amount": "-12.30", "description": "COFFEE", "payee": "Coffee Shop"},
            {"id": "2", "posted": 0, "pending": true, "transacted_at": 1_795_219_200, "amount": "5"},
        ]},
        {"id": "B", "currency": "https://bank.example/points", "transactions": [{"posted": 1_795_132_800, "amount": "7"}]},
    ]});
    let home = Home::new();
    home.write("answer.json", &answer.to_string());
    let ended = home.run(&["normalize", "--provider", "simplefin", "answer.json"]);
    assert_eq!(ended.status.code(), Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains("accounts[1].transactions[0] is left out"), "{}", ended.stderr);
    let told: Vec<_> = rows(&ended)
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {} {}", row["date"], row["amount"], row["status"], row["counterparty"]))
        .collect();
    assert_eq!(told, [r#""2026-11-21" "5.00" "pending" null"#, r#""2026-11-20" "-12.30" "booked" "Coffee Shop""#]);
}

#[test]
fn a_page_of_enable_banking_is_read_with_the_habits_of_its_bank() {
    let answer = json!({"transactions": [
        {"entry_reference": "0", "transaction_amount": {"currency": "EUR", "amount": "3.20"}, "credit_debit_indicator": "DBIT",
         "status": "PDNG", "transaction_date": "2026-11-20", "creditor": {"name": "", "postal_address": {"address_line": ["KIOSK"]}}},
        {"entry_reference": "R-7", "transaction_amount": {"currency": "EUR", "amount": "-49.90"}, "credit_debit_indicator": "DBIT",
         "status": "BOOK", "booking_date": "2026-11-19", "remittance_information": ["Naam: De Bakker", "Omschrijving: brood"]},
        {"transaction_amount": {"amount": "1"}},
    ], "continuation_key": "more"});
    let home = Home::new();
    home.write("answer.json", &answer.to_string());
    let ended = home.run(&["normalize", "--provider", "enablebanking", "--institution", "NL:ABN AMRO", "answer.json"]);
    assert_eq!(ended.status.code(), Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains("transactions[2] is left out: it has no currency"), "{}", ended.stderr);
    let told: Vec<_> = rows(&ended)
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {} {}", row["date"], row["amount"], row["status"], row["counterparty"]))
        .collect();
    assert_eq!(told, [r#""2026-11-20" "-3.20" "pending" "KIOSK""#, r#""2026-11-19" "-49.90" "booked" "De Bakker""#]);
}

#[test]
fn an_answer_of_finapi_is_read_with_its_account_or_without() {
    let answer = json!({
        "account": {"id": 10_000_101, "accountType": "Checking", "accountCurrency": "CHF"},
        "transactions": {"transactions": [
            {"id": 7, "bankBookingDate": "2026-11-18", "valueDate": "2026-11-19", "finapiBookingDate": "2026-11-18",
             "amount": -12.3, "counterpartName": "Kornblume  Markt", "counterpartIban": "DE02100100100006820101",
             "purpose": "Einkauf"},
            {"id": 8, "bankBookingDate": "2026-11-21", "amount": 5, "currency": "EUR", "isAdjustingEntry": false},
            {"id": 9, "bankBookingDate": "2026-11-20"},
        ], "paging": {"page": 1, "perPage": 500, "pageCount": 1, "totalCount": 3}},
        "pendingTransactions": [{"id": 11, "valueDate": "2026-11-22", "amount": -3.5, "counterpartyName": "Kiosk"}],
    });
    let home = Home::new();
    home.write("whole.json", &answer.to_string());
    home.write("rows.json", &answer["transactions"].to_string());
    let read = |file: &str| {
        let ended = home.run(&["normalize", "--provider", "finapi", file]);
        assert_eq!(ended.status.code(), Some(3), "{}", ended.stderr);
        let left_out = ended.stderr.contains("transactions[2] is left out: it has no amount");
        assert!(left_out, "{}", ended.stderr);
        rows(&ended)
    };
    let nothing = Value::Null;
    let row = |currency: &str| {
        json!({"status": "booked", "booked_on": "2026-11-18", "value_on": "2026-11-19", "date": "2026-11-18",
               "amount": "-12.30", "currency": currency, "counterparty": "Kornblume Markt",
               "counterparty_account": "DE02100100100006820101", "remittance": "Einkauf", "provider_ids": {"provider": "7"}})
    };
    let whole = read("whole.json");
    assert_eq!(
        whole[0],
        json!({"status": "pending", "booked_on": nothing, "value_on": nothing, "date": "2026-11-22", "amount": "-3.50",
               "currency": "CHF", "counterparty": "Kiosk", "counterparty_account": nothing, "remittance": nothing,
               "provider_ids": {}})
    );
    assert_eq!(
        (&whole[1]["currency"], &whole[1]["date"]),
        (&json!("EUR"), &json!("2026-11-21")),
        "a row's own comes first"
    );
    assert_eq!(whole[2], row("CHF"));
    let alone = read("rows.json");
    assert_eq!((alone.as_array().unwrap().len(), &alone[1]), (2, &row("EUR")));
}
