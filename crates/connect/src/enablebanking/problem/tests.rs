//! Every row of section 6 of the fact sheet, and answers that nobody would send who means well.

use bankside_domain::fault::FaultClass::{Bug, Gone, NeedsOperator, NeedsUser, RateLimited, RetryLater, Unsupported};
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderValue};

use super::*;

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn classed(status: u16, body: &str) -> Fault {
    fault(&Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }, now())
}

fn error(status: u16, word: &str) -> Fault {
    classed(status, &serde_json::json!({ "message": "x", "code": status, "error": word, "detail": null }).to_string())
}

#[test]
fn every_word_has_its_class_whatever_the_status() {
    for (words, class) in [
        (
            &["EXPIRED_SESSION", "CLOSED_SESSION", "REVOKED_SESSION", "WRONG_SESSION_STATUS", "SESSION_DOES_NOT_EXIST"]
                [..],
            NeedsUser,
        ),
        (
            &["ASPSP_PSU_ACTION_REQUIRED", "NO_ACCOUNTS_ADDED", "ALREADY_AUTHORIZED", "EXPIRED_AUTHORIZATION_CODE"],
            NeedsUser,
        ),
        (&["INVALID_ACCOUNT_ID", "ACCOUNT_DOES_NOT_EXIST", "ASPSP_ACCOUNT_NOT_ACCESSIBLE"], Gone),
        (&["ASPSP_RATE_LIMIT_EXCEEDED"], RateLimited),
        (&["ASPSP_ERROR", "ASPSP_TIMEOUT"], RetryLater),
        (
            &["UNAUTHORIZED_ACCESS", "ACCESS_DENIED", "INVALID_HOST", "UNAUTHORIZED_IP", "REDIRECT_URI_NOT_ALLOWED"],
            NeedsOperator,
        ),
        (&["WRONG_TRANSACTIONS_PERIOD"], Unsupported),
    ] {
        for word in words {
            for status in [400, 401, 403, 404, 422] {
                let fault = error(status, word);
                assert_eq!((fault.class(), fault.http_status()), (class, Some(status)), "{word} {status}");
            }
        }
    }
    for word in ["WRONG_ASPSP_PROVIDED", "DATE_FROM_IN_FUTURE", "WRONG_CONTINUATION_KEY", "PSU_HEADER_INVALID", "NEW"] {
        assert_eq!(error(422, word).class(), Bug, "{word}");
    }
}

#[test]
fn without_a_word_the_status_speaks() {
    for (status, body, class) in [
        (500, r#"{"message":"Internal Server Error"}"#, RetryLater),
        (502, "<html>", RetryLater),
        (408, "{}", RetryLater),
        (429, "{}", RateLimited),
        (401, "<html>", RetryLater),
        (404, "", RetryLater),
        (404, r#"{"message":"Not Found","code":404}"#, Gone),
        (400, r#"{"message":"no"}"#, Bug),
        (200, "<html>", RetryLater),
        (302, "", RetryLater),
        (301, "", NeedsOperator),
    ] {
        assert_eq!(classed(status, body).class(), class, "{status} {body}");
    }
}

#[test]
fn a_period_says_from_when_where_the_bank_does() {
    let said = r#"{"message":"x","code":422,"error":"WRONG_TRANSACTIONS_PERIOD","detail":{"date_from":"2026-09-21"}}"#;
    assert_eq!(classed(422, said).first_day(), Some(jiff::civil::date(2026, 9, 21)));
    let own = classed(422, r#"{"message":"x","code":"PERIOD_INVALID"}"#);
    assert_eq!((own.code(), own.first_day()), (PERIOD, None));
    assert_eq!(error(422, "WRONG_TRANSACTIONS_PERIOD").first_day(), None);
}

#[test]
fn a_limit_lasts_a_day_unless_something_shorter_is_said() {
    let of = |wait: &str| {
        let headers = HeaderMap::from_iter([("retry-after".parse().unwrap(), HeaderValue::from_str(wait).unwrap())]);
        let body = br#"{"message":"x","error":"ASPSP_RATE_LIMIT_EXCEEDED"}"#.to_vec();
        fault(&Answer { status: 429, headers, body }, now()).record().retry_at.unwrap()
    };
    assert_eq!(of("60"), now() + SignedDuration::from_secs(60));
    for absurd in ["-5", "0", "99999999", "soon"] {
        assert_eq!(of(absurd), now() + A_DAY, "{absurd}");
    }
}

#[test]
fn words_of_a_refusal_are_quoted_and_tell_nobody_anything() {
    let body = r#"{"message":"Wrong request parameters provided","error":"WRONG_REQUEST_PARAMETERS","detail":"uid 0b2f8c4e-1f55-4a0e-9b1d-2f8e4c5a6b70 is\nodd"}"#;
    let message = classed(422, body).record().message.clone();
    let expected =
        "Enable Banking refused the request (422). In its words: “Wrong request parameters provided – uid … is odd”";
    assert_eq!(message, expected);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(status in 100_u16..600, body in ".{0,80}") {
        let _ = classed(status, &body);
        let _ = classed(status, &serde_json::json!({ "message": body, "error": body, "detail": { "date_from": body } }).to_string());
    }
}
