//! Mapping: from a raw row to ours. Pure and re-runnable on stored rows. Source: section 9 of the fact sheet.
//!
//! Days are the bank's: the one that finAPI itself gives a booking to come moves with each update, and is not looked at.

use bankside_domain::row::{Counterparty, MappedRow, Row, RowId, RowIdKind, RowStatus};
use bankside_domain::text::tidy;
use bankside_domain::{Amount, Currency, CurrencyCode};
use jiff::civil::Date;

use super::wire::{Category, Transaction};
use crate::fetch::{MapContext, RawRow};
use crate::lenient::Decimal;
use crate::words::says_something;

/// Reads one row.
pub(super) fn row(context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
    let read = serde_json::from_slice::<Transaction>(&raw.bytes).map_err(|_| "it is no transaction".to_owned());
    match read.and_then(|wire| self::read(context, raw.status, &wire)) {
        Ok(row) => MappedRow::Readable(Box::new(row)),
        Err(why) => MappedRow::Unreadable { why },
    }
}

/// The bank's booking day of a row that arrives.
pub(super) fn booked_on(bytes: &[u8]) -> Option<Date> {
    day(serde_json::from_slice::<Transaction>(bytes).ok()?.bank_booking_date.as_deref())
}

fn read(context: &MapContext<'_>, status: RowStatus, wire: &Transaction) -> Result<Row, String> {
    let named = wire.currency.as_deref().filter(|code| !code.trim().is_empty());
    // A row without a currency is in its account's (fact sheet §9).
    let currency = match named {
        Some(code) => currency(context, code)?,
        None => known(context, context.account.currency)?,
    };
    let text = wire.amount.as_ref().ok_or("it has no amount")?.0.trim();
    let amount = Amount::parse(text, currency).map_err(|error| error.to_string())?;
    let (booked_on, value_on) = (day(wire.bank_booking_date.as_deref()), day(wire.value_date.as_deref()));
    if booked_on.or(value_on).is_none() {
        return Err("it has no date".to_owned());
    }
    let is_booked = status == RowStatus::Booked;
    // A row on its way has another id when it is booked, and the whole list is another with each update.
    let ids = wire.id.iter().filter(|_| is_booked);
    let different = if amount.minor < 0 { &wire.different_creditor } else { &wire.different_debitor };
    Ok(Row {
        status,
        ids: ids.map(|id| RowId { kind: RowIdKind::Provider, value: id.0.clone() }).collect(),
        booked_on: booked_on.filter(|_| is_booked),
        value_on: value_on.filter(|_| is_booked),
        transacted_on: value_on.or(booked_on).filter(|_| !is_booked),
        dated_on: None,
        happened_at: None,
        amount,
        counterparty: Counterparty {
            name: [&wire.counterpart_name, different].into_iter().flatten().find_map(|name| tidy(name)),
            account: [&wire.counterpart_iban, &wire.counterpart_account_number]
                .into_iter()
                .flatten()
                .find_map(|number| tidy(number)),
        },
        remittance: [&wire.purpose, &wire.kind].into_iter().flatten().find_map(|text| tidy(text)),
        balance_after: None,
        original_amount: original(context, wire).filter(|original| original.currency.code != amount.currency.code),
        instalment: None,
        bill: None,
        end_to_end: wire.end_to_end.as_deref().filter(|text| says_something(text)).and_then(tidy),
        is_placeholder: wire.is_adjusting_entry == Some(true),
        creditor: [&wire.counterpart_mandate_reference, &wire.counterpart_creditor_id]
            .into_iter()
            .flatten()
            .find_map(|id| tidy(id).filter(|id| says_something(id))),
        provider_category: wire.category.as_ref().and_then(Category::filed),
    })
}

fn original(context: &MapContext<'_>, wire: &Transaction) -> Option<Amount> {
    let Decimal(text) = wire.original_amount.as_ref()?;
    Amount::parse(text.trim(), currency(context, wire.original_currency.as_deref()?).ok()?).ok()
}

fn currency(context: &MapContext<'_>, text: &str) -> Result<Currency, String> {
    known(context, text.trim().parse().map_err(|error| format!("{error}"))?)
}

fn known(context: &MapContext<'_>, code: CurrencyCode) -> Result<Currency, String> {
    if code == CurrencyCode::NONE {
        return Err("the currency of its account is not known here".to_owned());
    }
    context.currencies.get(&code).copied().ok_or_else(|| format!("the currency {code} is not known here"))
}

/// A civil date; older answers have a time behind it.
fn day(text: Option<&str>) -> Option<Date> {
    text?.trim().get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests;
