//! Bank data in the provider's words (fact sheet §5).

use bankside_domain::Amount;
use data_encoding::HEXLOWER;
use jiff::civil::Date;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::banks::{Bank, Ids};
use super::records::Account;
use crate::Switches;
use crate::banks::{BalanceKind, Card, Entry, Party, Pending, Stated, Statement};

/// Whose rows are written.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) bank: &'static Bank,
    pub(super) uid: Uuid,
    pub(super) switches: &'a Switches,
}

fn hash(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

/// The hashes by which an account is known in every session, the main one first (fact sheet §4).
pub(super) fn identification_hashes(card: &Card) -> Vec<String> {
    let numbers = [card.iban.as_deref(), card.masked_pan.as_deref(), card.scan.as_deref()];
    let hash_of = |number: &str| hash(&format!("{number}|{}", card.currency.code));
    numbers.into_iter().flatten().map(hash_of).collect()
}

/// An account.
pub(super) fn account(bank: &Bank, account: &Account) -> Value {
    let card = &account.card;
    let hashes = identification_hashes(card);
    let identification = |scheme: &str, number: &str| json!({ "identification": number, "scheme_name": scheme });
    let schemes = [("IBAN", &card.iban), ("CPAN", &card.masked_pan), ("BBAN", &card.scan)];
    let all: Vec<Value> =
        schemes.iter().filter_map(|(scheme, number)| Some(identification(scheme, number.as_deref()?))).collect();
    let main = match (&card.iban, all.first()) {
        (Some(iban), _) => json!({ "iban": iban }),
        (None, Some(other)) => json!({ "other": other }),
        (None, None) => json!({}),
    };
    let mut row = json!({
        "account_id": main, "all_account_ids": all, "account_servicer": { "bic_fi": bank.bic(), "name": bank.name() },
        "name": card.owner, "details": card.name, "usage": "PRIV", "cash_account_type": card.cash_account_type,
        "product": card.product, "currency": card.currency.code.as_str(), "psu_status": "Account Holder",
        "identification_hash": hashes.first(), "identification_hashes": hashes,
    });
    // An account that is closed or blocked has none (fact sheet §5).
    if !account.is_blocked {
        row["uid"] = account.uid.to_string().into();
    }
    row
}

/// The balances, in the bank's order.
pub(super) fn balances(statement: &Statement) -> Value {
    let balance = |stated: &Stated| {
        let (kind, name) = balance_type(stated.kind);
        json!({
            "name": name, "balance_amount": amount(stated.amount, true), "balance_type": kind,
            "reference_date": stated.on.to_string(),
        })
    };
    json!({ "balances": statement.balances.iter().map(balance).collect::<Vec<_>>() })
}

fn balance_type(kind: BalanceKind) -> (&'static str, &'static str) {
    match kind {
        BalanceKind::InterimBooked => ("ITBD", "Booked balance"),
        BalanceKind::ClosingBooked => ("CLBD", "Closing balance"),
        BalanceKind::PreviouslyClosedBooked => ("PRCD", "Balance of the last statement"),
        BalanceKind::Expected | BalanceKind::Owed => ("XPCD", "Expected balance"),
        BalanceKind::InterimAvailable => ("ITAV", "Available balance"),
        BalanceKind::NonInvoiced => ("OTHR", "Not invoiced"),
        BalanceKind::Information => ("INFO", "Balance"),
    }
}

/// Decimal text, with its sign or without.
fn amount(amount: Amount, is_signed: bool) -> Value {
    let text = amount.to_decimal_text();
    let text = if is_signed { text.as_str() } else { text.trim_start_matches('-') };
    json!({ "currency": amount.currency.code.as_str(), "amount": text })
}

/// The rows that are wanted by their day and status, the newest first. Others are not written at all, for there are years of them.
pub(super) fn transactions(statement: &Statement, of: Of<'_>, is_wanted: impl Fn(Date, &str) -> bool) -> Vec<Value> {
    let mut rows = Vec::new();
    if of.bank.sends_pending {
        let wanted = statement.pending.iter().rev().filter(|row| is_wanted(row.on, "PDNG"));
        rows.extend(wanted.map(|row| pending(row, of)));
    }
    let mut in_day = 0;
    let mut booked = Vec::new();
    for (index, entry) in statement.booked.iter().enumerate() {
        let is_same_day = index > 0 && statement.booked[index - 1].booked_on == entry.booked_on;
        in_day = if is_same_day { in_day + 1 } else { 1 };
        if is_wanted(entry.booked_on, "BOOK") {
            booked.push(self::booked(entry, in_day, of));
        }
    }
    rows.extend(booked.into_iter().rev());
    rows
}

fn booked(entry: &Entry, in_day: usize, of: Of<'_>) -> Value {
    let mut row = row(entry.amount, of);
    row["status"] = "BOOK".into();
    row["booking_date"] = entry.booked_on.to_string().into();
    row["value_date"] = entry.value_on.to_string().into();
    row["remittance_information"] = entry.text.clone().into();
    let mut codes = entry.code.split('-').skip(1);
    row["bank_transaction_code"] = json!({
        "description": entry.own_code.unwrap_or(entry.code), "code": codes.next(), "sub_code": codes.next(),
    });
    if let Some(mandate) = &entry.mandate {
        row["reference_number"] = mandate.id.as_str().into();
        row["reference_number_schema"] = "SDDM".into();
    }
    if let Some(balance) = entry.balance_after.filter(|_| of.bank.ids == Ids::Both) {
        row["balance_after_transaction"] = amount(balance, true);
    }
    match of.bank.ids {
        Ids::Both => row["entry_reference"] = entry.number.as_str().into(),
        Ids::Positional => row["entry_reference"] = format!("{}-{in_day}", entry.booked_on).into(),
        Ids::Nothing => {}
    }
    if of.bank.ids != Ids::Nothing {
        row["transaction_id"] = transaction_id(&entry.number, of).into();
    }
    if let Some(party) = &entry.party {
        put_party(&mut row, entry.amount, party, of.bank);
    }
    row
}

fn pending(pending: &Pending, of: Of<'_>) -> Value {
    let mut row = row(pending.amount, of);
    row["status"] = "PDNG".into();
    row["transaction_date"] = pending.on.to_string().into();
    row["remittance_information"] = json!([pending.text]);
    // A reference that every pending row has (fact sheet §5).
    row["entry_reference"] = "0".into();
    if let Some(name) = &pending.party {
        put_party(&mut row, pending.amount, &Party { name: name.clone(), iban: None }, of.bank);
    }
    row
}

fn row(money: Amount, of: Of<'_>) -> Value {
    let is_signed = of.bank.signs_amounts || of.switches.enablebanking_amounts_are_signed;
    json!({
        "transaction_amount": amount(money, is_signed),
        "credit_debit_indicator": if money.minor < 0 { "DBIT" } else { "CRDT" },
    })
}

/// The id for looking at details, which a session may have for itself (fact sheet §5).
fn transaction_id(number: &str, of: Of<'_>) -> String {
    let survives = of.switches.enablebanking_transaction_ids_survive_sessions;
    let whose = if survives { of.bank.directory_id.to_owned() } else { of.uid.to_string() };
    hash(&format!("{whose}\n{number}"))[..32].to_owned()
}

/// Money out goes to a creditor, money in comes from a debtor.
fn put_party(row: &mut Value, amount: Amount, party: &Party, bank: &Bank) {
    let side = if amount.minor < 0 { "creditor" } else { "debtor" };
    row[side] = if bank.names_in_addresses {
        json!({ "name": "", "postal_address": { "address_line": [party.name] } })
    } else {
        json!({ "name": party.name })
    };
    if let Some(iban) = &party.iban {
        row[format!("{side}_account")] = json!({ "iban": iban });
    }
}
