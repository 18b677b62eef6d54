//! Errors: the many shapes of a GoCardless error, read into one and classed.
//!
//! Source: section 7 of the fact sheet (error table, help centre, recordings). Control goes by HTTP status first, then by the
//! `type` word, then by the texts. What is no error of GoCardless at all (a web page of a proxy, an empty answer) never says
//! anything about keys, a consent or an account.

use bankside_domain::fault::{FaultClass, UserAction};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::limits::{Limit, refused};
use crate::fault::Fault;
use crate::http::Answer;
use crate::words::quoted;

/// The code of a refused access token, after which a new one is tried once.
pub(super) const INVALID_TOKEN: &str = "gocardless.invalid_token";
/// The code of an account whose data is being prepared.
pub(super) const PROCESSING: &str = "gocardless.processing";
/// The code of a general limit, which holds for all calls alike.
pub(super) const GENERAL_LIMIT: &str = "gocardless.rate_limited";
/// The code of a consent that is over, with all its accounts.
pub(super) const CONSENT_ENDED: &str = "gocardless.consent_ended";

/// The code of an answer that GoCardless did not write.
pub(super) const INTERCEPTED: &str = "gocardless.intercepted";

/// An account that is still being prepared is asked for again after this.
const PROCESSING_MINUTES: i64 = 10;
/// An account that fails again and again is left alone for so long, before GoCardless suspends it.
const REST_HOURS: i64 = 6;

/// An error answer in one shape.
#[derive(Debug, Default, PartialEq, Eq)]
struct Problem {
    summary: String,
    detail: String,
    /// The `type` word.
    kind: String,
    /// The fields that it is about, where it is keyed by field.
    fields: Vec<String>,
    /// The status of the account that stands in place of an error.
    account_status: Option<String>,
}

/// Reads `{summary, detail, type}`, the field-keyed forms, lists of texts, and an account in place of an error. `None` is what
/// is no JSON object: nothing that GoCardless itself would say.
fn read(body: &[u8]) -> Option<Problem> {
    let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(body) else { return None };
    let top = |name: &str| fields.get(name).map(text_of).unwrap_or_default();
    let mut problem =
        Problem { summary: top("summary"), detail: top("detail"), kind: top("type"), ..Problem::default() };
    if !problem.summary.is_empty() || !problem.detail.is_empty() {
        return Some(problem);
    }
    if fields.contains_key("id")
        && let Some(Value::String(status)) = fields.get("status")
    {
        problem.account_status = Some(status.clone());
        return Some(problem);
    }
    // Keyed by field: {"reference": {"summary": …, "detail": …}}, a list of those, or a list of texts.
    for (field, value) in fields.iter().filter(|(name, _)| !matches!(name.as_str(), "status_code" | "type")) {
        let inner = match value {
            Value::Array(list) => list.first().unwrap_or(value),
            other => other,
        };
        if problem.fields.is_empty() {
            problem.summary = inner.get("summary").map_or_else(|| text_of(inner), text_of);
            problem.detail = inner.get("detail").map(text_of).unwrap_or_default();
        }
        problem.fields.push(field.clone());
    }
    Some(problem)
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Object(_) => String::new(),
    }
}

/// Classes an error answer.
pub(super) fn fault(answer: &Answer, now: Timestamp) -> Fault {
    let read = read(&answer.body);
    let said = read.as_ref().map(|problem| format!("{}: {}", quoted(&problem.summary), quoted(&problem.detail)));
    let fault = match read {
        Some(problem) => of_problem(answer, &problem, now),
        None => of_nothing(answer, now),
    };
    fault
        .with_status(answer.status)
        .with_reference(reference(answer))
        .with_source(said.unwrap_or_else(|| "no error of GoCardless".to_owned()))
}

/// What GoCardless calls the company and the call, for its support.
fn reference(answer: &Answer) -> Option<String> {
    let header = answer.header("x-u-uuid").or(answer.header("x-c-uuid"))?;
    let reference: String = header.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(60).collect();
    (!reference.is_empty()).then_some(reference)
}

fn of_problem(answer: &Answer, problem: &Problem, now: Timestamp) -> Fault {
    let kind = problem.kind.as_str();
    let about = format!("{} {}", problem.summary, problem.detail).to_lowercase();
    match answer.status {
        401 => unauthorised(kind, &about),
        402 => limit_reached(),
        403 => forbidden(kind, &about, problem),
        // A field of ours that names nothing is our mistake; an address that names nothing is a thing that is gone.
        404 if problem.fields.is_empty() => {
            Fault::new(FaultClass::Gone, "gocardless.not_found", "GoCardless does not know this any more.")
        }
        409 if kind == "AccountProcessing" || about.contains("processing") => processing(now),
        409 if about.contains("suspended") => suspended(),
        409 if problem.account_status.is_some() => {
            of_account(problem.account_status.as_deref(), now).unwrap_or_else(|| account_error(now))
        }
        409 => later("gocardless.conflict", "GoCardless cannot answer for this account at the moment."),
        429 => limited(answer, kind, &about, now),
        500 if kind == "UnknownRequestError" => later("gocardless.bank_error", "The bank answered with an error."),
        503 if about.contains("not operational") => {
            later("gocardless.maintenance", "This bank is not available through GoCardless at the moment.")
        }
        503 if matches!(kind, "ServiceError" | "ConnectionError") || about.contains("institution") => {
            later("gocardless.bank_down", "The bank cannot be reached at the moment.")
        }
        status => of_status(status, Some(problem)),
    }
}

/// An answer that GoCardless itself did not write.
fn of_nothing(answer: &Answer, now: Timestamp) -> Fault {
    match answer.status {
        429 => limited(answer, "", "", now),
        401..=404 | 409 => intercepted(),
        status => of_status(status, None),
    }
}

fn of_status(status: u16, problem: Option<&Problem>) -> Fault {
    match status {
        200..=299 => intercepted(),
        // Moved for good: an address in the configuration is wrong.
        301 | 308 => Fault::new(
            FaultClass::NeedsOperator,
            "gocardless.moved",
            "GoCardless is not at the configured address: it leads to another one.",
        ),
        300..=399 => later("gocardless.redirected", "The address of GoCardless leads elsewhere at the moment."),
        407 => Fault::new(
            FaultClass::NeedsOperator,
            "gocardless.proxy_refused",
            "The proxy between this server and GoCardless asks for a sign-in.",
        ),
        408 | 425 => later("gocardless.too_slow", "GoCardless did not wait for the whole request."),
        500..=599 => later("gocardless.down", "GoCardless has trouble at the moment."),
        _ => Fault::new(FaultClass::Bug, format!("gocardless.refused_{status}"), in_its_words(status, problem)),
    }
}

/// A request that was refused as wrong, with the provider's own words marked as such.
fn in_its_words(status: u16, problem: Option<&Problem>) -> String {
    let mut message = format!("GoCardless refused the request ({status})");
    if let Some(problem) = problem {
        let fields: Vec<String> = problem.fields.iter().take(3).map(|field| quoted(field)).collect();
        if !fields.is_empty() {
            message = format!("{message} for {}", fields.join(", "));
        }
        let words = [&problem.summary, &problem.detail].map(|text| quoted(text)).into_iter();
        if let Some(words) = words.into_iter().find(|words| !words.is_empty()) {
            return format!("{message}. In its words: “{words}”");
        }
    }
    message + "."
}

/// A page, or nothing, where an answer should be: from a proxy, a firewall or a sign-in page on the way.
pub(super) fn intercepted() -> Fault {
    later(
        INTERCEPTED,
        "Something between this server and GoCardless answered in its place, such as a proxy or a firewall.",
    )
}

fn later(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::RetryLater, code, message)
}

fn relink(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::NeedsUser, code, message).with_action(UserAction::Renew)
}

fn processing(now: Timestamp) -> Fault {
    Fault::new(FaultClass::Busy, PROCESSING, "The bank is still preparing this account's data.")
        .with_retry_at(Some(now + SignedDuration::from_mins(PROCESSING_MINUTES)))
}

fn suspended() -> Fault {
    relink(
        "gocardless.suspended",
        "GoCardless has suspended this account after too many errors. It answers again once access is given anew.",
    )
}

fn account_error(now: Timestamp) -> Fault {
    let message = "GoCardless reports errors for this account again and again. \
                   It is left alone for some hours, so that it is not suspended.";
    later("gocardless.account_error", message).with_retry_at(Some(now + SignedDuration::from_hours(REST_HOURS)))
}

pub(super) fn consent_ended() -> Fault {
    relink(CONSENT_ENDED, "The consent for this bank has ended.")
}

fn limit_reached() -> Fault {
    Fault::new(
        FaultClass::NeedsOperator,
        "gocardless.limit_reached",
        "GoCardless allows no more new connections this month on these keys. Those that there are go on.",
    )
}

/// What the status of an account means for a sync; `None` is one that does not keep it from being read.
pub(super) fn of_account(status: Option<&str>, now: Timestamp) -> Option<Fault> {
    match status?.to_ascii_uppercase().as_str() {
        "DISCOVERED" | "PROCESSING" => Some(processing(now)),
        "ERROR" => Some(account_error(now)),
        "EXPIRED" => Some(consent_ended()),
        "SUSPENDED" => Some(suspended()),
        _ => None,
    }
}

fn unauthorised(kind: &str, about: &str) -> Fault {
    match kind {
        "AccessExpiredError" => {
            relink("gocardless.access_expired", "Access to this bank has expired or was revoked there.")
        }
        "AccountInactiveError" => {
            Fault::new(FaultClass::Gone, "gocardless.account_inactive", "The bank says that this account is closed.")
        }
        "FailedAuthentication" => relink(
            "gocardless.identity_refused",
            "The bank could not confirm who gave this consent. Connect it again, with the right number.",
        ),
        _ if about.contains("(eua)") || about.contains("end user agreement") => consent_ended(),
        _ if about.contains("expired or it has been revoked") => {
            relink("gocardless.access_expired", "Access to this bank has expired or was revoked there.")
        }
        _ if about.contains("invalid token") || about.contains("token is invalid") => {
            later(INVALID_TOKEN, "GoCardless did not take our token.")
        }
        _ if about.contains("credentials were not provided") => Fault::new(
            FaultClass::NeedsOperator,
            "gocardless.token_lost",
            "Our token did not reach GoCardless. A proxy may take the Authorization header away.",
        ),
        // What has a type comes from a bank and is about its account, never about our keys.
        word if !word.is_empty() => later(
            "gocardless.account_refused",
            &format!("The bank does not give this account's data at the moment. In its words: “{}”.", quoted(word)),
        ),
        _ => Fault::new(FaultClass::NeedsOperator, "gocardless.keys_refused", "GoCardless does not accept these keys.")
            .with_action(UserAction::FixCredentials),
    }
}

fn forbidden(kind: &str, about: &str, problem: &Problem) -> Fault {
    let operator = |code: &str, message: String| Fault::new(FaultClass::NeedsOperator, code, message);
    if about.contains("whitelist") || about.contains("ip address") {
        // Our own address, as the provider sees it: what the operator has to allow.
        let mut words = problem.detail.split(|c: char| c.is_whitespace() || c == '\'');
        let seen = words.find_map(|word| word.parse::<std::net::IpAddr>().ok());
        let seen = seen.map(|address| format!(", {address}")).unwrap_or_default();
        return operator(
            "gocardless.ip_denied",
            format!("These keys may not be used from this server's address{seen}."),
        );
    }
    if about.contains("no valid end user agreement") {
        return relink("gocardless.consent_gone", "The consent for this bank no longer exists.");
    }
    if kind == "AccountResourceUnavailable" || about.contains("access scope") {
        return Fault::new(
            FaultClass::Unsupported,
            "gocardless.scope_unavailable",
            "The bank does not give this for this account.",
        );
    }
    if kind == "AccountAccessForbidden" || about.contains("access to account is forbidden") {
        let what = "Check at the bank whether access to this account is allowed.".to_owned();
        return Fault::new(FaultClass::NeedsUser, "gocardless.forbidden", "The bank forbids access to this account.")
            .with_action(UserAction::ActAtBank(what));
    }
    if about.contains("permission") {
        let message = "GoCardless does not allow this with these keys.".to_owned();
        return operator("gocardless.not_permitted", message);
    }
    of_status(403, Some(problem))
}

fn limited(answer: &Answer, kind: &str, about: &str, now: Timestamp) -> Fault {
    let refusal = refused(answer, kind, about, now);
    let (code, message, usual) = match refusal.limit {
        Limit::General => return general_limit(refusal.until.unwrap_or(now + SignedDuration::from_mins(1))),
        // Neither names a time always; a day is what the words say.
        Limit::Daily => (
            "gocardless.daily_limit",
            "GoCardless lets us read this account only a few times a day, and that is used up.",
            SignedDuration::from_hours(24),
        ),
        Limit::Bank => {
            ("gocardless.bank_limit", "The bank's own daily limit is used up.", SignedDuration::from_hours(24))
        }
    };
    Fault::new(FaultClass::RateLimited, code, message).with_retry_at(Some(refusal.until.unwrap_or(now + usual)))
}

/// The limit that holds for all calls with these keys.
pub(super) fn general_limit(until: Timestamp) -> Fault {
    let message = "GoCardless lets these keys ask only so often, and that is used up for the moment.";
    Fault::new(FaultClass::RateLimited, GENERAL_LIMIT, message).with_retry_at(Some(until))
}

#[cfg(test)]
mod tests;
