//! The faults that can be armed, as one table. Those of the provider begin with its name; those of the line have the names
//! that they have at every provider.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::problem::Problem;
use crate::faults::{ArmedFault, FaultKind, line};

/// What happens at a call.
#[derive(Clone, Copy)]
enum Act {
    /// An error of the provider's, by its word.
    Error(u16, &'static str, &'static str),
    /// Another answer in place of the call.
    Answer(fn() -> Response),
}

struct Row {
    name: &'static str,
    source: &'static str,
    about: &'static str,
    act: Act,
}

const fn error(name: &'static str, source: &'static str, about: &'static str, status: u16, word: &'static str) -> Row {
    Row { name, source, about, act: Act::Error(status, word, about) }
}

/// The errors of §6 that a reader of accounts can meet. Statuses are stated for few; the others have the likeliest.
const ROWS: &[Row] = &[
    error("enablebanking_expired_session", "§6, 401", "Session is expired", 401, "EXPIRED_SESSION"),
    error("enablebanking_closed_session", "§6, 401", "Session is closed", 401, "CLOSED_SESSION"),
    error("enablebanking_revoked_session", "§6, 401", "Session is revoked", 401, "REVOKED_SESSION"),
    error("enablebanking_wrong_session_status", "§6, 422", "Wrong session status", 422, "WRONG_SESSION_STATUS"),
    error(
        "enablebanking_session_gone",
        "§6, 404",
        "No session found matching provided id",
        404,
        "SESSION_DOES_NOT_EXIST",
    ),
    error(
        "enablebanking_account_gone",
        "§6, 404",
        "No account found matching provided id",
        404,
        "ACCOUNT_DOES_NOT_EXIST",
    ),
    error(
        "enablebanking_invalid_account",
        "§6, 401",
        "Either iban or other account identification is required",
        401,
        "INVALID_ACCOUNT_ID",
    ),
    error(
        "enablebanking_account_not_accessible",
        "§6, 403",
        "The PSU does not have access to the requested account or it doesn't exist",
        403,
        "ASPSP_ACCOUNT_NOT_ACCESSIBLE",
    ),
    error(
        "enablebanking_act_at_bank",
        "§6, 403",
        "PSU action is required to proceed",
        403,
        "ASPSP_PSU_ACTION_REQUIRED",
    ),
    error("enablebanking_rate_limit", "§6, 429", "ASPSP Rate limit exceeded", 429, "ASPSP_RATE_LIMIT_EXCEEDED"),
    error("enablebanking_bank_error", "§6, 400", "Error interacting with ASPSP", 400, "ASPSP_ERROR"),
    error("enablebanking_bank_timeout", "§6, 408", "Timeout interacting with ASPSP", 408, "ASPSP_TIMEOUT"),
    error("enablebanking_unauthorized", "§6, 401", "Unauthorized access", 401, "UNAUTHORIZED_ACCESS"),
    error("enablebanking_access_denied", "§6, 403", "Access to this resource is denied", 403, "ACCESS_DENIED"),
    error(
        "enablebanking_ip_denied",
        "§6, 403",
        "Used IP address is not authorized to access the resource",
        403,
        "UNAUTHORIZED_IP",
    ),
    error(
        "enablebanking_no_accounts_added",
        "§6, 403",
        "No allowed accounts added to the application",
        403,
        "NO_ACCOUNTS_ADDED",
    ),
    error(
        "enablebanking_wrong_parameters",
        "§6, 422",
        "Wrong request parameters provided",
        422,
        "WRONG_REQUEST_PARAMETERS",
    ),
    error("enablebanking_wrong_key", "§6, 422", "Wrong continuation key provided", 422, "WRONG_CONTINUATION_KEY"),
    error(
        "enablebanking_wrong_period",
        "§6, 422",
        "Wrong transactions period requested",
        422,
        "WRONG_TRANSACTIONS_PERIOD",
    ),
    error("enablebanking_psu_header", "§6, 422", "Required PSU header is not provided", 422, "PSU_HEADER_NOT_PROVIDED"),
    error("enablebanking_unknown_error", "§6, 400", "Something that nobody has heard of", 400, "SOMETHING_ELSE"),
    Row {
        name: "enablebanking_wordless",
        source: "§6, 500",
        about: "An error with a message alone",
        act: Act::Answer(|| {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "message": "Internal Server Error" }))).into_response()
        }),
    },
    Row {
        name: "enablebanking_bad_gateway",
        source: "§6, 502",
        about: "HTML of the proxy before the provider",
        act: Act::Answer(|| line::proxy_page(StatusCode::BAD_GATEWAY)),
    },
    Row {
        name: "enablebanking_empty",
        source: "§6, 200",
        about: "Nothing with status 200; the call is not served",
        act: Act::Answer(|| ().into_response()),
    },
    Row {
        name: "enablebanking_same_key",
        source: "§5, 200",
        about: "An empty page with a key that leads to itself; the call is not served",
        act: Act::Answer(|| Json(json!({ "transactions": [], "continuation_key": "round-and-round" })).into_response()),
    },
];

fn problem(status: u16, word: &str, message: &str) -> Problem {
    Problem::new(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), word, message)
}

/// All kinds, for the list of them.
pub(super) fn kinds() -> Vec<FaultKind> {
    let status = |row: &Row| match row.act {
        Act::Error(status, ..) => Some(status),
        Act::Answer(of) => Some(of().status().as_u16()),
    };
    let kind = |row: &Row| FaultKind { name: row.name, status: status(row), source: row.source, about: row.about };
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
        Act::Error(status, word, message) => problem(status, word, message).into_response(),
        Act::Answer(of) => of(),
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
            assert_eq!(kind.name.starts_with("enablebanking_"), kind.source != "the line", "{kind:?}");
        }
    }
}
