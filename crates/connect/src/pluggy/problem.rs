//! Errors: what Pluggy refuses with, read and classed.
//!
//! Source: sections 1, 4 and 10 of the fact sheet. `codeDescription` is the word to go by; where it is missing or
//! unknown the HTTP status decides. What is no error of Pluggy at all (a web page of a proxy, an empty answer) never
//! says anything about keys, items or accounts.

use bankside_domain::fault::{FaultClass, UserAction};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::fault::Fault;
use crate::http::Answer;
use crate::words::quoted;

/// The code of a refused API key, after which a new one is tried once.
pub(super) const KEY_REFUSED: &str = "pluggy.key_refused";
/// The code of a limit of calls per minute.
pub(super) const LIMITED: &str = "pluggy.rate_limited";
/// The code of an item that these keys do not reach.
pub(super) const ITEM_GONE: &str = "pluggy.item_gone";
/// The code of an item that is being read already.
pub(super) const READING_ALREADY: &str = "pluggy.reading_already";
/// The code of an answer that came when the bank did not want it any more.
pub(super) const ANSWER_LATE: &str = "pluggy.answer_late";
/// The code of an answer to another question than the bank has.
pub(super) const ANSWER_MISMATCH: &str = "pluggy.answer_mismatch";
/// The code of something that Pluggy does not know.
pub(super) const NOT_FOUND: &str = "pluggy.not_found";
/// The code of an endpoint that Pluggy has switched off.
pub(super) const SWITCHED_OFF: &str = "pluggy.switched_off";
/// The code of a refusal that says nothing but that these keys may not.
pub(super) const NOT_PERMITTED: &str = "pluggy.not_permitted";

/// Where people look after their items.
pub(super) const DASHBOARD: &str = "https://dashboard.pluggy.ai";

/// No limit per minute lasts longer; who says so has made a mistake.
const LONGEST_LIMIT_SECS: i64 = 3600;
/// An item that is being read is looked at again after this.
const READING_MINUTES: i64 = 2;

/// A refusal of Pluggy's: its word, our class and code, and what it means.
type Refusal = (&'static str, FaultClass, &'static str, &'static str);

/// The documented refusals (fact sheet §1, §4 and §10). Those of creating items are left out: this connector never
/// does.
const REFUSALS: &[Refusal] = &[
    (
        "CLIENT_DISABLED",
        FaultClass::NeedsOperator,
        "pluggy.client_disabled",
        "Pluggy has switched off the application that these keys are of.",
    ),
    ("ITEM_NOT_FOUND", FaultClass::Gone, ITEM_GONE, "Pluggy does not know this item any more."),
    ("ACCOUNT_NOT_FOUND", FaultClass::Gone, "pluggy.account_gone", "Pluggy does not know this account any more."),
    (
        "ENDPOINT_DEPRECATED",
        FaultClass::Bug,
        SWITCHED_OFF,
        "Pluggy has switched off the way in which rows were asked for.",
    ),
    ("ITEM_IS_ALREADY_UPDATING", FaultClass::Busy, READING_ALREADY, "Pluggy is reading the bank already."),
    ("ITEM_ALREADY_UPDATING", FaultClass::Busy, READING_ALREADY, "Pluggy is reading the bank already."),
    (
        "ITEM_IN_ERROR_COOLDOWN",
        FaultClass::RateLimited,
        "pluggy.cooldown",
        "The last tries failed, so Pluggy lets this bank rest for a while.",
    ),
    (
        "TOO_MANY_CONSECUTIVE_ERRORS",
        FaultClass::RetryLater,
        "pluggy.too_many_errors",
        "Pluggy could not read this bank many times in a row and takes no more requests for it for now.",
    ),
    (
        "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES",
        FaultClass::NeedsUser,
        "pluggy.too_many_logins",
        "The bank refused the sign-in too often, so Pluggy tries it no more for a while.",
    ),
    (
        "LAST_EXECUTION_HAD_LOGIN_ERROR",
        FaultClass::NeedsUser,
        "pluggy.login_error",
        "The bank refused the sign-in that Pluggy has. It has to be given anew at Pluggy.",
    ),
    (
        "PARAMETERS_NOT_PROVIDED",
        FaultClass::NeedsUser,
        "pluggy.sign_in_wanted",
        "This bank wants its sign-in typed each time, which only works at Pluggy.",
    ),
    (
        "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR",
        FaultClass::NeedsUser,
        "pluggy.sign_in_wanted",
        "This bank wants its sign-in typed each time, which only works at Pluggy.",
    ),
    (
        "MFA_PARAMERTER_WAS_ALREADY_USED_ERROR",
        FaultClass::NeedsUser,
        "pluggy.code_used",
        "The code that Pluggy has for this bank was used before. It has to be given anew at Pluggy.",
    ),
    (
        "ITEM_ORIGINAL_CONNECTED_WITH_DIFFERENT_ACCOUNT",
        FaultClass::NeedsUser,
        "pluggy.other_person",
        "The sign-in at the bank is of somebody else than the one this item was made with.",
    ),
    (
        "CONNECTOR_OFFLINE",
        FaultClass::RetryLater,
        "pluggy.bank_offline",
        "Pluggy cannot reach this bank at the moment.",
    ),
    (
        "CLIENT_HAS_ITEM_UPDATES_DISABLED",
        FaultClass::Unsupported,
        "pluggy.plan",
        "The plan at Pluggy does not allow reading the bank on request.",
    ),
    (
        "SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED",
        FaultClass::Unsupported,
        "pluggy.plan",
        "The plan at Pluggy does not allow reading the bank on request.",
    ),
    ("ITEM_MFA_ALREADY_PROVIDED", FaultClass::Busy, READING_ALREADY, "The bank has its answer already."),
    ("ITEM_MFA_NOT_FOUND", FaultClass::NeedsUser, ANSWER_LATE, "The bank does not wait for an answer any more."),
    ("ITEM_MFA_EXPIRED", FaultClass::NeedsUser, ANSWER_LATE, "The bank does not wait for an answer any more."),
    (
        "ITEM_MFA_PARAMETER_EXPECTED_MISMATCH",
        FaultClass::NeedsUser,
        ANSWER_MISMATCH,
        "The bank asked for something else.",
    ),
];

/// What an error answer says.
struct Problem {
    /// `codeDescription`; empty where there is none.
    word: String,
    message: String,
    reference: Option<String>,
    data: Value,
}

/// `None` is what is no JSON object: nothing that Pluggy itself would say.
fn read(body: &[u8]) -> Option<Problem> {
    let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(body) else { return None };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let reference: String = text("errorId").chars().filter(safe).take(60).collect();
    Some(Problem {
        word: text("codeDescription").chars().filter(safe).take(80).collect(),
        message: text("message"),
        reference: Some(reference).filter(|reference| !reference.is_empty()),
        data: fields.get("data").cloned().unwrap_or_default(),
    })
}

/// Classes an error answer.
pub(super) fn fault(answer: &Answer, now: Timestamp) -> Fault {
    let Some(problem) = read(&answer.body) else { return of_nothing(answer, now).with_status(answer.status) };
    let fault = match REFUSALS.iter().find(|(word, ..)| *word == problem.word) {
        Some(refusal) => refused(refusal, &problem, now),
        None => of_word(&problem).unwrap_or_else(|| of_status(answer, &problem, now)),
    };
    fault.with_status(answer.status).with_reference(problem.reference).with_source(format!(
        "{}: {}",
        problem.word,
        quoted(&problem.message)
    ))
}

fn refused((_, class, code, message): &Refusal, problem: &Problem, now: Timestamp) -> Fault {
    let fault = Fault::new(*class, *code, *message);
    let retry_at = || problem.data.get("canRetryAfterDate")?.as_str()?.parse().ok();
    match *code {
        READING_ALREADY => fault.with_retry_at(Some(now + SignedDuration::from_mins(READING_MINUTES))),
        ITEM_GONE | ANSWER_LATE | ANSWER_MISMATCH => fault.with_action(UserAction::Renew),
        _ if *class == FaultClass::NeedsUser => {
            fault.with_action(UserAction::Visit(DASHBOARD.to_owned())).with_retry_at(retry_at())
        }
        _ => fault,
    }
}

/// Words that say a number, and families of words.
fn of_word(problem: &Problem) -> Option<Fault> {
    let word = problem.word.as_str();
    if word == "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY" {
        let hours = problem.data.get("minUpdateFrequencyAllowedInHours").and_then(Value::as_i64);
        let often = match hours {
            Some(1) => "once an hour".to_owned(),
            Some(hours) if hours > 1 => format!("once in {hours} hours"),
            _ => "so often".to_owned(),
        };
        let message = format!("The plan at Pluggy lets this bank be read only {often}, and it was read not long ago.");
        return Some(Fault::new(FaultClass::RateLimited, "pluggy.too_soon", message));
    }
    let is_trial = word.starts_with("TRIAL_CLIENT_") && word.ends_with("_NOT_ALLOWED");
    is_trial.then(|| {
        let message = "Pluggy does not allow this while the trial runs or after it has lapsed.";
        Fault::new(FaultClass::NeedsOperator, "pluggy.trial", message)
    })
}

fn of_status(answer: &Answer, problem: &Problem, now: Timestamp) -> Fault {
    match answer.status {
        401 => later(KEY_REFUSED, "Pluggy did not take our key."),
        403 => Fault::new(FaultClass::NeedsOperator, NOT_PERMITTED, "Pluggy does not allow this with these keys."),
        404 => Fault::new(FaultClass::Gone, NOT_FOUND, "Pluggy does not know this any more."),
        // Switched off for good, whatever word is or is not beside it: asking again changes nothing.
        410 => {
            Fault::new(FaultClass::Bug, SWITCHED_OFF, "Pluggy has switched off the way in which this was asked for.")
        }
        400 | 405 | 406 | 409 | 422 => {
            let words = quoted(&problem.message);
            let words = if words.is_empty() { String::new() } else { format!(" In its words: “{words}”") };
            let message = format!("Pluggy refused the request ({}).{words}", answer.status);
            Fault::new(FaultClass::Bug, format!("pluggy.refused_{}", answer.status), message)
        }
        _ => of_nothing(answer, now),
    }
}

/// An answer that says nothing but its status, or that Pluggy did not write.
fn of_nothing(answer: &Answer, now: Timestamp) -> Fault {
    match answer.status {
        200..=299 | 400..=406 | 409 | 410 => later(
            "pluggy.intercepted",
            "Something between this server and Pluggy answered in its place, such as a proxy or a firewall.",
        ),
        // Moved for good: an address in the configuration is wrong.
        301 | 308 => Fault::new(
            FaultClass::NeedsOperator,
            "pluggy.moved",
            "Pluggy is not at the configured address: it leads to another one.",
        ),
        300..=399 => later("pluggy.redirected", "The address of Pluggy leads elsewhere at the moment."),
        407 => Fault::new(
            FaultClass::NeedsOperator,
            "pluggy.proxy_refused",
            "The proxy between this server and Pluggy asks for a sign-in.",
        ),
        408 | 425 => later("pluggy.too_slow", "Pluggy did not wait for the whole request."),
        429 => limited(now + SignedDuration::from_secs(wait_secs(answer))),
        503 => later("pluggy.maintenance", "Pluggy is being worked on at the moment."),
        500..=599 => later("pluggy.down", "Pluggy has trouble at the moment."),
        status => {
            let message = format!("Pluggy refused the request ({status}).");
            Fault::new(FaultClass::Bug, format!("pluggy.refused_{status}"), message)
        }
    }
}

/// How long a limit lasts, by the headers; a minute where they do not say.
fn wait_secs(answer: &Answer) -> i64 {
    let stated =
        ["retry-after", "ratelimit-reset"].into_iter().filter_map(|name| answer.header(name)?.trim().parse().ok());
    stated.filter(|secs| (0..=LONGEST_LIMIT_SECS).contains(secs)).max().unwrap_or(60)
}

fn later(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::RetryLater, code, message)
}

/// The limit of calls per minute.
pub(super) fn limited(until: Timestamp) -> Fault {
    let message = "Pluggy lets these keys ask only so often, and that is used up for the moment.";
    Fault::new(FaultClass::RateLimited, LIMITED, message).with_retry_at(Some(until))
}

/// A refusal of `POST /auth`, where whatever is wrong is wrong with the keys.
pub(super) fn of_keys(fault: Fault) -> Fault {
    let about_keys = matches!(fault.code(), KEY_REFUSED | NOT_PERMITTED | "pluggy.refused_400");
    if !about_keys {
        return fault;
    }
    let message = "Pluggy does not accept this Client ID and Client secret.";
    let status = fault.http_status().unwrap_or_default();
    Fault::new(FaultClass::NeedsOperator, "pluggy.keys_refused", message)
        .with_action(UserAction::FixCredentials)
        .with_status(status)
        .with_reference(fault.record().reference.clone())
}

/// A refusal about one item. One of other keys looks as if it did not exist, or is forbidden.
pub(super) fn of_item(fault: Fault, id: &str) -> Fault {
    let message = match fault.code() {
        ITEM_GONE | NOT_FOUND => format!("Pluggy does not know the item {id} with these keys."),
        NOT_PERMITTED => format!("The item {id} belongs to other keys at Pluggy."),
        _ => return fault,
    };
    let status = fault.http_status().unwrap_or_default();
    Fault::new(FaultClass::Gone, ITEM_GONE, message)
        .with_action(UserAction::Renew)
        .with_status(status)
        .with_reference(fault.record().reference.clone())
}

#[cfg(test)]
mod tests;
