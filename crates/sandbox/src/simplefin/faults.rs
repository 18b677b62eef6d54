//! The faults that can be armed, as one table. Those of the provider begin with its name; those of the line have the names
//! that they have at every provider.

use axum::body::Bytes;
use axum::http::{StatusCode, header, response::Parts};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::problem::Problem;
use crate::faults::{ArmedFault, FaultKind, line};

/// What happens at a call.
#[derive(Clone, Copy)]
enum Act {
    /// A refusal of the provider's in place of the call.
    Problem(Problem),
    /// Another answer in place of the call.
    Answer(fn() -> Response),
    /// The call is served, and its answer spoilt.
    Spoil(fn(Parts, Bytes) -> Response),
}

struct Row {
    name: &'static str,
    source: &'static str,
    about: &'static str,
    act: Act,
}

const fn row(name: &'static str, source: &'static str, about: &'static str, act: Act) -> Row {
    Row { name, source, about, act }
}

/// The statuses of §2 and §5, and the errors of §4 that come with status 200. Kinds of the line are those of every provider.
const ROWS: &[Row] = &[
    row("simplefin_bad_request", "§2, 400", "A parameter is wrong", Act::Problem(Problem::BadRequest("Bad request"))),
    row("simplefin_payment_required", "§2, 402", "The subscription has lapsed", Act::Problem(Problem::PaymentRequired)),
    row(
        "simplefin_forbidden",
        "§2, 403",
        "The access was revoked, or the token was used",
        Act::Problem(Problem::Forbidden),
    ),
    row("simplefin_too_many_requests", "§5, 429", "Too many requests in a day", Act::Problem(Problem::TooMany)),
    row("simplefin_internal_error", "§2", "The server has failed", Act::Problem(Problem::Internal)),
    row(
        "simplefin_bad_gateway",
        "§2, 502",
        "HTML of the proxy before the provider",
        Act::Answer(|| line::proxy_page(StatusCode::BAD_GATEWAY)),
    ),
    row(
        "simplefin_empty",
        "§2, 200",
        "Nothing with status 200; the call is not served",
        Act::Answer(|| ().into_response()),
    ),
    row(
        "simplefin_general_auth",
        "§4",
        "The call is served, and the list of errors has `gen.auth`",
        Act::Spoil(|parts, body| with_error(parts, &body, "gen.auth", "You must reauthenticate.")),
    ),
    row(
        "simplefin_unknown_error",
        "§4",
        "The call is served, and the list of errors has a code that nobody knows",
        Act::Spoil(|parts, body| {
            with_error(parts, &body, "gen.maintenance", "Some banks are <b>slow</b> today &amp; tomorrow.")
        }),
    ),
];

/// The answer with one more error, in whichever version it is.
fn with_error(mut parts: Parts, body: &Bytes, code: &str, text: &str) -> Response {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return Response::from_parts(parts, body.clone().into());
    };
    if let Some(list) = value["errlist"].as_array_mut() {
        list.push(json!({ "code": code, "msg": text }));
    }
    if let Some(list) = value["errors"].as_array_mut() {
        list.push(text.into());
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, value.to_string().into())
}

/// All kinds, for the list of them.
pub(super) fn kinds() -> Vec<FaultKind> {
    let status = |row: &Row| match row.act {
        Act::Problem(problem) => Some(problem.status()),
        Act::Answer(of) => Some(of().status()),
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

fn row_of(fault: &ArmedFault) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == fault.kind)
}

/// The name of a fault's kind, as the table has it.
pub(super) fn name_of(fault: &ArmedFault) -> Option<&'static str> {
    row_of(fault).map(|row| row.name).or_else(|| line::name_of(&fault.kind))
}

/// Answers a call that has met a fault.
pub(super) async fn strike<F: Future<Output = Response>>(fault: &ArmedFault, serve: impl FnOnce() -> F) -> Response {
    let Some(row) = row_of(fault) else { return line::strike(fault, serve).await };
    match row.act {
        Act::Problem(problem) => problem.into_response(),
        Act::Answer(of) => of(),
        Act::Spoil(how) => line::spoilt(serve().await, how).await,
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
            assert_eq!(kind.name.starts_with("simplefin_"), kind.source != "the line", "{kind:?}");
        }
    }
}
