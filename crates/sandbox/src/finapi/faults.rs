//! The faults that can be armed, as one table. Those of the provider begin with its name; those of the line have the names that they
//! have at every provider.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::faults::{ArmedFault, FaultKind, line};

/// What stands in the place of a call.
#[derive(Clone, Copy)]
enum Act {
    /// An error of Access, as a technical one.
    Access(u16, &'static str),
    /// Another refusal.
    Problem(fn() -> Problem),
    /// Another answer.
    Answer(fn() -> Response),
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

/// §2, §5 and §10. Kinds of the line are those of every provider.
const ROWS: &[Row] = &[
    row("finapi_invalid_token", "§2, 401", "The token is over, or none", Act::Problem(Problem::invalid_token)),
    row("finapi_bad_credentials", "§2, 400", "User or password are wrong", Act::Problem(Problem::bad_credentials)),
    row("finapi_user_locked", "§2, 423", "The user is locked", Act::Problem(Problem::user_locked)),
    row("finapi_bad_request", "§10, 400", "A request that is wrong", Act::Access(400, "BAD_REQUEST")),
    row("finapi_illegal_page_size", "§10, 400", "A page that is too large", Act::Access(400, "ILLEGAL_PAGE_SIZE")),
    row("finapi_forbidden", "§10, 403", "The client may not do this", Act::Access(403, "FORBIDDEN")),
    row("finapi_unknown_entity", "§10, 404", "What is asked for is not there", Act::Access(404, "UNKNOWN_ENTITY")),
    row("finapi_locked", "§10, 423", "An import or an update goes on", Act::Problem(Problem::locked)),
    row(
        "finapi_bank_server_rejection",
        "§10, 422",
        "The bank refuses, in words for the person",
        Act::Problem(|| {
            Problem::business("BANK_SERVER_REJECTION", "Ihr Zugang ist gesperrt. Bitte wenden Sie sich an Ihre Bank.")
        }),
    ),
    row("finapi_illegal_state", "§10, 422", "Not possible at the moment", Act::Access(422, "ILLEGAL_ENTITY_STATE")),
    row("finapi_illegal_value", "§10, 422", "A value that is wrong", Act::Access(422, "ILLEGAL_FIELD_VALUE")),
    row(
        "finapi_unsupported_feature",
        "§10, 422",
        "The bank has no such thing",
        Act::Access(422, "UNSUPPORTED_FEATURE"),
    ),
    row(
        "finapi_unsupported_bank",
        "§10, 422",
        "The bank is not supported any more",
        Act::Access(422, "UNSUPPORTED_BANK"),
    ),
    row(
        "finapi_web_form_required",
        "§10, 451",
        "The person is wanted, in words of version 1",
        Act::Access(451, "WEB_FORM_REQUIRED"),
    ),
    row(
        "finapi_more_authentication",
        "§10, 510",
        "The person is wanted",
        Act::Access(510, "ADDITIONAL_AUTHENTICATION_REQUIRED"),
    ),
    row("finapi_unexpected_error", "§10, 500", "finAPI has failed", Act::Access(500, "UNEXPECTED_ERROR")),
    row("finapi_not_implemented", "§10, 501", "There is no such thing", Act::Access(501, "UNSUPPORTED_FEATURE")),
    row(
        "finapi_form_not_unique",
        "§5, 422",
        "Several banks fit",
        Act::Problem(|| Problem::form(StatusCode::UNPROCESSABLE_ENTITY, "BANK_NOT_UNIQUE", "Several banks fit")),
    ),
    row(
        "finapi_mandator_misconfigured",
        "§5, 422",
        "The contract lacks something",
        Act::Problem(|| {
            Problem::form(
                StatusCode::UNPROCESSABLE_ENTITY,
                "MANDATOR_MISCONFIGURATION",
                "The mandator is not configured",
            )
        }),
    ),
    row(
        "finapi_form_locked",
        "§5, 423",
        "An update goes on",
        Act::Problem(|| Problem::form(StatusCode::LOCKED, "LOCKED", "The bank connection is being updated")),
    ),
    row(
        "finapi_form_failed",
        "§5, 500",
        "The web form has failed",
        Act::Problem(|| Problem::form(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", "Internal error")),
    ),
    row(
        "finapi_bad_gateway",
        "§10, 502",
        "HTML of the proxy before the provider",
        Act::Answer(|| line::proxy_page(StatusCode::BAD_GATEWAY)),
    ),
    row(
        "finapi_too_many",
        "§15, 429",
        "Too many requests; no document says in which words",
        Act::Answer(|| StatusCode::TOO_MANY_REQUESTS.into_response()),
    ),
];

fn answer(act: Act) -> Response {
    match act {
        Act::Access(status, code) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Problem::access(status, code, "Es ist ein Fehler aufgetreten.").into_response()
        }
        Act::Problem(of) => of().into_response(),
        Act::Answer(of) => of(),
    }
}

/// All kinds, for the list of them.
pub(super) fn kinds() -> Vec<FaultKind> {
    let kind = |row: &Row| FaultKind {
        name: row.name,
        status: Some(answer(row.act).status().as_u16()),
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
    match row_of(fault) {
        Some(row) => answer(row.act),
        None => line::strike(fault, serve).await,
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
            assert_eq!(kind.name.starts_with("finapi_"), kind.source != "the line", "{kind:?}");
        }
    }
}
