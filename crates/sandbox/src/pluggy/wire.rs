//! Bank data in the provider's words (fact sheet §5, §6): numbers are units of a currency, and signs depend on the
//! account.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::accounts::{Seen, Shown};
use super::books::{BankData, CLOSES_ON, Kind, Means, Row, Style, local, local_day};
use super::categories;
use crate::Switches;
use crate::banks::plus_days;

/// What a card may owe.
const CREDIT_LIMIT_MINOR: i64 = 5_180_000;
const DUE_AFTER_DAYS: i32 = 9;

/// An instant with milliseconds, as the provider writes it.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// An amount in units, written as a JavaScript server writes it: `1500`, `3.5`, `0.01`.
pub(super) fn units(minor: i64) -> Value {
    if minor % 100 == 0 {
        return (minor / 100).into();
    }
    let sign = if minor < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    text.parse::<f64>().map(Value::from).unwrap_or_default()
}

/// An id that always is the same for the same parts.
pub(super) fn derived_id(parts: &[&str]) -> Uuid {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// An account (§5).
pub(super) fn account(seen: &Seen<'_>, switches: &Switches) -> Value {
    let (account, style) = (seen.account, seen.style);
    let balance = seen.balance_minor();
    let is_card = account.kind == Kind::Card;
    let kind = if is_card { "CREDIT" } else { "BANK" };
    let subtype = match account.kind {
        Kind::Checking => "CHECKING_ACCOUNT",
        Kind::Savings => "SAVINGS_ACCOUNT",
        Kind::Card => "CREDIT_CARD",
    };
    // What is owed on a card is a positive number (§0.3).
    let shown = match account.bank_data {
        _ if is_card => -balance,
        BankData::Invests(minor) if switches.pluggy_balance_contains_what_is_invested => balance + minor,
        _ => balance,
    };
    json!({
        "id": seen.id, "itemId": seen.item_id, "type": kind, "subtype": subtype, "number": account.number,
        "name": account.name, "marketingName": account.marketing_name, "balance": units(shown), "owner": style.owner,
        "taxNumber": style.tax_number, "currencyCode": "BRL",
        "bankData": if is_card { Value::Null } else { bank_data(account.bank_data, account.number, balance) },
        "creditData": if is_card { credit_data(style, balance, seen.sync) } else { Value::Null },
        "createdAt": time(seen.first_sync), "updatedAt": time(seen.sync),
    })
}

fn bank_data(data: BankData, number: &str, balance: i64) -> Value {
    let invested = match data {
        BankData::Absent => return Value::Null,
        BankData::Full => Value::Null,
        BankData::Invests(minor) => units(minor),
    };
    json!({
        "transferNumber": format!("777/{number}"), "closingBalance": units(balance),
        "automaticallyInvestedBalance": invested, "overdraftContractedLimit": units(100_000),
        "overdraftUsedLimit": units(0), "unarrangedOverdraftAmount": units(0), "hasReservedBalance": null,
        "reservedBalances": null,
    })
}

fn credit_data(style: &Style, balance: i64, at: Timestamp) -> Value {
    let today = local_day(at);
    let mut closes_on = today;
    while closes_on.day() != CLOSES_ON || local(closes_on, 5 * 60) <= at {
        closes_on = plus_days(closes_on, 1);
    }
    let day = |day: Date| if style.has_card_days { Value::from(day.to_string()) } else { Value::Null };
    json!({
        "level": "PLATINUM", "brand": "MASTERCARD", "balanceCloseDate": day(closes_on),
        "balanceDueDate": day(plus_days(closes_on, DUE_AFTER_DAYS)),
        "availableCreditLimit": units(CREDIT_LIMIT_MINOR + balance), "creditLimit": units(CREDIT_LIMIT_MINOR),
        "isLimitFlexible": false, "balanceForeignCurrency": 0, "minimumPayment": units((-balance).max(0) * 15 / 100),
        "status": "ACTIVE", "holderType": "MAIN", "disaggregatedCreditLimits": [],
        "additionalCards": [{ "number": "9876" }],
    })
}

/// What a connect token sees of an account (§1).
pub(super) fn reduced(account: &Value) -> Value {
    let kept = ["id", "itemId", "type", "subtype", "number", "name", "currencyCode"];
    kept.iter().map(|name| ((*name).to_owned(), account[*name].clone())).collect()
}

/// A transaction (§6).
pub(super) fn transaction(seen: &Seen<'_>, shown: &Shown, category: Option<&str>) -> Value {
    let row = &shown.row;
    let is_card = seen.account.kind == Kind::Card;
    let sign = if is_card { -1 } else { 1 };
    let owner_minor = row.foreign.map_or(row.owner_minor, |foreign| foreign.owner_minor);
    let balance = if is_card { units(0) } else { row.balance_minor.map_or(Value::Null, units) };
    let provider_id = seen.style.has_provider_ids.then(|| provider_id(seen, row));
    let category = category.or(row.category).and_then(categories::find);
    let operation = match row.means {
        Means::Pix => Some("PIX"),
        Means::Ted => Some("TED"),
        Means::Boleto => Some("BOLETO"),
        Means::BillPayment | Means::Card | Means::Other => None,
    };
    json!({
        "id": shown.id, "accountId": seen.id, "date": time(row.at), "description": row.text, "descriptionRaw": row.raw,
        "currencyCode": row.foreign.map_or("BRL", |foreign| foreign.currency), "amount": units(sign * owner_minor),
        "amountInAccountCurrency": row.foreign.map(|_| units(sign * row.owner_minor)), "balance": balance,
        "category": category.map(|category| category.description), "categoryId": category.map(|category| category.id),
        "type": if row.owner_minor < 0 { "DEBIT" } else { "CREDIT" },
        "status": if row.is_pending { "PENDING" } else { "POSTED" }, "providerCode": row.number,
        "providerId": provider_id, "operationType": operation, "operationTypeAdditionalInfo": null, "order": 0,
        "merchant": merchant(row), "creditCardMetadata": if is_card { card_metadata(seen, row) } else { Value::Null },
        "paymentData": payment_data(seen.style, row), "createdAt": time(shown.created),
        "updatedAt": time(shown.created),
    })
}

/// The bank's own id: the same for every item that sees the account, and for every version of the row (§0.6).
fn provider_id(seen: &Seen<'_>, row: &Row) -> String {
    let digest = Sha256::new().chain_update(seen.account.number).chain_update(&row.number).finalize();
    HEXLOWER.encode(&digest[..20])
}

fn merchant(row: &Row) -> Value {
    if row.means != Means::Card || row.text != "Supermercado Exemplo" {
        return Value::Null;
    }
    let business = "SUPERMERCADO EXEMPLO LTDA";
    json!({
        "name": row.text, "businessName": business, "cnpj": "88999000000181", "cnae": "4711-3/02",
        "category": "Supermarket",
    })
}

fn card_metadata(seen: &Seen<'_>, row: &Row) -> Value {
    let mut metadata = json!({ "cardNumber": seen.account.number });
    if let Some(plan) = row.instalment.filter(|_| seen.style.has_plan_fields) {
        metadata["installmentNumber"] = plan.number.into();
        metadata["totalInstallments"] = plan.of.into();
        metadata["totalAmount"] = units(plan.total_minor);
        metadata["purchaseDate"] = time(local(plan.bought_on, 0)).into();
    }
    if row.means == Means::Card {
        metadata["payeeMCC"] = 5411.into();
    }
    if let Some(closed_at) = row.bill.filter(|closed_at| *closed_at <= seen.sync) {
        metadata["billId"] = bill_id(seen.id, closed_at).to_string().into();
    }
    metadata
}

/// The id of a bill.
pub(super) fn bill_id(account: Uuid, closed_at: Timestamp) -> Uuid {
    derived_id(&["bill", &account.to_string(), &closed_at.to_string()])
}

fn payment_data(style: &Style, row: &Row) -> Value {
    let method = match row.means {
        Means::Pix => "PIX",
        Means::Ted => "TED",
        Means::Boleto => "BOLETO",
        Means::BillPayment | Means::Card | Means::Other => return Value::Null,
    };
    let other = row.party.map_or(Value::Null, |party| side(party.name, party.document, party.bank));
    let own = side(style.owner, style.tax_number, "777");
    let (payer, receiver) = if row.owner_minor < 0 { (own, other) } else { (other, own) };
    let boleto = (row.means == Means::Boleto).then(|| {
        let base = units(row.owner_minor.abs());
        json!({
            "digitableLine": null, "barcode": null, "baseAmount": base, "penaltyAmount": null, "interestAmount": null,
            "discountAmount": null,
        })
    });
    json!({
        "payer": payer, "receiver": receiver, "paymentMethod": method, "referenceNumber": row.number,
        "receiverReferenceId": null, "reason": null, "boletoMetadata": boleto,
    })
}

fn side(name: &str, document: &str, bank: &str) -> Value {
    let kind = if document.contains('/') { "CNPJ" } else { "CPF" };
    json!({
        "name": name, "branchNumber": "0001", "accountNumber": "55501-2", "routingNumber": bank,
        "routingNumberISPB": null, "documentNumber": { "type": kind, "value": document },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_a_javascript_server_writes_them() {
        let texts = [(150_000, "1500"), (350, "3.5"), (1, "0.01"), (-14_241, "-142.41"), (-5, "-0.05"), (0, "0")];
        for (minor, text) in texts {
            assert_eq!(units(minor).to_string(), text);
        }
    }

    #[test]
    fn derived_ids_are_uuids_of_version_4_and_differ_with_every_part() {
        let id = derived_id(&["a", "bc"]);
        assert_eq!((id.get_version_num(), id), (4, derived_id(&["a", "bc"])));
        assert_ne!(id, derived_id(&["ab", "c"]));
    }
}
