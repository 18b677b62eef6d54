//! Mapping: from a raw row to ours. Pure and re-runnable on stored rows. Source: section 5 of the fact sheet.

use bankside_domain::row::{Counterparty, MappedRow, ProviderCategory, Row, RowId, RowIdKind, RowStatus};
use bankside_domain::text::tidy;
use bankside_domain::{Amount, Currency, CurrencyCode};
use jiff::civil::Date;

use super::wire::{AccountId, Money, Party, Transaction};
use crate::fetch::{MapContext, RawRow};
use crate::words::says_something;

mod texts;

/// Reads one row.
pub(super) fn row(context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
    let read = serde_json::from_slice::<Transaction>(&raw.bytes).map_err(|_| "it has no amount".to_owned());
    match read.and_then(|wire| self::read(context, raw.status, &wire)) {
        Ok(row) => MappedRow::Readable(Box::new(row)),
        Err(why) => MappedRow::Unreadable { why },
    }
}

/// How far the bank has got with a row that arrives, and its day.
pub(super) fn arriving(bytes: &[u8]) -> (RowStatus, Option<Date>) {
    let Ok(wire) = serde_json::from_slice::<Transaction>(bytes) else { return (RowStatus::Booked, None) };
    let dates = [&wire.booking_date, &wire.value_date, &wire.transaction_date];
    (status(&wire), dates.into_iter().find_map(|text| day(text.as_deref())))
}

/// What the statuses mean. One that says nothing, or that nobody knows, goes by whether there is a day of booking.
fn status(wire: &Transaction) -> RowStatus {
    match wire.status.as_deref().map(str::to_ascii_uppercase).as_deref() {
        Some("BOOK") => RowStatus::Booked,
        Some("PDNG" | "HOLD") => RowStatus::Pending,
        Some("SCHD") => RowStatus::Scheduled,
        Some("CNCL" | "RJCT") => RowStatus::Declined,
        _ if day(wire.booking_date.as_deref()).is_some() => RowStatus::Booked,
        _ => RowStatus::Pending,
    }
}

fn read(context: &MapContext<'_>, status: RowStatus, wire: &Transaction) -> Result<Row, String> {
    let amount = amount(context, wire)?;
    let currency = amount.currency;
    let is_out = amount.minor < 0;
    // The holder is on one side of every row; the other side is the counterparty.
    let (party, account) =
        if is_out { (&wire.creditor, &wire.creditor_account) } else { (&wire.debtor, &wire.debtor_account) };
    let told = texts::told(context.institution_key, wire, party.as_ref().and_then(named).as_deref());
    Ok(Row {
        status,
        ids: ids(wire),
        booked_on: day(wire.booking_date.as_deref()),
        value_on: day(wire.value_date.as_deref()),
        transacted_on: day(wire.transaction_date.as_deref()),
        dated_on: None,
        happened_at: None,
        amount,
        counterparty: Counterparty { name: told.name, account: account.as_ref().and_then(number) },
        remittance: told.remittance,
        balance_after: wire
            .balance_after_transaction
            .as_ref()
            .and_then(|money| parsed(context, money, Some(currency)).ok()),
        original_amount: wire
            .exchange_rate
            .as_ref()
            .and_then(|exchange| exchange.instructed_amount.as_ref())
            .and_then(|money| parsed(context, money, None).ok())
            .filter(|original| original.currency.code != currency.code),
        instalment: None,
        bill: None,
        end_to_end: None,
        is_placeholder: false,
        creditor: None,
        provider_category: wire.merchant_category_code.as_deref().and_then(ProviderCategory::merchant),
    })
}

/// The amount without its sign, and the sign of the indicator: some banks send both. Without an indicator the sign is what there is.
fn amount(context: &MapContext<'_>, wire: &Transaction) -> Result<Amount, String> {
    let own = context.currencies.get(&context.account.currency).filter(|own| own.code != CurrencyCode::NONE).copied();
    let read = parsed(context, &wire.transaction_amount, own)?;
    let minor = match wire.credit_debit_indicator.as_deref().map(str::to_ascii_uppercase).as_deref() {
        Some("DBIT") => -read.minor.saturating_abs(),
        Some("CRDT") => read.minor.saturating_abs(),
        _ => read.minor,
    };
    Ok(Amount::new(minor, read.currency))
}

/// Money, in its own currency or else in the one that is meant where it has none.
fn parsed(context: &MapContext<'_>, money: &Money, meant: Option<Currency>) -> Result<Amount, String> {
    let currency = match money.currency.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
        Some(code) => {
            let code: CurrencyCode = code.parse().map_err(|error| format!("{error}"))?;
            *context.currencies.get(&code).ok_or_else(|| format!("the currency {code} is not known here"))?
        }
        None => meant.ok_or("it has no currency")?,
    };
    Amount::parse(money.amount.0.trim(), currency).map_err(|error| error.to_string())
}

/// The ids that say something. The one for details may be another in each session; the reference is the bank's, or one that the provider
/// has made up.
fn ids(wire: &Transaction) -> Vec<RowId> {
    let ids = [(RowIdKind::Bank, &wire.transaction_id), (RowIdKind::Reference, &wire.entry_reference)];
    let id = |(kind, value): (RowIdKind, &Option<String>)| {
        let value = value.as_deref()?.trim();
        (says_something(value) && !is_placeholder(value) && !is_place_in_day(value))
            .then(|| RowId { kind, value: value.to_owned() })
    };
    ids.into_iter().filter_map(id).collect()
}

/// What banks write where they have no id: a zero, or several.
fn is_placeholder(id: &str) -> bool {
    id.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'.' | b' '))
}

/// A day and a number in it: such ids are given anew when a row comes late, and then name another row.
fn is_place_in_day(id: &str) -> bool {
    let Some((day, number)) = id.get(..10).zip(id.get(10..)) else { return false };
    let number = number.strip_prefix('-').unwrap_or_default();
    day.parse::<Date>().is_ok() && !number.is_empty() && number.len() <= 4 && number.bytes().all(|b| b.is_ascii_digit())
}

/// A party's name, which some banks put into the first line of its address.
fn named(party: &Party) -> Option<String> {
    let name = party.name.as_deref().filter(|name| says_something(name)).and_then(tidy);
    let line = || party.postal_address.as_ref()?.address_line.as_ref()?.first().and_then(|line| tidy(line));
    name.or_else(line)
}

fn number(account: &AccountId) -> Option<String> {
    let other = account.other.as_ref().map(|other| other.identification.as_str());
    [account.iban.as_deref(), other].into_iter().flatten().find_map(tidy)
}

fn day(text: Option<&str>) -> Option<Date> {
    text?.trim().get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests;
