//! The faults that can be armed, as one table: the documented errors as this provider writes them, and the line's.
//!
//! They answer in place of the call, which leaves everything as it was; the faults of the line are the same at every provider.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::problem::Problem;
use super::throttle::Standing;
use super::wire::time;
use crate::faults::{ArmedFault, FaultKind, line};

/// What a limit says when nobody asked for other seconds.
const WAIT_SECONDS: u32 = 42;

/// What happens at a call.
#[derive(Clone, Copy)]
enum Act {
    /// An error with this status, word and text in place of the call.
    Coded(u16, &'static str, &'static str),
    /// An error of another shape in place of the call.
    Problem(fn(&ArmedFault, Timestamp) -> Problem),
    /// Another answer in place of the call.
    Answer(fn(&ArmedFault) -> Response),
}

struct Row {
    name: &'static str,
    source: &'static str,
    about: &'static str,
    act: Act,
}

const fn coded(
    name: &'static str,
    source: &'static str,
    status: u16,
    word: &'static str,
    message: &'static str,
) -> Row {
    Row { name, source, about: message, act: Act::Coded(status, word, message) }
}

const fn problem(
    name: &'static str,
    source: &'static str,
    about: &'static str,
    of: fn(&ArmedFault, Timestamp) -> Problem,
) -> Row {
    Row { name, source, about, act: Act::Problem(of) }
}

/// §1 from its top to its bottom, then §4, §5 and §6. Kinds of the line are those of every provider.
const ROWS: &[Row] = &[
    problem("pluggy_bad_request", "§1, 400", "A parameter is wrong", |_, _| {
        Problem::parameter("accountId", "INVALID_PARAMETER", "accountId must be a UUID")
    }),
    problem("pluggy_unauthorized", "§1, 401", "The key is missing, wrong or over", |_, _| Problem::unauthorized()),
    coded("pluggy_client_keys_unauthorized", "§1, 401", 401, "CLIENT_KEYS_UNAUTHORIZED", "Client keys are invalid"),
    coded("pluggy_client_disabled", "§1, 401", 401, "CLIENT_DISABLED", "Client is disabled"),
    problem("pluggy_forbidden", "§1, 403", "The key does not reach this", |_, _| Problem::forbidden()),
    problem("pluggy_not_found", "§1, 404", "There is nothing at this path", |_, _| Problem::nothing_here()),
    problem("pluggy_rate_limited", "§1, 429", "The limit of a minute is used up", |_, _| Problem::too_many()),
    coded("pluggy_internal_error", "§1, 500", 500, "INTERNAL_SERVER_ERROR", "Internal server error"),
    problem("pluggy_maintenance", "§1, 503", "The provider is being maintained", |_, _| {
        Problem::plain(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
    }),
    coded("pluggy_item_not_found", "§1, 404", 404, "ITEM_NOT_FOUND", "Item not found"),
    coded(
        "pluggy_item_is_already_updating",
        "§4, 409",
        409,
        "ITEM_IS_ALREADY_UPDATING",
        "There is an active item for the set of credentials that hasn't finished executing",
    ),
    coded(
        "pluggy_item_already_updating",
        "§4, 409",
        409,
        "ITEM_ALREADY_UPDATING",
        "An update is already in progress, wait until the last execution ends",
    ),
    problem("pluggy_too_frequent", "§4, 409", "An update comes too early after the last one", |_, now| {
        let message = "Client updates on this item are allowed at most every 12 hours.";
        let word = "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY";
        let problem =
            Problem::coded(StatusCode::CONFLICT, word, &format!("{message} The last update was at {}.", time(now)));
        problem.with_data(json!({ "minUpdateFrequencyAllowedInHours": 12 }))
    }),
    coded("pluggy_parameters_not_provided", "§4, 400", 400, "PARAMETERS_NOT_PROVIDED", "Parameters were not provided"),
    coded(
        "pluggy_last_login_failed",
        "§4, 400",
        400,
        "LAST_EXECUTION_HAD_LOGIN_ERROR",
        "The last execution had a login error",
    ),
    coded(
        "pluggy_parameter_required",
        "§4, 400",
        400,
        "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR",
        "A parameter is required to be renewed for item update",
    ),
    coded(
        "pluggy_mfa_already_used",
        "§4, 400",
        400,
        "MFA_PARAMERTER_WAS_ALREADY_USED_ERROR",
        "The MFA parameter was used before",
    ),
    coded(
        "pluggy_too_many_errors",
        "§4, 400",
        400,
        "TOO_MANY_CONSECUTIVE_ERRORS",
        "There have been more than 5 failing synchronization, please contact support",
    ),
    problem("pluggy_too_many_login_failures", "§4, 400", "Too many logins failed one after the other", |_, now| {
        let again = now.checked_add(SignedDuration::from_hours(24)).unwrap_or(now);
        let word = "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES";
        let problem = Problem::coded(StatusCode::BAD_REQUEST, word, "Too many consecutive login failures");
        problem.with_data(json!({ "canRetryAfterDate": time(again), "readableBackoffTime": "24 hours" }))
    }),
    coded("pluggy_item_in_cooldown", "§4, 409", 409, "ITEM_IN_ERROR_COOLDOWN", "The item is in error cooldown"),
    coded("pluggy_connector_offline", "§4, 409", 409, "CONNECTOR_OFFLINE", "The connector is offline"),
    coded(
        "pluggy_different_account",
        "§4, 409",
        409,
        "ITEM_ORIGINAL_CONNECTED_WITH_DIFFERENT_ACCOUNT",
        "Item was originally connected with a different account",
    ),
    coded(
        "pluggy_updates_disabled",
        "§4, 409",
        409,
        "CLIENT_HAS_ITEM_UPDATES_DISABLED",
        "Client has item updates disabled",
    ),
    coded(
        "pluggy_update_not_allowed",
        "§4, 403",
        403,
        "SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED",
        "Current client subscription level can only update Sandbox items",
    ),
    coded(
        "pluggy_create_not_allowed",
        "§0.8, 403",
        403,
        "TRIAL_CLIENT_ITEM_CREATE_NOT_ALLOWED",
        "Trial clients can only create items of sandbox connectors",
    ),
    coded(
        "pluggy_create_by_api_disabled",
        "§0.8, 403",
        403,
        "CREATE_ITEMS_API_FREE_DISABLED",
        "Free subscription can only create items through the widget",
    ),
    problem("pluggy_items_limit", "§4, 409", "The client has as many items as it may have", |_, _| {
        let problem =
            Problem::coded(StatusCode::CONFLICT, "ITEM_CREATION_LIMIT_EXCEEDED", "Item creation limit exceeded");
        problem.with_data(json!({ "itemsLimit": 20 }))
    }),
    coded("pluggy_account_not_found", "§5, 404", 404, "ACCOUNT_NOT_FOUND", "Account not found"),
    problem("pluggy_endpoint_deprecated", "§6, 410", "The call has been taken away", |_, _| Problem::deprecated()),
    Row {
        name: "pluggy_proxy_page",
        source: "the line",
        about: "HTML of a proxy before the provider",
        act: Act::Answer(|_| line::proxy_page(StatusCode::BAD_GATEWAY)),
    },
];

/// All kinds, for the list of them.
pub(super) fn kinds() -> Vec<FaultKind> {
    let sample = ArmedFault::new("", "");
    let status = |row: &Row| match row.act {
        Act::Coded(status, ..) => status,
        Act::Problem(of) => of(&sample, Timestamp::UNIX_EPOCH).status.as_u16(),
        Act::Answer(of) => of(&sample).status().as_u16(),
    };
    let kind =
        |row: &Row| FaultKind { name: row.name, status: Some(status(row)), source: row.source, about: row.about };
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
pub(super) async fn strike(fault: &ArmedFault, now: Timestamp, request: Request, next: Next) -> Response {
    let Some(row) = row_of(fault) else {
        let mut response = line::strike(fault, || next.run(request)).await;
        // An error that is spoilt stays spoilt.
        response.extensions_mut().remove::<Problem>();
        return response;
    };
    match row.act {
        Act::Coded(status, word, message) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Problem::coded(status, word, message).into_response()
        }
        Act::Problem(of) => {
            let mut response = of(fault, now).into_response();
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                response.extensions_mut().insert(Standing::used_up(fault.seconds.unwrap_or(WAIT_SECONDS).into()));
            }
            response
        }
        Act::Answer(of) => of(fault),
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
            assert_eq!(kind.source == "the line", stated.is_none(), "{kind:?}");
        }
    }
}
