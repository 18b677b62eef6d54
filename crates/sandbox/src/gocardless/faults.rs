//! The faults that can be armed, as one table: each row names its line of the fact sheet.
//!
//! They answer in place of the call with what the provider would write about this very call; the faults of the line are the same at
//! every provider.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use uuid::Uuid;

use super::accounts::future_date;
use super::fields::parse_uuid;
use super::problem::Problem;
use super::records::Account;
use crate::Switches;
use crate::banks::{SANDBOX_FINANCE, Zone, plus_days};
use crate::faults::{ArmedFault, FaultKind, line};

/// What a daily limit says when nobody asked for other seconds; a wait that has been reported.
const DAILY_WAIT_SECONDS: u32 = 85_092;
/// What a general limit says.
const GENERAL_WAIT_SECONDS: u32 = 42;

/// A call that has met a fault.
pub(super) struct Hit {
    /// The call's label.
    pub(super) label: &'static str,
    /// The account in the path.
    pub(super) account: Option<String>,
    /// That account, as far as it is known.
    pub(super) known: Option<Account>,
    /// The institution in the body.
    pub(super) asked_for: Option<String>,
    /// The sandbox clock.
    pub(super) now: Timestamp,
    /// What was armed.
    pub(super) fault: ArmedFault,
}

impl Hit {
    /// What errors call that which the call asks for (fact sheet §7).
    fn what(&self) -> &'static str {
        match self.label {
            "accounts/balances" => "account balances",
            "accounts/details" => "account details",
            "accounts/transactions" => "account transactions",
            _ => "account",
        }
    }

    /// The id in the path, or one that stands for it.
    fn id(&self) -> String {
        self.account.clone().unwrap_or_else(|| Uuid::nil().to_string())
    }

    /// The account of a data call.
    pub(super) fn data_account(&self) -> Option<Uuid> {
        let is_data = self.label.starts_with("accounts/") && self.label != "accounts/metadata";
        self.account.as_deref().filter(|_| is_data).and_then(parse_uuid)
    }

    fn institution(&self) -> &str {
        let known = self.known.as_ref().map(|account| account.institution_id.as_str());
        self.asked_for.as_deref().or(known).unwrap_or(SANDBOX_FINANCE)
    }

    fn seconds(&self, default: u32) -> u32 {
        self.fault.seconds.unwrap_or(default)
    }

    fn today(&self) -> Date {
        Zone::Utc.date(self.now)
    }
}

/// Which of the usual headers an answer does not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Without {
    /// Those of the general limit.
    Limits,
    /// All of them: it does not come from the provider.
    Everything,
}

/// What happens at a call.
#[derive(Clone, Copy)]
enum Act {
    /// An answer of the provider's in place of the call.
    Problem(fn(&Hit) -> Problem),
    /// Another answer in place of the call.
    Answer(fn(&Hit) -> Response),
}

struct Row {
    name: &'static str,
    source: &'static str,
    about: &'static str,
    act: Act,
}

const fn problem(name: &'static str, source: &'static str, about: &'static str, of: fn(&Hit) -> Problem) -> Row {
    Row { name, source, about, act: Act::Problem(of) }
}

const fn answer(name: &'static str, source: &'static str, about: &'static str, of: fn(&Hit) -> Response) -> Row {
    Row { name, source, about, act: Act::Answer(of) }
}

/// The error table of §7 from its top to its bottom, then the other shapes, and the limits' headers. Kinds of the line are those of every
/// provider.
const ROWS: &[Row] = &[
    problem("invalid_account_id", "§7, 400", "The account id is no UUID", |hit| {
        Problem::invalid_account_id(&hit.id())
    }),
    problem("incorrect_date_range", "§7, 400", "The range of dates begins after its end", |hit| {
        Problem::incorrect_date_range(hit.today(), plus_days(hit.today(), -1))
    }),
    problem("future_date", "§6.4, 400", "A date is later than today in UTC", |hit| {
        let body = json!({ "date_from": future_date(plus_days(hit.today(), 1), hit.today()) });
        Problem::with_body(StatusCode::BAD_REQUEST, body)
    }),
    problem("invalid_token", "§7, 401", "The token is invalid or over", |_| Problem::invalid_token()),
    problem("authentication_failed", "§7, 401", "The secrets are wrong", |_| Problem::authentication_failed()),
    problem("agreement_expired", "§7, 401", "The end-user agreement is over", |hit| {
        Problem::agreement_expired(Uuid::nil(), 90, hit.now)
    }),
    problem("access_expired", "§7, 401 AccessExpiredError", "Access was revoked at the bank", |hit| {
        Problem::access_expired(hit.what())
    }),
    problem("account_inactive", "§7, 401 AccountInactiveError", "The account is closed", |hit| {
        let detail = "Account has been deactivated or it no longer exists.";
        Problem::of_institution(StatusCode::UNAUTHORIZED, hit.what(), "AccountInactiveError", detail)
    }),
    problem("ssn_failed", "§7, 401 FailedAuthentication", "The holder's number could not be verified", |hit| {
        let detail = "SSN Verification has failed";
        Problem::of_institution(StatusCode::UNAUTHORIZED, hit.what(), "FailedAuthentication", detail)
    }),
    problem("payment_required", "§7, 402", "The free tier is used up", |_| Problem::payment_required()),
    problem("ip_denied", "§7, 403", "The address is not on the list", |_| {
        let detail = "Your IP 192.0.2.1 isn't whitelisted to perform this action";
        Problem::new(StatusCode::FORBIDDEN, "IP address access denied", detail)
    }),
    problem("scope_missing", "§7, 403", "The agreement lacks the scope", |hit| Problem::scope_missing(hit.what())),
    problem("no_agreement", "§7, 403", "The requisition was deleted", |_| Problem::no_agreement()),
    problem("account_forbidden", "§7, 403 AccountAccessForbidden", "The bank forbids the account", |hit| {
        let detail = "Access to account is forbidden. The user might not have the necessary permissions.";
        Problem::of_institution(StatusCode::FORBIDDEN, hit.what(), "AccountAccessForbidden", detail)
    }),
    problem("resource_unavailable", "§7, 403 AccountResourceUnavailable", "The bank has no such thing", |hit| {
        Problem::resource_unavailable(hit.what())
    }),
    problem("account_not_found", "§7, 404", "No such account, as data calls say it", |hit| {
        Problem::unknown_account(&hit.id())
    }),
    problem("not_found", "§7, 404", "No such thing", |_| Problem::not_found()),
    problem("no_account_matches", "§7, 404", "No such account, as the metadata call says it", |_| {
        Problem::no_account_matches()
    }),
    problem("accepted_twice", "§7, 405", "The agreement has been accepted before", |_| Problem::accepted_twice()),
    problem("account_suspended", "§7, 409", "Too many failures one after the other", |_| Problem::suspended()),
    problem("account_processing", "§7, 409 AccountProcessing", "The data is being processed", |_| {
        Problem::processing()
    }),
    answer("rate_limited", "§7, 429", "The general limit is used up", |hit| {
        let seconds = hit.seconds(GENERAL_WAIT_SECONDS);
        let mut response = without(Without::Limits, Problem::rate_limited("100/min", seconds.into()).into_response());
        for (name, value) in [("limit", 100), ("remaining", 0), ("reset", seconds)] {
            if let Ok(name) = HeaderName::try_from(format!("http_x_ratelimit_{name}")) {
                response.headers_mut().insert(name, value.into());
            }
        }
        response
    }),
    problem("institution_limit", "§7, 429 RateLimitError", "The bank's own limit is used up", |hit| {
        Problem::institution_limit(hit.what())
    }),
    problem(
        "institution_limit_without_status_code",
        "§7, 429 RateLimitError",
        "The same without its last key",
        |hit| Problem::institution_limit(hit.what()).without_status_code(),
    ),
    problem("unknown_request", "§7, 500 UnknownRequestError", "The bank answered with an error", |hit| {
        let detail = "Request to Institution returned an error";
        Problem::of_institution(StatusCode::INTERNAL_SERVER_ERROR, hit.what(), "UnknownRequestError", detail)
    }),
    problem("service_error", "§7, 503 ServiceError", "The bank is down", |hit| {
        let detail = "Institution service unavailable";
        Problem::of_institution(StatusCode::SERVICE_UNAVAILABLE, hit.what(), "ServiceError", detail)
    }),
    problem("connection_error", "§7, 503 ConnectionError", "The bank could not be reached", |hit| {
        let detail = "Couldn't connect to Institution";
        Problem::of_institution(StatusCode::SERVICE_UNAVAILABLE, hit.what(), "ConnectionError", detail)
    }),
    problem("maintenance", "§7, 503", "The institution is being maintained", |hit| {
        let text = format!("Institution {} is not operational", hit.institution());
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, &text, "Please try again later")
    }),
    problem("field_object", "§7, shape (a)", "An error keyed by field, as one object", |_| {
        field_error(json!({ "summary": "Incorrect value", "detail": "The value cannot be used" }))
    }),
    problem("field_objects", "§7, shape (a)", "An error keyed by field, as a list of objects", |_| {
        field_error(json!([{ "summary": "Incorrect value", "detail": "The value cannot be used" }]))
    }),
    problem("field_texts", "§7, shape (a)", "An error keyed by field, as a list of texts", |_| {
        field_error(json!(["This field is required."]))
    }),
    problem("text_lists", "§7, shape (b)", "Summary and detail are lists of texts", |_| {
        let summary = ["Institution access scope dependencies error"];
        let detail = ["For this institution the following scopes are required together: ['details', 'balances']"];
        Problem::with_body(StatusCode::BAD_REQUEST, json!({ "summary": summary, "detail": detail }))
    }),
    problem("account_dump", "§7, shape (c)", "The account itself in place of an error", |hit| {
        let when = |instant: Timestamp| instant.strftime("%Y-%m-%d %H:%M:%S%.6f+00:00").to_string();
        let (created, accessed) = hit.known.as_ref().map_or((hit.now, None), |one| (one.created, one.last_accessed));
        let body = json!({
            "id": hit.id(), "created": when(created), "last_accessed": when(accessed.unwrap_or(hit.now)),
            "iban": hit.known.as_ref().and_then(|one| one.card.iban.as_deref()).unwrap_or_default(),
            "aspsp_identifier": hit.institution(), "status": "ERROR",
        });
        Problem::with_body(StatusCode::CONFLICT, body).without_status_code()
    }),
    answer("proxy_page", "§7, shape (d)", "HTML of the proxy before the provider", |_| {
        without(Without::Everything, line::proxy_page(StatusCode::BAD_GATEWAY))
    }),
    answer("proxy_empty", "§7, shape (d)", "An empty answer of the proxy", |_| {
        without(Without::Everything, StatusCode::SERVICE_UNAVAILABLE.into_response())
    }),
    answer("daily_limit_text", "§7 and §8, 429", "The daily limit; only the text says how long", |hit| {
        let problem = Problem::rate_limited("4/day", hit.seconds(DAILY_WAIT_SECONDS).into());
        without(Without::Limits, problem.into_response())
    }),
    answer("daily_limit_retry_after", "§8, 429", "The daily limit; Retry-After says how long", |hit| {
        daily_limit(hit, &[header::RETRY_AFTER])
    }),
    answer("daily_limit_reset", "§8, 429", "The daily limit; the general header says how long", |hit| {
        daily_limit(hit, &[HeaderName::from_static("http_x_ratelimit_reset")])
    }),
    answer("daily_limit_account_reset", "§8, 429", "The daily limit; the account's header says how long", |hit| {
        daily_limit(hit, &[HeaderName::from_static("http_x_ratelimit_account_success_reset")])
    }),
    answer("daily_limit_silent", "§8, 429", "The daily limit; nothing says how long", |hit| daily_limit(hit, &[])),
];

fn field_error(error: Value) -> Problem {
    let mut body = json!({});
    body["institution_id"] = error;
    Problem::with_body(StatusCode::BAD_REQUEST, body)
}

/// The daily limit, with the seconds in these headers and nowhere else.
fn daily_limit(hit: &Hit, headers: &[HeaderName]) -> Response {
    let detail = "The rate limit for this resource is 4/day.";
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded", detail);
    let mut response = without(Without::Limits, problem.into_response());
    for name in headers {
        response.headers_mut().insert(name, HeaderValue::from(hit.seconds(DAILY_WAIT_SECONDS)));
    }
    response
}

fn without(headers: Without, mut response: Response) -> Response {
    response.extensions_mut().insert(headers);
    response
}

/// All kinds, for the list of them.
pub(super) fn kinds() -> Vec<FaultKind> {
    let sample = Hit {
        label: "accounts/transactions",
        account: None,
        known: None,
        asked_for: None,
        now: Timestamp::UNIX_EPOCH,
        fault: ArmedFault::new("", ""),
    };
    let status = |row: &Row| match row.act {
        Act::Problem(of) => of(&sample).status,
        Act::Answer(of) => of(&sample).status(),
    };
    let kind = |row: &Row| FaultKind {
        name: row.name,
        status: Some(status(row).as_u16()),
        source: row.source,
        about: row.about,
    };
    ROWS.iter().map(kind).chain(line::kinds()).collect()
}

/// Whether a fault of this kind counts towards an account's suspension (§7, §14).
pub(super) fn counts(kind: &str, switches: &Switches) -> bool {
    match kind {
        "access_expired" | "unknown_request" => true,
        "account_inactive" | "account_forbidden" | "connection_error" => switches.open_failures_count_to_suspension,
        _ => false,
    }
}

/// The institution in a call's body; with the call as it was.
pub(super) async fn asked_for(request: Request) -> (Request, Option<String>) {
    let (parts, body) = request.into_parts();
    // A body that is too long is refused by whoever reads it next.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let fields: Value = serde_json::from_slice(&body).unwrap_or_default();
    let institution = fields["institution_id"].as_str().map(str::to_owned);
    (Request::from_parts(parts, Body::from(body)), institution)
}

/// The name of a fault's kind, as the table has it.
pub(super) fn name_of(hit: &Hit) -> Option<&'static str> {
    row_of(hit).map(|row| row.name).or_else(|| line::name_of(&hit.fault.kind))
}

fn row_of(hit: &Hit) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == hit.fault.kind)
}

/// Answers a call that has met a fault.
pub(super) async fn strike(hit: &Hit, request: Request, next: Next) -> Response {
    let Some(row) = row_of(hit) else {
        let response = line::strike(&hit.fault, || next.run(request)).await;
        let is_strange = response.extensions().get::<line::Strange>().is_some();
        return if is_strange { without(Without::Everything, response) } else { response };
    };
    match row.act {
        Act::Problem(of) => of(hit).into_response(),
        Act::Answer(of) => of(hit),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own_and_says_where_it_comes_from() {
        let kinds = kinds();
        let names: HashSet<_> = kinds.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), kinds.len());
        for kind in kinds {
            let stated = kind.source.split_once(", ").and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
            assert!(stated.is_none_or(|stated| kind.status == Some(stated)), "{kind:?}");
            assert!(kind.source == "the line" || kind.status.is_some(), "{kind:?}");
        }
    }
}
