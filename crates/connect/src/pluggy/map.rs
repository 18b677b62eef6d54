//! Mapping: from a raw row to ours. Pure and re-runnable on stored rows.
//!
//! Source: sections 0, 6 and 11 of the fact sheet.

use bankside_domain::account::AccountKind;
use bankside_domain::row::{Counterparty, Instalment, MappedRow, ProviderCategory, Row, RowId, RowIdKind, RowStatus};
use bankside_domain::text::{fold, tidy};
use bankside_domain::{Amount, Currency, CurrencyCode};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::instalment;
use super::wire::{CardMetadata, Party, Transaction};
use crate::fetch::{MapContext, RawRow};
use crate::lenient::Decimal;

/// Reads one row.
pub(super) fn row(context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
    let Ok(wire) = serde_json::from_slice::<Transaction>(&raw.bytes) else {
        return MappedRow::Unreadable { why: "it is no transaction".to_owned() };
    };
    read(context, raw.status, &wire)
        .map_or_else(|why| MappedRow::Unreadable { why }, |row| MappedRow::Readable(Box::new(row)))
}

/// What has to be known of a row when it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arriving {
    /// How far the bank has got with it.
    pub(super) status: RowStatus,
    /// Its day.
    pub(super) day: Option<Date>,
    /// When Pluggy made it or last changed it.
    pub(super) changed_at: Option<Timestamp>,
}

/// Looks at a row that arrives.
///
/// Rows of a card that are dated in the future are instalments of bills to come, which some banks call posted and
/// others pending (fact sheet §6): they are announced, and stay out of the books until their day. On a bank account
/// only a pending row of the future is; a posted one has been booked for its day, and the balance contains it.
pub(super) fn arriving(bytes: &[u8], today: Date, time_zone: &TimeZone) -> Arriving {
    let Ok(wire) = serde_json::from_slice::<Transaction>(bytes) else {
        return Arriving { status: RowStatus::Booked, day: None, changed_at: None };
    };
    let day = wire.date.as_deref().and_then(|text| day(time_zone, text));
    let is_pending = wire.status.as_deref() == Some("PENDING");
    let is_to_come = day.is_some_and(|day| day > today);
    let status = match (is_pending, is_to_come && (is_pending || is_of_card(&wire))) {
        (_, true) => RowStatus::Scheduled,
        (true, false) => RowStatus::Pending,
        // A status that is missing means posted (fact sheet §6).
        (false, false) => RowStatus::Booked,
    };
    Arriving { status, day, changed_at: wire.created_at.max(wire.updated_at) }
}

/// Whether a row shows by itself that it is one of a card: by its data, or by a sign that is the other way round than
/// its direction (fact sheet §6).
fn is_of_card(wire: &Transaction) -> bool {
    let is_negative = wire.amount.as_ref().is_some_and(|amount| amount.0.trim().starts_with('-'));
    wire.credit_card_metadata.is_some()
        || match wire.direction.as_deref() {
            Some("DEBIT") => !is_negative,
            Some("CREDIT") => is_negative,
            _ => false,
        }
}

fn read(context: &MapContext<'_>, status: RowStatus, wire: &Transaction) -> Result<Row, String> {
    let is_card = context.account.kind == AccountKind::CreditCard;
    let date = wire.date.as_deref();
    let day = date.and_then(|text| day(context.time_zone, text)).ok_or("it has no date")?;
    let (amount, original_amount) = amounts(context, wire, is_card)?;
    let card = wire.credit_card_metadata.as_ref();
    let purchased_on = card.and_then(|card| self::day(context.time_zone, card.purchase_date.as_deref()?));
    let is_booked = status == RowStatus::Booked;
    // `providerCode` is left out: no document says that it tells one row from another.
    let ids = [(RowIdKind::Provider, &wire.id), (RowIdKind::Bank, &wire.provider_id)];
    let id = |(kind, value): (RowIdKind, &Option<String>)| {
        let value = value.as_deref().map(str::trim).filter(|value| !value.is_empty())?;
        Some(RowId { kind, value: value.to_owned() })
    };
    Ok(Row {
        status,
        ids: ids.into_iter().filter_map(id).collect(),
        booked_on: is_booked.then_some(day),
        value_on: None,
        transacted_on: purchased_on,
        // Until a row is booked its date orders it all the same, also before the day of the purchase.
        dated_on: (!is_booked).then_some(day),
        happened_at: date.and_then(instant),
        amount,
        counterparty: counterparty(wire, amount.minor < 0),
        remittance: remittance(wire),
        // On cards a balance is a filler.
        balance_after: wire
            .balance
            .as_ref()
            .filter(|_| !is_card)
            .and_then(|text| Amount::parse(&text.0, amount.currency).ok()),
        original_amount,
        instalment: instalment_of(wire, card, is_card),
        bill: card.and_then(|card| card.bill_id.as_deref().and_then(tidy)),
        end_to_end: None,
        is_placeholder: false,
        creditor: None,
        provider_category: filed(wire),
    })
}

/// The amount in the account's currency, and the one of the purchase where that is another currency.
fn amounts(context: &MapContext<'_>, wire: &Transaction, is_card: bool) -> Result<(Amount, Option<Amount>), String> {
    let stated: Option<CurrencyCode> = match wire.currency_code.as_deref() {
        Some(code) => Some(code.parse().map_err(|error| format!("{error}"))?),
        None => None,
    };
    // Where nobody knows the account's currency, what a row states is all there is.
    let known = Some(context.account.currency).filter(|code| *code != CurrencyCode::NONE);
    let own =
        known.or(stated.filter(|_| wire.amount_in_account_currency.is_none())).ok_or("its currency is not known")?;
    let currency = currency(context, own)?;
    let is_foreign = stated.is_some_and(|code| code != own);
    let text = wire.amount_in_account_currency.as_ref().or(wire.amount.as_ref()).ok_or("it has no amount")?;
    if is_foreign && wire.amount_in_account_currency.is_none() {
        let stated = stated.map(|code| code.to_string()).unwrap_or_default();
        return Err(format!("it is in {stated}, and what that is in {own} is not said"));
    }
    let direction = wire.direction.as_deref();
    let amount = signed(Amount::parse(&text.0, currency), direction, is_card)?;
    let original = |text: &Decimal| {
        let currency = self::currency(context, stated?).ok()?;
        signed(Amount::parse(&text.0, currency), direction, is_card).ok()
    };
    Ok((amount, wire.amount.as_ref().filter(|_| is_foreign).and_then(original)))
}

fn currency(context: &MapContext<'_>, code: CurrencyCode) -> Result<Currency, String> {
    context.currencies.get(&code).copied().ok_or_else(|| format!("the currency {code} is not known here"))
}

/// The sign as the owner sees it: by the direction, which is the holder's on every kind of account; where it is
/// missing by the amount's own sign, which cards have the other way round (fact sheet §0.3 and §6).
fn signed(
    amount: Result<Amount, bankside_domain::AmountError>,
    direction: Option<&str>,
    is_card: bool,
) -> Result<Amount, String> {
    let turned = |amount: Amount| amount.checked_neg().map_err(|error| error.to_string());
    let amount = amount.map_err(|error| error.to_string())?;
    match (direction, amount.minor < 0) {
        (Some("DEBIT"), false) | (Some("CREDIT"), true) => turned(amount),
        (Some("DEBIT" | "CREDIT"), _) => Ok(amount),
        _ if is_card => turned(amount),
        _ => Ok(amount),
    }
}

/// What Pluggy files a row under.
fn filed(wire: &Transaction) -> Option<ProviderCategory> {
    let own = wire.category_id.as_deref().or(wire.category.as_deref())?;
    ProviderCategory::of_provider("pluggy", own, wire.category.as_deref())
}

/// The shop; else the other side of the payment, by its name or by its tax number (fact sheet §11). The holder is on
/// one side of every payment and is never shown.
fn counterparty(wire: &Transaction, is_out: bool) -> Counterparty {
    let payment = wire.payment_data.as_ref();
    let other = payment.and_then(|payment| if is_out { payment.receiver.as_ref() } else { payment.payer.as_ref() });
    let merchant = wire.merchant.as_ref();
    let names = [
        merchant.and_then(|merchant| merchant.name.as_deref()),
        merchant.and_then(|merchant| merchant.business_name.as_deref()),
        other.and_then(|other| other.name.as_deref()),
        other.and_then(|other| other.document_number.as_ref()?.value.as_deref()),
    ];
    Counterparty { name: names.into_iter().flatten().find_map(tidy), account: other.and_then(number) }
}

/// An account number in the form of a `transferNumber`: bank, branch and account.
fn number(party: &Party) -> Option<String> {
    let account = party.account_number.as_deref().and_then(tidy)?;
    let parts = [&party.routing_number, &party.branch_number].into_iter().flatten().filter_map(|part| tidy(part));
    Some(parts.chain([account]).collect::<Vec<_>>().join("/"))
}

/// The bank's own words, then Pluggy's, then the reason of the payment, each only where it says more than the others.
fn remittance(wire: &Transaction) -> Option<String> {
    let reason = wire.payment_data.as_ref().and_then(|payment| payment.reason.as_deref());
    let texts = [wire.description_raw.as_deref(), wire.description.as_deref(), reason];
    let mut said: Vec<String> = Vec::new();
    for text in texts.into_iter().flatten().filter_map(tidy) {
        if said.iter().any(|other| says(other, &text)) {
            continue;
        }
        said.retain(|other| !says(&text, other));
        said.push(text);
    }
    (!said.is_empty()).then(|| said.join(" · "))
}

/// Whether a text holds another, or at least all of its words.
fn says(text: &str, other: &str) -> bool {
    let (text, other) = (fold(text), fold(other));
    let words: Vec<&str> = text.split(' ').collect();
    text.contains(&other) || other.split(' ').all(|word| words.contains(&word))
}

fn instalment_of(wire: &Transaction, card: Option<&CardMetadata>, is_card: bool) -> Option<Instalment> {
    let part = |number: Option<i64>| number.and_then(|number| u16::try_from(number).ok());
    let stated = card.and_then(|card| Instalment::new(part(card.installment_number)?, part(card.total_installments)?));
    let texts = [&wire.description_raw, &wire.description];
    stated.or_else(|| texts.into_iter().flatten().filter(|_| is_card).find_map(|text| instalment::in_text(text)))
}

fn instant(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

/// An instant becomes a day in the institution's zone: midnight in São Paulo is three in the morning UTC, and what
/// comes before that is the day before (fact sheet §0.5). Without an offset it is a date or a wall clock at the bank.
pub(super) fn day(time_zone: &TimeZone, text: &str) -> Option<Date> {
    match instant(text) {
        Some(instant) => Some(instant.to_zoned(time_zone.clone()).date()),
        None => text.trim().get(..10)?.parse().ok(),
    }
}

#[cfg(test)]
mod tests;
