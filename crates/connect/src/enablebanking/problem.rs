//! Errors: what an answer means that is none. Control goes by the error's word, which banks and statuses leave alone, and by the status
//! where there is no word. Source: section 6 of the fact sheet.
//!
//! What is no error of Enable Banking at all (a web page of a proxy, an empty answer) never says anything about keys, a consent or an
//! account.

use bankside_domain::fault::{FaultClass, UserAction};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::CONTROL_PANEL;
use crate::fault::Fault;
use crate::http::Answer;
use crate::lenient::lenient;
use crate::words::quoted;

/// The code of a session that is over, with all its accounts.
pub(super) const CONSENT_ENDED: &str = "enablebanking.consent_ended";
/// The code of an account that is not known. It may be that its session is not known either, which has to be looked at.
pub(super) const ACCOUNT_UNKNOWN: &str = "enablebanking.account_unknown";
/// The code of a limit of our own, which holds for all calls alike.
pub(super) const PACED: &str = "enablebanking.paced";
/// The code of a period that the bank does not take.
pub(super) const PERIOD: &str = "enablebanking.period";
/// The code of a code that cannot be exchanged, or not any more.
pub(super) const CODE_REFUSED: &str = "enablebanking.code_refused";
/// The code of a redirect that the application does not have.
pub(super) const REDIRECT: &str = "enablebanking.redirect_not_registered";

/// A bank that does not say when its day is over has a new one after so long (fact sheet, section 6).
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// An error answer, as far as it can be read.
#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default, deserialize_with = "lenient")]
    message: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    error: Option<String>,
    /// The status once more, or a word of the bank's.
    #[serde(default)]
    code: Value,
    #[serde(default)]
    detail: Value,
}

impl Problem {
    /// `None` is what is no JSON object: nothing that Enable Banking itself would say.
    fn read(body: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok().filter(Value::is_object)?;
        serde_json::from_value(value).ok()
    }

    /// The word that says what it is.
    fn word(&self) -> &str {
        self.error.as_deref().or(self.code.as_str()).unwrap_or_default()
    }

    /// From which day on the bank would answer, where it says so.
    fn first_day(&self) -> Option<Date> {
        self.detail.get("date_from")?.as_str()?.get(..10)?.parse().ok()
    }

    /// Its own words, for people.
    fn said(&self) -> String {
        let detail = self.detail.as_str().map(str::to_owned);
        let texts = [self.message.clone(), detail];
        texts
            .into_iter()
            .flatten()
            .map(|text| quoted(&text))
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" – ")
    }
}

/// Classes an answer that is no success.
pub(super) fn fault(answer: &Answer, now: Timestamp) -> Fault {
    let read = Problem::read(&answer.body);
    let said = read.as_ref().map_or_else(|| "no error of Enable Banking".to_owned(), Problem::said);
    let fault = match &read {
        Some(problem) => of_problem(answer, problem, now),
        None => of_status(answer.status, None, now),
    };
    fault.with_status(answer.status).with_source(said)
}

fn of_problem(answer: &Answer, problem: &Problem, now: Timestamp) -> Fault {
    match problem.word() {
        "EXPIRED_SESSION"
        | "CLOSED_SESSION"
        | "REVOKED_SESSION"
        | "WRONG_SESSION_STATUS"
        | "SESSION_DOES_NOT_EXIST" => consent_ended(),
        "INVALID_ACCOUNT_ID" | "ACCOUNT_DOES_NOT_EXIST" => {
            Fault::new(FaultClass::Gone, ACCOUNT_UNKNOWN, "Enable Banking does not know this account any more.")
        }
        "ASPSP_ACCOUNT_NOT_ACCESSIBLE" => Fault::new(
            FaultClass::Gone,
            "enablebanking.account_closed",
            "The bank does not give access to this account any more, or it is closed.",
        ),
        "ASPSP_PSU_ACTION_REQUIRED" => {
            let what = "Sign in at the bank itself and do what it asks there, then sync again.".to_owned();
            Fault::new(
                FaultClass::NeedsUser,
                "enablebanking.act_at_bank",
                "The bank wants you to do something there first.",
            )
            .with_action(UserAction::ActAtBank(what))
        }
        "NO_ACCOUNTS_ADDED" => Fault::new(
            FaultClass::NeedsUser,
            "enablebanking.no_accounts_added",
            "This application may not read this account: it was not linked with it.",
        )
        .with_action(UserAction::Visit(CONTROL_PANEL.to_owned())),
        "ASPSP_RATE_LIMIT_EXCEEDED" => bank_limit(answer, now),
        "ASPSP_ERROR" => later("enablebanking.bank_error", "The bank answered with an error."),
        "ASPSP_TIMEOUT" => later("enablebanking.bank_slow", "The bank did not answer in time."),
        "UNAUTHORIZED_ACCESS" | "AUTHORIZATION_NOT_PROVIDED" => operator(
            "enablebanking.keys_refused",
            "Enable Banking does not accept this application ID and private key.",
        )
        .with_action(UserAction::FixCredentials),
        "ACCESS_DENIED" => inactive(),
        "UNAUTHORIZED_IP" | "INVALID_HOST" => {
            operator("enablebanking.address_denied", "This application may not be used from this server's address.")
        }
        "REDIRECT_URI_NOT_ALLOWED" => redirect_not_registered(),
        "WRONG_AUTHORIZATION_CODE" | "EXPIRED_AUTHORIZATION_CODE" | "ALREADY_AUTHORIZED" => Fault::new(
            FaultClass::NeedsUser,
            CODE_REFUSED,
            "What the bank sent you back with has been used before, or is too old. Start again.",
        ),
        "WRONG_TRANSACTIONS_PERIOD" | "PERIOD_INVALID" => {
            Fault::new(FaultClass::Unsupported, PERIOD, "The bank does not give transactions of so long a time.")
                .with_first_day(problem.first_day())
        }
        _ => of_status(answer.status, Some(problem), now),
    }
}

fn of_status(status: u16, problem: Option<&Problem>, now: Timestamp) -> Fault {
    match (status, problem) {
        (200..=299, _) | (401..=404 | 409, None) => intercepted(),
        (429, _) => limit(now + A_DAY),
        (301 | 308, _) => {
            operator("enablebanking.moved", "Enable Banking is not at the configured address: it leads to another one.")
        }
        (300..=399, _) => {
            later("enablebanking.redirected", "The address of Enable Banking leads elsewhere at the moment.")
        }
        (407, _) => operator(
            "enablebanking.proxy_refused",
            "The proxy between this server and Enable Banking asks for a sign-in.",
        ),
        (408 | 425, _) => later("enablebanking.too_slow", "Enable Banking did not wait for the whole request."),
        (500..=599, _) => later("enablebanking.down", "Enable Banking has trouble at the moment."),
        // A word that nobody knows, at a call for an account: what is the matter has to be looked at.
        (401 | 404, Some(_)) => {
            Fault::new(FaultClass::Gone, ACCOUNT_UNKNOWN, "Enable Banking does not know this account any more.")
        }
        _ => {
            let words = problem.map(Problem::said).filter(|words| !words.is_empty());
            let words = words.map(|words| format!(" In its words: “{words}”")).unwrap_or_default();
            let message = format!("Enable Banking refused the request ({status}).{words}");
            Fault::new(FaultClass::Bug, format!("enablebanking.refused_{status}"), message)
        }
    }
}

/// What is wrong with a successful answer that cannot be read.
pub(super) fn unread(body: &[u8], error: &serde_json::Error) -> Fault {
    let fault = if body.trim_ascii().is_empty() {
        later("enablebanking.empty", "Enable Banking answered with nothing.")
    } else if error.is_eof() {
        later("enablebanking.cut_short", "An answer of Enable Banking broke off.")
    } else {
        Fault::new(FaultClass::Bug, "enablebanking.unreadable", "Enable Banking sent an answer that we cannot read.")
    };
    // The error names a place and a kind, never the content.
    fault.with_source(format!("line {}, column {}: {:?}", error.line(), error.column(), error.classify()))
}

/// A page, or nothing, where an answer should be: from a proxy, a firewall or a sign-in page on the way.
fn intercepted() -> Fault {
    later(
        "enablebanking.intercepted",
        "Something between this server and Enable Banking answered in its place, such as a proxy or a firewall.",
    )
}

pub(super) fn consent_ended() -> Fault {
    Fault::new(FaultClass::NeedsUser, CONSENT_ENDED, "The consent for this bank has ended, or was revoked.")
        .with_action(UserAction::Renew)
}

/// The bank's own limit for an account and a kind of data.
fn bank_limit(answer: &Answer, now: Timestamp) -> Fault {
    let stated = answer.header("retry-after").and_then(|text| text.trim().parse::<i64>().ok());
    let stated = stated.filter(|secs| (1..=A_DAY.as_secs()).contains(secs)).map(SignedDuration::from_secs);
    limit(now + stated.unwrap_or(A_DAY))
}

/// The day's reads are used up until then.
pub(super) fn limit(until: Timestamp) -> Fault {
    let message = "The bank lets us read this account only a few times a day, and that is used up.";
    Fault::new(FaultClass::RateLimited, "enablebanking.bank_limit", message).with_retry_at(Some(until))
}

/// We have asked so often that we wait.
pub(super) fn paced(until: Timestamp) -> Fault {
    let message = "Enable Banking has been asked very often within a minute, so the next call waits.";
    Fault::new(FaultClass::RateLimited, PACED, message).with_retry_at(Some(until))
}

pub(super) fn inactive() -> Fault {
    operator(
        "enablebanking.inactive",
        "This application is not active yet, or may not read accounts. Activate it at Enable Banking, by linking your accounts with it.",
    )
}

pub(super) fn redirect_not_registered() -> Fault {
    operator(REDIRECT, "The application at Enable Banking has no redirect URL that leads back here.")
}

/// What was pasted is no key that we can sign with.
pub(super) fn no_key(message: &str) -> Fault {
    operator("enablebanking.no_key", message).with_action(UserAction::FixCredentials)
}

/// Pages that lead to themselves, or have no end.
pub(super) fn endless() -> Fault {
    let message = "The pages of this account's transactions do not come to an end. What came is kept.";
    Fault::new(FaultClass::Partial, "enablebanking.endless", message)
}

/// A page after the first that did not come.
pub(super) fn page_failed(fault: Fault) -> Fault {
    let message = "The bank gave only part of this account's transactions. What came is kept.";
    Fault::new(FaultClass::Partial, "enablebanking.page_failed", message)
        .with_retry_at(fault.record().retry_at)
        .with_source(fault)
}

fn operator(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::NeedsOperator, code, message)
}

fn later(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::RetryLater, code, message)
}

#[cfg(test)]
mod tests;
