//! Mapping: from a raw row to ours. Pure and re-runnable on stored rows. Source: sections 3 and 6 of the fact sheet.
//!
//! Days are moments in UTC, whatever the zone of the bank is.

use bankside_domain::row::{Counterparty, MappedRow, Row, RowId, RowIdKind, RowStatus};
use bankside_domain::text::tidy;
use bankside_domain::{Amount, CurrencyCode};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::wire::Transaction;
use crate::entities::plain;
use crate::fetch::{MapContext, RawRow};

/// Reads one row.
pub(super) fn row(context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
    let read = serde_json::from_slice::<Transaction>(&raw.bytes).map_err(|_| "it is no transaction".to_owned());
    match read.and_then(|wire| self::read(context, raw.status, &wire)) {
        Ok(row) => MappedRow::Readable(Box::new(row)),
        Err(why) => MappedRow::Unreadable { why },
    }
}

/// How far the bank has got with a row that arrives, and its day.
pub(super) fn arriving(bytes: &[u8]) -> (RowStatus, Option<Date>) {
    let Ok(wire) = serde_json::from_slice::<Transaction>(bytes) else { return (RowStatus::Booked, None) };
    let status = if wire.is_pending() { RowStatus::Pending } else { RowStatus::Booked };
    (status, day(posted(&wire)).or(day(moment(wire.transacted_at))))
}

fn read(context: &MapContext<'_>, status: RowStatus, wire: &Transaction) -> Result<Row, String> {
    let code = context.account.currency;
    if code == CurrencyCode::NONE {
        return Err("the currency of its account is not known here".to_owned());
    }
    let currency = context.currencies.get(&code).copied();
    let currency = currency.ok_or_else(|| format!("the currency {code} is not known here"))?;
    let text = wire.amount.as_ref().ok_or("it has no amount")?.0.trim();
    let amount = Amount::parse(text, currency).map_err(|error| error.to_string())?;
    let (posted, transacted) = (posted(wire), moment(wire.transacted_at));
    if posted.or(transacted).is_none() {
        return Err("it has no date".to_owned());
    }
    // A pending row that names a moment of posting means the one at which it was made.
    let is_booked = status == RowStatus::Booked;
    Ok(Row {
        status,
        ids: wire
            .id
            .iter()
            .filter(|id| !id.trim().is_empty())
            .map(|id| RowId { kind: RowIdKind::Provider, value: id.clone() })
            .collect(),
        booked_on: day(posted).filter(|_| is_booked),
        value_on: None,
        transacted_on: day(transacted).or(day(posted).filter(|_| !is_booked)),
        dated_on: None,
        happened_at: [transacted, posted].into_iter().flatten().find(|at| is_moment(*at)),
        amount,
        counterparty: Counterparty { name: wire.payee.as_deref().and_then(shown), account: None },
        remittance: remittance(wire),
        balance_after: None,
        original_amount: None,
        instalment: None,
        bill: None,
        end_to_end: None,
        is_placeholder: false,
        creditor: None,
        provider_category: wire.filed_under(),
    })
}

/// When it was posted; a zero says that it was not.
fn posted(wire: &Transaction) -> Option<Timestamp> {
    moment(wire.posted)
}

fn moment(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.filter(|seconds| *seconds != 0).and_then(|seconds| Timestamp::from_second(seconds).ok())
}

fn day(at: Option<Timestamp>) -> Option<Date> {
    at.map(|at| at.to_zoned(TimeZone::UTC).date())
}

/// Whether it is more than a day: midnight and noon are put there by computers.
fn is_moment(at: Timestamp) -> bool {
    let time = at.to_zoned(TimeZone::UTC).time();
    time != Time::midnight() && time != Time::constant(12, 0, 0, 0)
}

/// Description and memo, each only where it says more than the other.
fn remittance(wire: &Transaction) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for text in [&wire.description, &wire.memo].into_iter().flatten().filter_map(|text| shown(text)) {
        if parts.iter().all(|part| !part.to_lowercase().contains(&text.to_lowercase())) {
            parts.push(text);
        }
    }
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn shown(text: &str) -> Option<String> {
    tidy(&plain(text))
}

#[cfg(test)]
mod tests;
