//! Texts in other fields than the documented one, and in forms of their own.

use serde_json::json;

use super::super::wire::Ids;
use super::{LINES, Row, TEXT, is_card, name, pending_name, put, put_lines, shop, unname};
use crate::banks::{Entry, Pending};

/// Lockside: no ids of the bank's, text as lines.
pub(super) fn terse(row: &mut Row, entry: &Entry, _: Ids) {
    row.remove("transactionId");
    row.remove("entryReference");
    put_lines(row, &entry.text);
}

/// ABN AMRO: the shop of a card payment in the second of four lines, names with transfers only, instants beside days.
pub(super) fn till_lines(row: &mut Row, entry: &Entry, _: Ids) {
    put(row, "valueDateTime", format!("{}T10:24:00.000Z", entry.value_on));
    if is_card(entry) {
        let moment = entry.booked_on.strftime("%d.%m.%y/10:24");
        let till = format!("NR:7HQ21Z, {moment}");
        put_lines(
            row,
            &["BEA, Betaalpas".to_owned(), format!("CCV*{},PAS042", name(entry)), till, "UTRECHT".to_owned()],
        );
        unname(row);
    } else {
        let mut lines = vec!["SEPA Overboeking".to_owned(), format!("Naam: {}", name(entry))];
        lines.extend(entry.text.iter().map(|line| format!("Omschrijving: {line}")));
        put_lines(row, &lines);
    }
}

pub(super) fn till_lines_pending(row: &mut Row, pending: &Pending, _: usize) {
    put_lines(row, &["BEA, Betaalpas".to_owned(), format!("{},PAS042", pending_name(pending))]);
    unname(row);
}

/// BNP Paribas Fortis: what happened to a card in keys and values.
pub(super) fn key_values(row: &mut Row, entry: &Entry, _: Ids) {
    let details = if is_card(entry) {
        format!("atmPosName: '{}', narrative: ['CARD 5454', 'GENT'], bankRef: {}", shop(entry), entry.number)
    } else {
        format!("narrative: ['{}', '{}'], bankRef: {}", name(entry), entry.text.join("', '"), entry.number)
    };
    put(row, "additionalInformation", details);
    row.remove(TEXT);
    unname(row);
}

/// ING Germany: parts of a SEPA text behind their labels.
pub(super) fn labelled(row: &mut Row, entry: &Entry, _: Ids) {
    let mandate = entry.mandate.as_ref();
    let labels = mandate.map(|mandate| format!("mandatereference:{},creditorid:{},", mandate.id, mandate.creditor));
    put(row, TEXT, format!("{}remittanceinformation:{}", labels.unwrap_or_default(), entry.text.join(" ")));
}

/// Commerzbank: lines of 27 characters, whatever they cut.
pub(super) fn broken_lines(row: &mut Row, entry: &Entry, _: Ids) {
    let reference = "End-to-End-Ref.: NOTPROVIDED";
    let text = match &entry.mandate {
        Some(mandate) => format!(
            "{} {} {reference} Mandatsref: {} Gläubiger-ID: {} SEPA-BASISLASTSCHRIFT wiederholend",
            name(entry),
            entry.text.join(" "),
            mandate.id,
            mandate.creditor
        ),
        None if is_card(entry) => format!("{}//Berlin/DE {} Kartenzahlung", shop(entry), entry.booked_on),
        None => format!("{} {} {reference} Dauerauftrag", name(entry), entry.text.join(" ")),
    };
    let characters: Vec<char> = text.chars().collect();
    put_lines(row, &characters.chunks(27).map(String::from_iter).collect::<Vec<_>>());
}

/// German savings banks: structured lines and an additional text; a payment service stands before the shop.
pub(super) fn structured(row: &mut Row, entry: &Entry, _: Ids) {
    row.remove(TEXT);
    put(row, "remittanceInformationStructuredArray", entry.text.clone());
    put(row, "additionalInformation", if is_card(entry) { "Kartenzahlung" } else { "Überweisung" });
    if is_card(entry) {
        put(row, "ultimateCreditor", name(entry));
        put(row, "creditorName", "Paywerk Service");
    }
}

pub(super) fn structured_pending(row: &mut Row, pending: &Pending, _: usize) {
    row.remove(TEXT);
    put(row, "remittanceInformationStructured", pending.text.as_str());
}

/// Entercard: rows in the shop's currency, what was charged in the text.
pub(super) fn billing_amount(row: &mut Row, entry: &Entry, _: Ids) {
    if is_card(entry) {
        let charged = row.get("transactionAmount").map(|amount| amount["amount"].clone()).unwrap_or_default();
        put(row, TEXT, format!("billingAmount: {}", charged.as_str().unwrap_or_default()));
        let cents = entry.amount.minor / 11;
        let sign = if cents < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100);
        put(row, "transactionAmount", json!({ "amount": text, "currency": "EUR" }));
    }
}

pub(super) fn billing_amount_pending(row: &mut Row, _: &Pending, _: usize) {
    let charged = row.get("transactionAmount").map(|amount| amount["amount"].clone()).unwrap_or_default();
    put(row, TEXT, format!("billingAmount: {}", charged.as_str().unwrap_or_default()));
}

/// Bank Norwegian: the first pending row has its day in a structured text, the others have none.
pub(super) fn undated(row: &mut Row, pending: &Pending, index: usize) {
    row.remove("valueDate");
    if index == 0 {
        put(row, "remittanceInformationStructured", format!("Visa {} Reserved", pending.on));
    }
}

/// Virgin Money: kind, name and reason.
pub(super) fn commas(row: &mut Row, entry: &Entry, _: Ids) {
    let text = if is_card(entry) {
        format!("Card 54, {}, LONDON", shop(entry))
    } else {
        format!("FPS, {}, {}", name(entry), entry.text.join(" "))
    };
    put(row, TEXT, text);
    unname(row);
}

pub(super) fn commas_pending(row: &mut Row, pending: &Pending, _: usize) {
    put(row, TEXT, format!("Card 54, {}", pending_name(pending)));
    unname(row);
}

/// Spar Nord: everything beside the text.
pub(super) fn additional(row: &mut Row, entry: &Entry, _: Ids) {
    row.remove(TEXT);
    put(row, "additionalInformation", format!("{} {}", name(entry), entry.text.join(" ")));
    unname(row);
}

pub(super) fn additional_pending(row: &mut Row, pending: &Pending, _: usize) {
    row.remove(TEXT);
    put(row, "additionalInformation", pending.text.as_str());
    unname(row);
}

/// HYPE: sentences with the name in them, and what is no letter of ASCII as escapes.
pub(super) fn escapes(row: &mut Row, entry: &Entry, _: Ids) {
    let (kind, text) = if is_card(entry) {
        ("crd", format!("PAGAMENTO PRESSO {}", shop(entry)))
    } else if entry.amount.minor < 0 {
        ("bon", format!("HAI INVIATO UN BONIFICO A {} - {}", name(entry), entry.text.join(" ")))
    } else {
        ("p2p", format!("DENARO RICEVUTO DA {} - {}", name(entry), escaped("Perché no? 🎉")))
    };
    put(row, TEXT, text);
    put(row, "proprietaryBankTransactionCode", kind);
    unname(row);
}

pub(super) fn escapes_pending(row: &mut Row, pending: &Pending, _: usize) {
    put(row, TEXT, format!("PAGAMENTO PRESSO {}", pending_name(pending).to_uppercase()));
    put(row, "proprietaryBankTransactionCode", "crd");
    unname(row);
}

/// Units of UTF-16 behind `\U`.
fn escaped(text: &str) -> String {
    let unit = |unit: u16| match u8::try_from(unit) {
        Ok(letter) if letter.is_ascii() => char::from(letter).to_string(),
        _ => format!("\\U{unit:04x}"),
    };
    text.encode_utf16().map(unit).collect()
}

/// Swedbank Latvia: the day on which the card was used.
pub(super) fn day_in_text(row: &mut Row, entry: &Entry, _: Ids) {
    if is_card(entry) {
        let used_on = crate::banks::previous_business(entry.booked_on).strftime("%d.%m.%Y");
        let charged = entry.amount.minor.abs();
        let amount = format!("{}.{:02}", charged / 100, charged % 100);
        put(row, TEXT, format!("PIRKUMS 545454******5454 {used_on} {amount} EUR (220033) {}", shop(entry)));
    }
}

pub(super) fn day_in_text_pending(row: &mut Row, pending: &Pending, _: usize) {
    let moment = pending.on.strftime("%d.%m.%y 14:25");
    let charged = pending.amount.minor.abs();
    let amount = format!("{}.{:02}", charged / 100, charged % 100);
    let shop = pending_name(pending).to_uppercase();
    put(row, TEXT, format!("PIRKUMS 545454******5454 {moment} {amount} EUR (220033) {shop}"));
    unname(row);
}

/// LHV: card, moment, shop, street and town.
pub(super) fn place_in_text(row: &mut Row, entry: &Entry, _: Ids) {
    if is_card(entry) {
        let used_on = crate::banks::previous_business(entry.booked_on);
        put(row, TEXT, format!("(..5454) {used_on} 10:05 {}\\Sadama 3\\Tallinn", name(entry)));
        unname(row);
        row.remove(LINES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_units_of_utf_16() {
        assert_eq!(escaped("né 🎉"), r"n\U00e9 \Ud83c\Udf89");
    }
}
