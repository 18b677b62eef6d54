//! Mapping: from a raw row to ours. Pure and re-runnable on stored rows.
//!
//! Source: the provider's document on transaction output, and the recorded answers in the fact sheet.

use bankside_domain::row::{Counterparty, MappedRow, Row, RowId, RowIdKind};
use bankside_domain::text::tidy;
use bankside_domain::{Amount, CurrencyCode};
use jiff::Timestamp;
use jiff::civil::Date;

use super::wire::{MoneyText, PartyAccount, Transaction};
use crate::fetch::{MapContext, RawRow};

/// Reads one row.
pub(super) fn row(context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
    match serde_json::from_slice::<Transaction>(&raw.bytes) {
        Ok(transaction) => read(context, raw, transaction)
            .map_or_else(|why| MappedRow::Unreadable { why }, |row| MappedRow::Readable(Box::new(row))),
        Err(_) => MappedRow::Unreadable { why: "it has no amount".to_owned() },
    }
}

fn read(context: &MapContext<'_>, raw: &RawRow, wire: Transaction) -> Result<Row, String> {
    let amount = amount(context, &wire.transaction_amount.amount.0, &wire.transaction_amount.currency)?;
    let booked = Moment::read(context, wire.booking_date.as_deref(), wire.booking_date_time.as_deref());
    let value = Moment::read(context, wire.value_date.as_deref(), wire.value_date_time.as_deref());
    let optional = |money: Option<MoneyText>| {
        let money = money?;
        amount_of(context, &money).ok()
    };
    let ids = [
        (RowIdKind::Provider, wire.internal_transaction_id),
        (RowIdKind::Bank, wire.transaction_id),
        (RowIdKind::Reference, wire.entry_reference),
    ];
    // The holder is on one side of every row; the other side is the counterparty.
    let (names, account) = if amount.minor < 0 {
        ([wire.creditor_name, wire.ultimate_creditor], wire.creditor_account)
    } else {
        ([wire.debtor_name, wire.ultimate_debtor], wire.debtor_account)
    };
    let remittance = [
        wire.remittance_information_unstructured,
        wire.remittance_information_unstructured_array.map(|lines| lines.join(" ")),
        wire.remittance_information_structured,
        wire.remittance_information_structured_array.map(|lines| lines.join(" ")),
        wire.additional_information,
    ];
    let first = |texts: &[Option<String>]| texts.iter().flatten().find_map(|text| tidy(text));
    Ok(Row {
        status: raw.status,
        ids: ids.into_iter().filter_map(|(kind, value)| Some(RowId { kind, value: meaningful(&value?)? })).collect(),
        booked_on: booked.day,
        value_on: value.day,
        transacted_on: None,
        happened_at: booked.instant.or(value.instant),
        amount,
        counterparty: Counterparty { name: first(&names), account: account.and_then(number) },
        remittance: first(&remittance),
        balance_after: optional(wire.balance_after_transaction.and_then(|after| after.balance_amount)),
        original_amount: optional(
            wire.currency_exchange.and_then(super::wire::OneOrMany::into_first).and_then(|fx| fx.instructed_amount),
        ),
    })
}

fn amount(context: &MapContext<'_>, text: &str, currency: &str) -> Result<Amount, String> {
    let code: CurrencyCode = currency.parse().map_err(|error| format!("{error}"))?;
    let currency = context.currencies.get(&code).ok_or_else(|| format!("the currency {code} is not known here"))?;
    Amount::parse(text, *currency).map_err(|error| error.to_string())
}

fn amount_of(context: &MapContext<'_>, money: &MoneyText) -> Result<Amount, String> {
    amount(context, &money.amount_text().unwrap_or_default(), &money.currency)
}

/// Ids that say that there is none.
fn meaningful(id: &str) -> Option<String> {
    let word = id.trim();
    let empty =
        word.is_empty() || word.eq_ignore_ascii_case("NOTPROVIDED") || word.eq_ignore_ascii_case("NOT PROVIDED");
    if empty { None } else { Some(word.to_owned()) }
}

fn number(account: PartyAccount) -> Option<String> {
    [account.iban, account.bban, account.masked_pan].into_iter().flatten().find_map(|number| tidy(&number))
}

/// A day, and the instant that it was read from where the bank gave no day of its own.
#[derive(Default)]
struct Moment {
    day: Option<Date>,
    instant: Option<Timestamp>,
}

impl Moment {
    /// A civil date counts as it stands. An instant becomes a day in the institution's zone, never in the server's.
    fn read(context: &MapContext<'_>, date: Option<&str>, date_time: Option<&str>) -> Self {
        let instant: Option<Timestamp> = date_time.and_then(|text| text.trim().parse().ok());
        let written = date.and_then(|text| text.trim().get(..10)?.parse().ok());
        let of_instant = || instant.map(|instant| instant.to_zoned(context.time_zone.clone()).date());
        // Without an offset it is a wall clock at the bank.
        let of_wall_clock = || date_time.and_then(|text| text.trim().get(..10)?.parse().ok());
        Self { day: written.or_else(of_instant).or_else(of_wall_clock), instant }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bankside_domain::Currency;
    use bankside_domain::row::RowStatus;
    use jiff::tz::TimeZone;

    use super::*;

    fn mapped(json: &str) -> MappedRow {
        let currencies: HashMap<_, _> = ["EUR", "JPY", "USD"]
            .into_iter()
            .map(|code| Currency::iso(code).map(|currency| (currency.code, currency)).unwrap())
            .collect();
        let time_zone = TimeZone::get("Europe/Berlin").unwrap();
        let context =
            MapContext { institution_key: "NORDHAFEN_NHBKDE22", time_zone: &time_zone, currencies: &currencies };
        row(&context, &RawRow { status: RowStatus::Booked, bytes: json.as_bytes().to_vec() })
    }

    fn readable(json: &str) -> Row {
        match mapped(json) {
            MappedRow::Readable(row) => *row,
            MappedRow::Unreadable { why } => panic!("{why}"),
        }
    }

    #[test]
    fn a_plain_row() {
        insta::assert_json_snapshot!(readable(
            r#"{"transactionId":"2026112801-1","entryReference":"2026112801-1","bookingDate":"2026-11-18",
                "valueDate":"2026-11-19","transactionAmount":{"amount":"-95.35","currency":"EUR"},
                "creditorName":"Uferlicht  Solar","creditorAccount":{"iban":"DE02100100100006820101"},
                "debtorName":"Demo Household","remittanceInformationUnstructured":"Invoice 12\nNovember",
                "internalTransactionId":"fe956029a01f42f53e6ddec7058780f8",
                "balanceAfterTransaction":{"balanceAmount":{"amount":"9.52","currency":"EUR"},"balanceType":"InterimBooked"}}"#
        ));
    }

    #[test]
    fn a_row_of_arrays_instants_and_exchange() {
        insta::assert_json_snapshot!(readable(
            r#"{"transactionId":"NOTPROVIDED","bookingDateTime":"2026-11-18T23:30:00.1234567Z",
                "valueDateTime":"2026-11-18T00:00:00","transactionAmount":{"amount":4.07,"currency":"EUR"},
                "currencyExchange":{"instructedAmount":{"amount":"4.60","currency":"USD"},"exchangeRate":"1.13"},
                "debtorName":"Kiosk am Tor","creditorName":"Demo Household",
                "remittanceInformationUnstructuredArray":["Refund","of a cup"]}"#
        ));
    }

    #[test]
    fn an_outgoing_row_never_shows_the_holder() {
        let row = readable(
            r#"{"transactionAmount":{"amount":"-5","currency":"EUR"},"bookingDate":"2026-11-18","debtorName":"Demo Household"}"#,
        );
        assert_eq!(row.counterparty.name, None);
    }

    #[test]
    fn surprising_shapes_lose_a_field_and_not_the_row() {
        let row = readable(
            r#"{"transactionAmount":{"amount":"-5","currency":"EUR"},"bookingDate":"2026-11-18","transactionId":12,
                "balanceAfterTransaction":"12.00","remittanceInformationUnstructuredArray":"text","currencyExchange":[]}"#,
        );
        assert_eq!(row.amount.minor, -500);
        assert!(row.ids.is_empty());
        assert_eq!(row.balance_after, None);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (json, expected) in [
            (r#"{"bookingDate":"2026-11-18"}"#, "it has no amount"),
            ("[]", "it has no amount"),
            (
                r#"{"transactionAmount":{"amount":"1.005","currency":"EUR"}}"#,
                "“1.005” has more decimal places than EUR knows",
            ),
            (r#"{"transactionAmount":{"amount":"1","currency":"XQQ"}}"#, "the currency XQQ is not known here"),
            (r#"{"transactionAmount":{"amount":"one","currency":"EUR"}}"#, "“one” is not an amount"),
        ] {
            assert_eq!(mapped(json), MappedRow::Unreadable { why: expected.to_owned() }, "{json}");
        }
    }

    #[test]
    fn amounts_of_currencies_without_cents() {
        let row =
            readable(r#"{"transactionAmount":{"amount":"-1500.00","currency":"JPY"},"bookingDate":"2026-11-18"}"#);
        assert_eq!(row.amount.minor, -1500);
    }
}
