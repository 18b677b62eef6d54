//! Errors: what an answer means that is none. Source: sections 2, 4 and 5 of the fact sheet.

use bankside_domain::fault::{FaultClass, UserAction};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::fault::Fault;
use crate::http::Answer;
use crate::limited::is_page;

/// Where subscriptions are paid.
const PAID_AT: &str = "https://bridge.simplefin.org/";
/// An access that has asked too often rests for a day: nothing says for how long, and data is a day old anyway.
const REST: SignedDuration = SignedDuration::from_hours(24);

/// Classes an answer that is no success.
pub(super) fn fault(answer: &Answer, now: Timestamp) -> Fault {
    let status = answer.status;
    let fault = match status {
        // The status says it, whatever the body is: of bodies nothing is documented.
        401 | 403 => access_refused(),
        402 => {
            let message = "The subscription at SimpleFIN has lapsed.";
            Fault::new(FaultClass::NeedsUser, "simplefin.payment_required", message)
                .with_action(UserAction::Pay(PAID_AT.to_owned()))
        }
        429 => limit(now + REST),
        301 | 308 => operator("simplefin.moved", "SimpleFIN is not at the address of this access: it leads elsewhere."),
        300..=399 => later("simplefin.redirected", "The address of SimpleFIN leads elsewhere at the moment."),
        407 => operator("simplefin.proxy_refused", "The proxy between this server and SimpleFIN asks for a sign-in."),
        408 | 425 => later("simplefin.too_slow", "SimpleFIN did not wait for the whole request."),
        500..=599 => later("simplefin.down", "SimpleFIN has trouble at the moment."),
        _ if is_page(&answer.body) => intercepted(),
        404 | 410 => operator("simplefin.not_there", "There is no SimpleFIN at the address of this access."),
        _ => {
            let message = format!("SimpleFIN refused the request as wrong ({status}).");
            Fault::new(FaultClass::Bug, format!("simplefin.refused_{status}"), message)
        }
    };
    fault.with_status(status)
}

/// What is wrong with a successful answer that cannot be read.
pub(super) fn unread(body: &[u8]) -> Fault {
    if body.trim_ascii().is_empty() {
        return later("simplefin.empty", "SimpleFIN answered with nothing.");
    }
    if is_page(body) {
        return intercepted();
    }
    match serde_json::from_slice::<Value>(body) {
        Err(error) if error.is_eof() => later("simplefin.cut_short", "An answer of SimpleFIN broke off."),
        _ => Fault::new(FaultClass::Bug, "simplefin.unreadable", "SimpleFIN sent an answer that we cannot read."),
    }
}

fn intercepted() -> Fault {
    let message = "Something between this server and SimpleFIN answered in its place, such as a proxy or a firewall.";
    later("simplefin.intercepted", message)
}

/// The access does not work, and only another one will.
pub(super) fn access_refused() -> Fault {
    wrong_keys("simplefin.access_refused", "SimpleFIN does not take this access, or does not take it any more.")
}

/// What was pasted is nothing that SimpleFIN gives.
pub(super) fn no_access() -> Fault {
    wrong_keys("simplefin.no_token", "This is no setup token of SimpleFIN, and no access URL.")
}

/// A token that somebody has used, or that never was.
pub(super) fn token_used() -> Fault {
    let message = "This setup token has been used already, or never was one. If it was not you, it may be compromised.";
    wrong_keys("simplefin.token_used", message)
}

/// A token was sent, and what it was exchanged for did not arrive.
pub(super) fn claim_lost() -> Fault {
    let message = "What SimpleFIN gave for the setup token did not arrive, and a token works only once.";
    wrong_keys("simplefin.claim_lost", message)
}

/// A token or an access URL leads to a place where we do not go.
pub(super) fn address_refused() -> Fault {
    let message = "This leads to an address that is not public and https, so nothing was sent there.";
    wrong_keys("simplefin.address_refused", message)
}

/// The day's requests are used up until then.
pub(super) fn limit(until: Timestamp) -> Fault {
    let message = "SimpleFIN takes only so many requests a day, and those are used up.";
    Fault::new(FaultClass::RateLimited, "simplefin.rate_limited", message).with_retry_at(Some(until))
}

fn wrong_keys(code: &str, message: &str) -> Fault {
    operator(code, message).with_action(UserAction::FixCredentials)
}

fn operator(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::NeedsOperator, code, message)
}

pub(super) fn later(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::RetryLater, code, message)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    #[test]
    fn each_status_has_its_class() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let of = |status: u16, body: &str| {
            fault(&Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }, now)
        };
        for (status, body, class) in [
            (400, "Bad", FaultClass::Bug),
            (400, "<html>", FaultClass::RetryLater),
            (402, "", FaultClass::NeedsUser),
            (403, "Forbidden", FaultClass::NeedsOperator),
            (404, "", FaultClass::NeedsOperator),
            (404, "<html>", FaultClass::RetryLater),
            (302, "", FaultClass::RetryLater),
            (429, "", FaultClass::RateLimited),
            (500, "", FaultClass::RetryLater),
        ] {
            let fault = of(status, body);
            assert_eq!((fault.class(), fault.http_status()), (class, Some(status)), "{status} {body}");
        }
        assert_eq!(of(402, "").record().action, Some(UserAction::Pay(PAID_AT.to_owned())));
        assert_eq!(of(429, "").record().retry_at, Some(now + REST));
    }

    #[test]
    fn what_cannot_be_read_is_no_matter_of_the_access() {
        for (body, code) in [
            ("", "simplefin.empty"),
            ("<!DOCTYPE html>", "simplefin.intercepted"),
            ("{\"accounts\": [", "simplefin.cut_short"),
            ("[]", "simplefin.unreadable"),
        ] {
            assert_eq!(unread(body.as_bytes()).code(), code, "{body}");
        }
    }
}
