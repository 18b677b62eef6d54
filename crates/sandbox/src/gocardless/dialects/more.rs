//! More texts in forms of their own: what is left of the list of banks.

use super::super::wire::Ids;
use super::{Row, TEXT, is_card, name, put, put_lines, shop, turn, unname};
use crate::banks::{Entry, Pending, previous_business};

const STRUCTURED: &str = "remittanceInformationStructured";

/// Abanca: who it was, as structured text.
pub(super) fn name_in_text(row: &mut Row, entry: &Entry, _: Ids) {
    put(row, STRUCTURED, name(entry));
    unname(row);
}

/// Banc Sabadell: the kind of payment and the name as lines.
pub(super) fn name_in_lines(row: &mut Row, entry: &Entry, _: Ids) {
    let kind = if is_card(entry) { "COMPRA TARJ. 5454" } else { "TRANSFERENCIA" };
    put_lines(row, &[kind.to_owned(), name(entry).to_owned()]);
    unname(row);
}

/// Bank of Ireland: kind and day in one word before the name, or the kind behind it.
pub(super) fn kind_before_name(row: &mut Row, entry: &Entry, _: Ids) {
    let text = if is_card(entry) {
        format!("POSC{} {}", entry.booked_on.strftime("%d%b").to_string().to_uppercase(), shop(entry))
    } else if entry.mandate.is_some() {
        format!("{} SEPA DD", name(entry))
    } else {
        format!("365 Online {}", name(entry))
    };
    put(row, TEXT, text);
    unname(row);
}

/// Bankinter: semicolons where others write spaces.
pub(super) fn semicolons(row: &mut Row, entry: &Entry, _: Ids) {
    let tag = if is_card(entry) { "/Txt/D|" } else { "" };
    put(row, TEXT, format!("{tag}{};{}", name(entry), entry.text.join(";")));
    unname(row);
    if !is_card(entry) {
        let side = if entry.amount.minor < 0 { "creditorName" } else { "debtorName" };
        put(row, side, name(entry).replace(' ', ";"));
    }
}

/// Boursorama: a line for the kind and the name, and one for the reference, in an order that changes.
pub(super) fn loose_lines(row: &mut Row, entry: &Entry, _: Ids) {
    let first = if is_card(entry) {
        format!("CARTE {} {} 2 CB*5454", entry.booked_on.strftime("%d/%m/%y"), shop(entry))
    } else if entry.mandate.is_some() {
        format!("PRLV SEPA {}", name(entry))
    } else {
        format!("VIR SEPA {}", name(entry))
    };
    let mut lines = vec![first, entry.text.join(" "), format!("Réf : {}", entry.number)];
    if entry.booked_on.day() % 2 == 0 {
        lines.swap(0, 1);
    }
    put_lines(row, &lines);
    unname(row);
}

/// Fortuneo: one line.
pub(super) fn short_kinds(row: &mut Row, entry: &Entry, _: Ids) {
    let line = if is_card(entry) {
        format!("CARTE {} {}", entry.booked_on.strftime("%d/%m"), shop(entry))
    } else if entry.mandate.is_some() {
        format!("PRLV {}", name(entry))
    } else {
        format!("VIR INST {}", name(entry))
    };
    put_lines(row, &[line]);
    unname(row);
}

/// KBC: the name, and behind it what was done.
pub(super) fn name_before_kind(row: &mut Row, entry: &Entry, _: Ids) {
    let kind = if is_card(entry) {
        "Betaling met KBC-Debetkaart"
    } else if entry.mandate.is_some() {
        "Domiciliëring"
    } else {
        "Overschrijving"
    };
    put(row, TEXT, format!("{} {kind} {}", name(entry), entry.booked_on.strftime("%d-%m-%Y")));
    unname(row);
}

/// Danske Bank.
pub(super) fn trailing_reference(row: &mut Row, entry: &Entry, _: Ids) {
    put(row, TEXT, format!("{}\nEndToEndID: NOTPROVIDED", entry.text.join(" ")));
}

/// 1822direkt.
pub(super) fn structured_only(row: &mut Row, entry: &Entry, _: Ids) {
    row.remove(TEXT);
    put(row, STRUCTURED, entry.text.join(" "));
}

/// easybank: the till before the shop, the town behind two strokes.
pub(super) fn structured_till(row: &mut Row, entry: &Entry, _: Ids) {
    row.remove(TEXT);
    let text = if is_card(entry) {
        format!("POS 5454 K002 {}{}\\\\WIEN\\1010", entry.booked_on.strftime("%d.%m. 10:05"), shop(entry))
    } else {
        entry.text.join(" ")
    };
    put(row, STRUCTURED, text);
    if is_card(entry) {
        unname(row);
    }
}

/// isybank: a card was used the business day before.
pub(super) fn used_before(row: &mut Row, entry: &Entry, _: Ids) {
    if is_card(entry) {
        put(row, "valueDate", previous_business(entry.booked_on).to_string());
    }
}

/// Alior Bank.
pub(super) fn card_sentence(row: &mut Row, entry: &Entry, _: Ids) {
    if is_card(entry) {
        put(row, TEXT, format!("Transakcja kartą debetową 5454, {}", name(entry)));
        unname(row);
    }
}

/// BPER: the name between keywords, which ones depends on the kind.
pub(super) fn keyword_sentences(row: &mut Row, entry: &Entry, _: Ids) {
    let text = if is_card(entry) {
        format!("PAGAMENTO SU POS CIRCUITO MASTERCARD {} Operazione carta 5454", shop(entry))
    } else if let Some(mandate) = &entry.mandate {
        format!("ADDEBITO SDD {} N: {}", name(entry), mandate.id)
    } else if entry.amount.minor < 0 {
        format!("BONIFICO {} a favore di {} Num. 12", entry.text.join(" "), name(entry))
    } else {
        format!("BONIFICO o/c: {} ABI-CAB: 99999-99999 {}", name(entry), entry.text.join(" "))
    };
    put(row, TEXT, text);
    unname(row);
}

/// Cetelem.
pub(super) fn turned(row: &mut Row, _: &Entry, _: Ids) {
    turn(row);
}

pub(super) fn turned_pending(row: &mut Row, _: &Pending, _: usize) {
    turn(row);
}

/// Raiffeisen in Austria: twelve letters of the shop, filled up with spaces.
pub(super) fn twelve_letters(row: &mut Row, entry: &Entry, _: Ids) {
    row.remove(TEXT);
    if is_card(entry) {
        let letters: String = shop(entry).chars().take(12).collect();
        put(row, STRUCTURED, format!("{letters:<12} 5454 {}", entry.booked_on.strftime("%d.%m. 10:05")));
        unname(row);
    } else {
        put(row, STRUCTURED, name(entry));
        put(row, "endToEndId", entry.text.join(" "));
    }
}

/// The Co-operative Bank.
pub(super) fn labelled_lines(row: &mut Row, entry: &Entry, _: Ids) {
    put_lines(
        row,
        &[
            format!("CustRef: {}", name(entry)),
            format!("BankRef: {}", entry.number),
            format!("AddInfo: {}", entry.text.join(" ")),
        ],
    );
    unname(row);
}
