//! The provider's objects (fact sheet §5), from what the store and the books have.

use bankside_domain::{Amount, Currency};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::USER_ID;
use super::banks::{Bank, Dialect, Money};
use super::jobs::{Job, Stage};
use super::records::{Account, Customer, Login, Wish};
use crate::Switches;
use crate::banks::dollars::{Book, Role, bank_date};

mod job;
mod rows;

pub(super) use job::job;
pub(super) use rows::{Between, rows};

/// An instant without its zone, as `LastUpdated` has it.
fn bare(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The same with a zone, as the fields that end in `Utc` have it.
fn utc(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An amount as a JSON number, or as text where the bank has it so.
fn money(minor: i64, bank: &Bank) -> Value {
    let Ok(currency) = Currency::iso(bank.country.currency()) else { return Value::Null };
    let text = Amount::new(minor, currency).to_decimal_text();
    if bank.dialect.amounts_are_text {
        return Value::from(text);
    }
    text.parse::<f64>().map_or(Value::Null, Value::from)
}

fn currency(bank: &Bank) -> Value {
    match bank.dialect.currency {
        Money::Symbol => Value::from("$"),
        Money::Iso => Value::from(bank.country.currency()),
        Money::Missing => Value::Null,
    }
}

/// An institution.
pub(super) fn institution(bank: &Bank) -> Value {
    let field = |field: &super::banks::Field| json!({ "MappedField": field.maps_to, "DisplayText": field.display_text, "Optional": field.optional });
    json!({
        "InstitutionID": bank.id(),
        "InstitutionName": bank.name,
        "URL": bank.url,
        "Logo": format!("{}/logo.png", bank.url),
        "CountryCode": bank.country.code(),
        "LanguageCode": "en",
        "IsFinancial": true,
        "InstitutionDetail": {
            "LoginFormUserName": bank.form.user_name,
            "LoginFormPassword": bank.form.password,
            "RoutingNumber": bank.routing_numbers.first(),
            "MultipleRoutingNumbers": bank.routing_numbers.join(","),
            "LoginFormFields": bank.form.fields.iter().map(field).collect::<Vec<_>>(),
        },
    })
}

/// An institution that somebody asked for: it has no form yet.
pub(super) fn wish(id: Uuid, wish: &Wish) -> Value {
    json!({
        "InstitutionID": id, "InstitutionName": wish.name, "URL": wish.url, "Logo": null, "CountryCode": "US",
        "LanguageCode": "en", "IsFinancial": true, "InstitutionDetail": null,
    })
}

/// A login as version 1 has it. Phones and e-mail addresses are lists as text.
pub(super) fn user_institution(id: Uuid, login: &Login) -> Value {
    let known = |value: &str| if login.has_profile { Value::from(value) } else { Value::Null };
    json!({
        "UserID": USER_ID, "InstitutionID": login.institution, "UserInstitutionID": id, "UserName": login.user_name,
        "CompanyID": login.company_id, "OwnerName": known(OWNER), "Address": known(ADDRESS), "Phone": known(PHONES),
        "Email": known(EMAILS), "LastModified": bare(login.modified),
    })
}

const OWNER: &str = "Demo Household";
const ADDRESS: &str = "1 Sample Street, Sampletown";
const PHONES: &str = "[\"555-0100\"]";
const EMAILS: &str = "[\"household@bank.example\"]";

/// Whose a login is, as version 3 has it.
pub(super) fn identity(id: Uuid, login: &Login) -> Value {
    let mut whose = user_institution(id, login);
    whose["MemberID"] = Value::from(id.to_string());
    whose["CustomerID"] = Value::from(login.customer.to_string());
    whose
}

/// A login as version 2 has it.
pub(super) fn member(id: Uuid, login: &Login) -> Value {
    json!({
        "MemberID": id, "InstitutionID": login.institution, "CustomerID": login.customer, "UserID": USER_ID,
        "UserName": login.user_name, "JobID": login.last_job,
    })
}

/// A customer with its members, oldest first.
pub(super) fn customer(id: Uuid, customer: &Customer, members: &[Uuid]) -> Value {
    json!({
        "CustomerID": id, "UniqueID": customer.unique_id, "Name": customer.name, "CustomerName": customer.name,
        "MemberIDs": members, "UserID": USER_ID,
    })
}

/// Which generation of the API an account is shown by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    First,
    Second,
    /// With the owner.
    Third,
}

/// An account with the balances of its last refresh.
pub(super) fn account(
    (login_id, login): (Uuid, &Login),
    (id, account): (Uuid, &Account),
    generation: Generation,
    switches: &Switches,
) -> Value {
    let Some(bank) = login.bank() else { return Value::Null };
    let Some((plan, book)) = account.book(bank, account.updated) else { return Value::Null };
    let is_card = plan.role == Role::Card;
    let (balance, available) = balances(bank.dialect, is_card, &book);
    let told = |minor: i64| if plan.has_balance { money(minor, bank) } else { Value::Null };
    let status = match (switches.sophtron_account_status_is_a_number, account.is_tracked) {
        (true, is_tracked) => Value::from(i32::from(!is_tracked)),
        (false, true) => Value::from("Tracked"),
        (false, false) => Value::from("Untracked"),
    };
    let is_canadian = bank.country == super::banks::Country::Canada;
    let number = |text: String| if account.has_full_number { Value::from(text) } else { Value::Null };
    let mut shown = json!({
        "UserInstitutionID": login_id, "MemberID": login_id, "AccountID": id, "ID": id, "UserID": USER_ID,
        "AccountName": plan.name, "AccountNumber": format!("xxx{}", plan.mask), "AccountType": plan.account_type,
        "SubType": plan.sub_type, "Balance": told(balance), "AvailableBalance": told(available),
        "BalanceCurrency": currency(bank), "LastUpdated": bare(account.updated),
        "DueDate": is_card.then(|| due_date(account.updated)), "Status": status,
        "FullAccountNumber": number(format!("0000{:04}{}", bank.number, plan.mask)),
        "RoutingNumber": bank.routing_numbers.first().map_or(Value::Null, |text| number((*text).to_owned())),
        "InstitutionNumber": if is_canadian { number("000".into()) } else { Value::Null },
        "TransitNumber": if is_canadian { number("00000".into()) } else { Value::Null },
        "OwnerName": (generation == Generation::Third || login.has_profile).then_some(OWNER),
        "LastModifiedUtc": utc(account.updated),
    });
    if is_card && generation != Generation::First {
        shown["creditCardData"] = json!({
            "availableCredit": money(CREDIT_LINE_MINOR + book.posted_minor + book.pending_minor, bank),
            "totalCreditLine": money(CREDIT_LINE_MINOR, bank),
        });
    }
    shown
}

const CREDIT_LINE_MINOR: i64 = 750_000;

/// Balance and available balance in the bank's signs.
fn balances(dialect: Dialect, is_card: bool, book: &Book) -> (i64, i64) {
    let posted = book.posted_minor;
    match (is_card, dialect.debt_is_positive) {
        (true, true) => (-posted, CREDIT_LINE_MINOR + posted + book.pending_minor),
        (true, false) => (posted, CREDIT_LINE_MINOR + posted + book.pending_minor),
        (false, _) => (posted, posted + book.pending_minor),
    }
}

/// A card is due on the 25th.
fn due_date(at: Timestamp) -> String {
    let day = bank_date(at);
    let due = day.first_of_month().with().day(25).build().unwrap_or(day);
    format!("{due}T00:00:00")
}

/// The same with keys that begin with a small letter, as one consumer has seen version 2 (§0.8): `InstitutionID` becomes
/// `institutionID`, `URL` becomes `url`, `ID` becomes `id`.
pub(super) fn camel(value: Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.into_iter().map(camel).collect()),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (small(&key), camel(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn small(key: &str) -> String {
    if key.chars().all(char::is_uppercase) {
        return key.to_lowercase();
    }
    let mut letters = key.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_small() {
        let value = json!([{ "InstitutionID": 1, "URL": { "ID": "A" } }]);
        assert_eq!(camel(value), json!([{ "institutionID": 1, "url": { "id": "A" } }]));
    }
}
