//! The faults that can be armed, as one table. Those of the provider begin with its name; those of the line have the names
//! that they have at every provider.

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header, response::Parts};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::Switches;
use crate::faults::{ArmedFault, FaultKind, line};

/// A call that has met a fault.
pub(super) struct Hit<'a> {
    /// What was armed.
    pub(super) fault: ArmedFault,
    pub(super) switches: &'a Switches,
}

/// What happens at a call.
#[derive(Clone, Copy)]
enum Act {
    /// A refusal of the provider's in place of the call.
    Problem(fn() -> Problem),
    /// Another answer in place of the call.
    Answer(fn(&Hit<'_>) -> Response),
    /// The call is served, and its answer spoilt.
    Spoil(fn(Parts, Bytes) -> Response),
}

struct Row {
    name: &'static str,
    source: &'static str,
    about: &'static str,
    act: Act,
}

const fn problem(name: &'static str, source: &'static str, about: &'static str, of: fn() -> Problem) -> Row {
    Row { name, source, about, act: Act::Problem(of) }
}

const fn answer(name: &'static str, source: &'static str, about: &'static str, of: fn(&Hit<'_>) -> Response) -> Row {
    Row { name, source, about, act: Act::Answer(of) }
}

const fn spoil(
    name: &'static str,
    source: &'static str,
    about: &'static str,
    how: fn(Parts, Bytes) -> Response,
) -> Row {
    Row { name, source, about, act: Act::Spoil(how) }
}

/// The statuses of §8, and the odd successes of §3, §6 and §8. Kinds of the line are those of every provider.
const ROWS: &[Row] = &[
    problem("sophtron_bad_request", "§8, 400", "The request is invalid", Problem::bad_request),
    problem("sophtron_unauthorized", "§8, 401", "User, key or signature is wrong", Problem::unauthorized),
    problem("sophtron_forbidden", "§8, 403", "This user may not do that", Problem::forbidden),
    problem("sophtron_not_found", "§8, 404", "No such thing", Problem::not_found),
    problem(
        "sophtron_too_many_requests",
        "§8, 429",
        "Too many requests; nothing says how long",
        Problem::too_many_requests,
    ),
    answer("sophtron_retry_after", "§8, 429", "Too many requests; Retry-After says how long", |hit| {
        let mut response = Problem::too_many_requests().response(hit.switches);
        response.headers_mut().insert(header::RETRY_AFTER, hit.fault.seconds.unwrap_or(60).into());
        response
    }),
    problem("sophtron_month_used_up", "§1, 429", "The month's requests are used up", Problem::month_used_up),
    problem("sophtron_internal_error", "§8, 500", "An error has occurred", Problem::internal),
    answer("sophtron_bad_gateway", "§8, 502", "HTML of the proxy before the provider", |_| {
        line::proxy_page(StatusCode::BAD_GATEWAY)
    }),
    problem("sophtron_unavailable", "§8, 503", "The service is unavailable", Problem::unavailable),
    answer("sophtron_empty", "§8, 200", "Nothing with status 200; the call is not served", |_| ().into_response()),
    spoil("sophtron_empty_after", "§8", "The call is served and answered with nothing, status 200", |_, _| {
        ().into_response()
    }),
    answer("sophtron_null", "§8, 200", "A null with status 200; the call is not served", |_| json("null")),
    answer("sophtron_minus_one", "§3, 200", "-1, which says that it has failed; the call is not served", |_| {
        json("-1")
    }),
    answer("sophtron_zero", "§3, 200", "0, which says that it has worked; the call is not served", |_| json("0")),
    answer("sophtron_blank_job", "§3, 200", "A blank job id; no job is started", |_| json("{\"JobID\":\"\"}")),
    answer("sophtron_text", "§8, 200", "A sentence in place of JSON", |_| "Please try again later.".into_response()),
];

fn json(text: &'static str) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    (headers, text).into_response()
}

/// All kinds, for the list of them.
pub(super) fn kinds() -> Vec<FaultKind> {
    let switches = Switches::default();
    let sample = Hit { fault: ArmedFault::new("", ""), switches: &switches };
    let status = |row: &Row| match row.act {
        Act::Problem(of) => Some(of().status),
        Act::Answer(of) => Some(of(&sample).status()),
        Act::Spoil(_) => None,
    };
    let kind = |row: &Row| FaultKind {
        name: row.name,
        status: status(row).map(|status| status.as_u16()),
        source: row.source,
        about: row.about,
    };
    ROWS.iter().map(kind).chain(line::kinds()).collect()
}

/// The name of a fault's kind, as the table has it.
pub(super) fn name_of(hit: &Hit<'_>) -> Option<&'static str> {
    row_of(hit).map(|row| row.name).or_else(|| line::name_of(&hit.fault.kind))
}

fn row_of(hit: &Hit<'_>) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == hit.fault.kind)
}

/// Answers a call that has met a fault.
pub(super) async fn strike(hit: &Hit<'_>, serve: impl FnOnce() -> Response) -> Response {
    let Some(row) = row_of(hit) else { return line::strike(&hit.fault, async || serve()).await };
    match row.act {
        Act::Problem(of) => of().response(hit.switches),
        Act::Answer(of) => of(hit),
        Act::Spoil(how) => line::spoilt(serve(), how).await,
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
            let stated = kind.source.split_once(", ").and_then(|(_, rest)| rest.parse::<u16>().ok());
            assert!(stated.is_none_or(|stated| kind.status == Some(stated)), "{kind:?}");
            assert_eq!(kind.name.starts_with("sophtron_"), kind.source != "the line", "{kind:?}");
        }
    }
}
