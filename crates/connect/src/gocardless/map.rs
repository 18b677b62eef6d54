//! Mapping: from a raw row to ours. Pure and re-runnable on stored rows.
//!
//! Source: the provider's document on transaction output, and the recorded answers in the fact sheet.

use bankside_domain::row::{Counterparty, MappedRow, ProviderCategory, Row, RowId, RowIdKind, RowStatus};
use bankside_domain::text::tidy;
use bankside_domain::{Amount, CurrencyCode};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::quirks::{self, Draft};
use super::wire::{MoneyText, OneOrMany, PartyAccount, Transaction};
use crate::fetch::{MapContext, RawRow};
use crate::words::says_something;

/// Reads one row.
pub(super) fn row(context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
    match serde_json::from_slice::<Transaction>(&raw.bytes) {
        Ok(transaction) => read(context, raw, &transaction.on_one_line())
            .map_or_else(|why| MappedRow::Unreadable { why }, |row| MappedRow::Readable(Box::new(row))),
        Err(_) => MappedRow::Unreadable { why: "it has no amount".to_owned() },
    }
}

/// Whether a row is one at this bank: some send pending rows that stand for nothing.
pub(super) fn keeps(institution_key: &str, raw: &RawRow) -> bool {
    let rules = quirks::of(institution_key);
    if rules.is_empty() {
        return true;
    }
    let Ok(wire) = serde_json::from_slice::<Transaction>(&raw.bytes) else { return true };
    let wire = wire.on_one_line();
    // Whether there is a day does not depend on the zone, nor on which day is today.
    let mut draft = draft(&wire, raw.status, Date::ZERO, &TimeZone::UTC);
    draft.follow(rules);
    !draft.is_dropped
}

/// A draft with the days that the bank states.
fn draft<'a>(wire: &'a Transaction, status: RowStatus, today: Date, time_zone: &TimeZone) -> Draft<'a> {
    let mut draft = Draft::new(wire, status, today);
    draft.booked_on = day(time_zone, wire.booking_date.as_deref(), wire.booking_date_time.as_deref());
    draft.value_on = day(time_zone, wire.value_date.as_deref(), wire.value_date_time.as_deref());
    draft
}

fn read(context: &MapContext<'_>, raw: &RawRow, wire: &Transaction) -> Result<Row, String> {
    let mut draft = draft(wire, raw.status, context.today, context.time_zone);
    draft.follow(quirks::of(context.institution_key));
    let optional = |money: Option<&MoneyText>| amount_of(context, money?).ok();
    let bank_id = wire.transaction_id.as_deref().filter(|_| draft.has_bank_id);
    let ids = [
        (RowIdKind::Provider, wire.internal_transaction_id.as_deref()),
        (RowIdKind::Bank, bank_id),
        (RowIdKind::Reference, wire.entry_reference.as_deref()),
    ];
    // The holder is on one side of every row; the other side is the counterparty.
    let (names, account) = if draft.is_out() {
        ([&draft.creditor, &wire.ultimate_creditor], &wire.creditor_account)
    } else {
        ([&draft.debtor, &wire.ultimate_debtor], &wire.debtor_account)
    };
    let exchange = wire.currency_exchange.as_ref().and_then(OneOrMany::first);
    Ok(Row {
        status: raw.status,
        ids: ids.into_iter().filter_map(|(kind, value)| Some(RowId { kind, value: meaningful(value?)? })).collect(),
        booked_on: draft.booked_on,
        value_on: draft.value_on,
        transacted_on: None,
        dated_on: draft.day,
        happened_at: [&wire.booking_date_time, &wire.value_date_time]
            .into_iter()
            .find_map(|text| instant(text.as_deref())),
        amount: amount(context, &draft.amount, &draft.currency)?,
        counterparty: Counterparty {
            name: names.into_iter().flatten().find_map(|name| tidy(name)),
            account: account.as_ref().and_then(number),
        },
        remittance: draft.remittance.as_deref().and_then(tidy),
        balance_after: optional(
            wire.balance_after_transaction.as_ref().and_then(|after| after.balance_amount.as_ref()),
        ),
        original_amount: optional(exchange.and_then(|exchange| exchange.instructed_amount.as_ref())),
        instalment: None,
        bill: None,
        end_to_end: wire.end_to_end_id.as_deref().and_then(meaningful),
        is_placeholder: false,
        creditor: [&wire.mandate_id, &wire.creditor_id].into_iter().flatten().find_map(|id| meaningful(id)),
        provider_category: wire.merchant_category_code.as_deref().and_then(ProviderCategory::merchant),
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

fn meaningful(id: &str) -> Option<String> {
    says_something(id).then(|| id.trim().to_owned())
}

fn number(account: &PartyAccount) -> Option<String> {
    [&account.iban, &account.bban, &account.masked_pan].into_iter().flatten().find_map(|number| tidy(number))
}

fn instant(text: Option<&str>) -> Option<Timestamp> {
    text?.trim().parse().ok()
}

/// A civil date counts as it stands. An instant becomes a day in the institution's zone, never in the server's.
fn day(time_zone: &TimeZone, date: Option<&str>, date_time: Option<&str>) -> Option<Date> {
    let written = |text: &str| text.trim().get(..10)?.parse().ok();
    let of_instant = || instant(date_time).map(|instant| instant.to_zoned(time_zone.clone()).date());
    // Without an offset it is a wall clock at the bank.
    date.and_then(written).or_else(of_instant).or_else(|| date_time.and_then(written))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bankside_domain::Currency;

    use super::*;
    use crate::gocardless::saved::UNKNOWN;

    fn mapped(json: &str) -> MappedRow {
        let currencies: HashMap<_, _> = ["EUR", "JPY", "USD"]
            .into_iter()
            .map(|code| Currency::iso(code).map(|currency| (currency.code, currency)).unwrap())
            .collect();
        let time_zone = TimeZone::get("Europe/Berlin").unwrap();
        let context = MapContext {
            institution_key: "NORDHAFEN_NHBKDE22",
            time_zone: &time_zone,
            today: jiff::civil::date(2026, 11, 20),
            account: UNKNOWN,
            currencies: &currencies,
        };
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
            (r#"{"transactionAmount":{"amount":"1.005","currency":"EUR"}}"#, "“1.005” has more decimals than EUR has"),
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
