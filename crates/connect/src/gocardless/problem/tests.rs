//! Every row and every shape of section 7, and answers that nobody would send who means well.

use bankside_domain::fault::FaultClass::{
    Bug, Busy, Gone, NeedsOperator, NeedsUser, RateLimited, RetryLater, Unsupported,
};
use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderValue};

use super::*;

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn classed(status: u16, body: &str) -> Fault {
    fault(&Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }, now())
}

/// A canonical error.
fn canonical(summary: &str, detail: &str) -> String {
    serde_json::json!({ "summary": summary, "detail": detail, "status_code": 0 }).to_string()
}

/// A typed error, as all that come from banks are.
fn typed(kind: &str, detail: &str) -> String {
    let summary = "Couldn't update account balances";
    serde_json::json!({ "summary": summary, "detail": detail, "type": kind, "status_code": 0 }).to_string()
}

#[test]
fn a_typed_refusal_that_is_not_known_says_nothing_about_the_keys() {
    let fault = classed(401, &typed("AccountAsleepError", "Come back later."));
    assert_eq!((fault.class(), fault.code()), (RetryLater, "gocardless.account_refused"));
    let untyped = classed(401, &canonical("Authentication failed", "No active account found"));
    assert_eq!(untyped.class(), NeedsOperator);
}

#[test]
fn every_row_of_the_table_has_its_class() {
    let invalid_id = canonical("Invalid Account ID", "x is not a valid Account UUID. ");
    let renew = Some(UserAction::Renew);
    let cases: Vec<(u16, String, FaultClass, &str, Option<UserAction>)> = vec![
        (400, invalid_id, Bug, "gocardless.refused_400", None),
        (
            400,
            canonical("Incorrect date range", "Starting date 'A' is greater than end date 'B'"),
            Bug,
            "gocardless.refused_400",
            None,
        ),
        (401, canonical("Invalid token", "Token is invalid or expired"), RetryLater, INVALID_TOKEN, None),
        (
            401,
            canonical("Authentication failed", "No active account found with the given credentials"),
            NeedsOperator,
            "gocardless.keys_refused",
            Some(UserAction::FixCredentials),
        ),
        (
            401,
            r#"{"detail":"Authentication credentials were not provided.","status_code":401}"#.to_owned(),
            NeedsOperator,
            "gocardless.token_lost",
            None,
        ),
        (
            401,
            canonical(
                "End User Agreement (EUA) 1 has expired",
                "EUA was valid for 90 days and it expired at 2026-11-01",
            ),
            NeedsUser,
            CONSENT_ENDED,
            renew.clone(),
        ),
        (
            401,
            typed("AccessExpiredError", "Access has expired or it has been revoked."),
            NeedsUser,
            "gocardless.access_expired",
            renew.clone(),
        ),
        (
            401,
            canonical("Couldn't update account details", "Access has expired or it has been revoked."),
            NeedsUser,
            "gocardless.access_expired",
            renew.clone(),
        ),
        (
            401,
            typed("AccountInactiveError", "Account has been deactivated or it no longer exists."),
            Gone,
            "gocardless.account_inactive",
            None,
        ),
        (
            401,
            typed("FailedAuthentication", "SSN Verification has failed"),
            NeedsUser,
            "gocardless.identity_refused",
            renew.clone(),
        ),
        (
            402,
            canonical("Payment Required", "Free usage limit exceeded"),
            NeedsOperator,
            "gocardless.limit_reached",
            None,
        ),
        (
            403,
            canonical("IP address access denied", "Your IP 192.0.2.7 isn't whitelisted to perform this action"),
            NeedsOperator,
            "gocardless.ip_denied",
            None,
        ),
        (
            403,
            canonical("End User Agreement (EUA) access scope error", "EUA doesn't allow access to account balances."),
            Unsupported,
            "gocardless.scope_unavailable",
            None,
        ),
        (
            403,
            canonical("No valid End User Agreement", "Account exists but there is no valid End User Agreement"),
            NeedsUser,
            "gocardless.consent_gone",
            renew.clone(),
        ),
        (
            403,
            typed(
                "AccountAccessForbidden",
                "Access to account is forbidden. The user might not have the necessary permissions.",
            ),
            NeedsUser,
            "gocardless.forbidden",
            Some(UserAction::ActAtBank("Check at the bank whether access to this account is allowed.".to_owned())),
        ),
        (
            403,
            typed("AccountResourceUnavailable", "The requested resource is unavailable for this account."),
            Unsupported,
            "gocardless.scope_unavailable",
            None,
        ),
        (
            403,
            canonical("Insufficient permissions", "Your company doesn't have permission to accept EUA."),
            NeedsOperator,
            "gocardless.not_permitted",
            None,
        ),
        (
            403,
            canonical("", "You do not have permission to enable reconfirmation."),
            NeedsOperator,
            "gocardless.not_permitted",
            None,
        ),
        (
            404,
            canonical("Account ID 1 not found", "Please check whether you specified a valid Account ID"),
            Gone,
            "gocardless.not_found",
            None,
        ),
        (404, canonical("Not found.", "Not found."), Gone, "gocardless.not_found", None),
        (
            404,
            canonical("No Account matches the given query.", "No Account matches the given query."),
            Gone,
            "gocardless.not_found",
            None,
        ),
        (405, canonical("EUA cannot be accepted more than once", ""), Bug, "gocardless.refused_405", None),
        (
            409,
            canonical(
                "Account suspended",
                "This account or its requisition was suspended due to numerous errors that occurred while accessing it.",
            ),
            NeedsUser,
            "gocardless.suspended",
            renew,
        ),
        (409, typed("AccountProcessing", "Your account data is currently being processed."), Busy, PROCESSING, None),
        (409, canonical("Account is Processing", "Please try again shortly"), Busy, PROCESSING, None),
        (409, canonical("Something else", ""), RetryLater, "gocardless.conflict", None),
        (
            429,
            canonical(
                "Rate limit exceeded",
                "The rate limit for this resource is 100/min. Please try again in 47 seconds",
            ),
            RateLimited,
            GENERAL_LIMIT,
            None,
        ),
        (
            429,
            canonical(
                "Rate limit exceeded",
                "The rate limit for this resource is 4/day. Please try again in 85092 seconds",
            ),
            RateLimited,
            "gocardless.daily_limit",
            None,
        ),
        (
            429,
            typed("RateLimitError", "Daily request limit set by the Institution has been exceeded."),
            RateLimited,
            "gocardless.bank_limit",
            None,
        ),
        (
            500,
            typed("UnknownRequestError", "Request to Institution returned an error"),
            RetryLater,
            "gocardless.bank_error",
            None,
        ),
        (503, typed("ServiceError", "Institution service unavailable"), RetryLater, "gocardless.bank_down", None),
        (503, typed("ConnectionError", "Couldn't connect to Institution"), RetryLater, "gocardless.bank_down", None),
        (503, canonical("Institution X is not operational", ""), RetryLater, "gocardless.maintenance", None),
    ];
    for (status, body, class, code, action) in cases {
        let fault = classed(status, &body);
        assert_eq!((fault.class(), fault.code()), (class, code), "{status} {body}");
        assert_eq!(fault.record().action, action, "{status} {body}");
        assert_eq!(fault.http_status(), Some(status));
    }
}

#[test]
fn every_odd_shape_is_read() {
    let cases: [(u16, &str, FaultClass, &str, &str); 17] = [
        // (a) keyed by field: an object, a list of objects, a list of texts.
        (
            400,
            r#"{"reference":{"summary":"Client reference must be unique","detail":"x"},"status_code":400}"#,
            Bug,
            "gocardless.refused_400",
            "for reference. In its words: “Client reference must be unique”",
        ),
        (
            400,
            r#"{"access_scope":[{"summary":"Unknown value 'x' in access_scope","detail":"y"}],"status_code":400}"#,
            Bug,
            "gocardless.refused_400",
            "for access_scope. In its words: “Unknown value 'x' in access_scope”",
        ),
        (
            400,
            r#"{"redirect":["This field is required."],"institution_id":["This field is required."],"status_code":400}"#,
            Bug,
            "gocardless.refused_400",
            "for institution_id, redirect. In its words: “This field is required.”",
        ),
        (
            404,
            r#"{"agreement":{"summary":"ID X not found","detail":"y"},"status_code":404}"#,
            Bug,
            "gocardless.refused_404",
            "for agreement. In its words: “ID X not found”",
        ),
        // (b) lists of texts.
        (
            400,
            r#"{"summary":["Institution access scope dependencies error"],"detail":["y"],"status_code":400}"#,
            Bug,
            "gocardless.refused_400",
            "“Institution access scope dependencies error”",
        ),
        // (c) an account in place of an error.
        (
            409,
            r#"{"id":"1","aspsp_identifier":"X","status":"ERROR"}"#,
            RetryLater,
            "gocardless.account_error",
            "left alone",
        ),
        (
            409,
            r#"{"id":"1","aspsp_identifier":"X","status":"SUSPENDED"}"#,
            NeedsUser,
            "gocardless.suspended",
            "once access is given anew",
        ),
        (409, r#"{"id":"1","aspsp_identifier":"X","status":"PROCESSING"}"#, Busy, PROCESSING, "preparing"),
        (409, r#"{"id":"1","aspsp_identifier":"X","status":"EXPIRED"}"#, NeedsUser, CONSENT_ENDED, "has ended"),
        // (d) what GoCardless did not write: it says nothing about keys, consents and accounts.
        (502, "<html>Bad gateway</html>", RetryLater, "gocardless.down", "trouble"),
        (503, "", RetryLater, "gocardless.down", "trouble"),
        (401, "<html>Sign in</html>", RetryLater, "gocardless.intercepted", "in its place"),
        (403, "<html>Blocked</html>", RetryLater, "gocardless.intercepted", "in its place"),
        (404, "", RetryLater, "gocardless.intercepted", "in its place"),
        (409, "[]", RetryLater, "gocardless.intercepted", "in its place"),
        (429, "<html>Slow down</html>", RateLimited, GENERAL_LIMIT, "for the moment"),
        (413, "<html>Too large</html>", Bug, "gocardless.refused_413", "refused the request (413)."),
    ];
    for (status, body, class, code, words) in cases {
        let fault = classed(status, body);
        assert_eq!((fault.class(), fault.code()), (class, code), "{status} {body}");
        assert!(fault.record().message.contains(words), "{}", fault.record().message);
    }
}

#[test]
fn statuses_alone() {
    for (status, class, code) in [
        (200, RetryLater, "gocardless.intercepted"),
        (301, NeedsOperator, "gocardless.moved"),
        (302, RetryLater, "gocardless.redirected"),
        (308, NeedsOperator, "gocardless.moved"),
        (400, Bug, "gocardless.refused_400"),
        (405, Bug, "gocardless.refused_405"),
        (407, NeedsOperator, "gocardless.proxy_refused"),
        (408, RetryLater, "gocardless.too_slow"),
        (422, Bug, "gocardless.refused_422"),
        (500, RetryLater, "gocardless.down"),
        (520, RetryLater, "gocardless.down"),
    ] {
        let fault = classed(status, "");
        assert_eq!((fault.class(), fault.code()), (class, code), "{status}");
    }
}

#[test]
fn faults_that_pass_say_when() {
    let at = |status, body: &str| classed(status, body).record().retry_at.map(|at| at.to_string());
    let daily = canonical("", "The rate limit for this resource is 4/day. Please try again in 85092 seconds");
    assert_eq!(at(429, &daily).as_deref(), Some("2026-11-21T11:38:12Z"));
    assert_eq!(at(429, &typed("RateLimitError", "")).as_deref(), Some("2026-11-21T12:00:00Z"));
    assert_eq!(at(429, "{}").as_deref(), Some("2026-11-20T12:01:00Z"));
    assert_eq!(at(409, &typed("AccountProcessing", "")).as_deref(), Some("2026-11-20T12:10:00Z"));
    assert_eq!(at(409, r#"{"id":"1","status":"ERROR"}"#).as_deref(), Some("2026-11-20T18:00:00Z"));
    assert_eq!(at(409, &canonical("Account suspended", "")), None, "waiting does not help");
}

#[test]
fn what_is_shown_is_one_line_and_holds_no_ids() {
    let fault = classed(400, "{\"summary\":\"a\\nb\\u0007 68d5b037-0706-41b7-ad63-5e62df8684d9\",\"detail\":\"\"}");
    assert_eq!(fault.record().message, "GoCardless refused the request (400). In its words: “a b …”");
    let denied = classed(403, &canonical("IP address access denied", "Your IP 192.0.2.7 isn't whitelisted"));
    assert_eq!(denied.record().message, "These keys may not be used from this server's address, 192.0.2.7.");
}

#[test]
fn the_reference_is_the_calls_own_and_plain() {
    let mut answer = Answer { status: 500, headers: HeaderMap::new(), body: Vec::new() };
    answer.headers.insert("x-c-uuid", HeaderValue::from_static("company"));
    answer.headers.insert("x-u-uuid", HeaderValue::from_static("<b>call-1</b>"));
    assert_eq!(fault(&answer, now()).record().reference.as_deref(), Some("bcall-1b"));
}

/// Any JSON, some of it in the places that are looked at.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(Value::from("rate limit for this resource is /. again in ")),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let name = prop_oneof![Just("summary"), Just("detail"), Just("type"), Just("status"), Just("id"), Just("x")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..5)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic_and_every_text_is_fit_to_be_shown(
        status in 100_u16..1000,
        body in prop_oneof![
            any_json().prop_map(|json| json.to_string().into_bytes()),
            prop::collection::vec(any::<u8>(), 0..200),
        ],
        header in prop::collection::vec(0x20_u8..0x7f, 0..30),
    ) {
        let mut headers = HeaderMap::new();
        for name in ["retry-after", "http_x_ratelimit_reset", "http_x_ratelimit_account_success_reset", "x-u-uuid"] {
            headers.insert(name, HeaderValue::from_bytes(&header).unwrap());
        }
        let fault = fault(&Answer { status, headers, body }, now());
        let record = fault.record();
        prop_assert!(!record.message.chars().any(char::is_control));
        prop_assert!(record.message.chars().count() < 700);
        prop_assert!(record.retry_at.is_none_or(|at| at >= now()));
        prop_assert!(record.class != RateLimited || record.retry_at.is_some());
    }
}

#[test]
fn deep_and_large_answers_are_only_answers() {
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    assert_eq!(classed(500, &deep).class(), RetryLater);
    let keyed = format!("{{\"a\":{deep}}}");
    assert_eq!(classed(400, &keyed).class(), Bug);
    let large = format!("{{\"summary\":\"{}\\u0000\"}}", "x ".repeat(4_000_000));
    assert!(classed(400, &large).record().message.len() < 300);
}
