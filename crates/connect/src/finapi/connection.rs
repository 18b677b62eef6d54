//! Connections: how they stand, when access ends, and when their bank was read last. Source: section 7 of the fact sheet.

use bankside_domain::consent::Consent;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::text::tidy;
use jiff::Timestamp;

use super::problem;
use super::wire::{Bank, BankConnection, UpdateResult};
use crate::fault::Fault;
use crate::step::Institution;

/// The bank's own name, or what stands for it.
pub(super) fn bank_name(connection: &BankConnection) -> String {
    let name = connection.bank.as_ref().and_then(|bank| tidy(bank.name.as_deref()?));
    name.unwrap_or_else(|| "the bank".to_owned())
}

/// A bank in our words. finAPI numbers banks anew now and then, so the number only names it here.
pub(super) fn institution(bank: &Bank) -> Institution {
    let location = bank.location.as_deref().map(|code| code.trim().to_ascii_uppercase());
    let country = location.filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
    Institution {
        key: bank.id.0.clone(),
        name: bank.name.as_deref().and_then(tidy).unwrap_or_else(|| "A bank".to_owned()),
        bic: bank.bic.as_deref().and_then(tidy),
        countries: country.into_iter().collect(),
        logo: bank.logo.as_ref().and_then(|logo| logo.url.clone()),
        max_history_days: None,
        max_consent_days: None,
    }
}

/// When access ends: with the first of its consents. A way without a consent names no end, and none is made up for it.
pub(super) fn consent(connection: &BankConnection) -> Consent {
    let ends = connection.interfaces.iter().filter_map(|interface| interface.ais_consent.as_ref()?.expires_at);
    Consent { given_at: None, valid_until: ends.min() }
}

/// Whether nothing is being downloaded. A word that we do not know says nothing against what is there to read.
pub(super) fn is_ready(connection: &BankConnection) -> bool {
    connection.update_status.as_deref() != Some("IN_PROGRESS")
}

/// Whether its rows have the categories that they are to have.
pub(super) fn is_categorized(connection: &BankConnection) -> bool {
    !matches!(connection.categorization_status.as_deref(), Some("PENDING" | "IN_PROGRESS"))
}

/// What keeps a connection from being read anew without its person, if something does. What was read before stays readable.
pub(super) fn standing(connection: &BankConnection, now: Timestamp) -> Option<Fault> {
    let is_wanted = connection.interfaces.iter().any(|interface| interface.user_action_required == Some(true));
    let has_ended = consent(connection).valid_until.is_some_and(|end| end <= now);
    (is_wanted || has_ended).then(|| wants_person(&bank_name(connection)))
}

/// Only the person can let finAPI in again.
pub(super) fn wants_person(bank: &str) -> Fault {
    let message = format!("{bank} wants you to sign in again. What was read before stays.");
    Fault::new(FaultClass::NeedsUser, "finapi.sign_in_wanted", message).with_action(UserAction::Renew)
}

fn updates(connection: &BankConnection) -> impl Iterator<Item = &UpdateResult> {
    connection
        .interfaces
        .iter()
        .flat_map(|interface| [&interface.last_manual_update, &interface.last_auto_update])
        .flatten()
}

/// When the bank was read last.
pub(super) fn read_at(connection: &BankConnection) -> Option<Timestamp> {
    updates(connection).filter_map(|update| update.timestamp).max()
}

/// What the bank said when it last refused, where that is meant for the person.
pub(super) fn said(connection: &BankConnection) -> Option<&str> {
    let latest = updates(connection).max_by_key(|update| update.timestamp)?;
    let is_refused = latest.result.as_deref().is_some_and(|result| result != "OK");
    let is_business = latest.error_type.as_deref() == Some("BUSINESS");
    latest.error_message.as_deref().filter(|_| is_refused && is_business)
}

/// A connection that finAPI does not know any more.
pub(super) fn or_gone(fault: Fault) -> Fault {
    if fault.code() != problem::NOT_FOUND {
        return fault;
    }
    let message = "finAPI does not know this connection any more. Resync connects the bank anew.";
    Fault::new(FaultClass::Gone, "finapi.connection_gone", message)
        .with_action(UserAction::Renew)
        .with_status(fault.http_status().unwrap_or_default())
        .with_reference(fault.record().reference.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(interfaces: &str) -> BankConnection {
        let text = format!(r#"{{"id":100001,"bank":{{"id":1,"name":"Nordhafen Bank"}},"interfaces":[{interfaces}]}}"#);
        serde_json::from_str(&text).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn access_ends_with_the_first_of_its_consents() {
        let two = read(
            r#"{"aisConsent":{"status":"PRESENT","expiresAt":"2027-05-19T12:00:00.000Z"}},
               {"aisConsent":{"status":"PRESENT","expiresAt":"2027-02-18T12:00:00Z"}},{"aisConsent":null}"#,
        );
        assert_eq!(consent(&two).valid_until, Some(at("2027-02-18T12:00:00Z")));
        assert_eq!(consent(&read("{}")).valid_until, None, "an end is not made up");
        assert!(standing(&two, at("2027-02-18T11:59:59Z")).is_none());
        let ended = standing(&two, at("2027-02-18T12:00:00Z")).unwrap();
        assert_eq!((ended.class(), ended.record().action.clone()), (FaultClass::NeedsUser, Some(UserAction::Renew)));
        assert!(standing(&read(r#"{"userActionRequired":true}"#), at("2026-01-01T00:00:00Z")).is_some());
    }

    #[test]
    fn a_bank_is_quoted_only_in_its_own_words_of_the_last_update() {
        let last = |kind: &str, result: &str| {
            read(&format!(
                r#"{{"lastManualUpdate":{{"result":"OK","timestamp":"2026-11-19T12:00:00Z"}},"lastAutoUpdate":{{"result":"{result}",
                    "errorMessage":"Bitte PIN ändern","errorType":"{kind}","timestamp":"2026-11-20T12:00:00Z"}}}}"#
            ))
        };
        assert_eq!(said(&last("BUSINESS", "BANK_SERVER_REJECTION")), Some("Bitte PIN ändern"));
        assert_eq!(said(&last("TECHNICAL", "INTERNAL_SERVER_ERROR")), None);
        assert_eq!(said(&last("BUSINESS", "OK")), None);
        assert_eq!(read_at(&last("BUSINESS", "OK")), Some(at("2026-11-20T12:00:00Z")));
    }
}
