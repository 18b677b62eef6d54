//! Mapping: from a raw row to ours. Pure and re-runnable on stored rows. Source: sections 5 and 7 of the fact sheet.

use bankside_domain::row::{Counterparty, MappedRow, ProviderCategory, Row, RowId, RowIdKind};
use bankside_domain::text::tidy;
use bankside_domain::{Amount, CurrencyCode};

use super::accounts::{Money, dollar_of, money};
use super::institutions::country_of;
use super::json::Object;
use super::wire::{self, TransactionRow};
use crate::entities::decoded;
use crate::fetch::{MapContext, RawRow};

/// Reads one row.
pub(super) fn row(context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
    let read = Object::read(&raw.bytes).ok_or_else(|| "it is no transaction".to_owned());
    match read.and_then(|object| self::read(context, raw, &TransactionRow::read(&object))) {
        Ok(row) => MappedRow::Readable(Box::new(row)),
        Err(why) => MappedRow::Unreadable { why },
    }
}

fn read(context: &MapContext<'_>, raw: &RawRow, wire: &TransactionRow) -> Result<Row, String> {
    let currency = currency(context, wire)?;
    let parse = |text: &str| Amount::parse(text, currency).map_err(|error| error.to_string());
    let amount = signed(parse(wire.amount.as_deref().ok_or("it has no amount")?)?, wire.is_out)?;
    let (booked_on, transacted_on) = wire.days(context.time_zone);
    if booked_on.or(transacted_on).is_none() {
        return Err("it has no date".to_owned());
    }
    let instants = [&wire.transacted, &wire.posted].into_iter().flatten();
    let mut instants = instants.filter(|text| !wire::is_midnight(text)).filter_map(|text| wire::instant(text));
    Ok(Row {
        status: raw.status,
        ids: wire.id.iter().map(|id| RowId { kind: RowIdKind::Provider, value: id.clone() }).collect(),
        booked_on,
        value_on: None,
        transacted_on,
        dated_on: None,
        happened_at: instants.next(),
        amount,
        // What it was is left to the rules of texts where no merchant was recognised.
        counterparty: Counterparty { name: wire.merchant.as_deref().and_then(plain), account: None },
        remittance: remittance(wire),
        balance_after: wire.balance.as_deref().and_then(|text| parse(text).ok()),
        original_amount: None,
        instalment: None,
        bill: None,
        end_to_end: None,
        is_placeholder: false,
        creditor: None,
        provider_category: wire
            .category
            .as_deref()
            .and_then(|name| ProviderCategory::of_provider("sophtron", name, None)),
    })
}

/// Where the row says which way the money went that holds, whatever the sign; otherwise the sign does, and out is negative.
fn signed(amount: Amount, is_out: Option<bool>) -> Result<Amount, String> {
    match is_out {
        Some(is_out) if (amount.minor > 0) == is_out => amount.checked_neg().map_err(|error| error.to_string()),
        _ => Ok(amount),
    }
}

/// The currency of a row: its own where it names one, otherwise that of its account.
fn currency(context: &MapContext<'_>, wire: &TransactionRow) -> Result<bankside_domain::Currency, String> {
    let own = Some(context.account.currency).filter(|code| *code != CurrencyCode::NONE);
    let code = match money(wire.currency.as_deref(), own.or_else(|| dollar_of(country_of(context.institution_key)))) {
        Money::Of(code) => code,
        Money::Dollars => return Err("it does not say of which country its dollars are".to_owned()),
        Money::Unknown => {
            let sign: String = wire.currency.iter().flat_map(|text| text.chars()).take(12).collect();
            return Err(format!("“{sign}” is no currency that is known here"));
        }
    };
    context.currencies.get(&code).copied().ok_or_else(|| format!("the currency {code} is not known here"))
}

/// Description and memo, and the number of a cheque where neither holds it.
fn remittance(wire: &TransactionRow) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for text in [&wire.description, &wire.memo].into_iter().flatten() {
        match plain(text) {
            Some(text) if parts.iter().all(|part| !part.contains(&text)) => parts.push(text),
            _ => {}
        }
    }
    if let Some(number) = wire.check_number.as_deref().and_then(plain)
        && parts.iter().all(|part| !part.contains(&number))
    {
        parts.push(format!("Check {number}"));
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn plain(text: &str) -> Option<String> {
    tidy(&decoded(text))
}

#[cfg(test)]
mod tests;
