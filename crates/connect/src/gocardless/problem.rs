//! Errors: the many shapes of a GoCardless error, read into one and classed.
//!
//! Source: section 7 of the fact sheet (error table, help centre, recordings). Control goes by HTTP status first, then by the
//! `type` word, then by the summary.

use bankside_domain::fault::{FaultClass, UserAction};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::fault::Fault;
use crate::http::Answer;

/// An error answer in one shape.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Problem {
    summary: String,
    detail: String,
    kind: Option<String>,
}

/// Reads `{summary, detail, type}`, the field-keyed forms, lists of texts, and what is no JSON at all.
fn read(body: &[u8]) -> Problem {
    let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(body) else {
        return Problem::default();
    };
    let top = |name: &str| fields.get(name).map(text_of).unwrap_or_default();
    let mut problem =
        Problem { summary: top("summary"), detail: top("detail"), kind: fields.get("type").and_then(as_text) };
    if problem.summary.is_empty() && problem.detail.is_empty() {
        // Keyed by field: {"reference": {"summary": …, "detail": …}}, a list of those, or a list of texts.
        let keyed = fields.iter().find(|(name, _)| !matches!(name.as_str(), "status_code" | "type"));
        if let Some((field, value)) = keyed {
            let inner = match value {
                Value::Array(list) => list.first().unwrap_or(value),
                other => other,
            };
            problem.summary = inner.get("summary").map_or_else(|| format!("{field}: {}", text_of(inner)), text_of);
            problem.detail = inner.get("detail").map(text_of).unwrap_or_default();
        }
    }
    problem
}

fn as_text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(text_of).collect::<Vec<_>>().join(" "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A text of the provider, fit to be shown: one line, not too long.
fn quoted(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    line.trim().to_owned()
}

/// Classes an error answer.
pub(super) fn fault(answer: &Answer, now: Timestamp) -> Fault {
    let problem = read(&answer.body);
    let kind = problem.kind.as_deref().unwrap_or_default();
    let about = format!("{} {}", problem.summary, problem.detail).to_lowercase();
    let fault = match answer.status {
        401 => unauthorised(kind, &about),
        402 => Fault::new(
            FaultClass::NeedsOperator,
            "gocardless.limit_reached",
            "GoCardless allows no more new connections this month on these keys.",
        ),
        403 => forbidden(kind, &about),
        404 => Fault::new(FaultClass::Gone, "gocardless.not_found", "GoCardless does not know this any more."),
        409 if kind == "AccountProcessing" || about.contains("processing") => {
            Fault::new(FaultClass::Busy, "gocardless.processing", "The bank is still preparing this account's data.")
        }
        409 => relink("gocardless.suspended", "GoCardless has suspended this account after too many errors."),
        429 => limited(answer, &about, kind, now),
        503 if about.contains("not operational") => {
            later("gocardless.maintenance", "This bank is not available through GoCardless at the moment.")
        }
        500 if kind == "UnknownRequestError" => later("gocardless.bank_error", "The bank answered with an error."),
        503 => later("gocardless.bank_down", "The bank cannot be reached at the moment."),
        500..=599 => later("gocardless.down", "GoCardless has trouble at the moment."),
        _ => Fault::new(
            FaultClass::Bug,
            format!("gocardless.refused_{}", answer.status),
            match quoted(&problem.summary).as_str() {
                "" => format!("GoCardless refused the request ({}).", answer.status),
                summary => format!("GoCardless refused the request: {summary}"),
            },
        ),
    };
    let reference = answer.header("x-c-uuid").or(answer.header("x-u-uuid")).map(quoted);
    let said = format!("{}: {}", quoted(&problem.summary), quoted(&problem.detail));
    fault.with_status(answer.status).with_reference(reference).with_source(said)
}

fn later(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::RetryLater, code, message)
}

fn relink(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::NeedsUser, code, message).with_action(UserAction::Renew)
}

fn unauthorised(kind: &str, about: &str) -> Fault {
    match kind {
        "AccessExpiredError" => {
            relink("gocardless.access_expired", "Access to this bank has expired or was revoked there.")
        }
        "AccountInactiveError" => {
            Fault::new(FaultClass::Gone, "gocardless.account_inactive", "The bank says that this account is closed.")
        }
        _ if about.contains("(eua)") || about.contains("end user agreement") => {
            relink("gocardless.consent_ended", "The consent for this bank has ended.")
        }
        _ if about.contains("invalid token") => {
            Fault::new(FaultClass::RetryLater, INVALID_TOKEN, "GoCardless did not take our token.")
        }
        _ => Fault::new(FaultClass::NeedsOperator, "gocardless.keys_refused", "GoCardless does not accept these keys.")
            .with_action(UserAction::FixCredentials),
    }
}

/// The code of a refused access token, after which a new one is tried once.
pub(super) const INVALID_TOKEN: &str = "gocardless.invalid_token";

fn forbidden(kind: &str, about: &str) -> Fault {
    if about.contains("whitelist") || about.contains("ip address") {
        return Fault::new(
            FaultClass::NeedsOperator,
            "gocardless.ip_denied",
            "These keys may not be used from this server's address.",
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
    Fault::new(FaultClass::NeedsUser, "gocardless.forbidden", "The bank forbids access to this account.")
        .with_action(UserAction::ActAtBank("Check at the bank whether access to this account is allowed.".to_owned()))
}

fn limited(answer: &Answer, about: &str, kind: &str, now: Timestamp) -> Fault {
    let by_bank = kind == "RateLimitError" || about.contains("set by the institution");
    let wait = wait_secs(answer, about);
    let retry_at = match wait {
        Some(secs) => Some(now + SignedDuration::from_secs(secs)),
        // The bank's own limit names no time; a day is what its wording says.
        None if by_bank => Some(now + SignedDuration::from_hours(24)),
        None => Some(now + SignedDuration::from_mins(1)),
    };
    let (code, message) = if by_bank {
        ("gocardless.bank_limit", "The bank's own daily limit is used up.")
    } else {
        ("gocardless.rate_limited", "GoCardless lets us ask only so often, and that is used up.")
    };
    Fault::new(FaultClass::RateLimited, code, message).with_retry_at(retry_at)
}

/// How long to wait: the longest of what the headers and the text say.
fn wait_secs(answer: &Answer, about: &str) -> Option<i64> {
    let header = |name: &str| answer.header(name)?.trim().parse::<i64>().ok();
    let in_text = about.split("again in ").nth(1).and_then(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<i64>().ok()
    });
    ["http_x_ratelimit_account_success_reset", "http_x_ratelimit_reset", "retry-after"]
        .into_iter()
        .filter_map(header)
        .chain(in_text)
        .filter(|secs| (0..=30 * 86_400).contains(secs))
        .max()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn classed(status: u16, body: &str) -> Fault {
        let answer = Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() };
        fault(&answer, "2026-11-20T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn every_documented_shape_has_its_class() {
        use FaultClass::{Bug, Busy, Gone, NeedsOperator, NeedsUser, RateLimited, RetryLater, Unsupported};
        let cases: [(u16, &str, FaultClass, &str); 21] = [
            (
                401,
                r#"{"summary":"Authentication failed","detail":"No active account found with the given credentials","status_code":401}"#,
                NeedsOperator,
                "gocardless.keys_refused",
            ),
            (
                401,
                r#"{"summary":"Invalid token","detail":"Token is invalid or expired","status_code":401}"#,
                RetryLater,
                INVALID_TOKEN,
            ),
            (
                401,
                r#"{"summary":"End User Agreement (EUA) 1 has expired","detail":"EUA was valid for 90 days","status_code":401}"#,
                NeedsUser,
                "gocardless.consent_ended",
            ),
            (
                401,
                r#"{"summary":"Couldn't update account balances","detail":"Access has expired or it has been revoked.","type":"AccessExpiredError","status_code":401}"#,
                NeedsUser,
                "gocardless.access_expired",
            ),
            (
                401,
                r#"{"summary":"Couldn't update account details","detail":"…","type":"AccountInactiveError","status_code":401}"#,
                Gone,
                "gocardless.account_inactive",
            ),
            (
                402,
                r#"{"summary":"Payment Required","detail":"Free usage limit exceeded","status_code":402}"#,
                NeedsOperator,
                "gocardless.limit_reached",
            ),
            (
                403,
                r#"{"summary":"IP address access denied","detail":"Your IP 1.2.3.4 isn't whitelisted to perform this action","status_code":403}"#,
                NeedsOperator,
                "gocardless.ip_denied",
            ),
            (
                403,
                r#"{"summary":"No valid End User Agreement","detail":"Account exists but there is no valid End User Agreement","status_code":403}"#,
                NeedsUser,
                "gocardless.consent_gone",
            ),
            (
                403,
                r#"{"summary":"End User Agreement (EUA) access scope error","detail":"EUA doesn't allow access to account balances","status_code":403}"#,
                Unsupported,
                "gocardless.scope_unavailable",
            ),
            (
                403,
                r#"{"summary":"Couldn't update","detail":"…","type":"AccountResourceUnavailable","status_code":403}"#,
                Unsupported,
                "gocardless.scope_unavailable",
            ),
            (
                403,
                r#"{"summary":"Couldn't update","detail":"…","type":"AccountAccessForbidden","status_code":403}"#,
                NeedsUser,
                "gocardless.forbidden",
            ),
            (404, r#"{"detail":"Not found.","summary":"Not found.","status_code":404}"#, Gone, "gocardless.not_found"),
            (
                409,
                r#"{"summary":"Account is Processing","detail":"…","type":"AccountProcessing","status_code":409}"#,
                Busy,
                "gocardless.processing",
            ),
            (
                409,
                r#"{"summary":"Account suspended","detail":"…","status_code":409}"#,
                NeedsUser,
                "gocardless.suspended",
            ),
            (409, r#"{"id":"1","aspsp_identifier":"X","status":"ERROR"}"#, NeedsUser, "gocardless.suspended"),
            (
                429,
                r#"{"summary":"Couldn't update","detail":"Daily request limit set by the Institution has been exceeded.","type":"RateLimitError"}"#,
                RateLimited,
                "gocardless.bank_limit",
            ),
            (
                500,
                r#"{"summary":"Couldn't update","detail":"…","type":"UnknownRequestError"}"#,
                RetryLater,
                "gocardless.bank_error",
            ),
            (503, r#"{"summary":"Institution X is not operational"}"#, RetryLater, "gocardless.maintenance"),
            (502, "<html>Bad gateway</html>", RetryLater, "gocardless.down"),
            (
                400,
                r#"{"reference":{"summary":"Client reference must be unique","detail":"…"},"status_code":400}"#,
                Bug,
                "gocardless.refused_400",
            ),
            (
                400,
                r#"{"summary":["Institution access scope dependencies error"],"detail":["…"],"status_code":400}"#,
                Bug,
                "gocardless.refused_400",
            ),
        ];
        for (status, body, class, code) in cases {
            let fault = classed(status, body);
            assert_eq!((fault.class(), fault.code()), (class, code), "{status} {body}");
        }
    }

    #[test]
    fn a_limit_says_until_when() {
        let fault = classed(
            429,
            r#"{"summary":"Rate limit exceeded","detail":"The rate limit for this resource is 4/day. Please try again in 85092 seconds","status_code":429}"#,
        );
        let expected: Timestamp = "2026-11-21T11:38:12Z".parse().unwrap();
        assert_eq!(fault.record().retry_at, Some(expected));
    }

    #[test]
    fn what_is_shown_is_one_line() {
        let fault = classed(400, "{\"summary\":\"a\\nb\\u0007\",\"detail\":\"\"}");
        assert_eq!(fault.record().message, "GoCardless refused the request: a b");
    }
}
