//! Every documented refusal, and answers that Pluggy did not write.

use FaultClass::{Bug, Busy, Gone, NeedsOperator, NeedsUser, RateLimited, RetryLater, Unsupported};
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderValue};

use super::*;

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
}

fn classed(status: u16, word: &str) -> Fault {
    let body = serde_json::json!({ "code": status, "codeDescription": word, "message": "m", "errorId": "7baea63a-1" });
    fault(&answer(status, &body.to_string()), now())
}

#[test]
fn every_documented_refusal_has_its_class_and_is_fit_to_be_shown() {
    let visit = || Some(UserAction::Visit(DASHBOARD.to_owned()));
    let renew = || Some(UserAction::Renew);
    let cases = [
        (401, "", RetryLater, KEY_REFUSED, None),
        (401, "CLIENT_KEYS_UNAUTHORIZED", RetryLater, KEY_REFUSED, None),
        (401, "CLIENT_DISABLED", NeedsOperator, "pluggy.client_disabled", None),
        (403, "CLIENT_DISABLED", NeedsOperator, "pluggy.client_disabled", None),
        (403, "", NeedsOperator, NOT_PERMITTED, None),
        (403, "TRIAL_CLIENT_ITEM_UPDATE_NOT_ALLOWED", NeedsOperator, "pluggy.trial", None),
        (404, "ITEM_NOT_FOUND", Gone, ITEM_GONE, renew()),
        (404, "ACCOUNT_NOT_FOUND", Gone, "pluggy.account_gone", None),
        (404, "", Gone, NOT_FOUND, None),
        (410, "ENDPOINT_DEPRECATED", Bug, SWITCHED_OFF, None),
        (410, "", Bug, SWITCHED_OFF, None),
        (409, "ITEM_IS_ALREADY_UPDATING", Busy, READING_ALREADY, None),
        (409, "ITEM_ALREADY_UPDATING", Busy, READING_ALREADY, None),
        (409, "ITEM_IN_ERROR_COOLDOWN", RateLimited, "pluggy.cooldown", None),
        (409, "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY", RateLimited, "pluggy.too_soon", None),
        (409, "CONNECTOR_OFFLINE", RetryLater, "pluggy.bank_offline", None),
        (409, "CLIENT_HAS_ITEM_UPDATES_DISABLED", Unsupported, "pluggy.plan", None),
        (400, "SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED", Unsupported, "pluggy.plan", None),
        (409, "ITEM_ORIGINAL_CONNECTED_WITH_DIFFERENT_ACCOUNT", NeedsUser, "pluggy.other_person", visit()),
        (400, "PARAMETERS_NOT_PROVIDED", NeedsUser, "pluggy.sign_in_wanted", visit()),
        (400, "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR", NeedsUser, "pluggy.sign_in_wanted", visit()),
        (400, "LAST_EXECUTION_HAD_LOGIN_ERROR", NeedsUser, "pluggy.login_error", visit()),
        (400, "MFA_PARAMERTER_WAS_ALREADY_USED_ERROR", NeedsUser, "pluggy.code_used", visit()),
        (400, "TOO_MANY_CONSECUTIVE_ERRORS", RetryLater, "pluggy.too_many_errors", None),
        (400, "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES", NeedsUser, "pluggy.too_many_logins", visit()),
        (400, "ITEM_MFA_ALREADY_PROVIDED", Busy, READING_ALREADY, None),
        (400, "ITEM_MFA_NOT_FOUND", NeedsUser, ANSWER_LATE, renew()),
        (400, "ITEM_MFA_EXPIRED", NeedsUser, ANSWER_LATE, renew()),
        (400, "ITEM_MFA_PARAMETER_EXPECTED_MISMATCH", NeedsUser, ANSWER_MISMATCH, renew()),
        (400, "SOMETHING_NEW", Bug, "pluggy.refused_400", None),
        (429, "", RateLimited, LIMITED, None),
        (500, "INTERNAL_SERVER_ERROR", RetryLater, "pluggy.down", None),
        (503, "", RetryLater, "pluggy.maintenance", None),
    ];
    for (status, word, class, code, action) in &cases {
        let fault = classed(*status, word);
        let record = fault.record();
        assert_eq!((record.class, record.code.as_str(), &record.action), (*class, *code, action), "{status} {word}");
        assert_eq!(record.reference.as_deref(), Some("7baea63a-1"), "{status} {word}");
        assert!(record.message.ends_with(['.', '”']) && record.message.chars().count() <= 200, "{}", record.message);
    }
    assert!(REFUSALS.iter().all(|(word, ..)| cases.iter().any(|case| case.1 == *word)), "each is in the list above");
}

#[test]
fn what_a_refusal_says_of_time_is_kept() {
    let body = r#"{"code":400,"codeDescription":"TOO_MANY_CONSECUTIVE_LOGIN_FAILURES","message":"m",
        "data":{"canRetryAfterDate":"2026-11-20T18:00:00.000Z","readableBackoffTime":"6 hours"}}"#;
    assert_eq!(fault(&answer(400, body), now()).record().retry_at, "2026-11-20T18:00:00Z".parse().ok());
    let soon = |hours: &str| {
        let word = "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY";
        let body = format!(r#"{{"codeDescription":"{word}","data":{{"minUpdateFrequencyAllowedInHours":{hours}}}}}"#);
        fault(&answer(409, &body), now()).record().message.clone()
    };
    assert!(soon("24").contains("only once in 24 hours,"));
    assert!(soon("1").contains("only once an hour,"));
    assert!(soon("null").contains("only so often,"));
}

#[test]
fn a_limit_lasts_as_long_as_the_longest_header_says() {
    let limit = |headers: &[(&'static str, &str)]| {
        let mut answer = answer(429, r#"{"message":"Too many requests.","code":429}"#);
        for (name, value) in headers {
            answer.headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        fault(&answer, now()).record().retry_at.unwrap().duration_since(now()).as_secs()
    };
    assert_eq!(limit(&[]), 60);
    assert_eq!(limit(&[("retry-after", "42")]), 42);
    assert_eq!(limit(&[("retry-after", "30"), ("ratelimit-reset", "50")]), 50);
    assert_eq!(limit(&[("retry-after", "999999999"), ("ratelimit-reset", "soon")]), 60);
}

#[test]
fn what_pluggy_did_not_write_blames_no_keys_and_no_item() {
    for status in [200, 400, 401, 403, 404, 405, 409, 410] {
        for body in ["", "<html><body>Sign in</body></html>", "[]", "null"] {
            let fault = fault(&answer(status, body), now());
            assert_eq!((fault.class(), fault.code()), (RetryLater, "pluggy.intercepted"), "{status} {body}");
            let asked_for_item = of_item(of_keys(fault), "x");
            assert_eq!(asked_for_item.class(), RetryLater);
        }
    }
    for (status, class, code) in [
        (302, RetryLater, "pluggy.redirected"),
        (308, NeedsOperator, "pluggy.moved"),
        (407, NeedsOperator, "pluggy.proxy_refused"),
        (408, RetryLater, "pluggy.too_slow"),
        (418, Bug, "pluggy.refused_418"),
        (502, RetryLater, "pluggy.down"),
    ] {
        let fault = fault(&answer(status, "<html>"), now());
        assert_eq!((fault.class(), fault.code()), (class, code));
    }
}

proptest! {
    #[test]
    fn whatever_comes_is_a_fault_on_one_line(
        status in 100_u16..600,
        word in prop_oneof![".{0,200}", prop::sample::select(REFUSALS).prop_map(|refusal| refusal.0.to_owned())],
        message in ".{0,400}",
        reference in ".{0,100}",
    ) {
        let body = serde_json::json!({ "codeDescription": word, "message": message, "errorId": reference, "data": [] });
        let record = fault(&answer(status, &body.to_string()), now()).into_record();
        prop_assert!(!record.message.is_empty() && record.message.chars().count() <= 400, "{}", record.message);
        prop_assert!(!record.message.chars().any(char::is_control));
        prop_assert!(record.code.starts_with("pluggy.") && !record.code.contains(char::is_whitespace));
    }
}
