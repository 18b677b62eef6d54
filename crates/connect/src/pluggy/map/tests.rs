//! Rows as banks of Brazil send them through Pluggy, and what becomes of them.

use std::collections::HashMap;

use super::*;

fn mapped(kind: AccountKind, status: RowStatus, json: &str) -> MappedRow {
    let known = ["BRL", "USD", "JPY"].map(|code| Currency::iso(code).unwrap());
    let currencies: HashMap<_, _> = known.into_iter().map(|currency| (currency.code, currency)).collect();
    let time_zone = TimeZone::get("America/Sao_Paulo").unwrap();
    let context = MapContext {
        institution_key: "601",
        account: crate::fetch::RowAccount { kind, currency: "BRL".parse().unwrap() },
        time_zone: &time_zone,
        today: jiff::civil::date(2026, 11, 20),
        currencies: &currencies,
    };
    row(&context, &RawRow { status, bytes: json.as_bytes().to_vec() })
}

fn readable(kind: AccountKind, json: &str) -> Row {
    match mapped(kind, RowStatus::Booked, json) {
        MappedRow::Readable(row) => *row,
        MappedRow::Unreadable { why } => panic!("{json}: {why}"),
    }
}

fn why(json: &str) -> String {
    match mapped(AccountKind::Checking, RowStatus::Booked, json) {
        MappedRow::Readable(row) => panic!("{row:?}"),
        MappedRow::Unreadable { why } => why,
    }
}

/// A row of the day with more fields.
fn dated(fields: &str) -> String {
    format!(r#"{{"date":"2026-11-14T12:00:00.000Z","currencyCode":"BRL",{fields}}}"#)
}

#[test]
fn a_transfer_on_a_bank_account() {
    insta::assert_json_snapshot!(readable(
        AccountKind::Checking,
        r#"{"id":"6ec156fe-0000-4000-8000-000000000001","accountId":"03cc0eff-0000-4000-8000-000000000002",
            "date":"2026-10-14T03:00:00.000Z","description":"TED Example","descriptionRaw":"TED 123 EXAMPLE",
            "currencyCode":"BRL","amount":1500,"amountInAccountCurrency":null,"balance":3500.5,
            "category":"Transfers","categoryId":"05000000",
            "type":"CREDIT","status":"POSTED","providerCode":"123456","providerId":"prov-1","order":0,
            "operationType":"TED","merchant":null,"creditCardMetadata":null,
            "paymentData":{"payer":{"name":"Padaria  Sol","branchNumber":"090","accountNumber":"1234-5",
              "routingNumber":"001","documentNumber":{"type":"CNPJ","value":"00.000.000/0001-00"}},
             "receiver":{"name":"Demo Household"},"paymentMethod":"TED","referenceNumber":"1","reason":"Taxa"}}"#
    ));
}

#[test]
fn an_instalment_of_a_purchase_abroad_on_a_card() {
    insta::assert_json_snapshot!(readable(
        AccountKind::CreditCard,
        r#"{"id":"6ec156fe-0000-4000-8000-000000000003","date":"2026-11-10T02:59:00.000Z","description":"Loja Azul",
            "descriptionRaw":"LOJA AZUL 1/9","currencyCode":"USD","amount":10.5,"amountInAccountCurrency":57.13,
            "balance":0,"type":"DEBIT","status":"POSTED",
            "merchant":{"name":null,"businessName":"LOJA AZUL LTDA","cnpj":"0"},
            "creditCardMetadata":{"installmentNumber":3,"totalInstallments":"12",
             "purchaseDate":"2026-09-08T03:00:00.000Z","billId":"b","cardNumber":"1234"}}"#
    ));
}

#[test]
fn signs_are_the_owners_whatever_the_kind_of_account() {
    use AccountKind::{Checking, CreditCard, Savings};
    for (kind, fields, expected) in [
        (Checking, r#""amount":-10,"type":"DEBIT""#, -1000),
        (Savings, r#""amount":10,"type":"CREDIT""#, 1000),
        (CreditCard, r#""amount":10,"type":"DEBIT""#, -1000),
        (CreditCard, r#""amount":-300,"type":"CREDIT""#, 30_000),
        // Where they disagree the direction holds: it is the same on every kind of account.
        (Checking, r#""amount":10,"type":"DEBIT""#, -1000),
        (CreditCard, r#""amount":-10,"type":"DEBIT""#, -1000),
        (CreditCard, r#""amount":300,"type":"CREDIT""#, 30_000),
        // Without a direction the kind of account tells.
        (Checking, r#""amount":-10"#, -1000),
        (CreditCard, r#""amount":10,"type":null"#, -1000),
        (CreditCard, r#""amount":-10,"type":"OTHER""#, 1000),
        (Checking, r#""amount":0.1"#, 10),
        (Checking, r#""amount":27903.60,"type":"CREDIT""#, 2_790_360),
        (Checking, r#""amount":"-12.40","type":"DEBIT""#, -1240),
        (Checking, r#""amount":0,"type":"DEBIT""#, 0),
    ] {
        assert_eq!(readable(kind, &dated(fields)).amount.minor, expected, "{kind:?} {fields}");
    }
}

#[test]
fn amounts_are_in_the_currency_of_the_account() {
    let foreign = |amount: &str| format!(r#"{{"date":"2026-11-14","currencyCode":"USD","type":"DEBIT",{amount}}}"#);
    let row = readable(AccountKind::CreditCard, &foreign(r#""amount":10,"amountInAccountCurrency":53.12"#));
    assert_eq!((row.amount.minor, row.amount.currency.code.as_str()), (-5312, "BRL"));
    let original = row.original_amount.unwrap();
    assert_eq!((original.minor, original.currency.code.as_str()), (-1000, "USD"));
    assert_eq!(why(&foreign(r#""amount":10"#)), "it is in USD, and what that is in BRL is not said");
    let own = r#""amount":-10,"amountInAccountCurrency":-10,"type":"DEBIT""#;
    assert_eq!(readable(AccountKind::Checking, &dated(own)).original_amount, None);
    let silent = readable(AccountKind::Checking, r#"{"date":"2026-11-14","amount":-10}"#);
    assert_eq!(silent.amount.currency.code.as_str(), "BRL", "a row that names none is in that of its account");
    let unknown = foreign(r#""amount":10,"amountInAccountCurrency":53.12"#).replace("USD", "XQQ");
    assert_eq!(readable(AccountKind::Checking, &unknown).original_amount, None);
}

#[test]
fn days_are_those_of_the_bank_and_instants_are_kept() {
    for (date, day) in [
        ("2026-11-14T03:00:00.000Z", "2026-11-14"),
        ("2026-11-14T02:59:59.000Z", "2026-11-13"),
        ("2026-11-14T23:00:00.000Z", "2026-11-14"),
        ("2026-11-14T00:30:00-03:00", "2026-11-14"),
        ("2026-11-14T23:30:00", "2026-11-14"),
        ("2026-11-14", "2026-11-14"),
        // Until 2019 São Paulo had summer time, when its midnight was two in the morning UTC.
        ("2018-12-14T02:00:00.000Z", "2018-12-14"),
    ] {
        let row = readable(AccountKind::Checking, &format!(r#"{{"date":"{date}","amount":1}}"#));
        assert_eq!(row.booked_on.map(|day| day.to_string()).as_deref(), Some(day), "{date}");
        assert_eq!(row.happened_at.is_some(), date.ends_with('Z') || date.ends_with("-03:00"), "{date}");
    }
}

#[test]
fn a_row_that_is_not_booked_is_ordered_by_its_date_all_the_same() {
    let json = dated(r#""amount":10,"type":"DEBIT","creditCardMetadata":{"purchaseDate":"2026-09-08T03:00:00.000Z"}"#);
    for status in [RowStatus::Pending, RowStatus::Scheduled] {
        let MappedRow::Readable(row) = mapped(AccountKind::CreditCard, status, &json) else { panic!("{json}") };
        assert_eq!((row.status, row.booked_on), (status, None));
        assert_eq!(row.day(), Some(jiff::civil::date(2026, 11, 14)));
        assert_eq!(row.transacted_on, Some(jiff::civil::date(2026, 9, 8)));
    }
}

#[test]
fn how_far_the_bank_has_got_depends_on_status_day_and_card() {
    use RowStatus::{Booked, Pending, Scheduled};
    let zone = TimeZone::get("America/Sao_Paulo").unwrap();
    let today = jiff::civil::date(2026, 11, 20);
    for (fields, expected) in [
        (r#""date":"2026-11-20T12:00:00Z","status":"POSTED""#, Booked),
        (r#""date":"2026-11-20T12:00:00Z""#, Booked),
        (r#""date":"2026-11-20T12:00:00Z","status":"PENDING""#, Pending),
        // Still today in São Paulo.
        (r#""date":"2026-11-21T02:59:00Z","status":"PENDING""#, Pending),
        (r#""date":"2026-11-21T03:00:00Z","status":"PENDING""#, Scheduled),
        (r#""date":"2026-12-10T03:00:00Z","status":"POSTED","type":"DEBIT","amount":10"#, Scheduled),
        (r#""date":"2026-12-10T03:00:00Z","status":"POSTED","type":"CREDIT","amount":-10"#, Scheduled),
        (r#""date":"2026-12-10T03:00:00Z","status":"POSTED","creditCardMetadata":{}"#, Scheduled),
        (r#""date":"2026-11-23T03:00:00Z","status":"POSTED","type":"DEBIT","amount":-10"#, Booked),
        (r#""date":"2026-11-23T03:00:00Z","status":"POSTED","type":"CREDIT","amount":10"#, Booked),
        (r#""status":"PENDING""#, Pending),
    ] {
        assert_eq!(arriving(format!("{{{fields}}}").as_bytes(), today, &zone).status, expected, "{fields}");
    }
    assert_eq!(arriving(b"[", today, &zone), Arriving { status: Booked, day: None, changed_at: None });
}

#[test]
fn the_other_side_is_shown_and_never_the_holder() {
    let parties = r#""paymentData":{"payer":{"name":"Ana","documentNumber":{"value":"1"}},
        "receiver":{"name":" ","documentNumber":{"value":"00.000.000/0001-00"},"accountNumber":"9-9"}}"#;
    let named = |fields: &str| readable(AccountKind::Checking, &dated(fields)).counterparty;
    let out = named(&format!(r#""amount":-10,"type":"DEBIT",{parties}"#));
    assert_eq!((out.name.as_deref(), out.account.as_deref()), (Some("00.000.000/0001-00"), Some("9-9")));
    let back = named(&format!(r#""amount":10,"type":"CREDIT",{parties}"#));
    assert_eq!((back.name.as_deref(), back.account), (Some("Ana"), None));
    let shop =
        named(&format!(r#""amount":-10,"merchant":{{"name":"Padaria Sol","businessName":"SOL LTDA"}},{parties}"#));
    assert_eq!(shop.name.as_deref(), Some("Padaria Sol"));
    let own = named(r#""amount":-10,"type":"DEBIT","paymentData":{"payer":{"name":"Demo Household"},"receiver":null}"#);
    assert_eq!(own, Counterparty::default());
}

#[test]
fn nothing_is_said_twice() {
    for (fields, expected) in [
        (r#""description":"Padaria Sol","descriptionRaw":"PADARIA  SOL""#, Some("PADARIA SOL")),
        (
            r#""description":"Padaria Sol","descriptionRaw":"COMPRA PADARIA SOL 14/11""#,
            Some("COMPRA PADARIA SOL 14/11"),
        ),
        (r#""description":"Pix enviado Padaria Sol","descriptionRaw":"PADARIA SOL""#, Some("Pix enviado Padaria Sol")),
        (r#""description":"Pix","descriptionRaw":"PADARIA SOL""#, Some("PADARIA SOL · Pix")),
        (
            r#""description":"Pix","descriptionRaw":null,"paymentData":{"reason":"Aluguel novembro"}"#,
            Some("Pix · Aluguel novembro"),
        ),
        (r#""description":"Compra Sol","descriptionRaw":"COMPRA 77 PADARIA SOL""#, Some("COMPRA 77 PADARIA SOL")),
        (r#""description":" ""#, None),
    ] {
        let row = readable(AccountKind::Checking, &dated(&format!(r#""amount":1,{fields}"#)));
        assert_eq!(row.remittance.as_deref(), expected, "{fields}");
    }
}

#[test]
fn instalments_are_those_of_the_data_or_else_of_the_text_of_a_card() {
    let part = |kind: AccountKind, fields: &str| {
        let row = readable(kind, &dated(&format!(r#""amount":1,{fields}"#)));
        row.instalment.map(|part| part.to_string())
    };
    let card = AccountKind::CreditCard;
    let both =
        r#""descriptionRaw":"LOJA PARC 01/12","creditCardMetadata":{"installmentNumber":3,"totalInstallments":12}"#;
    assert_eq!(part(card, both).as_deref(), Some("3/12"));
    let text =
        r#""description":"Loja PARC 01/12","creditCardMetadata":{"installmentNumber":null,"totalInstallments":1}"#;
    assert_eq!(part(card, text).as_deref(), Some("1/12"));
    assert_eq!(part(card, r#""creditCardMetadata":{"installmentNumber":13,"totalInstallments":12}"#), None);
    assert_eq!(part(card, r#""creditCardMetadata":{"installmentNumber":-1,"totalInstallments":99999999}"#), None);
    assert_eq!(part(AccountKind::Checking, r#""description":"Loja PARC 01/12""#), None, "no card, no instalment");
}

#[test]
fn surprising_shapes_lose_a_field_and_not_the_row() {
    let row = readable(
        AccountKind::Checking,
        &dated(
            r#""amount":-5,"id":7,"providerId":" ","type":[],"balance":{},"merchant":"x","paymentData":[],
               "description":{},"creditCardMetadata":{"installmentNumber":{},"purchaseDate":5},
               "amountInAccountCurrency":null"#,
        ),
    );
    assert_eq!((row.amount.minor, row.balance_after, row.remittance), (-500, None, None));
    assert!(row.ids.is_empty());
}

#[test]
fn what_cannot_be_read_says_why() {
    for (json, expected) in [
        ("7", "it is no transaction"),
        ("", "it is no transaction"),
        (r#"{"amount":1}"#, "it has no date"),
        (r#"{"date":"yesterday","amount":1}"#, "it has no date"),
        (r#"{"date":"2026-11-14"}"#, "it has no amount"),
        (r#"{"date":"2026-11-14","amount":1.005}"#, "“1.005” has more decimals than BRL has"),
        (r#"{"date":"2026-11-14","amount":"one"}"#, "“one” is not an amount"),
        (r#"{"date":"2026-11-14","amount":1e20}"#, "the amount is too large"),
    ] {
        assert_eq!(why(json), expected, "{json}");
    }
}

#[test]
fn where_nobody_knows_the_account_a_row_stands_for_itself() {
    let currency = Currency::iso("BRL").unwrap();
    let currencies = HashMap::from([(currency.code, currency)]);
    let account = crate::fetch::RowAccount { kind: AccountKind::Other, currency: CurrencyCode::NONE };
    let (time_zone, today) = (TimeZone::UTC, jiff::civil::date(2026, 11, 20));
    let context = MapContext { institution_key: "", account, time_zone: &time_zone, today, currencies: &currencies };
    let read = |json: &str| row(&context, &RawRow { status: RowStatus::Booked, bytes: json.as_bytes().to_vec() });
    assert!(matches!(read(&dated(r#""amount":1"#)), MappedRow::Readable(_)));
    for json in [dated(r#""amount":1,"amountInAccountCurrency":5"#), r#"{"date":"2026-11-14","amount":1}"#.to_owned()] {
        assert_eq!(read(&json), MappedRow::Unreadable { why: "its currency is not known".to_owned() });
    }
}
