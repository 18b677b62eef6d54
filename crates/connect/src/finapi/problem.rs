//! Errors: what an answer means that is none. Source: sections 2, 5 and 10 of the fact sheet.

use bankside_domain::fault::{FaultClass, UserAction};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::fault::Fault;
use crate::http::Answer;
use crate::limited::is_page;
use crate::words::quoted;

/// The code of a token that is not taken any more.
pub(super) const TOKEN_REFUSED: &str = "finapi.token_refused";
/// The code of a user whose name or password finAPI does not know.
pub(super) const USER_UNKNOWN: &str = "finapi.user_unknown";
/// The code of something that is there already.
pub(super) const EXISTS: &str = "finapi.exists";
/// The code of something that finAPI does not know.
pub(super) const NOT_FOUND: &str = "finapi.not_found";
/// The code of a connection that is being imported or updated.
pub(super) const LOCKED: &str = "finapi.locked";
/// The code of too many calls.
pub(super) const LIMITED: &str = "finapi.rate_limited";
/// The code of a request that is refused as wrong.
pub(super) const REFUSED: &str = "finapi.refused_400";

/// No limit lasts longer; who says so has made a mistake.
const LONGEST_LIMIT_SECS: i64 = 3600;
/// A connection that is locked is looked at again after this.
const LOCKED_MINUTES: i64 = 5;

/// A refusal: the words of it that mean the same, our class and code, and what it means.
type Refusal = (&'static [&'static str], FaultClass, &'static str, &'static str);

const REFUSALS: &[Refusal] = &[
    (
        &["INVALID_TOKEN", "UNAUTHORIZED_ACCESS", "UNAUTHORIZED", "invalid_token", "unauthorized"],
        FaultClass::RetryLater,
        TOKEN_REFUSED,
        "finAPI did not take our token.",
    ),
    (
        &["invalid_client"],
        FaultClass::NeedsOperator,
        "finapi.keys_refused",
        "finAPI does not accept this client ID and client secret.",
    ),
    (&["invalid_grant"], FaultClass::RetryLater, USER_UNKNOWN, "finAPI does not know the user that was made for you."),
    (&["UNKNOWN_ENTITY", "NOT_FOUND"], FaultClass::Gone, NOT_FOUND, "finAPI does not know this any more."),
    (&["ENTITY_EXISTS"], FaultClass::NeedsUser, EXISTS, "This is at finAPI already."),
    (&["LOCKED"], FaultClass::Busy, LOCKED, "finAPI is reading this bank already."),
    (
        &["FORBIDDEN", "NOT_ALLOWED"],
        FaultClass::NeedsOperator,
        "finapi.not_permitted",
        "The contract with finAPI does not allow this.",
    ),
    (
        &["MANDATOR_MISCONFIGURATION", "NO_CERTIFICATE", "NO_TPP_CLIENT_CREDENTIALS", "INVALID_REDIRECT_URL"],
        FaultClass::NeedsOperator,
        "finapi.contract",
        "Something is not set up in the contract with finAPI.",
    ),
    (
        &[
            "ADDITIONAL_AUTHENTICATION_REQUIRED",
            "WEB_FORM_REQUIRED",
            "INVALID_CONSENT",
            "MISSING_CREDENTIALS",
            "LOGIN_FIELDS_MISMATCH",
            "MISSING_TWO_STEP_PROCEDURE",
            "INVALID_TWO_STEP_PROCEDURE",
            "NO_EXISTING_CHALLENGE",
        ],
        FaultClass::NeedsUser,
        "finapi.sign_in_wanted",
        "The bank wants you to sign in again.",
    ),
    (&["BANK_SERVER_REJECTION"], FaultClass::NeedsUser, "finapi.bank_refused", "The bank refused."),
    (
        &["UNSUPPORTED_BANK", "BANK_NOT_SUPPORTED"],
        FaultClass::Unsupported,
        "finapi.bank_unsupported",
        "finAPI does not reach this bank, or does not reach it any more.",
    ),
    (
        &["UNSUPPORTED_FEATURE", "NOT_SUPPORTED"],
        FaultClass::Unsupported,
        "finapi.unsupported",
        "This bank does not have that at finAPI.",
    ),
    (&["ILLEGAL_ENTITY_STATE"], FaultClass::RetryLater, "finapi.not_now", "finAPI cannot do this at the moment."),
];

/// What an error answer says.
struct Problem {
    code: String,
    /// What it says, in the bank's words or finAPI's.
    message: String,
    is_business: bool,
    reference: Option<String>,
}

/// `None` is nothing that finAPI itself would say.
fn read(body: &[u8]) -> Option<Problem> {
    let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(body) else { return None };
    let first = fields.get("errors").and_then(|errors| errors.get(0));
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let safe = |text: String, most: usize| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(most).collect()
    };
    let named = |name: &str| text(fields.get(name));
    let code = first.map(|error| text(error.get("code"))).unwrap_or_default();
    let code = [code, named("code"), named("error")].into_iter().find(|code| !code.is_empty()).unwrap_or_default();
    let message = first.map(|error| text(error.get("message"))).unwrap_or_default();
    let message = [message, named("description"), named("error_description")];
    Some(Problem {
        code: safe(code, 60),
        message: message.into_iter().find(|text| !text.is_empty()).unwrap_or_default(),
        is_business: first.is_some_and(|error| error.get("type").and_then(Value::as_str) == Some("BUSINESS")),
        reference: Some(safe(named("requestId"), 60)).filter(|reference| !reference.is_empty()),
    })
}

/// Classes an answer that is no success.
pub(super) fn fault(answer: &Answer, now: Timestamp) -> Fault {
    let Some(problem) = read(&answer.body) else { return of_nothing(answer, now).with_status(answer.status) };
    let known = REFUSALS.iter().find(|(words, ..)| words.contains(&problem.code.as_str()));
    let fault = match known {
        Some((_, class, code, message)) => refused(*class, code, message, &problem, now),
        None => of_status(answer, &problem, now),
    };
    fault.with_status(answer.status).with_reference(problem.reference).with_source(format!(
        "{}: {}",
        problem.code,
        quoted(&problem.message)
    ))
}

fn refused(class: FaultClass, code: &str, message: &str, problem: &Problem, now: Timestamp) -> Fault {
    let fault = Fault::new(class, code, message);
    match code {
        LOCKED => fault.with_retry_at(Some(now + SignedDuration::from_mins(LOCKED_MINUTES))),
        "finapi.keys_refused" => fault.with_action(UserAction::FixCredentials),
        "finapi.sign_in_wanted" => fault.with_action(UserAction::Renew),
        "finapi.bank_refused" => bank_refused(problem.is_business.then_some(problem.message.as_str())),
        _ => fault,
    }
}

/// A bank that refuses; what it says is meant for the person.
pub(super) fn bank_refused(said: Option<&str>) -> Fault {
    let said = said.map(quoted).filter(|said| !said.is_empty());
    let message = match said {
        Some(said) => format!("The bank refused. In its words: “{said}”"),
        None => "The bank refused, and did not say why.".to_owned(),
    };
    Fault::new(FaultClass::NeedsUser, "finapi.bank_refused", message).with_action(UserAction::Renew)
}

fn of_status(answer: &Answer, problem: &Problem, now: Timestamp) -> Fault {
    match answer.status {
        401 => later(TOKEN_REFUSED, "finAPI did not take our token."),
        403 => operator("finapi.not_permitted", "The contract with finAPI does not allow this."),
        404 | 410 => Fault::new(FaultClass::Gone, NOT_FOUND, "finAPI does not know this any more."),
        423 => {
            // Only a sign-in is refused so without the word for a connection.
            let message = "finAPI has locked the user that was made for you, after sign-ins that failed.";
            operator("finapi.user_locked", message)
        }
        400 | 405 | 406 | 409 | 415 | 422 => {
            let words = quoted(&problem.message);
            let words = if words.is_empty() { String::new() } else { format!(" In its words: “{words}”") };
            let message = format!("finAPI refused the request ({}).{words}", answer.status);
            Fault::new(FaultClass::Bug, format!("finapi.refused_{}", answer.status), message)
        }
        _ => of_nothing(answer, now),
    }
}

/// An answer that says nothing but its status, or that finAPI did not write.
fn of_nothing(answer: &Answer, now: Timestamp) -> Fault {
    match answer.status {
        429 => limited(now + SignedDuration::from_secs(wait_secs(answer))),
        301 | 308 => operator("finapi.moved", "finAPI is not at the configured address: it leads to another one."),
        300..=399 => later("finapi.redirected", "The address of finAPI leads elsewhere at the moment."),
        407 => operator("finapi.proxy_refused", "The proxy between this server and finAPI asks for a sign-in."),
        408 | 425 => later("finapi.too_slow", "finAPI did not wait for the whole request."),
        500..=599 => later("finapi.down", "finAPI has trouble at the moment."),
        _ if is_page(&answer.body) || answer.status < 500 => intercepted(),
        status => {
            Fault::new(FaultClass::Bug, format!("finapi.refused_{status}"), format!("finAPI refused ({status})."))
        }
    }
}

fn intercepted() -> Fault {
    let message = "Something between this server and finAPI answered in its place, such as a proxy or a firewall.";
    later("finapi.intercepted", message)
}

/// How long a limit lasts; a minute where nothing says so, which is the rule: no document does.
fn wait_secs(answer: &Answer) -> i64 {
    let stated = answer.header("retry-after").and_then(|text| text.trim().parse().ok());
    stated.filter(|secs| (0..=LONGEST_LIMIT_SECS).contains(secs)).unwrap_or(60)
}

/// Too many calls.
pub(super) fn limited(until: Timestamp) -> Fault {
    let message = "finAPI lets these keys ask only so often, and that is used up for the moment.";
    Fault::new(FaultClass::RateLimited, LIMITED, message).with_retry_at(Some(until))
}

/// What is wrong with a successful answer that cannot be read.
pub(super) fn unread(body: &[u8], error: &serde_json::Error) -> Fault {
    let fault = if is_page(body) {
        intercepted()
    } else if error.is_eof() {
        later("finapi.cut_short", "An answer of finAPI broke off.")
    } else {
        unreadable()
    };
    // The error names a place and a kind, never the content.
    fault.with_source(format!("line {}, column {}: {:?}", error.line(), error.column(), error.classify()))
}

pub(super) fn unreadable() -> Fault {
    Fault::new(FaultClass::Bug, "finapi.unreadable", "finAPI sent an answer that we cannot read.")
}

fn operator(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::NeedsOperator, code, message)
}

pub(super) fn later(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::RetryLater, code, message)
}

/// Why a form or a task has ended without success, by the word that it has for it. The list is open (fact sheet §5, §6).
pub(super) fn ended(word: &str, said: Option<&str>, bank: &str) -> Fault {
    let word: String = word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
    let fault = match word.as_str() {
        "ENTITY_EXISTS" => {
            let message =
                "This sign-in is connected at finAPI already. Resync the sync that has it, or unsync that first.";
            Fault::new(FaultClass::NeedsUser, EXISTS, message).with_action(UserAction::Renew)
        }
        "BANK_SERVER_REJECTION" => bank_refused(said),
        "INTERRUPTED" => needs_user("finapi.interrupted", "The page of finAPI was loaded again where it must not be."),
        "INVALID_TOKEN" => needs_user("finapi.too_long", "The page of finAPI was open for too long."),
        "NO_ACCOUNTS_FOR_TYPE_LIST" => needs_user("finapi.no_accounts", &format!("{bank} shows no accounts.")),
        "UNDETERMINED_BANK" => needs_user("finapi.no_bank", "No bank was chosen on the page of finAPI."),
        "MANDATOR_MISCONFIGURATION" => {
            operator("finapi.contract", "Something is not set up in the contract with finAPI.")
        }
        "UNSUPPORTED_FEATURE" | "UNSUPPORTED_ORDER" => {
            Fault::new(FaultClass::Unsupported, "finapi.unsupported", "This bank does not have that at finAPI.")
        }
        _ => later("finapi.failed", &format!("finAPI could not read {bank}.")),
    };
    fault.with_reference(Some(word).filter(|word| !word.is_empty()))
}

fn needs_user(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::NeedsUser, code, format!("{message} Nothing has changed.")).with_action(UserAction::Renew)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn of(status: u16, body: &str) -> Fault {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        fault(&Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }, now)
    }

    #[test]
    fn each_shape_of_a_refusal_has_its_class() {
        use FaultClass::{Bug, Busy, Gone, NeedsOperator, NeedsUser, RateLimited, RetryLater, Unsupported};
        for (status, body, class, code) in [
            (401, r#"{"error":"invalid_token","error_description":"x"}"#, RetryLater, TOKEN_REFUSED),
            (401, r#"{"error":"invalid_client"}"#, NeedsOperator, "finapi.keys_refused"),
            (400, r#"{"error":"invalid_grant"}"#, RetryLater, USER_UNKNOWN),
            (423, r#"{"error":"user_locked"}"#, NeedsOperator, "finapi.user_locked"),
            (423, r#"{"code":"LOCKED","description":"x"}"#, Busy, LOCKED),
            (404, r#"{"errors":[{"code":"UNKNOWN_ENTITY","message":"m"}]}"#, Gone, NOT_FOUND),
            (404, "<html>", RetryLater, "finapi.intercepted"),
            (422, r#"{"errors":[{"code":"ILLEGAL_FIELD_VALUE","message":"m"}]}"#, Bug, "finapi.refused_422"),
            (400, r#"{"errors":[{"field":"bankConnectionId","message":"m"}]}"#, Bug, REFUSED),
            (510, r#"{"errors":[{"code":"ADDITIONAL_AUTHENTICATION_REQUIRED"}]}"#, NeedsUser, "finapi.sign_in_wanted"),
            (501, r#"{"errors":[{"code":"UNSUPPORTED_FEATURE"}]}"#, Unsupported, "finapi.unsupported"),
            (500, r#"{"errors":[{"code":"UNEXPECTED_ERROR"}]}"#, RetryLater, "finapi.down"),
            (429, "", RateLimited, LIMITED),
            (302, "", RetryLater, "finapi.redirected"),
            (200, "<html>", RetryLater, "finapi.intercepted"),
        ] {
            let fault = of(status, body);
            assert_eq!(
                (fault.class(), fault.code(), fault.http_status()),
                (class, code, Some(status)),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn what_a_bank_says_is_told_and_what_is_technical_is_not() {
        let said = |kind: &str| {
            let text = r#"{"errors":[{"code":"BANK_SERVER_REJECTION","message":"Bitte PIN DE02120300000000202051 ändern","type":"T"}]}"#;
            of(422, &text.replace("\"T\"", &format!("\"{kind}\""))).into_record().message
        };
        assert_eq!(said("BUSINESS"), "The bank refused. In its words: “Bitte PIN … ändern”");
        assert_eq!(said("TECHNICAL"), "The bank refused, and did not say why.");
    }

    #[test]
    fn a_word_that_nobody_knows_blames_nobody() {
        let fault = ended("SOMETHING_NEW\n", None, "Nordhafen Bank");
        assert_eq!(
            (fault.class(), fault.record().reference.as_deref()),
            (FaultClass::RetryLater, Some("SOMETHING_NEW"))
        );
    }
}
