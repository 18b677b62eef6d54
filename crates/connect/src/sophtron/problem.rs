//! Errors: what an answer means that is none. Sophtron documents no error bodies, so the status decides. Source: section 8 of
//! the fact sheet.
//!
//! A web page in the place of an answer was written by something on the way, and says nothing of keys or of a login.

use bankside_domain::fault::{FaultClass, UserAction};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::connector::LEDGER;
use crate::fault::Fault;
use crate::http::{Answer, UNREACHABLE};
use crate::limited::is_page;

/// The code of a thing that Sophtron does not know any more.
pub(super) const NOT_FOUND: &str = "sophtron.not_found";
/// The code of a login that Sophtron does not know any more.
const LOGIN_GONE: &str = "sophtron.login_gone";
/// The code of an answer that Sophtron did not write.
pub(super) const INTERCEPTED: &str = "sophtron.intercepted";

/// A limit that does not say until when: the month's and any other are tried again after this.
const USUAL_LIMIT: SignedDuration = SignedDuration::from_hours(1);
/// No wait is believed to be longer.
const LONGEST_WAIT_SECS: i64 = 86_400;

/// Classes an answer that is no success.
pub(super) fn fault(answer: &Answer, now: Timestamp) -> Fault {
    let status = answer.status;
    let fault = match status {
        // Proxies on the way ask with another status, so this is about the keys even where the body is a page.
        401 => keys_refused(),
        429 => limit(now + wait(answer, now).unwrap_or(USUAL_LIMIT)),
        301 | 308 => operator("sophtron.moved", "Sophtron is not at the configured address: it leads to another one."),
        300..=399 => later("sophtron.redirected", "The address of Sophtron leads elsewhere at the moment."),
        407 => operator("sophtron.proxy_refused", "The proxy between this server and Sophtron asks for a sign-in."),
        408 | 425 => later("sophtron.too_slow", "Sophtron did not wait for the whole request."),
        500..=599 => later("sophtron.down", "Sophtron has trouble at the moment."),
        _ if is_page(&answer.body) => intercepted(),
        403 => keys_refused(),
        404 => Fault::new(FaultClass::Gone, NOT_FOUND, "Sophtron does not know this any more."),
        _ => {
            let message = format!("Sophtron refused the request as wrong ({status}).");
            Fault::new(FaultClass::Bug, format!("sophtron.refused_{status}"), message)
        }
    };
    fault.with_status(status)
}

/// What is wrong with a successful answer that cannot be read.
pub(super) fn unread(body: &[u8]) -> Fault {
    if body.trim_ascii().is_empty() {
        return later("sophtron.empty", "Sophtron answered with nothing.");
    }
    if is_page(body) {
        return intercepted();
    }
    match serde_json::from_slice::<Value>(body) {
        Err(error) if error.is_eof() => later("sophtron.cut_short", "An answer of Sophtron broke off."),
        _ => Fault::new(FaultClass::Bug, "sophtron.unreadable", "Sophtron sent an answer that we cannot read."),
    }
}

/// The limit that all calls with these keys share.
pub(super) fn limit(until: Timestamp) -> Fault {
    let message = "Sophtron lets these keys ask only so often, and that is used up for the moment.";
    Fault::new(FaultClass::RateLimited, "sophtron.rate_limited", message).with_retry_at(Some(until))
}

/// Whether a fault meets every account alike: one of the keys, of the login, of the limit of all, or of the way there.
pub(super) fn concerns_all(fault: &Fault) -> bool {
    match fault.class() {
        FaultClass::NeedsOperator | FaultClass::RateLimited => true,
        FaultClass::Gone => fault.code() == LOGIN_GONE,
        // An answer that is late or breaks off is one account's: its rows may be many.
        FaultClass::RetryLater => matches!(fault.code(), UNREACHABLE | LEDGER),
        _ => false,
    }
}

/// The login that a connection uses was deleted at Sophtron.
pub(super) fn login_gone() -> Fault {
    let message = "The sign-in of this sync is not at Sophtron any more. Connect the bank anew.";
    Fault::new(FaultClass::Gone, LOGIN_GONE, message)
}

fn keys_refused() -> Fault {
    operator("sophtron.keys_refused", "Sophtron does not accept these keys.").with_action(UserAction::FixCredentials)
}

fn intercepted() -> Fault {
    later(
        INTERCEPTED,
        "Something between this server and Sophtron answered in its place, such as a proxy or a firewall.",
    )
}

fn operator(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::NeedsOperator, code, message)
}

/// What passes by itself.
pub(super) fn later(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::RetryLater, code, message)
}

/// Seconds, or a date.
fn wait(answer: &Answer, now: Timestamp) -> Option<SignedDuration> {
    let text = answer.header("retry-after")?.trim();
    let secs = match text.parse::<i64>() {
        Ok(secs) => secs,
        Err(_) => jiff::fmt::rfc2822::parse(text).ok()?.timestamp().duration_since(now).as_secs(),
    };
    (0..=LONGEST_WAIT_SECS).contains(&secs).then(|| SignedDuration::from_secs(secs))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn of(status: u16, body: &str) -> Fault {
        fault(&Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }, now())
    }

    #[test]
    fn each_status_has_its_class() {
        for (status, body, class, code) in [
            (401, "", FaultClass::NeedsOperator, "sophtron.keys_refused"),
            (401, "<html>401</html>", FaultClass::NeedsOperator, "sophtron.keys_refused"),
            (403, r#"{"Message":"no"}"#, FaultClass::NeedsOperator, "sophtron.keys_refused"),
            (403, "<html>blocked</html>", FaultClass::RetryLater, INTERCEPTED),
            (200, " <html>sign in</html>", FaultClass::RetryLater, INTERCEPTED),
            (404, "", FaultClass::Gone, NOT_FOUND),
            (404, "<html>", FaultClass::RetryLater, INTERCEPTED),
            (400, r#"{"Message":"The request is invalid."}"#, FaultClass::Bug, "sophtron.refused_400"),
            (302, "", FaultClass::RetryLater, "sophtron.redirected"),
            (308, "", FaultClass::NeedsOperator, "sophtron.moved"),
            (502, "<html>", FaultClass::RetryLater, "sophtron.down"),
        ] {
            let fault = of(status, body);
            assert_eq!((fault.class(), fault.code()), (class, code), "{status} {body}");
            assert_eq!(fault.http_status(), Some(status));
        }
    }

    #[test]
    fn a_limit_says_until_when() {
        let of = |text: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            let fault = fault(&Answer { status: 429, headers, body: Vec::new() }, now());
            assert_eq!(fault.class(), FaultClass::RateLimited);
            fault.record().retry_at.unwrap().duration_since(now()).as_secs()
        };
        assert_eq!(of("42"), 42);
        assert_eq!(of("Fri, 20 Nov 2026 12:02:00 GMT"), 120);
        for odd in ["-1", "99999999999", "soon"] {
            assert_eq!(of(odd), 3600, "{odd}");
        }
    }

    #[test]
    fn answers_that_cannot_be_read_are_told_apart() {
        for (body, class, code) in [
            ("", FaultClass::RetryLater, "sophtron.empty"),
            (" \r\n", FaultClass::RetryLater, "sophtron.empty"),
            ("<html>", FaultClass::RetryLater, INTERCEPTED),
            (r#"[{"a":1"#, FaultClass::RetryLater, "sophtron.cut_short"),
            ("OK", FaultClass::Bug, "sophtron.unreadable"),
            (r#"{"a":1}"#, FaultClass::Bug, "sophtron.unreadable"),
        ] {
            let fault = unread(body.as_bytes());
            assert_eq!((fault.class(), fault.code()), (class, code), "{body}");
        }
    }
}
