//! Items: what their status means, in words and as a fault, and where a person puts them right.
//!
//! Source: section 4 of the fact sheet. `status` says where an item stands, `executionStatus` how its last reading
//! went. What was read before stays readable whatever the status is.

use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::text::tidy;
use jiff::{SignedDuration, Timestamp};

use super::problem::DASHBOARD;
use super::wire::{Item, ProductDetail};
use crate::fault::Fault;
use crate::words::quoted;

/// The connector of Meu Pluggy, behind which any bank may stand (fact sheet §3 and §10).
const MEU_PLUGGY: i64 = 200;
const MEU_PLUGGY_PAGE: &str = "https://meu.pluggy.ai";
/// An item that is being read for the first time is asked for again after this.
const FIRST_READING_MINUTES: i64 = 3;

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The bank is being read.
    Reading,
    /// The bank waits for an answer.
    WantsAnswer,
    /// The bank waits for the person to do something elsewhere.
    WantsAction,
    /// Nothing goes on: it was read, or reading it has failed.
    Still,
}

/// Where an item stands. A word that we do not know says nothing against what is there to read.
pub(super) fn standing(item: &Item) -> Standing {
    match item.status.as_deref() {
        Some("UPDATING" | "MERGING") => Standing::Reading,
        Some("WAITING_USER_INPUT") => Standing::WantsAnswer,
        Some("WAITING_USER_ACTION") => Standing::WantsAction,
        _ => Standing::Still,
    }
}

/// Whether any bank may stand behind the item, of which the connector says nothing.
pub(super) fn is_meu_pluggy(item: &Item) -> bool {
    item.connector.as_ref().is_some_and(|connector| connector.id == Some(MEU_PLUGGY))
}

/// Where a person gives an item its access anew.
pub(super) fn place(item: &Item) -> (&'static str, &'static str) {
    if is_meu_pluggy(item) { ("Meu Pluggy", MEU_PLUGGY_PAGE) } else { ("the Pluggy dashboard", DASHBOARD) }
}

/// How the last reading went wrong, as its own word: that of the error, or else of the execution.
fn word(item: &Item) -> &str {
    let error = item.error.as_ref().and_then(|error| error.code.as_deref());
    error.or(item.execution_status.as_deref()).unwrap_or_default()
}

/// What keeps an item from being up to date; `None` where nothing does. Its accounts may be readable all the same.
pub(super) fn fault(item: &Item, now: Timestamp) -> Option<Fault> {
    let fault = match (standing(item), item.status.as_deref()) {
        (Standing::Reading, _) => first_reading(item, now)?,
        (Standing::WantsAnswer, _) => renew("pluggy.answer_wanted", "The bank wants an answer before it is read on."),
        (Standing::WantsAction, _) => {
            renew("pluggy.action_wanted", "The bank waits for you to confirm the access before it is read on.")
        }
        (Standing::Still, Some("LOGIN_ERROR")) => login_error(item),
        (Standing::Still, Some("OUTDATED")) => outdated(item),
        (Standing::Still, _) => consent_end(item, now)?,
    };
    let said = item.error.as_ref().and_then(|error| error.provider_message.as_deref()).map(quoted);
    Some(fault.with_source(format!("{}: {}", quoted(word(item)), said.unwrap_or_default())))
}

/// Until an item has been read once there is nothing to show.
fn first_reading(item: &Item, now: Timestamp) -> Option<Fault> {
    item.last_updated_at.is_none().then(|| {
        Fault::new(FaultClass::Busy, "pluggy.first_reading", "Pluggy is reading this bank for the first time.")
            .with_retry_at(Some(now + SignedDuration::from_mins(FIRST_READING_MINUTES)))
    })
}

fn consent_end(item: &Item, now: Timestamp) -> Option<Fault> {
    let (place, page) = place(item);
    item.consent_expires_at.is_some_and(|end| end <= now).then(|| {
        let message =
            format!("The consent for this bank has ended. Give it anew in {place} ({page}), then resync here.");
        renew("pluggy.consent_ended", &message)
    })
}

fn renew(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::NeedsUser, code, message).with_action(UserAction::Renew)
}

fn login_error(item: &Item) -> Fault {
    let (place, page) = place(item);
    let what = match word(item) {
        "INVALID_CREDENTIALS_MFA" => "The bank did not accept the code that was typed.",
        "ACCOUNT_CREDENTIALS_RESET" => "The bank wants its password changed before it lets anybody in.",
        _ => "The bank does not accept the sign-in that Pluggy has.",
    };
    let message = format!("{what} Give it anew in {place} ({page}). What was read before stays.");
    let action = UserAction::Visit(page.to_owned());
    Fault::new(FaultClass::NeedsUser, "pluggy.login_error", message).with_action(action)
}

/// The sign-in is as it was, but the last reading failed (fact sheet §4).
fn outdated(item: &Item) -> Fault {
    let (place, page) = place(item);
    let at_bank = |code: &str, message: &str| {
        let said = item.error.as_ref().and_then(|error| error.provider_message.as_deref()).map(quoted);
        let said = said.filter(|said| !said.is_empty()).map(|said| format!(" In its words: “{said}”"));
        let action = UserAction::ActAtBank("Sign in at the bank and do what it asks for.".to_owned());
        Fault::new(FaultClass::NeedsUser, code, format!("{message}{}", said.unwrap_or_default())).with_action(action)
    };
    let later = |code: &str, message: &str| {
        Fault::new(FaultClass::RetryLater, code, message).with_retry_at(item.next_auto_sync_at)
    };
    match word(item) {
        "ACCOUNT_LOCKED" => at_bank("pluggy.account_locked", "The bank has locked this sign-in."),
        "ACCOUNT_NEEDS_ACTION" => at_bank("pluggy.bank_wants", "The bank wants something done there first."),
        "USER_NOT_SUPPORTED" => {
            let message = "Pluggy cannot read this kind of account at this bank.";
            Fault::new(FaultClass::Unsupported, "pluggy.not_supported", message)
        }
        "USER_INPUT_TIMEOUT" => renew("pluggy.answer_late", "The bank asked for an answer and did not get it in time."),
        "USER_AUTHORIZATION_NOT_GRANTED" => {
            let message =
                format!("The access was not granted at the bank. Grant it in {place} ({page}), then resync here.");
            renew("pluggy.not_granted", &message)
        }
        "USER_AUTHORIZATION_REVOKED" => {
            let message =
                format!("The access was revoked at the bank. Give it anew in {place} ({page}), then resync here.");
            renew("pluggy.revoked", &message)
        }
        "ALREADY_LOGGED_IN" => later(
            "pluggy.signed_in_elsewhere",
            "Somebody was signed in at the bank while Pluggy tried to read it. Pluggy tries again by itself.",
        ),
        "SITE_NOT_AVAILABLE" => later("pluggy.bank_down", "The bank could not be reached when Pluggy last tried."),
        "CONNECTION_ERROR" => later("pluggy.bank_line", "The line to the bank broke when Pluggy last tried."),
        _ => later(
            "pluggy.reading_failed",
            "Pluggy could not read this bank when it last tried. It tries again by itself.",
        ),
    }
}

/// What the last reading left out for an account. Only where a reading is said to be partial: a warning beside a whole
/// one is no fault.
pub(super) fn left_out(item: &Item, is_card: bool) -> Option<Fault> {
    if item.execution_status.as_deref() != Some("PARTIAL_SUCCESS") {
        return None;
    }
    let detail = item.status_detail.as_ref()?;
    let own = if is_card { &detail.credit_cards } else { &detail.accounts };
    let is_lacking = |product: &&ProductDetail| product.is_updated == Some(false) || !product.warnings.is_empty();
    let product = [own, &detail.transactions].into_iter().flatten().find(is_lacking)?;
    let warning = product.warnings.first();
    let said = warning.and_then(|warning| warning.provider_message.as_deref().or(warning.message.as_deref()));
    let said = said.map(quoted).filter(|said| !said.is_empty()).map(|said| format!(" In its words: “{said}”"));
    let message = format!("Pluggy could not read all of this account when it last tried.{}", said.unwrap_or_default());
    Some(Fault::new(FaultClass::Partial, "pluggy.partly", message).with_retry_at(item.next_auto_sync_at))
}

/// How an item stands, in one short sentence.
pub(super) fn state(item: &Item, now: Timestamp) -> String {
    let is_test = item.connector.as_ref().is_some_and(|connector| connector.is_sandbox == Some(true));
    let state = match (standing(item), fault(item, now)) {
        (Standing::Reading, _) => progress(item).to_owned(),
        (_, Some(fault)) => fault.record().message.clone(),
        (_, None) if item.execution_status.as_deref() == Some("PARTIAL_SUCCESS") => "Read in part.".to_owned(),
        (_, None) => "Up to date.".to_owned(),
    };
    if is_test { format!("{state} Test data.") } else { state }
}

/// What Pluggy is doing at the moment. The words of the documents and of the library differ in places, so stems are
/// enough.
pub(super) fn progress(item: &Item) -> &'static str {
    match item.execution_status.as_deref().unwrap_or_default() {
        "USER_AUTHORIZATION_PENDING" => "The bank waits for the access to be confirmed.",
        word if word.starts_with("LOGIN") => "Pluggy is signing in at the bank.",
        word if word.starts_with("ACCOUNTS") || word.starts_with("CREDITCARDS") => "Pluggy is reading the accounts.",
        word if word.starts_with("TRANSACTIONS") => "Pluggy is reading the transactions.",
        _ => "Pluggy is reading the bank.",
    }
}

/// The bank's name, where the connector tells it.
pub(super) fn bank_name(item: &Item) -> Option<String> {
    item.connector.as_ref().filter(|_| !is_meu_pluggy(item))?.name.as_deref().and_then(tidy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(fields: &str) -> Item {
        let text = format!(r#"{{"id":"1b0f3cd5-c902-4836-b68b-04cbd847f99a",{fields}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn told(fields: &str) -> Option<(FaultClass, String, Option<UserAction>)> {
        let record = fault(&item(fields), now())?.into_record();
        Some((record.class, record.code, record.action))
    }

    #[test]
    fn each_status_says_who_has_to_act() {
        use FaultClass::{Busy, NeedsUser, RetryLater, Unsupported};
        let renew = Some(UserAction::Renew);
        let dashboard = Some(UserAction::Visit(DASHBOARD.to_owned()));
        let at_bank = Some(UserAction::ActAtBank("Sign in at the bank and do what it asks for.".to_owned()));
        let cases = [
            (r#""status":"UPDATING","executionStatus":"CREATED""#, Busy, "pluggy.first_reading", None),
            (r#""status":"WAITING_USER_INPUT""#, NeedsUser, "pluggy.answer_wanted", renew.clone()),
            (r#""status":"WAITING_USER_ACTION""#, NeedsUser, "pluggy.action_wanted", renew.clone()),
            (
                r#""status":"LOGIN_ERROR","error":{"code":"INVALID_CREDENTIALS"}"#,
                NeedsUser,
                "pluggy.login_error",
                dashboard,
            ),
            (
                r#""status":"LOGIN_ERROR","connector":{"id":200,"name":"MeuPluggy"}"#,
                NeedsUser,
                "pluggy.login_error",
                Some(UserAction::Visit(MEU_PLUGGY_PAGE.to_owned())),
            ),
            (
                r#""status":"OUTDATED","executionStatus":"ACCOUNT_LOCKED""#,
                NeedsUser,
                "pluggy.account_locked",
                at_bank.clone(),
            ),
            (
                r#""status":"OUTDATED","error":{"code":"ACCOUNT_NEEDS_ACTION","providerMessage":"Aceite os termos"}"#,
                NeedsUser,
                "pluggy.bank_wants",
                at_bank,
            ),
            (
                r#""status":"OUTDATED","executionStatus":"USER_AUTHORIZATION_REVOKED""#,
                NeedsUser,
                "pluggy.revoked",
                renew.clone(),
            ),
            (
                r#""status":"OUTDATED","executionStatus":"USER_NOT_SUPPORTED""#,
                Unsupported,
                "pluggy.not_supported",
                None,
            ),
            (r#""status":"OUTDATED","executionStatus":"SITE_NOT_AVAILABLE""#, RetryLater, "pluggy.bank_down", None),
            (r#""status":"OUTDATED","executionStatus":"SOMETHING_NEW""#, RetryLater, "pluggy.reading_failed", None),
            (
                r#""status":"UPDATED","consentExpiresAt":"2026-11-20T11:59:59.000Z""#,
                NeedsUser,
                "pluggy.consent_ended",
                renew,
            ),
        ];
        for (fields, class, code, action) in cases {
            assert_eq!(told(fields), Some((class, code.to_owned(), action)), "{fields}");
        }
    }

    #[test]
    fn what_is_there_to_read_is_no_fault() {
        for fields in [
            r#""status":"UPDATED","executionStatus":"SUCCESS","consentExpiresAt":"2027-01-01T00:00:00.000Z""#,
            r#""status":"UPDATED","executionStatus":"PARTIAL_SUCCESS""#,
            r#""status":"UPDATING","lastUpdatedAt":"2026-11-19T03:00:00.000Z""#,
            r#""status":"SOMETHING_NEW""#,
            r#""status":null"#,
        ] {
            assert_eq!(told(fields), None, "{fields}");
        }
    }

    #[test]
    fn a_partial_reading_is_told_of_the_accounts_that_it_left_out() {
        let partly = item(
            r#""status":"UPDATED","executionStatus":"PARTIAL_SUCCESS","nextAutoSyncAt":"2026-11-21T03:00:00.000Z",
               "statusDetail":{"accounts":{"isUpdated":true,"warnings":[]},"transactions":null,
               "creditCards":{"isUpdated":false,"warnings":[
                 {"code":"001","message":"m","providerMessage":"Cartao em analise"}]}}"#,
        );
        assert!(left_out(&partly, false).is_none());
        let record = left_out(&partly, true).unwrap().into_record();
        assert_eq!((record.class, record.code.as_str()), (FaultClass::Partial, "pluggy.partly"));
        assert!(record.message.ends_with("In its words: “Cartao em analise”"), "{}", record.message);
        assert_eq!(record.retry_at, "2026-11-21T03:00:00Z".parse().ok());
        let warned = Item { execution_status: Some("SUCCESS".to_owned()), ..partly };
        assert!(left_out(&warned, true).is_none(), "a whole reading with a warning is whole");
    }

    #[test]
    fn states_are_sentences() {
        let state = |fields: &str| state(&item(fields), now());
        assert_eq!(state(r#""status":"UPDATED""#), "Up to date.");
        assert_eq!(state(r#""status":"UPDATED","connector":{"isSandbox":true}"#), "Up to date. Test data.");
        let reading = r#""status":"UPDATING","executionStatus":"TRANSACTIONS_IN_PROGRESS",
            "lastUpdatedAt":"2026-11-19T03:00:00Z""#;
        assert_eq!(state(reading), "Pluggy is reading the transactions.");
        assert!(state(r#""status":"LOGIN_ERROR""#).starts_with("The bank does not accept the sign-in"));
    }
}
