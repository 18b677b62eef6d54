//! Rows, accounts and instants in the provider's words (fact sheet §5, §8, §9). What is null is left out.

use bankside_domain::Amount;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::download::{Row, Shown};
use super::records::Account;
use crate::Switches;
use crate::banks::{CARD_CODE, Card, Entry, Pending, Zone};

/// An instant of Access.
pub(super) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// An instant of the web form, `yyyy-MM-dd'T'HH:mm:ss.SSSZ`: the last letter is an offset there, or stands for itself.
pub(super) fn form_time(at: Timestamp, switches: &Switches) -> String {
    let zone = if switches.finapi_form_times_end_with_z { "Z" } else { "+0000" };
    format!("{}{zone}", at.strftime("%Y-%m-%dT%H:%M:%S.%3f"))
}

/// An amount as a JSON number, with no more digits than it has.
pub(super) fn number(amount: Amount) -> Value {
    let text = amount.to_decimal_text();
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    serde_json::from_str(if short == "-0" { "0" } else { short }).unwrap_or_default()
}

/// The same without what is null.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// What finAPI calls a kind of account; the others of ISO 20022 have no word here.
fn account_type(card: &Card) -> &'static str {
    match card.cash_account_type.as_str() {
        "SVGS" => "Savings",
        "CARD" => "CreditCard",
        "OTHR" => "Membership",
        _ => "Checking",
    }
}

/// An account. Balance, holder and currency are missing where an IBAN is, so that all that may be missing is met.
pub(super) fn account(
    id: u64,
    connection: u64,
    interface: &str,
    account: &Account,
    card: &Card,
    shown: &Shown,
) -> Value {
    let is_known = card.iban.is_some();
    let status = if shown.has_gap { "UPDATED_FIXED" } else { "UPDATED" };
    let number_text = card.iban.as_deref().map_or(card.number(), |iban| &iban[12..]).trim_start_matches('0');
    without_nulls(json!({
        "id": id, "bankConnectionId": connection, "accountName": card.name, "iban": card.iban,
        "accountNumber": number_text, "accountHolderName": is_known.then_some(&card.owner),
        "accountCurrency": is_known.then(|| card.currency.code.to_string()), "accountType": account_type(card),
        "balance": shown.balance.map(number), "isNew": account.since == shown.read_at, "isSeized": false,
        "interfaces": [{
            "bankingInterface": interface, "status": status, "capabilities": [], "paymentCapabilities": {},
            "lastSuccessfulUpdate": instant(shown.read_at), "lastUpdateAttempt": instant(shown.read_at),
        }],
    }))
}

/// A booked row, or an adjusting entry.
pub(super) fn transaction(account: u64, row: &Row) -> Value {
    let mut value = json!({
        "id": row.id, "accountId": account, "valueDate": row.value_on.to_string(),
        "bankBookingDate": row.booked_on.to_string(), "finapiBookingDate": row.finapi_on.to_string(),
        "amount": number(row.amount), "labels": [], "isPotentialDuplicate": row.is_potential_duplicate,
        "isAdjustingEntry": row.entry.is_none(), "isNew": row.is_new, "importDate": instant(row.imported),
    });
    let more = match &row.entry {
        Some(entry) => told(entry),
        None => json!({ "purpose": "Zwischensaldo" }),
    };
    if let (Some(fields), Value::Object(more)) = (value.as_object_mut(), without_nulls(more)) {
        fields.extend(more);
    }
    value
}

fn told(entry: &Entry) -> Value {
    let is_card = entry.code == CARD_CODE;
    let kind = match (is_card, entry.mandate.is_some(), entry.amount.minor < 0) {
        (true, ..) => ("Kartenzahlung", "106"),
        (_, true, _) => ("Lastschrift", "105"),
        (_, _, true) => ("Überweisung", "116"),
        (_, _, false) => ("Gutschrift", "166"),
    };
    json!({
        // Rows in a currency say it; card payments leave it to the account.
        "currency": (!is_card).then(|| entry.amount.currency.code.to_string()), "purpose": entry.text.join(" "),
        "counterpartName": entry.party.as_ref().map(|party| &party.name),
        "counterpartIban": entry.party.as_ref().and_then(|party| party.iban.as_ref()),
        "counterpartMandateReference": entry.mandate.as_ref().map(|mandate| &mandate.id),
        "counterpartCreditorId": entry.mandate.as_ref().map(|mandate| mandate.creditor),
        "type": kind.0, "typeCodeZka": kind.1, "bankTransactionCode": entry.code,
    })
}

/// A row on its way: other names for the same.
pub(super) fn pending(account: u64, id: u64, row: &Pending, read_at: Timestamp) -> Value {
    without_nulls(json!({
        "id": id, "accountId": account, "importDate": instant(read_at), "valueDate": row.on.to_string(),
        "bankBookingDate": Zone::CentralEurope.date(read_at).to_string(), "amount": number(row.amount),
        "currency": row.amount.currency.code.to_string(), "purpose": row.text, "counterpartyName": row.party,
        "type": "Vorgemerkt",
    }))
}

#[cfg(test)]
mod tests {
    use bankside_domain::Currency;

    use super::*;

    #[test]
    fn numbers_have_no_more_digits_than_they_need() {
        let euro = Currency::iso("EUR").unwrap();
        for (minor, text) in
            [(150_000, "1500"), (350, "3.5"), (-14_241, "-142.41"), (-5, "-0.05"), (0, "0"), (10_000, "100")]
        {
            let written = number(Amount::new(minor, euro)).to_string();
            assert_eq!(written.trim_end_matches(".0"), text);
        }
    }

    #[test]
    fn instants_of_the_form_end_with_an_offset_or_a_letter() {
        let at: Timestamp = "2026-11-20T12:00:00.5Z".parse().unwrap();
        assert_eq!(form_time(at, &Switches::default()), "2026-11-20T12:00:00.500+0000");
        let other = Switches::default().turned("finapi_form_times_end_with_z").unwrap();
        assert_eq!(form_time(at, &other), "2026-11-20T12:00:00.500Z");
        assert_eq!(instant(at), "2026-11-20T12:00:00.500Z");
    }
}
